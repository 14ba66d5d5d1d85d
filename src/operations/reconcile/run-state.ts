import { WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalAccess } from '../../temporal/open-temporal.js';

export type RunState =
  | { readonly running: true }
  /** `ended`: by itself, to its end. `how` in words. */
  | { readonly running: false; readonly ended: boolean; readonly how: string };

const ASK_MS = 5_000;

const HOW: Readonly<Record<string, string>> = {
  TERMINATED: 'its run was terminated in Temporal',
  FAILED: 'its run failed in Temporal',
  TIMED_OUT: 'its run timed out in Temporal',
  CANCELLED: 'its run was cancelled in Temporal',
  COMPLETED: 'its run has ended without writing that down',
};

/**
 * Whether the run that began this still goes on, in whichever of its runs (continued, reset). `firstRunId` null: any run
 * of that workflow. Rejects while Temporal does not answer: then nothing is known.
 */
export async function runState(
  temporal: TemporalAccess,
  workflowId: string,
  firstRunId: string | null,
): Promise<RunState> {
  try {
    const { status, raw } = await temporal.within(ASK_MS, (client) =>
      client.workflow.getHandle(workflowId).describe(),
    );
    const isThat = firstRunId === null || raw.workflowExecutionInfo?.firstRunId === firstRunId;
    if (isThat && (status.name === 'RUNNING' || status.name === 'PAUSED')) return { running: true };
    if (!isThat) return { running: false, ended: false, how: 'its run is gone, and another has its name' };
    const how = HOW[status.name] ?? `its run is ${status.name.toLowerCase()} in Temporal`;
    return { running: false, ended: status.name === 'COMPLETED', how };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { running: false, ended: false, how: FORGOTTEN };
  }
}

export const FORGOTTEN = 'Temporal does not know its run: its database was lost or set back';

/** Whether Temporal still has this very run, open or closed. */
export async function isKnown(temporal: TemporalAccess, workflowId: string, runId: string): Promise<boolean> {
  try {
    await temporal.within(ASK_MS, (client) => client.workflow.getHandle(workflowId, runId).describe());
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
