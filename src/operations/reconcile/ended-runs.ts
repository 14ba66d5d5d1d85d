/**
 * What holds no row in Postgres while it runs (emergency stop, backup, drill, validation, resumption), or does not hold it
 * yet or any more (a routine, an incident, a change of settings), leaves nothing behind where its run was terminated, timed
 * out or failed: Temporal's list of closed runs says so, and people are told once, with evidence.
 */

import { FERMATA_ROUTINE } from '../../contracts/search-attributes.js';
import { notify } from '../../notify/notify.js';
import { recordEvidenceBatch } from '../../store/evidence/record-evidence.js';
import { readOpenThings } from '../../store/open-runs.js';
import type { ReconcileContext } from './reconcile-runs.js';
import { runState } from './run-state.js';

export interface EndedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly how: string;
  readonly what: string;
}

interface Meaning {
  readonly title: string;
  readonly routine: string;
  readonly now: string;
}

const MEANING: ReadonlyMap<string, Meaning> = new Map([
  [
    'emergencyStop',
    {
      title: 'emergency stop',
      routine: 'emergency-stop',
      now: 'nobody sends it or proves it any more; look whether the desk is halted, and ask again: fermata status, fermata stop',
    },
  ],
  [
    'backup',
    { title: 'backup', routine: 'backup', now: 'it counts as no backup; take another: fermata backup' },
  ],
  [
    'restoreDrill',
    { title: 'restore drill', routine: 'restore-drill', now: 'it proves nothing of a backup; run it again' },
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

/** Longer than any downtime after which nobody would look anyway; shorter than Temporal keeps closed runs. */
const LOOK_BACK_MS = 2 * 86_400_000;
const LIST_MS = 20_000;
const RUNS_MAX = 100;

/** `told`: keys of what earlier looks found, kept by the caller. What is lost with it is found again, and said once. */
export async function tellEndedRuns(
  context: ReconcileContext,
  told: Set<string>,
): Promise<readonly EndedRun[]> {
  const found: EndedRun[] = [];
  const runs = (await endedRuns(context)).filter(({ runId }) => !told.has(runId));
  for (const run of runs) {
    const firstRunId = await firstRunOf(context, run);
    const rows = await rowsOf(context, run.workflowId, firstRunId);
    // Whoever ends what is open tells of it, too.
    if (rows === 'open') continue;
    if (rows === 'ended') {
      told.add(run.runId);
      continue;
    }
    const state = await runState(context.temporal, run.workflowId, firstRunId);
    // Reset: another run has gone on from there, and has ended or will end by itself.
    const goesOn = state.running || state.ended;
    if (!goesOn) {
      const how = HOW[run.status] ?? state.how;
      await tell(context, run, firstRunId, how);
      found.push({ workflowId: run.workflowId, runId: run.runId, how, what: run.meaning.title });
    }
    if (!state.running) told.add(run.runId);
  }
  return found;
}

const HOW: Readonly<Record<string, string>> = {
  TERMINATED: 'its run was terminated in Temporal',
  TIMED_OUT: 'its run timed out in Temporal',
  FAILED: 'its run failed in Temporal',
};

interface Closed {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly startedMs: number;
  readonly closedMs: number;
  readonly meaning: Meaning;
}

function endedRuns({ temporal, desk, nowMs }: ReconcileContext): Promise<readonly Closed[]> {
  const types = [...MEANING.keys()].map((type) => `"${type}"`).join(', ');
  const query = [
    `FermataDesk = "${desk.desk}"`,
    `WorkflowType IN (${types})`,
    'ExecutionStatus IN ("Terminated", "TimedOut", "Failed")',
    `CloseTime > "${new Date(nowMs() - LOOK_BACK_MS).toISOString()}"`,
  ].join(' AND ');
  return temporal.within(LIST_MS, async (client) => {
    const runs: Closed[] = [];
    for await (const listed of client.workflow.list({ query })) {
      const { workflowId, runId, status, startTime, closeTime } = listed;
      const known = MEANING.get(listed.type);
      if (known === undefined) continue;
      const name = listed.typedSearchAttributes.get(FERMATA_ROUTINE);
      const meaning =
        listed.type === 'routine' && name ? { ...known, title: `routine ${name}`, routine: name } : known;
      runs.push({
        workflowId,
        runId,
        status: status.name,
        startedMs: startTime.getTime(),
        closedMs: (closeTime ?? startTime).getTime(),
        meaning,
      });
      if (runs.length >= RUNS_MAX) break;
    }
    return runs;
  });
}

/** `open`: its row is still there; `ended`: as abandoned, or it has told people by itself how it failed. */
async function rowsOf(
  { pool, desk, nowMs }: ReconcileContext,
  workflowId: string,
  firstRunId: string,
): Promise<'open' | 'ended' | 'none'> {
  const open = await readOpenThings(pool, desk.desk, nowMs() + 1);
  if (open.some((thing) => thing.workflowId === workflowId && thing.firstRunId === firstRunId)) return 'open';
  const { rowCount } = await pool.query(
    `select from routine_run where workflow_id = $1 and first_run_id = $2 and finished is not null
     union all select from incident where workflow_id = $1 and first_run_id = $2 and state = 'resolved'
     union all select from evidence where workflow_id = $1 and first_run_id = $2
       and step_key like 'abandoned:%:%' limit 1`,
    [workflowId, firstRunId],
  );
  return rowCount === 0 ? 'none' : 'ended';
}

/** The list does not say it. */
async function firstRunOf({ temporal }: ReconcileContext, { workflowId, runId }: Closed): Promise<string> {
  const { raw } = await temporal.within(LIST_MS, (client) =>
    client.workflow.getHandle(workflowId, runId).describe(),
  );
  return raw.workflowExecutionInfo?.firstRunId || runId;
}

async function tell(
  { desk, pool, home }: ReconcileContext,
  { workflowId, runId, startedMs, closedMs, meaning }: Closed,
  firstRunId: string,
  how: string,
): Promise<void> {
  const { title, routine, now } = meaning;
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
    {
      desk: desk.desk,
      event: 'warning',
      severity: routine === 'emergency-stop' ? 'critical' : 'warning',
      title: `${desk.desk}: abandoned: the ${title}`,
      text: `The ${title} did not end by itself: ${how} (${workflowId}). Now ${now}.`,
      workflowId,
      fingerprint: `abandoned-run:${workflowId}:${runId}`.slice(0, 300),
      audience: ['operator', 'approver'],
    },
    home,
  );
}
