/** The language of the operations workflows; shared with whoever starts, signals or asks them. */
import type { Halt, ResumeRule } from '../../domain/mode.js';
import type { Decision } from '../../trader/protocol.js';
import type { Verdict } from '../evidence.js';

export interface RoutineStep {
  readonly key: string;
  readonly title: string;
  /** One of these four says what the step does. */
  readonly check?: string | undefined;
  readonly action?: RoutineAction | undefined;
  readonly report?: string | undefined;
  /** What a person is asked to do. */
  readonly human?: string | undefined;
  readonly dueHours?: number;
  readonly waitMinutes?: number;
  /** Not run counts as failed. */
  readonly required?: boolean;
  readonly onFail: 'note' | 'warn' | 'stop' | 'incident' | 'halt';
  readonly timeoutSeconds: number;
  readonly with: Readonly<Record<string, string | number | boolean>>;
}

export type RoutineAction = 'backup' | 'restore-drill';

export type RoutineCause = 'schedule' | 'market-clock' | 'start' | 'person';

export interface RoutineInput {
  readonly desk: string;
  readonly name: string;
  readonly title: string;
  readonly steps: readonly RoutineStep[];
  readonly latestMinutes: number;
  readonly cause: RoutineCause;
  /** When it was due by market time. Null: started by a schedule, whose start time says it. */
  readonly nominalMs: number | null;
  /** Market time when it was started. Null: the market clock is the wall clock. */
  readonly marketMs: number | null;
  /** Whose trader a failing step halts; null: none answers, the failure is an alarm. */
  readonly incarnation: string | null;
  /** What lifts a halt that a failing step asked for. */
  readonly haltRule: ResumeRule;
  readonly simulated: boolean;
  /** Null: nobody asked, it was due. */
  readonly person: string | null;
  readonly evidenceMs: number;
  /** How many backups the action `backup` keeps. */
  readonly backupsKept?: number;
}

export interface StepResult {
  readonly key: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly observed: string;
  readonly expected: string;
}

export type RoutineVerdict = Verdict | 'missed';

export interface RoutineResult {
  /** Null while steps are still running. */
  readonly verdict: RoutineVerdict | null;
  readonly steps: readonly StepResult[];
}

export interface BackupInput {
  readonly desk: string;
  /** Reads everything back after it was written; only then does it count. */
  readonly verify: boolean;
  /** How many stay on the disk. */
  readonly keep: number;
  readonly simulated: boolean;
  readonly marketMs: number | null;
  /** Null: it was due. */
  readonly person: string | null;
  readonly evidenceMs: number;
}

export interface BackupResult {
  readonly verdict: Verdict;
  /** Its id, also the name of its folder; null where none was taken. */
  readonly backupId: string | null;
  readonly detail: string;
  readonly steps: readonly StepResult[];
}

export interface DrillInput
  extends Pick<BackupInput, 'desk' | 'simulated' | 'marketMs' | 'person' | 'evidenceMs'> {
  /** Null: the newest. */
  readonly backupId: string | null;
}

export interface ResumptionTiming {
  /** Pause before looking again while something is not clean or a decision is missing: doubles up to the second. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** How long a person's update waits for the outcome. */
  readonly decisionWaitMs: number;
  readonly evidenceMs: number;
}

export const RESUMPTION_TIMING: ResumptionTiming = {
  retryMs: 1_000,
  retryMsMax: 60_000,
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
  /** Carried through continue-as-new. */
  readonly decisions: readonly Decision[];
  readonly cycle: number;
}

export interface ResumptionProgress {
  readonly haltId: string;
  readonly state: 'looking' | 'waiting' | 'armed' | 'superseded';
  /** What it waits for, or how it ended, in plain words. */
  readonly detail: string;
  readonly rule: ResumeRule | null;
  readonly halts: readonly Halt[];
  readonly decidedBy: readonly string[];
  /** What the person who decides should know; only after a drawdown. */
  readonly evidence?: readonly string[];
}

export interface DecisionOutcome {
  readonly armed: boolean;
  readonly detail: string;
}

export interface PulseInput {
  readonly desk: string;
  readonly everyMs: number;
}

export const OPERATIONS_MESSAGES = {
  routineResult: 'result',
  resumptionProgress: 'progress',
  decide: 'decide',
  lookAgain: 'lookAgain',
  lastBeat: 'lastBeat',
} as const;
