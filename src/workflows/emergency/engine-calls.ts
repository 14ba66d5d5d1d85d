/** The engine's activities on the queue of one trader, with the bounds of an emergency. */
import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { EmergencyTiming } from '../../contracts/emergency.js';
import type { EngineActivities } from '../../contracts/engine-activities.js';
import { engineQueue } from '../../contracts/queues.js';

/**
 * One attempt only: the procedure's own loop repeats, so that an order that arrives meanwhile is never behind a
 * retry. `scheduleToStart` finds a dead engine worker.
 */
export function engineCalls(
  desk: string,
  incarnation: string,
  timing: EmergencyTiming,
): ActivityInterfaceFor<EngineActivities> {
  const startToCloseMs = timing.proofPatienceMs + 5_000;
  return proxyActivities<EngineActivities>({
    taskQueue: engineQueue(desk, incarnation),
    scheduleToStartTimeout: timing.queueWaitMs,
    startToCloseTimeout: startToCloseMs,
    scheduleToCloseTimeout: timing.queueWaitMs + startToCloseMs,
    retry: { maximumAttempts: 1 },
  });
}
