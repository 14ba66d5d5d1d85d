/** Runs that Temporal had open at the last look: should its database be lost, nothing else may say that they were. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export interface SeenRun {
  readonly workflowId: string;
  readonly firstRunId: string;
  /** The newest of its runs. */
  readonly runId: string;
  readonly type: string;
  readonly routine: string;
  readonly startedMs: number;
}

export async function keepSeenRun(pool: Queries, desk: string, run: SeenRun): Promise<void> {
  await pool.query(
    `insert into run_seen (desk, workflow_id, first_run_id, run_id, type, routine, started)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (desk, workflow_id, first_run_id) do update set run_id = excluded.run_id`,
    [desk, run.workflowId, run.firstRunId, run.runId, run.type, run.routine, new Date(run.startedMs)],
  );
}

export async function readSeenRuns(pool: Queries, desk: string): Promise<readonly SeenRun[]> {
  const found = await pool.query<SeenRow>(
    'select workflow_id, first_run_id, run_id, type, routine, started from run_seen where desk = $1 order by started',
    [desk],
  );
  return found.rows.map(({ workflow_id, first_run_id, run_id, started, ...row }) => ({
    ...row,
    workflowId: workflow_id,
    firstRunId: first_run_id,
    runId: run_id,
    startedMs: started.getTime(),
  }));
}

interface SeenRow {
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly run_id: string;
  readonly type: string;
  readonly routine: string;
  readonly started: Date;
}

export async function dropSeenRun(pool: Queries, desk: string, run: SeenRun): Promise<void> {
  await pool.query('delete from run_seen where desk = $1 and workflow_id = $2 and first_run_id = $3', [
    desk,
    run.workflowId,
    run.firstRunId,
  ]);
}
