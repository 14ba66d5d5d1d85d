/**
 * Reconciles Postgres with Temporal: if a run no longer progresses (terminated, lost with Temporal's
 * database, ended silently), everything it began ends as abandoned, with evidence and a notice, and whatever
 * it held is free again. Real money is never traded unwatched: a permission that no run watches ends too.
 */
import { woken } from '../../contracts/notice.js';
import type { GoLiveAttempt } from '../../contracts/published.js';
import { messageOf } from '../../domain/message-of.js';
import { notify } from '../../notify/notify.js';
import type { OperationContext } from '../../operations/operation.js';
import { closeApproval } from '../../store/approval-rows.js';
import { recordEvidenceBatch } from '../../store/evidence-rows.js';
import { moveAttempt, readAttempts } from '../../store/go-live-attempts.js';
import { finishRoutineRun } from '../../store/routine-run.js';
import { abandonIncident, type OpenThing, readOpenThings } from '../../store/runs-seen.js';
import { closeTask } from '../../store/task-rows.js';
import { runState } from '../../temporal/runs.js';
import { readStatus } from '../../trader/read-status.js';

type PermissionContext = Pick<OperationContext, 'desk' | 'pool' | 'temporal'> & {
  readonly trader: Pick<OperationContext['trader'], 'call'>;
  /** FERMATA_HOME, where notices are spooled while Postgres is down; null: they are not spooled. */
  readonly home: string | null;
};

export type ReconcileContext = PermissionContext & Pick<OperationContext, 'nowMs'>;

interface Abandoned {
  readonly workflowId: string;
  /**
   * The run that ended: if it is reset and abandoned again, the next one has another id. Null if Temporal no longer has
   * it.
   */
  readonly runId: string | null;
  readonly how: string;
  readonly things: readonly OpenThing[];
}

/** Younger rows stay as they are: their run may be about to start, or Temporal may not show it yet. */
const GRACE_MS = 60_000;

/**
 * Returns the runs found and ended; each is also passed to `onEnded` at once. Continues after a failure and
 * rejects with the first one at the end; the next pass finds those again. Rejects at once while Postgres or
 * Temporal doesn't answer.
 */
export async function reconcileRuns(
  context: ReconcileContext,
  onEnded: (abandoned: Abandoned) => void = () => undefined,
): Promise<readonly Abandoned[]> {
  const open = await readOpenThings(context.pool, context.desk.desk, context.nowMs() - GRACE_MS);
  const abandoned: Abandoned[] = [];
  const failures: unknown[] = [];
  for (const things of byRun(open)) {
    const found = await abandonedOf(context, things);
    if (found === null) continue;
    try {
      await end(context, found);
    } catch (error) {
      failures.push(error);
      continue;
    }
    abandoned.push(found);
    onEnded(found);
  }
  if (failures.length > 0) throw failures[0];
  return abandoned;
}

function byRun(open: readonly OpenThing[]): readonly (readonly OpenThing[])[] {
  const runs = new Map<string, OpenThing[]>();
  for (const thing of open) {
    const run = `${thing.workflowId} ${thing.firstRunId ?? ''}`;
    runs.set(run, [...(runs.get(run) ?? []), thing]);
  }
  return [...runs.values()];
}

async function abandonedOf(
  { temporal }: ReconcileContext,
  things: readonly OpenThing[],
): Promise<Abandoned | null> {
  const [first] = things;
  if (first === undefined) return null;
  const state = await runState(temporal, first.workflowId, first.firstRunId);
  if (state.running) return null;
  // A person may still do a task that a properly ended run asked for.
  const left = state.ended ? things.filter(({ kind }) => kind !== 'task') : things;
  if (left.length === 0) return null;
  return { workflowId: first.workflowId, runId: state.runId, how: state.how, things: left };
}

/** The rows come last: if this is interrupted, the next pass finds them again, and people are still told once. */
async function end(
  context: ReconcileContext,
  { workflowId, how, things, ...ended }: Abandoned,
): Promise<void> {
  const { desk, pool, home } = context;
  const outcome = `abandoned: ${how}`;
  const permission = things.some(({ kind }) => kind === 'go-live')
    ? await endPermission(context, workflowId, how)
    : null;
  const firstRunId = things[0]?.firstRunId ?? workflowId;
  const runId = ended.runId ?? firstRunId;
  const nowMs = context.nowMs();
  await recordEvidenceBatch(
    pool,
    things.map((thing) => ({
      desk: desk.desk,
      workflowId,
      firstRunId,
      runId,
      routine: thing.routine,
      stepKey: `abandoned:${thing.kind}:${thing.key}`.slice(0, 200),
      name: 'Abandoned',
      kind: 'report',
      verdict: 'fail',
      observed: `${wordsOf(thing)}: ${outcome}${permission === null ? '' : `. ${permission}`}`,
      expected: 'its run goes on to its end',
      startedMs: thing.sinceMs,
      finishedMs: nowMs,
      marketMs: null,
      person: null,
      reference: workflowId,
      simulated: thing.simulated,
    })),
  );
  const notice = woken('abandoned', {
    desk: desk.desk,
    severity: things.some(({ kind }) => kind === 'incident' || kind === 'go-live') ? 'critical' : 'warning',
    title: `Abandoned: ${things[0]?.title ?? workflowId}`,
    text: [
      `${how} (${workflowId}). Nothing goes on there any more, and nothing waits for it.`,
      ...things.map((thing) => `- ${wordsOf(thing)}: ${NOW[thing.kind]}`),
      ...(permission === null ? [] : [permission]),
    ].join('\n'),
    workflowId,
    // A row without a run id is reported separately, even if its run ended with those of other rows.
    fingerprint: `abandoned:${workflowId}:${runId}:${firstRunId}`.slice(0, 300),
  });
  await notify(pool, notice, home);
  for (const thing of things) await close(context, thing, outcome);
}

const wordsOf = ({ kind, title }: OpenThing): string => `${kind} "${title}"`;

const NOW: Readonly<Record<OpenThing['kind'], string>> = {
  incident: 'closed; what is still seen opens it again',
  routine: 'closed as failed; look at what it did, and run it again if it is still of use: fermata run NAME',
  approval: 'withdrawn; ask again if it is still wanted',
  task: 'withdrawn; nobody waits for it',
  'go-live': 'over; begin again with fermata go-live',
};

async function close(
  { desk, pool, nowMs }: ReconcileContext,
  thing: OpenThing,
  outcome: string,
): Promise<void> {
  const { kind, key, workflowId, firstRunId } = thing;
  const runId = firstRunId ?? '';
  if (kind === 'incident') await abandonIncident(pool, desk.desk, thing, outcome);
  else if (kind === 'routine')
    await finishRoutineRun(pool, { workflowId, firstRunId: runId, finishedMs: nowMs(), verdict: 'fail' });
  else if (kind === 'approval') await closeApproval(pool, { id: key, runId, state: 'withdrawn', outcome });
  else if (kind === 'task')
    await closeTask(pool, {
      desk: desk.desk,
      id: Number(key),
      state: 'withdrawn',
      by: 'fermata',
      note: outcome,
    });
  else await closeAttempt(pool, desk.desk, workflowId, outcome);
}

async function closeAttempt(
  pool: ReconcileContext['pool'],
  desk: string,
  workflowId: string,
  outcome: string,
): Promise<void> {
  const attempts = await readAttempts(pool, desk);
  const open = attempts.find((one) => one.workflowId === workflowId && one.finishedMs === null);
  if (open) await moveAttempt(pool, open, open.state === 'live' ? 'ended' : 'refused', outcome);
}

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
  const { workflowId, state, detail } = attempt;
  // A run that was reset in Temporal keeps watching under a row that is over.
  if ((await runState(temporal, workflowId, null)).running) return null;
  const done = await endPermission(context, workflowId, `going live is ${state}: ${detail}`);
  const over = state === 'ended' ? 'ended' : 'been refused';
  await tell(context, workflowId, {
    title: `${desk.desk} could still trade real money after its go-live had ${over}`,
    text: `${done} Why the go-live was over: ${detail}. Positions keep their stops; begin again with fermata go-live.`,
    fingerprint: `left-permission:${workflowId}`,
  });
  return attempt;
}

/** Returns what was done, in a sentence. Rejects if the trader doesn't accept it: the next pass tries again. */
async function endPermission(context: PermissionContext, workflowId: string, how: string): Promise<string> {
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
