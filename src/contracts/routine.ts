/** The contract of routines: shared by the workflow, its activities and whoever starts or reads one. */
import type { ResumeRule } from '../domain/mode.js';
import { EVIDENCE_VERDICTS, type EvidenceVerdict, type Verdict } from './evidence.js';

/** The `with:` values of a routine's step. */
export type StepParameters = Readonly<Record<string, string | number | boolean>>;

/** What the output of a program or the answer of an address must be. */
export interface StepExpectation {
  readonly exitCode?: number | undefined;
  readonly status?: number | undefined;
  readonly pattern?: string | undefined;
  readonly not?: string | undefined;
}

export interface RoutineStep {
  readonly key: string;
  readonly title: string;
  /** Exactly one of check, action, report, human, playbook, command and http defines the step. */
  readonly check?: string | undefined;
  /** A shipped action, or one from the desk's own folder. */
  readonly action?: string | undefined;
  readonly report?: string | undefined;
  /** What a person is asked to do. */
  readonly human?: string | undefined;
  /** With `human`: items to tick, all of them. */
  readonly items?: readonly string[] | undefined;
  /** A playbook in code from the desk's folder. */
  readonly playbook?: string | undefined;
  /** Key of an earlier step: if it passed, this one is skipped. */
  readonly unless?: string | undefined;
  /** A program from the desk file's list, and its arguments. */
  readonly command?: readonly string[] | undefined;
  /** An address on one of the desk file's hosts. */
  readonly http?: string | undefined;
  readonly expect?: StepExpectation | undefined;
  readonly dueHours?: number | undefined;
  readonly waitMinutes?: number;
  /** If it was not run, it counts as failed. */
  readonly required?: boolean;
  readonly onFail: 'note' | 'warn' | 'stop' | 'incident' | 'halt';
  /** With `halt`: what lifts its halt. Default: the routine's `haltRule`. */
  readonly resume?: ResumeRule | undefined;
  /** With `incident`: one of the desk's own kinds. Default: `step-failed`. */
  readonly incident?: string | undefined;
  readonly timeoutSeconds: number;
  readonly with: StepParameters;
}

/** Whether the desk may not trade while this step fails. */
export const blocksTrading = ({ onFail }: Pick<RoutineStep, 'onFail'>): boolean =>
  onFail !== 'note' && onFail !== 'warn';

/** Shipped actions that are workflows of their own. */
export const SHIPPED_ACTIONS = ['backup', 'restore-drill'] as const;

export type ShippedAction = (typeof SHIPPED_ACTIONS)[number];

export type RoutineCause = 'schedule' | 'market-clock' | 'trades' | 'start' | 'person';

export interface RoutineInput {
  readonly desk: string;
  readonly name: string;
  readonly title: string;
  readonly steps: readonly RoutineStep[];
  readonly latestMinutes: number;
  /** A step that has not ended by then fails; absent: no limit for the whole run. */
  readonly budgetMinutes?: number;
  readonly cause: RoutineCause;
  /** When it was due by market time. Null: started by a schedule; its scheduled time counts. */
  readonly nominalMs: number | null;
  /**
   * Times at which its schedule may start it though the clocks go back and show the time again, when it is due. It does
   * nothing then. Absent: none.
   */
  readonly repeatedMs?: readonly number[];
  /** Market time when it was started. Null: the market clock is the wall clock. */
  readonly marketMs: number | null;
  /**
   * Set in a schedule that is paused because the market has its own clock: a manual trigger means the
   * market's current time.
   */
  readonly marketClock?: boolean;
  /** The trader that a failing step halts; null: none answers, so the failure raises an alarm. */
  readonly incarnation: string | null;
  /** What lifts a halt raised by a failing step, unless the step says so itself. */
  readonly haltRule: ResumeRule;
  readonly simulated: boolean;
  /** Null: nobody asked for it; it was due. */
  readonly person: string | null;
  readonly evidenceMs: number;
  /** How many backups the action `backup` keeps, and for how many days. */
  readonly backupsKept?: number;
  readonly backupDays?: number;
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

/** Type of the failure that ends a failed routine; its detail is the result. */
export const ROUTINE_FAILED = 'RoutineFailed';

export const ROUTINE_MESSAGES = { result: 'result' } as const;

export interface CheckOutcome {
  readonly verdict: EvidenceVerdict;
  readonly observed: string;
  readonly expected: string;
}

export interface CheckRequest {
  readonly check: string;
  readonly with: StepParameters;
  /** The step's own timeout; absent in runs of an earlier version: the attempt's timeout applies. */
  readonly timeoutSeconds?: number;
  /** How long after its routine was due the step begins. Absent elsewhere, and in runs of an earlier version. */
  readonly lateMs?: number | undefined;
}

/** The fields of a `command` or `http` step; carried out only if the desk file says the same. */
export type OwnStep = Pick<RoutineStep, 'command' | 'http' | 'expect' | 'timeoutSeconds'>;

export interface OwnStepRequest {
  readonly stepKey: string;
  readonly attemptGroup: number;
  readonly step: OwnStep;
  /** Determines the day for `{date}`; null: now. */
  readonly marketMs: number | null;
}

export interface OwnStepOutcome extends CheckOutcome {
  /** The stored output, with its hash; null if there was none. */
  readonly reference: string | null;
}

/**
 * An action that is not a workflow, shipped or from the desk's own folder; carried out only if the desk file says the
 * same.
 */
export interface ActionRequest {
  readonly stepKey: string;
  readonly attemptGroup: number;
  readonly action: string;
  readonly with: StepParameters;
  readonly timeoutSeconds: number;
  /** The time the action is for; null: now. Absent in runs of an earlier version. */
  readonly marketMs?: number | null;
  /** When its routine was due, if it has such a time. Absent in runs of an earlier version. */
  readonly nominalMs?: number | undefined;
}

export interface ReportRequest {
  readonly report: string;
  readonly with: StepParameters;
  /** End of the span; null: now. */
  readonly marketMs: number | null;
  /** As for a check. */
  readonly timeoutSeconds?: number;
  readonly lateMs?: number | undefined;
}

export const RUN_VERDICTS = [...EVIDENCE_VERDICTS, 'missed'] as const;
export type RunVerdict = (typeof RUN_VERDICTS)[number];

export interface RoutineRunBegin {
  readonly desk: string;
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly routine: string;
  readonly title: string;
  /** When it was due, by market time. */
  readonly nominalMs: number;
  readonly startedMs: number;
  /** `schedule`, `start`, a person … */
  readonly cause: string;
}

export interface RoutineProblem {
  readonly name: string;
  readonly verdict: string;
  readonly observed: string;
}

export interface MissedRun {
  readonly desk: string;
  readonly routine: string;
  readonly nominalMs: number;
  readonly reason: string;
}

/** Evidence that a run owes the halt of a step, and that it owes it no more: the trader has it, or it was given up. */
export const owedKeys = (stepKey: string) => ({
  owed: `owed:${stepKey}`,
  kept: `${stepKey}:kept`,
  gaveUp: `alarm:${stepKey}:kept`,
});
