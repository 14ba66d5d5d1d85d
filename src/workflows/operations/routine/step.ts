/** One step of a routine: what it knows, what came of it, and how that is shown. */

import type { StepResult } from '../../../contracts/routine.js';
import type { EvidenceTrail } from '../../evidence-trail.js';
import { stepLine } from '../../show.js';

export interface StepContext {
  readonly desk: string;
  readonly routine: string;
  /** Tells repetitions of the same steps in one run apart. */
  readonly attemptGroup: number;
  readonly marketMs: number | null;
  readonly simulated: boolean;
  readonly backupsKept?: number | undefined;
  readonly backupDays?: number | undefined;
  readonly trail: Pick<EvidenceTrail, 'add'>;
  /** Of the whole run; absent: each step's own time counts alone. */
  readonly budget?: Budget | undefined;
  /** What has not begun by then is left out. */
  readonly isCancelled?: () => boolean;
  /** Why, in the evidence of a person's step or a backup that nothing waits for any longer. */
  readonly cancelledBy?: string;
  /** What work that goes on by itself gives; null where nothing waits for it any longer. Left out: until a request to cancel. */
  readonly untilOver?: <T extends object>(work: Promise<T>) => Promise<T | null>;
  readonly onResult: (result: StepResult) => void;
  /** A repetition that says the same as before needs no row of its own. */
  readonly worthRecording: (result: StepResult) => boolean;
}

export interface Budget {
  readonly minutes: number;
  readonly untilMs: number;
  /** At that time. */
  readonly over: Promise<void>;
}

export type StepKind = 'check' | 'action' | 'report' | 'human';

export type StepOutcome = Pick<StepResult, 'verdict' | 'observed' | 'expected'> & {
  readonly reference?: string | null;
  readonly person?: string | null;
};

export interface StepTrace {
  readonly kind: StepKind;
  readonly reference?: string | null;
  readonly person?: string | null;
}

/** Also for procedures whose steps are not those of a desk file. */
export function recordResult(
  result: StepResult,
  startedMs: number,
  context: StepTrace & Pick<StepContext, 'routine' | 'attemptGroup' | 'marketMs' | 'simulated' | 'trail'>,
): void {
  context.trail.add({
    routine: context.routine,
    stepKey: result.key,
    attemptGroup: context.attemptGroup,
    name: result.title,
    kind: context.kind,
    verdict: result.verdict,
    observed: result.observed,
    expected: result.expected,
    startedMs,
    finishedMs: Date.now(),
    marketMs: context.marketMs,
    person: context.person ?? null,
    reference: context.reference ?? null,
    simulated: context.simulated,
  });
}

export const lineOf = ({ title, verdict, observed, expected }: StepResult): string =>
  `${stepLine(title, verdict, observed)} (expected: ${expected})`;
