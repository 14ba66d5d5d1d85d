import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import type { GoLiveActivities } from '../../../contracts/go-live.js';
import { operationsQueue } from '../../../contracts/queues.js';

/** Going live: the exchange is asked, the ledger read, the attempt's row written. */
export function goLiveCalls(desk: string): ActivityInterfaceFor<GoLiveActivities> {
  return proxyActivities<GoLiveActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '1 hour',
    retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
  });
}
