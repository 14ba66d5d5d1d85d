import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalAccess } from './open-temporal.js';

/**
 * The state of a run; without `runId`, of the workflow's newest one. Null if Temporal has none. Rejects while Temporal
 * doesn't answer.
 */
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
