import type { TemporalAccess } from '../../temporal/open-temporal.js';
import { describeRun } from '../../temporal/runs.js';

type RunState =
  | { readonly running: true }
  /** `ended`: finished by itself. `how`: in words. `runId`: its newest run; null if Temporal no longer has it. */
  | { readonly running: false; readonly ended: boolean; readonly how: string; readonly runId: string | null };

const ASK_MS = 5_000;

/** By Temporal's status of a closed run. */
export const HOW_ENDED: Readonly<Record<string, string>> = {
  TERMINATED: 'its run was terminated in Temporal',
  FAILED: 'its run failed in Temporal',
  TIMED_OUT: 'its run timed out in Temporal',
  CANCELLED: 'its run was cancelled in Temporal',
  COMPLETED: 'its run has ended without writing that down',
};

/**
 * Whether the run that began this still goes on, in any of its successors (continued, reset). `firstRunId` null: any
 * run of that workflow. Rejects while Temporal doesn't answer, because then nothing is known.
 */
export async function runState(
  temporal: TemporalAccess,
  workflowId: string,
  firstRunId: string | null,
): Promise<RunState> {
  const described = await describeRun(temporal, ASK_MS, workflowId);
  if (described === null) return { running: false, ended: false, how: FORGOTTEN, runId: null };
  const { status, raw, runId } = described;
  const isThat = firstRunId === null || raw.workflowExecutionInfo?.firstRunId === firstRunId;
  if (isThat && (status.name === 'RUNNING' || status.name === 'PAUSED')) return { running: true };
  if (!isThat)
    return { running: false, ended: false, how: 'its run is gone, and another has its name', runId: null };
  const how = HOW_ENDED[status.name] ?? `its run is ${status.name.toLowerCase()} in Temporal`;
  return { running: false, ended: status.name === 'COMPLETED', how, runId };
}

export const FORGOTTEN = 'Temporal does not know its run: its database was lost or set back';

/** Whether Temporal still has exactly this run, open or closed. */
export async function isKnown(temporal: TemporalAccess, workflowId: string, runId: string): Promise<boolean> {
  return (await describeRun(temporal, ASK_MS, workflowId, runId)) !== null;
}
