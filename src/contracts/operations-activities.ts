/**
 * The operations worker's activities for routines, resumptions and similar procedures, and the tasks that
 * people are asked to do by hand.
 */
import type { Decision } from '../domain/decision.js';
import type { ApprovalActivities } from './approval.js';
import type { BackupActivities } from './backup.js';
import type { EvidenceActivities, RunIdentity } from './evidence.js';
import type { Alarm, Notice } from './notice.js';
import type { Task } from './published.js';
import type {
  ActionRequest,
  CheckOutcome,
  CheckRequest,
  MissedRun,
  OwnStepOutcome,
  OwnStepRequest,
  ReportRequest,
  RoutineProblem,
  RoutineRunBegin,
  RunVerdict,
} from './routine.js';

type RoutineRunOpened = Pick<RoutineRunBegin, 'routine' | 'title' | 'nominalMs' | 'startedMs' | 'cause'>;

interface RoutineRunClosed {
  readonly verdict: RunVerdict;
  readonly finishedMs: number;
  /** For when the evidence could not be written. */
  readonly problems?: readonly RoutineProblem[];
}

interface HaltedStep {
  readonly routine: string;
  readonly stepKey: string;
  /** Of the trader: what is sent to another one halts this one no more. */
  readonly incarnation: string;
}

export interface OperationsActivities
  extends ApprovalActivities,
    TaskActivities,
    BackupActivities,
    EvidenceActivities {
  runCheck(request: CheckRequest): Promise<CheckOutcome>;
  runReport(request: ReportRequest): Promise<CheckOutcome>;
  /** Done once, however often it is requested. */
  runAction(run: RunIdentity, request: ActionRequest): Promise<CheckOutcome>;
  runCommand(run: RunIdentity, request: OwnStepRequest): Promise<OwnStepOutcome>;
  runHttp(run: RunIdentity, request: OwnStepRequest): Promise<OwnStepOutcome>;
  openRoutineRun(run: RunIdentity, opened: RoutineRunOpened): Promise<void>;
  closeRoutineRun(run: RunIdentity, closed: RoutineRunClosed): Promise<void>;
  recordMissed(missed: MissedRun): Promise<void>;
  /** Whether another run, which goes on, sends the halt of this step until the trader has it on disk. */
  isHaltOwed(run: RunIdentity, halt: HaltedStep): Promise<boolean>;
  /**
   * Resolves for a genuine decision; otherwise fails with `ForgedDecision`, which is not retried. Resolves to the ids of
   * those earlier ones that count no more because their person was removed since.
   */
  verifyDecision(decision: Decision, earlier?: readonly Decision[]): Promise<readonly string[]>;
  raiseAlarm(alarm: Alarm): Promise<void>;
  /** Durable once it resolves; sent once per fingerprint. */
  notify(notice: Notice): Promise<void>;
}

/**
 * Signals the waiting workflow, with the task's id, that the task is done. The workflow then reads the task itself; without
 * an id, all of its tasks.
 */
export const TASK_MESSAGES = { done: 'taskDone' } as const;

export type { Task };
export type TaskState = Task['state'];
export type TaskOrigin = NonNullable<Task['origin']>;

export type NewTask = Pick<Task, 'desk' | 'source' | 'title' | 'detail' | 'items' | 'dueMs' | 'origin'>;

export interface TaskActivities {
  /** The same source again is the same task. */
  openTask(task: NewTask): Promise<Task>;
  readTask(desk: string, id: number): Promise<Task>;
}
