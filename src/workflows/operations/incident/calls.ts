/** The activities of incidents, with their time limits and retries. */
import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { IncidentActivities } from '../../../contracts/incident.js';
import { operationsQueue } from '../../../contracts/queues.js';

/**
 * Reads and checks: each survives the death of two workers; after that the playbook goes on without an
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

/** Writes and notices: retried, since Postgres may be down. */
export function keepCalls(desk: string, evidenceMs: number): ActivityInterfaceFor<IncidentActivities> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: evidenceMs,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
}
