/** Runs of a desk that belong to a time that was taken back: nobody may carry them on. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalAccess } from './open-temporal.js';
import { runsOfDesk } from './runs-of-desk.js';

const EACH_MS = 30_000;
/** The list of runs is behind what happens; a child may have begun before its parent was ended. */
const ROUNDS_MAX = 5;

/** How many were terminated. Rejects with `TemporalUnavailable`, or where runs are left that were not ended. */
export async function endOpenRuns(temporal: TemporalAccess, desk: string, reason: string): Promise<number> {
  const query = `${runsOfDesk(desk)} AND ExecutionStatus = "Running"`;
  const ended = new Set<string>();
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const open = await temporal.within(EACH_MS, async (client) => {
      const found: { readonly workflowId: string; readonly runId: string }[] = [];
      for await (const { workflowId, runId } of client.workflow.list({ query }))
        if (!ended.has(runId)) found.push({ workflowId, runId });
      return found;
    });
    if (open.length === 0) return ended.size;
    for (const { workflowId, runId } of open) {
      await temporal.within(EACH_MS, (client) =>
        client.workflow
          .getHandle(workflowId, runId)
          .terminate(reason)
          .catch((error: unknown) => {
            // It has ended by itself meanwhile.
            if (!(error instanceof WorkflowNotFoundError)) throw error;
          }),
      );
      ended.add(runId);
    }
  }
  throw new Error(`after ${ended.size} were ended there are still open runs of ${desk}`);
}
