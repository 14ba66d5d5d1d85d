import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OPERATOR } from '../../domain/people-roles.js';
import { scheduleSchema } from '../../operations/run-routine.js';
import type { Database, StepOrder, WebDependencies } from '../dependencies.js';
import { answer, problems } from '../schemas/answers.js';
import {
  type MissedRun,
  missedRunSchema,
  type RoutineRun,
  routineRunSchema,
  stepSchema,
} from '../schemas/records.js';
import { callerOf, fromDatabase, OUTCOMES, queryOf, sendOutcome } from './route-parts.js';

/** How long a browser is kept waiting; the run itself goes on. */
const PATIENCE_MS = 10_000;

export function routinesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary:
      'The newest runs of routines (what each step expected, what it observed, its verdict), and the newest times at which one was due and did not run',
    tags: ['records'],
    querystring: queryOf({ limit: { type: 'integer', minimum: 1, maximum: 50, default: 5 } }),
    response: {
      200: answer(
        'Newest first',
        z.object({ runs: z.array(routineRunSchema), missed: z.array(missedRunSchema) }),
      ),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { limit: number } }>('/api/routines', { schema }, (request, reply) =>
    fromDatabase(reply, 'The evidence of routines', async () => {
      const { database, runtime, stepOrder } = web;
      const { limit } = request.query;
      const [runs, missed] = await Promise.all([
        readRoutines(database, runtime.desk, limit, stepOrder),
        readMissed(database, runtime.desk, limit),
      ]);
      return { runs, missed };
    }),
  );
}

export function schedulesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'What is scheduled next',
    tags: ['state'],
    response: {
      200: answer(
        'Every routine, including those without times',
        z.object({ schedules: z.array(scheduleSchema) }),
      ),
      ...problems(401),
    },
  };
  app.get('/api/schedules', { schema }, async () => ({ schedules: await web.operations.listSchedules() }));
}

export function runRoutineRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Run a routine of the desk file now; proven: it passed, warnings included',
    tags: ['records'],
    params: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', minLength: 1, maxLength: 100 } },
    },
    response: { ...OUTCOMES, ...problems(404) },
  };
  app.post<{ Params: { name: string } }>(
    '/api/routines/:name/run',
    { schema, config: { roles: OPERATOR } },
    async (request, reply) => {
      const asked = { name: request.params.name, patienceMs: PATIENCE_MS };
      const outcome = await web.operations.runRoutine(callerOf(request), asked);
      return sendOutcome(
        reply,
        outcome,
        'The desk file has the routines; GET /api/routines shows their runs.',
      );
    },
  );
}

const runRowSchema = routineRunSchema.omit({ steps: true }).extend({ firstRunId: z.string() });
const stepRowSchema = stepSchema.extend({ workflowId: z.string(), firstRunId: z.string() });

const RUNS = `
  select workflow_id as "workflowId", first_run_id as "firstRunId", routine, title, cause, verdict,
    (extract(epoch from nominal) * 1000)::float8 as "nominalMs",
    (extract(epoch from started) * 1000)::float8 as "startedMs",
    (extract(epoch from finished) * 1000)::float8 as "finishedMs"
  from routine_run where desk = $1 order by started desc limit $2`;

const MISSED = `
  select routine, reason, (extract(epoch from nominal) * 1000)::float8 as "nominalMs"
  from run_missed where desk = $1 order by nominal desc, routine limit $2`;

const STEPS = `
  select workflow_id as "workflowId", first_run_id as "firstRunId", step_key as key, name, kind, verdict,
    expected, observed, person,
    (extract(epoch from started) * 1000)::float8 as "startedMs",
    (extract(epoch from finished) * 1000)::float8 as "finishedMs"
  from evidence where desk = $1 and (workflow_id, first_run_id) in (select * from unnest($2::text[], $3::text[]))
  order by id`;

/**
 * From the evidence, newest first. Steps that ran in parallel may end in any order: they are listed as in
 * `order`, followed by those that it no longer contains. Rejects while the database is down.
 */
async function readRoutines(
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

async function readMissed(database: Database, desk: string, limit: number): Promise<readonly MissedRun[]> {
  const found = await database.query(MISSED, [desk, limit]);
  return found.rows.map((row) => missedRunSchema.parse(row));
}

function byPlaceIn(
  keys: readonly string[],
): (a: { readonly key: string }, b: { readonly key: string }) => number {
  const place = (key: string): number => (keys.includes(key) ? keys.indexOf(key) : keys.length);
  return (a, b) => place(a.key) - place(b.key);
}
