import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalAccess } from './open-temporal.js';

/** How a run stands now; without `runId` the newest of its workflow. Null: Temporal has none. Rejects while it does not answer. */
export async function describeRun(
  temporal: TemporalAccess,
  deadlineMs: number,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | null> {
  try {
    return await temporal.within(deadlineMs, (client) =>
      client.workflow.getHandle(workflowId, runId).describe(),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
