/** Real money is never traded on unwatched: the permission that nobody watches any more ends. */

import type { GoLiveAttempt } from '../../contracts/published.js';
import { messageOf } from '../../domain/message-of.js';
import { notify } from '../../notify/notify.js';
import { readAttempts } from '../../store/go-live-attempts.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';
import { runState } from './run-state.js';

export type PermissionContext = Pick<OperationContext, 'desk' | 'pool' | 'temporal'> & {
  readonly trader: Pick<OperationContext['trader'], 'call'>;
  /** FERMATA_HOME, where notices wait while Postgres is down. Null: they don't. */
  readonly home: string | null;
};

const REVOKE_MS = 5_000;
/** An attempt that took every step has earned its permission, and needs no watch any more. */
const WITHOUT_PERMISSION: ReadonlySet<GoLiveAttempt['state']> = new Set(['ended', 'refused']);

/**
 * The attempt is over and the trader's permission from it stands: what the run saw last was wrong, or its trader took it after
 * all. Null: nothing is so. Rejects like `endPermission`, and while Postgres or Temporal does not answer.
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
  // One that was begun anew in Temporal watches on under a row that is over.
  if ((await runState(temporal, attempt.workflowId, null)).running) return null;
  const how = `going live is ${attempt.state}: ${attempt.detail}`;
  await tellLeft(context, attempt, await endPermission(context, attempt.workflowId, how));
  return attempt;
}

async function tellLeft(
  { desk, pool, home }: PermissionContext,
  { workflowId, state, detail }: GoLiveAttempt,
  done: string,
): Promise<void> {
  await notify(
    pool,
    {
      desk: desk.desk,
      event: 'warning',
      severity: 'critical',
      about: 'unwatched-go-live',
      title: `${desk.desk} could still trade real money after its go-live had ${state === 'ended' ? 'ended' : 'been refused'}`,
      text: `${done} Why the go-live was over: ${detail}. Positions keep their stops; begin again with fermata go-live.`,
      workflowId,
      fingerprint: `left-permission:${workflowId}`,
      audience: ['operator', 'approver'],
    },
    home,
  );
}

/** Gives what was done, in a sentence. Rejects where the trader does not take it: the next look asks again. */
export async function endPermission(
  { desk, pool, trader, home }: PermissionContext,
  workflowId: string,
  how: string,
): Promise<string> {
  const reason = `nobody watches the first real money any more: ${how}`.slice(0, 500);
  try {
    if ((await readStatus({ trader })).goLive.granted === null)
      return 'The desk has no permission to trade real money.';
    const asked = { commandId: `abandoned:${workflowId}`.slice(0, 128), by: 'fermata', reason };
    const { detail } = await trader.call('revokeGoLive', asked, { timeoutMs: REVOKE_MS });
    return `The permission to trade real money was ended: ${detail}`;
  } catch (error) {
    await notify(
      pool,
      {
        desk: desk.desk,
        event: 'warning',
        severity: 'critical',
        about: 'unwatched-go-live',
        title: `${desk.desk} may trade real money that nobody watches`,
        text: `${reason}. The trader could not be told to end it (${messageOf(error)}); it is tried again each minute. Stop it yourself: fermata stop.`,
        workflowId,
        fingerprint: `unwatched:${workflowId}`,
        audience: ['operator', 'approver'],
      },
      home,
    );
    throw error;
  }
}
