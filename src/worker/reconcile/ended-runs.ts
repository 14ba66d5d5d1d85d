import { randomUUID } from 'node:crypto';
import type { InjectedSinks } from '@temporalio/worker';
import { woken } from '../../contracts/notice.js';
import { type BegunRun, FERMATA_ROUTINE, type RunSinks } from '../../contracts/run-label.js';
import { notify } from '../../notify/notify.js';
import { recordEvidenceBatch } from '../../store/evidence-rows.js';
import type { Pool } from '../../store/pool.js';
import { readOwedHalt } from '../../store/routine-run.js';
import {
  dropSeenRun,
  keepSeenRuns,
  readOpenThings,
  readSeenRuns,
  type SeenRun,
} from '../../store/runs-seen.js';
import { describeRun, FORGOTTEN, HOW_ENDED, isKnown, runState, runsOfDesk } from '../../temporal/runs.js';
import { startEmergency } from '../../temporal/start-runs.js';
import type { ReconcileContext } from './reconcile-runs.js';

/**
 * Finds runs that ended abnormally and left no row behind in Postgres. Some have no row at all (emergency stop, backup,
 * drill, deployment, validation, resumption); others not at every moment (routine, incident, change of settings).
 * Temporal's list shows which were terminated, timed out or failed; people are told once, with evidence. Runs that have
 * begun are recorded until they end, and so is what the list showed as open each time, so that a lost Temporal database
 * is noticed as well.
 */
interface EndedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly how: string;
  readonly what: string;
}

interface Meaning {
  readonly title: string;
  readonly routine: string;
  readonly now: string;
  /** Trading may go on that somebody or something wanted to be halted. */
  readonly isUrgent?: true;
}

const MEANING: ReadonlyMap<string, Meaning> = new Map([
  [
    'emergencyStop',
    {
      title: 'emergency stop',
      routine: 'emergency-stop',
      isUrgent: true,
      now: 'nobody sends it or proves it any more; look whether the desk is halted, and ask again: fermata status, fermata stop',
    },
  ],
  [
    'backup',
    {
      title: 'backup',
      routine: 'backup',
      now: 'what it may have left was not verified, as far as is known: fermata backups lists it; take another: fermata backup --verify',
    },
  ],
  [
    'restoreDrill',
    { title: 'restore drill', routine: 'restore-drill', now: 'it proves nothing of a backup; run it again' },
  ],
  [
    'deploy',
    {
      title: 'deployment',
      routine: 'deploy',
      now: 'look which build runs, and whether it is well: fermata monitor; where it was not switched, ask again: fermata deploy',
    },
  ],
  [
    'validation',
    {
      title: 'validation',
      routine: 'validation',
      now: 'it has no report and gives no GO; run it again: fermata validate',
    },
  ],
  [
    'resumption',
    {
      title: 'resumption',
      routine: 'resumption',
      now: 'the desk stays halted; where the halt is still there it is asked anew: fermata status',
    },
  ],
  [
    'routine',
    {
      title: 'routine',
      routine: 'routine',
      now: 'what it had not done is not done; look at its evidence, and run it again if it is still of use: fermata run NAME',
    },
  ],
  [
    'incident',
    { title: 'incident', routine: 'incident', now: 'nobody follows it; what is still seen opens it again' },
  ],
  [
    'settingsChange',
    {
      title: 'change of settings',
      routine: 'settings',
      now: 'look at the settings whether it is in force, and ask again where it is not',
    },
  ],
]);

/**
 * Longer than any outage after which anybody would still care; no longer than any Temporal server keeps closed runs.
 */
const LOOK_BACK_MS = 2 * 86_400_000;
const LIST_MS = 20_000;
const RUNS_MAX = 200;
const REASON_MAX = 300;

/**
 * `told`: keys of earlier findings, kept by the caller. If they are lost, the same runs are found again, and still told
 * once.
 */
export async function tellEndedRuns(
  context: ReconcileContext,
  told: Set<string>,
): Promise<readonly EndedRun[]> {
  const listed = await listRuns(context);
  const open = listed.filter(({ status }) => status === RUNNING);
  const closed = listed.filter(({ status, runId }) => status !== RUNNING && !told.has(runId));
  return [...(await tellClosed(context, closed, told)), ...(await tellForgotten(context, open))];
}

async function tellClosed(
  context: ReconcileContext,
  closed: readonly Listed[],
  told: Set<string>,
): Promise<readonly EndedRun[]> {
  const found: EndedRun[] = [];
  for (const run of closed) {
    const firstRunId = await firstRunOf(context, run);
    if (firstRunId === null) continue;
    const rows = await rowsOf(context, run, firstRunId);
    // `reconcileRuns` ends the open rows and tells people.
    if (rows === 'open') continue;
    if (rows === 'ended') {
      told.add(run.runId);
      continue;
    }
    const state = await runState(context.temporal, run.workflowId, firstRunId);
    // After a reset, another run has continued from there, and has ended or will end by itself.
    const goesOn = state.running || state.ended;
    if (!goesOn) {
      const how = HOW_ENDED[run.status] ?? state.how;
      const meaning = rows === 'owed' ? owing(run.meaning) : run.meaning;
      await tell(context, { ...run, meaning }, firstRunId, how);
      found.push({ workflowId: run.workflowId, runId: run.runId, how, what: meaning.title });
    }
    if (!state.running) told.add(run.runId);
  }
  return found;
}

/** The list only shows where to check: it lags by a moment and may be cut off. */
async function tellForgotten(
  context: ReconcileContext,
  open: readonly Listed[],
): Promise<readonly EndedRun[]> {
  const { pool, desk, temporal, nowMs } = context;
  const before = await readSeenRuns(pool, desk.desk);
  const running = new Set(open.map(({ runId }) => runId));
  const kept = await keepOpen(context, open, before);
  const found: EndedRun[] = [];
  for (const run of before) {
    if (running.has(run.runId)) continue;
    const { workflowId, runId, firstRunId } = run;
    const state = await runState(temporal, workflowId, firstRunId);
    if (state.running) {
      if (!kept.has(firstRunId)) await keepSeenRuns(pool, desk.desk, [{ ...run, seenMs: nowMs() }]);
      continue;
    }
    // A run last seen longer ago may have ended by itself and been deleted by Temporal's retention.
    const isRecent = run.seenMs > nowMs() - LOOK_BACK_MS;
    if (isRecent && !(await isKnown(temporal, workflowId, runId))) {
      const rows = await rowsOf(context, run, firstRunId);
      if (rows === 'open') continue;
      const known = meaningOf(run);
      if (rows !== 'ended' && known !== null) {
        const meaning = await meaningOfLost(context, run, rows === 'owed' ? owing(known) : known);
        await tell(context, { ...run, closedMs: nowMs(), meaning }, firstRunId, FORGOTTEN);
        found.push({ workflowId, runId, how: FORGOTTEN, what: meaning.title });
      }
    }
    await dropSeenRun(pool, desk.desk, run);
  }
  return found;
}

const owing = (meaning: Meaning): Meaning => ({
  ...meaning,
  isUrgent: true,
  now: 'nobody sends its halt any more, which the trader had not taken or could not write: a restart of the trader takes it back; look whether the desk is halted, and stop it: fermata status, fermata stop',
});

/** What Temporal has lost halts the desk all the same. */
async function meaningOfLost(context: ReconcileContext, run: SeenRun, meaning: Meaning): Promise<Meaning> {
  if (run.type === 'emergencyStop')
    return (await stopAgain(context, run)) ? { ...meaning, now: STOPS_AGAIN } : meaning;
  const owed = await readOwedHalt(context.pool, run);
  if (owed === null) return meaning;
  await startEmergency(context, 'stop', {
    ...{ commandId: randomUUID(), by: 'Temporal', via: 'temporal', sentTo: [] },
    reason: `${meaning.title}: ${owed.slice(0, REASON_MAX)} (${AGAIN})`,
  });
  return { ...meaning, now: STOPS_INSTEAD };
}

const STOPS_INSTEAD =
  'a stop was asked for in place of the halt that it still sent; look whether it is proven: fermata status';
const STOPS_AGAIN =
  'it was asked for again, as a stop; look whether it is proven: fermata status. Where everything was to be closed, people decide that once more: fermata close-all';
const AGAIN = 'asked for again, because Temporal had lost it';

/**
 * Requests a lost stop again: a trader that was away may come back and be armed by a rule. False if the stop
 * was proven, or people have armed the desk since. Closing everything is not repeated: it may be hours later
 * by now.
 */
async function stopAgain(
  context: ReconcileContext,
  { workflowId, firstRunId }: Pick<SeenRun, 'workflowId' | 'firstRunId'>,
): Promise<boolean> {
  const { rows } = await context.pool.query<{ person: string; observed: string; over: boolean }>(
    `select asked.person, asked.observed, exists (
         select from evidence proof where proof.workflow_id = $1 and proof.first_run_id = $2
           and proof.step_key = 'proof:' || substr(asked.step_key, 7) and proof.verdict <> 'fail') as over
       from evidence asked where asked.workflow_id = $1 and asked.first_run_id = $2 and asked.step_key like 'order:%'
       order by asked.id desc limit 1`,
    [workflowId, firstRunId],
  );
  // Nothing is on record if Postgres was away too.
  const [asked] = rows;
  if (asked?.over) return false;
  await startEmergency(context, 'stop', {
    commandId: randomUUID(),
    by: asked?.person ?? 'Temporal',
    via: 'temporal',
    reason: asked === undefined ? AGAIN : `${asked.observed.slice(0, REASON_MAX)} (${AGAIN})`,
    sentTo: [],
  });
  return true;
}

/** Returns the first run ids of the runs that it recorded. */
async function keepOpen(
  context: ReconcileContext,
  open: readonly Listed[],
  before: readonly SeenRun[],
): Promise<ReadonlySet<string>> {
  const { pool, desk, nowMs } = context;
  const seenMs = nowMs();
  const known = new Map(before.map((run) => [run.runId, run]));
  const kept = new Map<string, SeenRun>();
  for (const { runId } of open) {
    const run = known.get(runId);
    if (run !== undefined) kept.set(run.firstRunId, { ...run, seenMs });
  }
  for (const run of open) {
    if (known.has(run.runId)) continue;
    const firstRunId = await firstRunOf(context, run);
    if (firstRunId !== null) kept.set(firstRunId, { ...run, firstRunId, seenMs });
  }
  await keepSeenRuns(pool, desk.desk, [...kept.values()]);
  return new Set(kept.keys());
}

/** Reported by the run itself, before any listing has shown it. */
async function keepBegunRun(
  pool: Pick<ReconcileContext['pool'], 'query'>,
  desk: string,
  run: BegunRun,
  nowMs: number,
): Promise<void> {
  if (MEANING.has(run.type)) await keepSeenRuns(pool, desk, [{ ...run, seenMs: nowMs }]);
}

const RUNNING = 'RUNNING';

interface Listed extends Omit<SeenRun, 'firstRunId' | 'seenMs'> {
  readonly status: string;
  readonly closedMs: number;
  readonly meaning: Meaning;
}

function meaningOf({ type, routine }: Pick<SeenRun, 'type' | 'routine'>): Meaning | null {
  const known = MEANING.get(type);
  if (known === undefined) return null;
  return type === 'routine' && routine !== '' ? { ...known, title: `routine ${routine}`, routine } : known;
}

/** Runs that are open, and runs that ended abnormally. */
function listRuns({ temporal, desk, nowMs }: ReconcileContext): Promise<readonly Listed[]> {
  const types = [...MEANING.keys()].map((type) => `"${type}"`).join(', ');
  const since = new Date(nowMs() - LOOK_BACK_MS).toISOString();
  const query = [
    runsOfDesk(desk.desk),
    `WorkflowType IN (${types})`,
    `(ExecutionStatus = "Running" OR (ExecutionStatus IN ("Terminated", "TimedOut", "Failed") AND CloseTime > "${since}"))`,
  ].join(' AND ');
  return temporal.within(LIST_MS, async (client) => {
    const runs: Listed[] = [];
    for await (const listed of client.workflow.list({ query })) {
      const { workflowId, runId, type, status, startTime, closeTime } = listed;
      const routine = listed.typedSearchAttributes.get(FERMATA_ROUTINE) ?? '';
      const meaning = meaningOf({ type, routine });
      if (meaning === null) continue;
      const startedMs = startTime.getTime();
      const closedMs = closeTime?.getTime() ?? startedMs;
      runs.push({ workflowId, runId, type, routine, status: status.name, startedMs, closedMs, meaning });
      if (runs.length >= RUNS_MAX) break;
    }
    return runs;
  });
}

/**
 * `open`: its row is still there. `owed`: it still sent a halt, whatever its row says. `ended`: its row ended as
 * abandoned, or this run (not an earlier one) has told people itself how it failed.
 */
async function rowsOf(
  { pool, desk, nowMs }: ReconcileContext,
  { workflowId, startedMs }: Pick<Listed, 'workflowId' | 'startedMs'>,
  firstRunId: string,
): Promise<'open' | 'owed' | 'ended' | 'none'> {
  const open = await readOpenThings(pool, desk.desk, nowMs() + 1);
  if (open.some((thing) => thing.workflowId === workflowId && thing.firstRunId === firstRunId)) return 'open';
  if ((await readOwedHalt(pool, { workflowId, firstRunId })) !== null) return 'owed';
  const { rowCount } = await pool.query(
    `select from routine_run where workflow_id = $1 and first_run_id = $2 and finished >= $3
     union all select from incident where workflow_id = $1 and first_run_id = $2 and state = 'resolved'
     union all select from evidence where workflow_id = $1 and first_run_id = $2
       and step_key like 'abandoned:%:%' and finished >= $3 limit 1`,
    [workflowId, firstRunId, new Date(startedMs)],
  );
  return rowCount === 0 ? 'none' : 'ended';
}

/** The first run id, which the list lacks. Null if Temporal has deleted the run since it was listed. */
async function firstRunOf(
  { temporal }: ReconcileContext,
  { workflowId, runId }: Listed,
): Promise<string | null> {
  const described = await describeRun(temporal, LIST_MS, workflowId, runId);
  return described && (described.raw.workflowExecutionInfo?.firstRunId || runId);
}

async function tell(
  { desk, pool, home }: ReconcileContext,
  { workflowId, runId, startedMs, closedMs, meaning }: Omit<Listed, 'status'>,
  firstRunId: string,
  how: string,
): Promise<void> {
  const { title, routine, now, isUrgent } = meaning;
  await recordEvidenceBatch(pool, [
    {
      desk: desk.desk,
      workflowId,
      firstRunId,
      runId,
      routine,
      stepKey: `abandoned:${runId}`,
      name: 'Abandoned',
      kind: 'report',
      verdict: 'fail',
      observed: `abandoned: ${how}: ${now}`,
      expected: 'its run goes on to its end',
      startedMs,
      finishedMs: closedMs,
      marketMs: null,
      person: null,
      reference: workflowId,
      simulated: desk.mode === 'paper',
    },
  ]);
  await notify(
    pool,
    woken('abandoned', {
      desk: desk.desk,
      severity: isUrgent === true ? 'critical' : 'warning',
      title: `${desk.desk}: abandoned: the ${title}`,
      text: `The ${title} did not end by itself: ${how} (${workflowId}). Now ${now}.`,
      workflowId,
      fingerprint: `abandoned-run:${workflowId}:${runId}`.slice(0, 300),
    }),
    home,
  );
}

/** For workers without a follower: without these, the library would warn about each report. */
const unheard = { fn: () => undefined };
export const UNHEARD: InjectedSinks<RunSinks> = { runs: { begun: unheard, ended: unheard } };

export function followRuns(pool: Pick<Pool, 'query'>, desk: string): InjectedSinks<RunSinks> {
  let written = Promise.resolve();
  // Written in order, and no run waits for Postgres: the poll of each minute finds whatever is not written
  // here.
  const write = (work: () => Promise<void>): void => {
    written = written.then(work).catch(() => undefined);
  };
  return {
    runs: {
      begun: { fn: (_info, run) => write(() => keepBegunRun(pool, desk, run, Date.now())) },
      ended: { fn: (_info, run) => write(() => dropSeenRun(pool, desk, run)) },
    },
  };
}
