/** Every step in a desk file, from routines and from the playbooks of its own incidents. */
import type { ResumeRule } from '../domain/mode.js';
import type { BrokenRule } from './broken-rule.js';
import type { PlaybookStep } from './own-incident-schema.js';
import { ownIncidents } from './own-incidents.js';
import type { Desk, DeskStep } from './schema.js';

/** The fields that steps of routines and of playbooks share. */
export type SaidStep = Pick<
  DeskStep,
  | 'key'
  | 'check'
  | 'action'
  | 'report'
  | 'human'
  | 'playbook'
  | 'items'
  | 'command'
  | 'http'
  | 'expect'
  | 'unless'
  | 'timeoutSeconds'
  | 'with'
> &
  Partial<Pick<PlaybookStep, 'choose'>>;

interface StepList {
  /** Path of the list. */
  readonly path: BrokenRule['path'];
  readonly of: 'routine' | 'playbook';
  readonly steps: readonly SaidStep[];
}

export function stepLists(desk: Pick<Desk, 'routines' | 'incidents'>): readonly StepList[] {
  return [
    ...desk.routines.map(({ steps }, at) => ({
      path: ['routines', at, 'steps'],
      of: 'routine' as const,
      steps,
    })),
    ...[...ownIncidents(desk)].map(([kind, { steps }]) => ({
      path: ['incidents', 'kinds', kind, 'steps'],
      of: 'playbook' as const,
      steps,
    })),
  ];
}

/** The path of each `resume` with this rule in the routines' steps. */
export const stepsLiftedBy = ({ routines }: Pick<Desk, 'routines'>, rule: ResumeRule): BrokenRule['path'][] =>
  routines.flatMap(({ steps }, index) =>
    steps.flatMap(({ resume }, at) => (resume === rule ? [['routines', index, 'steps', at, 'resume']] : [])),
  );
