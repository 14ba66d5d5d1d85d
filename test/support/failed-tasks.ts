/** A workflow task that fails is tried again for ever: what failed in a run, and nothing that the server's protocol makes. */
import { type Client, isGrpcServiceError } from '@temporalio/client';

/**
 * Causes of the server's protocol: a message came while the task ran, which is tried again with it; a worker went away;
 * the run was ended from outside while its task ran.
 */
const HARMLESS: ReadonlySet<number> = new Set([1, 13, 17]);

/** What the workflow tasks of a run failed with; none where the run is gone. */
export async function failedTasks(client: Client, workflowId: string): Promise<string[]> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory().catch(noneWhereGone);
  return (history?.events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => {
    // The event by which a run is reset names the new one.
    const isHarmless = Boolean(failed?.newRunId) || HARMLESS.has(Number(failed?.cause));
    return failed && !isHarmless ? [failed.failure?.message ?? 'failed'] : [];
  });
}

const NOT_FOUND = 5;

/** `fetchHistory` passes on what gRPC says, where other calls throw a `WorkflowNotFoundError`. */
function noneWhereGone(error: unknown): null {
  if (isGrpcServiceError(error) && Number(error.code) === NOT_FOUND) return null;
  throw error;
}
