import { runIdentity } from '../../evidence-trail.js';
import { awaitTask } from '../await-task.js';
import type { GoLiveRun } from './go-live-run.js';

/** Who reviewed the validation's report; null: nobody in time. What they are asked about is on record by then. */
export async function review(run: GoLiveRun, figures: string): Promise<string | null> {
  const { desk, reviewMs, simulated } = run.input;
  const { workflowId, firstRunId } = runIdentity(desk);
  const untilMs = Date.now() + reviewMs;
  await run.trail.stored(run.input.recordMs);
  run.show('review', `A person reviews the validation: ${figures}`, untilMs);
  const task = await awaitTask(
    run.records,
    {
      desk,
      source: `${workflowId}:${firstRunId}:review`,
      title: 'Review the validation report before real money',
      detail: `${figures}. Look at win rate, Sharpe and drawdown, and write what you found.`,
      dueMs: untilMs,
      origin: { workflowId, firstRunId, routine: 'go-live', stepKey: 'review', simulated },
    },
    untilMs,
  );
  return task.state === 'done' ? task.doneBy : null;
}
