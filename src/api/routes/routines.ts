import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { WebDependencies } from '../dependencies.js';
import { readRoutines } from '../read/read-routines.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { routineRunSchema, scheduleSchema } from '../schemas/records.js';
import { coerceIntegers } from './coerce-query.js';
import { fromDatabase } from './from-database.js';

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
      200: answer('Every scheduled routine', z.object({ schedules: z.array(scheduleSchema) })),
      ...problems(401),
    },
  };
  app.get('/api/schedules', { schema }, async () => ({ schedules: await web.operations.listSchedules() }));
}
