/** The operations worker's activities, those of incidents among them, with their time limits and retries. */
import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { EngineActivities } from '../../contracts/engine-activities.js';
import type { IncidentActivities, LookAgain } from '../../contracts/incident.js';
import type { OperationsActivities } from '../../contracts/operations-activities.js';
import { engineQueue, type FailureName, operationsQueue } from '../../contracts/queues.js';
import { isUnsealed } from '../../domain/unsealed.js';

/** Failures that another attempt can't change. */
export const FINAL: FailureName[] = [
  'UnknownCheck',
  'ForgedDecision',
  'RefusedByTrader',
  'SettingsChanged',
  'ApprovalChanged',
  'VoteRefused',
];

/** Writes to Postgres: retried for `evidenceMs`, since it may be down. */
export function recordCalls(desk: string, evidenceMs: number): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: evidenceMs,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
}

export function decisionCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '5 seconds',
    scheduleToCloseTimeout: '20 seconds',
    retry: { maximumAttempts: 3, nonRetryableErrorTypes: FINAL },
  });
}

/** An approval's writes to Postgres: retried for an hour, since it may be down. A refused vote is not retried. */
export function approvalCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: '1 hour',
    retry: {
      initialInterval: '500 milliseconds',
      maximumInterval: '1 minute',
      nonRetryableErrorTypes: FINAL,
    },
  });
}

/** Commands that people have approved: a trader that is restarting accepts them a moment later. */
export function approvedCalls(desk: string, incarnation: string): ActivityInterfaceFor<EngineActivities> {
  return proxyActivities<EngineActivities>({
    taskQueue: engineQueue(desk, incarnation),
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: '10 minutes',
    retry: {
      initialInterval: '250 milliseconds',
      maximumInterval: '15 seconds',
      nonRetryableErrorTypes: FINAL,
    },
  });
}

/**
 * Halts that did not reach the trader, or that it has carried out and could not write: sent again for a day, also to one
 * that is started meanwhile, within seconds of its start.
 */
export function owedCalls(desk: string, incarnation: string): ActivityInterfaceFor<EngineActivities> {
  return proxyActivities<EngineActivities>({
    taskQueue: engineQueue(desk, incarnation),
    startToCloseTimeout: '10 seconds',
    scheduleToCloseTimeout: '1 day',
    retry: {
      initialInterval: '250 milliseconds',
      maximumInterval: '2 seconds',
      nonRetryableErrorTypes: FINAL,
    },
  });
}

/** Checks that prove what was done, repeated by the procedure until they pass. */
export function proofCalls(desk: string): Pick<ActivityInterfaceFor<OperationsActivities>, 'runCheck'> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '30 seconds',
    heartbeatTimeout: '15 seconds',
    scheduleToCloseTimeout: '2 minutes',
    retry: { maximumAttempts: 3, initialInterval: 500, nonRetryableErrorTypes: FINAL },
  });
}

/** Calls to the trader: few and short attempts, because the procedures poll anyway. */
export function traderCalls(desk: string, incarnation: string): ActivityInterfaceFor<EngineActivities> {
  return proxyActivities<EngineActivities>({
    taskQueue: engineQueue(desk, incarnation),
    scheduleToStartTimeout: '10 seconds',
    startToCloseTimeout: '25 seconds',
    scheduleToCloseTimeout: '40 seconds',
    retry: { maximumAttempts: 3, initialInterval: 250, nonRetryableErrorTypes: FINAL },
  });
}

/**
 * The trader that a run queries, and the one named as the desk's since: they differ once the account has
 * changed.
 */
export class AskedTrader {
  /** Null until a trader is known. */
  calls: ReturnType<typeof traderCalls> | null = null;
  incarnation: string | null = null;
  #named: string | null;

  /** `named`: in the run before this one. */
  constructor(
    private readonly desk: string,
    incarnation: string | null,
    named: string | null = null,
  ) {
    this.#named = named;
    this.#ask(incarnation);
  }

  /** Nobody names it a second time: it goes with the run. */
  get carriedOver(): { readonly named?: string } {
    return this.#named === null ? {} : { named: this.#named };
  }

  /** `told`: counts only from our own processes. */
  name(told: LookAgain | undefined): void {
    if (told !== undefined && !isUnsealed(told)) this.#named = told.incarnation || this.#named;
  }

  get isAnother(): boolean {
    return this.#named !== null && this.#named !== this.incarnation;
  }

  turnToNamed(): void {
    this.#ask(this.#named);
  }

  #ask(incarnation: string | null): void {
    this.incarnation = incarnation;
    this.calls = incarnation === null ? null : traderCalls(this.desk, incarnation);
  }
}

/**
 * Reads and checks of incidents: each survives the death of two workers; after that the playbook goes on without an
 * answer.
 */
export function lookCalls(desk: string): ActivityInterfaceFor<IncidentActivities> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '40 seconds',
    retry: { maximumAttempts: 5, initialInterval: 250 },
  });
}

/** Writes and notices of incidents: retried, since Postgres may be down. */
export function keepCalls(desk: string, evidenceMs: number): ActivityInterfaceFor<IncidentActivities> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: evidenceMs,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
}

/** One attempt: a restart that a worker requested before it died is not requested again. */
export function restartCalls(desk: string): Pick<ActivityInterfaceFor<IncidentActivities>, 'restartProcess'> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '150 seconds',
    retry: { maximumAttempts: 1 },
  });
}

/** Retried, because its worker and Temporal itself end for the duration of the restore. */
export function restoreCalls(
  desk: string,
): Pick<ActivityInterfaceFor<IncidentActivities>, 'restoreDatabase'> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30 seconds',
    scheduleToCloseTimeout: '1 day',
    retry: { initialInterval: '1 second', maximumInterval: '10 seconds' },
  });
}
