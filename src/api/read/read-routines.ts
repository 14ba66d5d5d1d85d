/** The newest runs of routines with their steps, from the evidence. */
import { z } from 'zod';
import type { Database, StepOrder } from '../dependencies.js';
import { type RoutineRun, routineRunSchema, stepSchema } from '../schemas/records.js';

const runRowSchema = routineRunSchema.omit({ steps: true }).extend({ firstRunId: z.string() });
const stepRowSchema = stepSchema.extend({ workflowId: z.string(), firstRunId: z.string() });

const RUNS = `
  select workflow_id as "workflowId", first_run_id as "firstRunId", routine, title, cause, verdict,
    (extract(epoch from nominal) * 1000)::float8 as "nominalMs",
    (extract(epoch from started) * 1000)::float8 as "startedMs",
    (extract(epoch from finished) * 1000)::float8 as "finishedMs"
  from routine_run where desk = $1 order by started desc limit $2`;

const STEPS = `
  select workflow_id as "workflowId", first_run_id as "firstRunId", step_key as key, name, kind, verdict,
    expected, observed, person,
    (extract(epoch from started) * 1000)::float8 as "startedMs",
    (extract(epoch from finished) * 1000)::float8 as "finishedMs"
  from evidence where desk = $1 and (workflow_id, first_run_id) in (select * from unnest($2::text[], $3::text[]))
  order by id`;

/**
 * Newest first. Steps that ran in parallel may end in any order: they are listed in that of `order`, followed by
 * those that it no longer contains. Rejects while the database is down.
 */
export async function readRoutines(
  database: Database,
  desk: string,
  limit: number,
  order: StepOrder,
): Promise<readonly RoutineRun[]> {
  const runs = (await database.query(RUNS, [desk, limit])).rows.map((row) => runRowSchema.parse(row));
  if (runs.length === 0) return [];
  const found = await database.query(STEPS, [
    desk,
    runs.map((run) => run.workflowId),
    runs.map((run) => run.firstRunId),
  ]);
  const steps = found.rows.map((row) => stepRowSchema.parse(row));
  return runs.map(({ firstRunId, ...run }) => ({
    ...run,
    steps: steps
      .filter((step) => step.workflowId === run.workflowId && step.firstRunId === firstRunId)
      .map(({ workflowId: _, firstRunId: __, ...step }) => step)
      .sort(byPlaceIn(order.get(run.routine) ?? [])),
  }));
}

function byPlaceIn(
  keys: readonly string[],
): (a: { readonly key: string }, b: { readonly key: string }) => number {
  const place = (key: string): number => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  return (a, b) => place(a.key) - place(b.key);
}
