import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { OperationsActivities } from '../../../contracts/operations-activities.js';
import { operationsQueue } from '../../../contracts/queues.js';

/** Reads and writes a whole database: this takes hours for a large one, with heartbeats throughout. */
export function backupCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '4 hours',
    scheduleToCloseTimeout: '8 hours',
    heartbeatTimeout: '20 seconds',
    retry: { maximumAttempts: 5, initialInterval: '1 second', maximumInterval: '30 seconds' },
  });
}

/** Retries a storage that is away less and less often; after about two hours the step has failed. */
export function sendingCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '4 hours',
    scheduleToCloseTimeout: '6 hours',
    heartbeatTimeout: '20 seconds',
    retry: { maximumAttempts: 30, initialInterval: '1 second', maximumInterval: '5 minutes' },
  });
}
