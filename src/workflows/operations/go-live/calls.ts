import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { GoLiveActivities } from '../../../activities/go-live/create-go-live-activities.js';
import { operationsQueue } from '../../queues.js';

/** Going live: the exchange is asked, the ledger read, the attempt's row written. */
export function goLiveCalls(desk: string): ActivityInterfaceFor<GoLiveActivities> {
  return proxyActivities<GoLiveActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '1 hour',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
}
