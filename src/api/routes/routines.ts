import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OPERATOR } from '../../domain/roles.js';
import { scheduleSchema } from '../../operations/list-schedules.js';
import type { WebDependencies } from '../dependencies.js';
import { readRoutines } from '../read/read-routines.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { routineRunSchema } from '../schemas/records.js';
import { callerOf } from './caller.js';
import { coerceIntegers } from './coerce-query.js';
import { fromDatabase } from './from-database.js';
import { OUTCOMES, sendOutcome } from './send-outcome.js';

/** How long a browser is kept waiting; the run itself goes on. */
const PATIENCE_MS = 10_000;

export function routinesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'The newest runs of routines: what each step expected, what it observed, its verdict',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { limit: { type: 'integer', minimum: 1, maximum: 50, default: 5 } },
    },
    response: {
      200: answer('Newest run first', z.object({ runs: z.array(routineRunSchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { limit: number } }>(
    '/api/routines',
    { schema, preValidation: coerceIntegers('limit') },
    (request, reply) =>
      fromDatabase(reply, 'The evidence of routines', async () => {
        const { database, runtime, stepOrder } = web;
        return { runs: await readRoutines(database, runtime.desk, request.query.limit, stepOrder) };
      }),
  );
}

export function schedulesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'What is scheduled next',
    tags: ['state'],
    response: {
      200: answer(
        'Every routine, also those without a time of their own',
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
    response: OUTCOMES,
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
