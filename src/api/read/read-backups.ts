/** The newest backups and restore drills with their steps, from the evidence, including those that failed. */
import { z } from 'zod';
import type { Database } from '../dependencies.js';
import { type BackupRun, stepSchema } from '../schemas/records.js';

const rowSchema = stepSchema.extend({
  workflowId: z.string(),
  runId: z.string(),
  routine: z.enum(['backup', 'restore-drill']),
});

/** Limit for each run: a backup has at most three steps, a drill some more. */
const STEPS_EACH_MAX = 40;

const STEPS = `
  select workflow_id as "workflowId", run_id as "runId", routine, step_key as key, name, kind, verdict,
    expected, observed, person,
    (extract(epoch from started) * 1000)::float8 as "startedMs",
    (extract(epoch from finished) * 1000)::float8 as "finishedMs"
  from evidence where desk = $1 and routine in ('backup', 'restore-drill') order by id desc limit $2`;

/** Newest first. Rejects while the database is down. */
export async function readBackups(
  database: Database,
  desk: string,
  limit: number,
): Promise<readonly BackupRun[]> {
  const found = await database.query(STEPS, [desk, limit * STEPS_EACH_MAX]);
  const runs = new Map<string, BackupRun>();
  for (const row of found.rows) {
    const { workflowId, runId, routine, ...step } = rowSchema.parse(row);
    const key = `${workflowId} ${runId}`;
    const { steps, ...run } = runs.get(key) ?? { workflowId, runId, routine, steps: [], person: step.person };
    const all = [step, ...steps];
    runs.set(key, {
      ...run,
      startedMs: Math.min(...all.map(({ startedMs }) => startedMs)),
      finishedMs: Math.max(...all.map(({ finishedMs }) => finishedMs)),
      verdict: verdictOf(all.map(({ verdict }) => verdict)),
      steps: all,
    });
  }
  return [...runs.values()].slice(0, limit);
}

/** A backup whose copy has no destination is still good; it was just not sent. */
function verdictOf(steps: readonly BackupRun['steps'][number]['verdict'][]): BackupRun['verdict'] {
  if (steps.every((verdict) => verdict === 'pass')) return 'pass';
  return steps.every((verdict) => verdict === 'pass' || verdict === 'not_run') ? 'not_run' : 'fail';
}
