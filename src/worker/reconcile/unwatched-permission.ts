/** Real money is never traded unwatched: this ends a permission that no run watches any more. */

import { woken } from '../../contracts/notice.js';
import type { GoLiveAttempt } from '../../contracts/published.js';
import { messageOf } from '../../domain/message-of.js';
import { notify } from '../../notify/notify.js';
import type { OperationContext } from '../../operations/operation.js';
import { readAttempts } from '../../store/go-live-attempts.js';
import { runState } from '../../temporal/runs.js';
import { readStatus } from '../../trader/read-status.js';

export type PermissionContext = Pick<OperationContext, 'desk' | 'pool' | 'temporal'> & {
  readonly trader: Pick<OperationContext['trader'], 'call'>;
  /** FERMATA_HOME, where notices are spooled while Postgres is down; null: they are not spooled. */
  readonly home: string | null;
};

const REVOKE_MS = 5_000;
/** States that leave no permission. A completed attempt keeps its permission and needs no watch any more. */
const WITHOUT_PERMISSION: ReadonlySet<GoLiveAttempt['state']> = new Set(['ended', 'refused']);

/**
 * Ends a permission whose attempt is over, because the run's last reading was wrong or the trader accepted after all,
 * and tells people. Returns that attempt; null if there is none. Rejects like `endPermission`, and while Postgres or
 * Temporal doesn't answer.
 */
export async function endLeftPermission(context: PermissionContext): Promise<GoLiveAttempt | null> {
  const { desk, pool, temporal } = context;
  const status = await readStatus(context).catch(() => null);
  const granted = status?.goLive.granted ?? null;
  if (granted === null) return null;
  const attempt = (await readAttempts(pool, desk.desk)).find(
    (one) => one.release === granted.release && one.attempt === granted.attempt,
  );
  if (attempt === undefined || !WITHOUT_PERMISSION.has(attempt.state)) return null;
  // A run that was reset in Temporal keeps watching under a row that is over.
  if ((await runState(temporal, attempt.workflowId, null)).running) return null;
  const how = `going live is ${attempt.state}: ${attempt.detail}`;
  await tellLeft(context, attempt, await endPermission(context, attempt.workflowId, how));
  return attempt;
}

function tellLeft(
  context: PermissionContext,
  { workflowId, state, detail }: GoLiveAttempt,
  done: string,
): Promise<void> {
  const over = state === 'ended' ? 'ended' : 'been refused';
  return tell(context, workflowId, {
    title: `${context.desk.desk} could still trade real money after its go-live had ${over}`,
    text: `${done} Why the go-live was over: ${detail}. Positions keep their stops; begin again with fermata go-live.`,
    fingerprint: `left-permission:${workflowId}`,
  });
}

/** Returns what was done, in a sentence. Rejects if the trader doesn't accept it: the next pass tries again. */
export async function endPermission(
  context: PermissionContext,
  workflowId: string,
  how: string,
): Promise<string> {
  const { desk, trader } = context;
  const reason = `nobody watches the first real money any more: ${how}`.slice(0, 500);
  try {
    if ((await readStatus({ trader })).goLive.granted === null)
      return 'The desk has no permission to trade real money.';
    const asked = { commandId: `abandoned:${workflowId}`.slice(0, 128), by: 'operations', reason };
    const { detail } = await trader.call('revokeGoLive', asked, { timeoutMs: REVOKE_MS });
    return `The permission to trade real money was ended: ${detail}`;
  } catch (error) {
    await tell(context, workflowId, {
      title: `${desk.desk} may trade real money that nobody watches`,
      text: `${reason}. The trader could not be told to end it (${messageOf(error)}); it is tried again each minute. Stop it yourself: fermata stop.`,
      fingerprint: `unwatched:${workflowId}`,
    });
    throw error;
  }
}

async function tell(
  { desk, pool, home }: PermissionContext,
  workflowId: string,
  said: { readonly title: string; readonly text: string; readonly fingerprint: string },
): Promise<void> {
  await notify(pool, woken('unwatched-go-live', { desk: desk.desk, workflowId, ...said }), home);
}
