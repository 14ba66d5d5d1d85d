/** The pre-flight checks, run where the keys are: the caller (web, command line) may have none. */
import { proxyActivities } from '@temporalio/workflow';
import type { GoLiveActivities } from '../../contracts/go-live.js';
import type { PreflightReport } from '../../contracts/published.js';
import { operationsQueue } from '../../contracts/queues.js';
import { showVerdict } from '../show.js';

interface PreflightInput {
  readonly desk: string;
}

export async function preflight({ desk }: PreflightInput): Promise<PreflightReport> {
  const { runPreflight } = proxyActivities<GoLiveActivities>({
    taskQueue: operationsQueue(desk),
    startToCloseTimeout: '30 seconds',
    scheduleToCloseTimeout: '1 minute',
    retry: { initialInterval: '500 milliseconds' },
  });
  const report = await runPreflight.executeWithOptions({ summary: 'Look at exchange, key and limits' }, []);
  showVerdict(report.verdict);
  return report;
}
