import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { OperationsActivities } from '../../../contracts/operations-activities.js';
import { operationsQueue } from '../../../contracts/queues.js';

/** Reading and writing a whole database: hours where it is large, a heartbeat all the time. */
export function backupCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '4 hours',
    scheduleToCloseTimeout: '8 hours',
    heartbeatTimeout: '20 seconds',
    retry: { maximumAttempts: 5, initialInterval: '1 second', maximumInterval: '30 seconds' },
  });
}

/** A storage that is away for an hour is asked again, more and more rarely; after about two hours it has failed. */
export function sendingCalls(desk: string): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '4 hours',
    scheduleToCloseTimeout: '6 hours',
    heartbeatTimeout: '20 seconds',
    retry: { maximumAttempts: 30, initialInterval: '1 second', maximumInterval: '5 minutes' },
  });
}
