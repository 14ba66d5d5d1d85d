/**
 * Runs that have begun, or that Temporal listed as open at the last poll: if its database is lost, nothing else may
 * show that they existed.
 */
import type { BegunRun } from '../contracts/run-sinks.js';
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
