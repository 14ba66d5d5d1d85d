/** One row per run of a routine: when it was due, when it ran, and its result. */
import type { MissedRun, RoutineProblem, RoutineRunBegin, RunVerdict } from '../contracts/routine.js';
import type { Pool } from './pool.js';

interface RoutineRun extends RoutineRunBegin {
  readonly finishedMs: number | null;
  readonly verdict: RunVerdict | null;
}

interface RoutineRunRow {
  readonly desk: string;
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly routine: string;
  readonly title: string;
  readonly nominal: Date;
  readonly started: Date;
  readonly finished: Date | null;
  readonly verdict: RunVerdict | null;
  readonly cause: string;
}

/**
 * If the run has ended and this begin is later, the run was reset and is open again. A retried activity changes
 * nothing.
 */
export async function beginRoutineRun(pool: Pool, run: RoutineRunBegin): Promise<void> {
  await pool.query(
    `insert into routine_run (desk, workflow_id, first_run_id, routine, title, nominal, started, cause)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (workflow_id, first_run_id) do update
       set started = excluded.started, finished = null, verdict = null
       where excluded.started > routine_run.finished`,
    [
      run.desk,
      run.workflowId,
      run.firstRunId,
      run.routine,
      run.title,
      new Date(run.nominalMs),
      new Date(run.startedMs),
      run.cause,
    ],
  );
}

interface RoutineRunEnd {
  readonly workflowId: string;
  readonly firstRunId: string;
  readonly finishedMs: number;
  readonly verdict: RunVerdict;
}

/** After a reset the newest end counts; a retried activity changes nothing. */
export async function finishRoutineRun(pool: Pool, end: RoutineRunEnd): Promise<void> {
  await pool.query(
    `update routine_run set finished = $3, verdict = $4
      where workflow_id = $1 and first_run_id = $2 and (finished is null or finished < $3)`,
    [end.workflowId, end.firstRunId, new Date(end.finishedMs), end.verdict],
  );
}

/** Newest first. */
export async function readRoutineRuns(pool: Pool, desk: string, limit = 50): Promise<readonly RoutineRun[]> {
  const found = await pool.query<RoutineRunRow>(
    'select * from routine_run where desk = $1 order by started desc limit $2',
    [desk, limit],
  );
  return found.rows.map(runFrom);
}

/** The newest run of each routine. */
export async function readLastRuns(pool: Pool, desk: string): Promise<readonly RoutineRun[]> {
  const found = await pool.query<RoutineRunRow>(
    'select distinct on (routine) * from routine_run where desk = $1 order by routine, started desc',
    [desk],
  );
  return found.rows.map(runFrom);
}

function runFrom(row: RoutineRunRow): RoutineRun {
  return {
    desk: row.desk,
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    routine: row.routine,
    title: row.title,
    nominalMs: row.nominal.getTime(),
    startedMs: row.started.getTime(),
    cause: row.cause,
    finishedMs: row.finished?.getTime() ?? null,
    verdict: row.verdict,
  };
}

/** The run's routine, and the newest result of each step recorded so far; null for an unknown run. */
export async function readRoutineResults(
  pool: Pick<Pool, 'query'>,
  run: { readonly workflowId: string; readonly firstRunId: string },
): Promise<{
  readonly routine: string;
  readonly title: string;
  readonly results: readonly (RoutineProblem & { readonly key: string })[];
} | null> {
  const key = [run.workflowId, run.firstRunId];
  const found = await pool.query<{ routine: string; title: string }>(
    'select routine, title from routine_run where workflow_id = $1 and first_run_id = $2',
    key,
  );
  const results = await pool.query<RoutineProblem & { readonly key: string }>(
    `select distinct on (step_key) step_key as key, name, verdict, observed from evidence
      where workflow_id = $1 and first_run_id = $2 order by step_key, id desc`,
    key,
  );
  return found.rows[0] ? { ...found.rows[0], results: results.rows } : null;
}

const PROBLEMS_MAX = 20;

/** A run's title, and the steps recorded so far that failed or warned; null for an unknown run. */
export async function readRoutineProblems(
  pool: Pick<Pool, 'query'>,
  run: { readonly workflowId: string; readonly firstRunId: string },
): Promise<{ readonly title: string; readonly problems: readonly RoutineProblem[] } | null> {
  const key = [run.workflowId, run.firstRunId];
  const found = await pool.query<{ title: string }>(
    'select title from routine_run where workflow_id = $1 and first_run_id = $2',
    key,
  );
  const problems = await pool.query<RoutineProblem>(
    `select name, verdict, observed from evidence
      where workflow_id = $1 and first_run_id = $2 and verdict in ('fail', 'warn') order by id limit $3`,
    [...key, PROBLEMS_MAX],
  );
  return found.rows[0] ? { title: found.rows[0].title, problems: problems.rows } : null;
}

/** Runs that did not happen in time, each recorded once, so nobody has to notice a gap. */
export async function recordMissedRun(pool: Pool, missed: MissedRun): Promise<void> {
  await pool.query(
    `insert into run_missed (desk, routine, nominal, reason) values ($1, $2, $3, $4)
     on conflict (desk, routine, nominal) do nothing`,
    [missed.desk, missed.routine, new Date(missed.nominalMs), missed.reason],
  );
}

/** The newest of each routine. */
export async function readLastMissed(pool: Pool, desk: string): Promise<readonly MissedRun[]> {
  const found = await pool.query<Omit<MissedRun, 'nominalMs'> & { readonly nominal: Date }>(
    `select distinct on (routine) desk, routine, nominal, reason from run_missed
      where desk = $1 order by routine, nominal desc`,
    [desk],
  );
  return found.rows.map(({ nominal, ...row }) => ({ ...row, nominalMs: nominal.getTime() }));
}

type Queries = Pick<Pool, 'query'>;

/** Due times since then that were run by a schedule or recorded as missed, each as `routine:milliseconds`. */
export async function readSettledTimes(
  pool: Queries,
  desk: string,
  sinceMs: number,
): Promise<ReadonlySet<string>> {
  const found = await pool.query<{ routine: string; nominal: Date }>(
    `select routine, nominal from routine_run where desk = $1 and cause = 'schedule' and nominal >= $2
     union select routine, nominal from run_missed where desk = $1 and nominal >= $2`,
    [desk, new Date(sinceMs)],
  );
  return new Set(found.rows.map(({ routine, nominal }) => `${routine}:${nominal.getTime()}`));
}

/** The last due time that was run or recorded as missed; null if there is none. */
export async function lastSettledMs(pool: Queries, desk: string, routine: string): Promise<number | null> {
  const found = await pool.query<{ last: Date | null }>(
    `select max(nominal) as last from (
       select nominal from routine_run where desk = $1 and routine = $2 and cause = 'schedule'
       union select nominal from run_missed where desk = $1 and routine = $2) settled`,
    [desk, routine],
  );
  return found.rows[0]?.last?.getTime() ?? null;
}

/** When the newest run began that was due then; null: none has. */
export async function lastStartedMs(
  pool: Queries,
  { desk, routine, nominalMs }: Pick<MissedRun, 'desk' | 'routine' | 'nominalMs'>,
): Promise<number | null> {
  const found = await pool.query<{ last: Date | null }>(
    'select max(started) as last from routine_run where desk = $1 and routine = $2 and nominal = $3',
    [desk, routine, new Date(nominalMs)],
  );
  return found.rows[0]?.last?.getTime() ?? null;
}

/** When the first run of any routine was due; null: none ever was. */
export async function firstRunMs(pool: Queries, desk: string): Promise<number | null> {
  const found = await pool.query<{ first: Date | null }>(
    'select min(nominal) as first from routine_run where desk = $1',
    [desk],
  );
  return found.rows[0]?.first?.getTime() ?? null;
}

/**
 * Of evidence `o`: it says that its run owes a halt, and none says that it owes it no more (`owedKeys`). Keys of a run
 * that was reset end with `~` and its run.
 */
const IS_OWED = `o.step_key like 'owed:%' and not exists (
  select from evidence k where k.workflow_id = o.workflow_id and k.first_run_id = o.first_run_id and k.id > o.id
    and regexp_replace(split_part(k.step_key, '~', 1), '^alarm:', '') = substr(split_part(o.step_key, '~', 1), 6) || ':kept')`;

/** What the run owes, in the words in which people were told; null: nothing. */
export async function readOwedHalt(
  pool: Queries,
  { workflowId, firstRunId }: Pick<RoutineRunBegin, 'workflowId' | 'firstRunId'>,
): Promise<string | null> {
  const found = await pool.query<{ observed: string }>(
    `select observed from evidence o where workflow_id = $1 and first_run_id = $2 and ${IS_OWED} order by id desc limit 1`,
    [workflowId, firstRunId],
  );
  return found.rows[0]?.observed ?? null;
}

/** Longer than any run sends its halt. */
const OWED_DAYS = 2;

/** Other runs that owe this trader the halt of this step by their evidence; whether they go on is for Temporal to say. */
export async function readRunsOwing(
  pool: Queries,
  run: Pick<RoutineRunBegin, 'desk' | 'firstRunId' | 'routine'> & {
    readonly stepKey: string;
    readonly incarnation: string;
  },
): Promise<readonly { readonly workflowId: string; readonly runId: string }[]> {
  const { desk, firstRunId, routine, stepKey, incarnation } = run;
  const found = await pool.query<{ workflowId: string; runId: string }>(
    `select workflow_id as "workflowId", run_id as "runId" from evidence o
      where desk = $1 and first_run_id <> $2 and routine = $3 and split_part(step_key, '~', 1) = 'owed:' || $4
        and reference = $5 and finished > now() - interval '${OWED_DAYS} days' and ${IS_OWED}`,
    [desk, firstRunId, routine, stepKey, incarnation],
  );
  return found.rows;
}
