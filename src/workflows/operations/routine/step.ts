/** One step of a routine: its context, its result, and how that is shown. */

import type { StepResult } from '../../../contracts/routine.js';
import type { EvidenceTrail } from '../../evidence-trail.js';
import { stepLine } from '../../show.js';

export interface StepContext {
  readonly desk: string;
  readonly routine: string;
  /** Distinguishes repetitions of the same steps in one run. */
  readonly attemptGroup: number;
  readonly marketMs: number | null;
  /** When the routine was due, in market time: it may begin later. */
  readonly nominalMs?: number | undefined;
  readonly simulated: boolean;
  readonly backupsKept?: number | undefined;
  readonly backupDays?: number | undefined;
  readonly trail: Pick<EvidenceTrail, 'add'>;
  /** Budget of the whole run; if absent, only each step's own time counts. */
  readonly budget?: Budget | undefined;
  /** A step that has not begun once this is true is left out. */
  readonly isCancelled?: () => boolean;
  /** The reason in the evidence of a person's step or a backup that nothing waits for any longer. */
  readonly cancelledBy?: string;
  /**
   * Resolves with the result of work that continues by itself, or with null once nothing waits for it any longer.
   * Default: until a cancel request.
   */
  readonly untilOver?: <T extends object>(work: Promise<T>) => Promise<T | null>;
  /** Verdict of a check or report that threw, rejected its values or did not answer; default: `fail`. */
  readonly unmade?: 'not_run';
  readonly onResult: (result: StepResult) => void;
  /** False for a repetition with the same result as before, which needs no row of its own. */
  readonly worthRecording: (result: StepResult) => boolean;
}

export interface Budget {
  readonly minutes: number;
  readonly untilMs: number;
  /** Resolves when the budget is used up. */
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

/** Also used by procedures whose steps don't come from a desk file. */
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
