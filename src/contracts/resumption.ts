/** The contract of resumptions: shared by the workflow and whoever starts one, queries it, or decides. */
import type { Decision } from '../domain/decision.js';
import type { Halt, ResumeRule } from '../domain/mode.js';
import type { RoutineStep } from './routine.js';

interface ResumptionTiming {
  /**
   * Pause before the next pass while something is not clean or a decision is missing: doubles from the first
   * value up to the second. Observed changes are signalled by `lookAgain`, so polling only covers unobserved
   * ones.
   */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** How long a person's update waits for the outcome. */
  readonly decisionWaitMs: number;
  readonly evidenceMs: number;
}

export const RESUMPTION_TIMING: ResumptionTiming = {
  retryMs: 1_000,
  retryMsMax: 7_200_000,
  decisionWaitMs: 45_000,
  evidenceMs: 3_600_000,
};

export interface ResumptionInput {
  readonly desk: string;
  readonly haltId: string;
  readonly incarnation: string;
  /** The checks that must be clean again. */
  readonly steps: readonly RoutineStep[];
  readonly simulated: boolean;
  readonly timing: ResumptionTiming;
  /** Carried over by continue-as-new. */
  readonly decisions: readonly Decision[];
  /** Ids of decisions that the trader refused: each person decides again. */
  readonly spent?: readonly string[];
  readonly cycle: number;
  readonly evidence?: readonly string[];
  /** It was cancelled once: from then on only people arm the desk, no rule does. */
  readonly held?: boolean;
  /** The desk's trader as `lookAgain` named it last. */
  readonly named?: string;
}

export interface ResumptionProgress {
  readonly haltId: string;
  readonly state: 'looking' | 'waiting' | 'armed' | 'superseded';
  /** What it waits for, or how it ended, in plain words. */
  readonly detail: string;
  readonly rule: ResumeRule | null;
  readonly halts: readonly Halt[];
  readonly decidedBy: readonly string[];
  /** Missing from runs of an earlier build. */
  readonly decisions?: readonly (Pick<Decision, 'person' | 'sizePct'> &
    Partial<Pick<Decision, 'expiresWallMs'>>)[];
  /** What the person who decides should know; only after a drawdown. */
  readonly evidence?: readonly string[];
}

export interface DecisionOutcome {
  readonly armed: boolean;
  /** The decision was taken and still counts: it may yet arm, once its checks are through, or what it waits for is there. */
  readonly checking?: true;
  readonly detail: string;
  /** When the decision was made that this answers: whoever asks again gets the answer of then. */
  readonly atWallMs?: number;
}

export const RESUMPTION_MESSAGES = {
  progress: 'progress',
  decide: 'decide',
  lookAgain: 'lookAgain',
} as const;
