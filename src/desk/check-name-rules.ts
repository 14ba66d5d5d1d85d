import type { BrokenRule } from './broken-rule.js';
import { closestName } from './closest-name.js';
import type { Desk } from './schema.js';

/** Steps that name a check which does not exist; none where the names are not known. */
export function checkNameRules(desk: Desk, known: readonly string[] | undefined): BrokenRule[] {
  if (known === undefined) {
    return [];
  }
  return desk.routines.flatMap((routine, index) =>
    routine.steps.flatMap(({ check }, at) => {
      if (check === undefined || known.includes(check)) {
        return [];
      }
      const near = closestName(check, known);
      return [
        {
          path: ['routines', index, 'steps', at, 'check'],
          expected: `one of the checks ${known.join(', ')}`,
          found: check,
          doThis: near === null ? 'write one of these, or take the step out' : `write check: ${near}`,
        },
      ];
    }),
  );
}
