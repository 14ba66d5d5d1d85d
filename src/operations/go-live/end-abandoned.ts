/**
 * An attempt whose workflow is not there: whoever began it died in between, or Temporal was set back. It must not keep
 * every later attempt out.
 */
import { WorkflowNotFoundError } from '@temporalio/client';
import { moveAttempt, readAttempts } from '../../store/go-live-attempts.js';
import type { TemporalAccess } from '../../temporal/open-temporal.js';
import type { OperationContext } from '../operation.js';

/** Somebody may be about to start its workflow. */
const GRACE_MS = 60_000;
const ASK_MS = 5_000;

/** True where the desk's open attempt was one of those, and is over now. Rejects while Postgres or Temporal is down. */
export async function endAbandoned({
  desk,
  pool,
  temporal,
  nowMs,
}: Pick<OperationContext, 'desk' | 'pool' | 'temporal' | 'nowMs'>): Promise<boolean> {
  const open = (await readAttempts(pool, desk.desk)).find(({ finishedMs }) => finishedMs === null);
  if (open === undefined || nowMs() - open.startedMs < GRACE_MS) return false;
  if (await isRunning(temporal, open.workflowId)) return false;
  const state = open.state === 'live' ? 'ended' : 'refused';
  await moveAttempt(pool, open, state, 'its workflow was not there any more when the next attempt began');
  return true;
}

async function isRunning(temporal: TemporalAccess, workflowId: string): Promise<boolean> {
  try {
    const { status } = await temporal.within(ASK_MS, (client) =>
      client.workflow.getHandle(workflowId).describe(),
    );
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
