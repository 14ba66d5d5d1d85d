/**
 * Runs that have begun, or that Temporal listed as open at the last poll: if its database is lost, nothing else may
 * show that they existed.
 */
import type { BegunRun } from '../contracts/run-label.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export interface SeenRun extends BegunRun {
  /** Time of the last poll that saw it running. */
  readonly seenMs: number;
}

/** No two runs may share a first run id. */
export async function keepSeenRuns(pool: Queries, desk: string, runs: readonly SeenRun[]): Promise<void> {
  if (runs.length === 0) return;
  await pool.query(
    `insert into run_seen (desk, workflow_id, first_run_id, run_id, type, routine, started, seen)
     select $1, * from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[])
     on conflict (desk, workflow_id, first_run_id) do update set run_id = excluded.run_id, seen = excluded.seen`,
    [
      desk,
      runs.map(({ workflowId }) => workflowId),
      runs.map(({ firstRunId }) => firstRunId),
      runs.map(({ runId }) => runId),
      runs.map(({ type }) => type),
      runs.map(({ routine }) => routine),
      runs.map(({ startedMs }) => new Date(startedMs)),
      runs.map(({ seenMs }) => new Date(seenMs)),
    ],
  );
}

export async function readSeenRuns(pool: Queries, desk: string): Promise<readonly SeenRun[]> {
  const found = await pool.query<SeenRow>(
    'select workflow_id, first_run_id, run_id, type, routine, started, seen from run_seen where desk = $1 order by started',
    [desk],
  );
  return found.rows.map(({ workflow_id, first_run_id, run_id, started, seen, ...row }) => ({
    ...row,
    workflowId: workflow_id,
    firstRunId: first_run_id,
    runId: run_id,
    startedMs: started.getTime(),
    seenMs: seen.getTime(),
  }));
}

interface SeenRow {
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly run_id: string;
  readonly type: string;
  readonly routine: string;
  readonly started: Date;
  readonly seen: Date;
}

export async function dropSeenRun(
  pool: Queries,
  desk: string,
  run: Pick<SeenRun, 'workflowId' | 'firstRunId'>,
): Promise<void> {
  await pool.query('delete from run_seen where desk = $1 and workflow_id = $2 and first_run_id = $3', [
    desk,
    run.workflowId,
    run.firstRunId,
  ]);
}

type OpenKind = 'incident' | 'routine' | 'approval' | 'task' | 'go-live';

export interface OpenThing {
  readonly kind: OpenKind;
  /** Unique within its kind. */
  readonly key: string;
  readonly workflowId: string;
  /** The run it belongs to; null if any run of that workflow may own it. */
  readonly firstRunId: string | null;
  readonly title: string;
  /** For evidence: the routine of its step. */
  readonly routine: string;
  readonly sinceMs: number;
  readonly simulated: boolean;
}

const LOOKED_AT_MAX = 500;

/**
 * Everything that Temporal runs have begun and not ended, from Postgres; the oldest 500. A task stays open
 * until a person has done it, even after its run has ended properly. Tasks are listed only while their run
 * waits for them: their step has no evidence yet.
 */
export async function readOpenThings(
  pool: Queries,
  desk: string,
  beforeMs: number,
): Promise<readonly OpenThing[]> {
  const found = await pool.query<OpenRow>(
    `select * from (
       select 'incident' as kind, fingerprint as key, workflow_id, first_run_id, title, 'incident' as routine,
              opened as since, simulated from incident where desk = $1 and state <> 'resolved'
       union all
       select 'routine', routine, workflow_id, first_run_id, title, routine, started, false
         from routine_run where desk = $1 and finished is null
       union all
       select 'approval', id, workflow_id, run_id, title, kind, created, false
         from approval where desk = $1 and state = 'open'
       union all
       select 'task', id::text, workflow_id, first_run_id, title, routine, created, simulated
         from task t where desk = $1 and state = 'open' and workflow_id is not null and routine <> 'incident'
          and not exists (select from evidence e where e.workflow_id = t.workflow_id
                and e.first_run_id = t.first_run_id and e.step_key = t.step_key)
       union all
       select 'go-live', release || ':' || attempt, workflow_id, null, 'Going live: ' || release, 'go-live',
              started, false from golive_attempt where desk = $1 and finished is null
     ) open where since < $2 order by since limit ${LOOKED_AT_MAX}`,
    [desk, new Date(beforeMs)],
  );
  return found.rows.map(({ workflow_id: workflowId, first_run_id: firstRunId, since, ...row }) => ({
    ...row,
    workflowId,
    firstRunId,
    sinceMs: since.getTime(),
  }));
}

interface OpenRow {
  readonly kind: OpenKind;
  readonly key: string;
  readonly workflow_id: string;
  readonly first_run_id: string | null;
  readonly title: string;
  readonly routine: string;
  readonly since: Date;
  readonly simulated: boolean;
}

/** Symptoms seen while it was open are reported again by every source that still sees them. */
export async function abandonIncident(
  pool: Queries,
  desk: string,
  { workflowId, firstRunId, key }: OpenThing,
  outcome: string,
): Promise<void> {
  await pool.query(
    `update incident_alert set settled = false where desk = $1 and fingerprint = $2 and last_seen >=
       (select opened from incident where workflow_id = $3 and first_run_id = $4)`,
    [desk, key, workflowId, firstRunId],
  );
  await pool.query(
    `update incident set state = 'resolved', resolved = now(), resolved_by = 'fermata', outcome = $3,
       revision = revision + 1 where workflow_id = $1 and first_run_id = $2 and state <> 'resolved'`,
    [workflowId, firstRunId, outcome],
  );
}
