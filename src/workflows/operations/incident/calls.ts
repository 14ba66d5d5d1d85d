/** The activities of incidents with their bounds. */
import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { IncidentActivities } from '../../../contracts/incident-activities.js';
import { operationsQueue } from '../../../contracts/queues.js';

/** Looking: a worker may die over it and another one too; after that the playbook goes on without an answer. */
export function lookCalls(desk: string): ActivityInterfaceFor<IncidentActivities> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '40 seconds',
    retry: { maximumAttempts: 5, initialInterval: 250 },
  });
}

/** Once: a restart that was asked for by a worker that died is not asked for again. */
export function restartCalls(desk: string): Pick<ActivityInterfaceFor<IncidentActivities>, 'restartProcess'> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '150 seconds',
    retry: { maximumAttempts: 1 },
  });
}

/** Retried: its worker ends with everything else, and so does Temporal, for as long as the restore takes. */
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

/** Keeping and telling: retried, since Postgres may be down. */
export function keepCalls(desk: string, evidenceMs: number): ActivityInterfaceFor<IncidentActivities> {
  return proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: evidenceMs,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
}
