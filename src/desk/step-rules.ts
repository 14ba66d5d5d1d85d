import type { BrokenRule } from './broken-rule.js';
import type { Desk } from './schema.js';

const KINDS = ['check', 'action', 'report', 'human'] as const;

/** A step does one thing. */
export function stepRules(desk: Desk): BrokenRule[] {
  return desk.routines.flatMap((routine, index) =>
    routine.steps.flatMap((step, at) => {
      const named = KINDS.filter((kind) => step[kind] !== undefined);
      if (named.length === 1) return [];
      return [
        {
          path: ['routines', index, 'steps', at],
          expected: 'one of check, action, report and human',
          found: named.length === 0 ? 'none of them' : named.join(' and '),
          doThis: named.length === 0 ? 'say what the step does' : 'make a step of each',
        },
      ];
    }),
  );
}
