import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { OperationsActivities } from '../../../contracts/operations-activities.js';
import { operationsQueue } from '../../../contracts/queues.js';
import type { RoutineStep } from '../../../contracts/routine.js';
import { FINAL } from '../operations-calls.js';

/** One attempt of a check may take the step's time; one more attempt is made, then it has failed. */
export function checkCalls(desk: string, step: RoutineStep): ActivityInterfaceFor<OperationsActivities> {
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: step.timeoutSeconds * 1_000,
    scheduleToCloseTimeout: step.timeoutSeconds * 2_000 + 5_000,
    retry: { maximumAttempts: 2, initialInterval: 250, nonRetryableErrorTypes: FINAL },
  });
}
