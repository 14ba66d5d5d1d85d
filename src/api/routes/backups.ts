import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { WebDependencies } from '../dependencies.js';
import { readBackups } from '../read/read-backups.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { backupRunSchema } from '../schemas/records.js';
import { coerceIntegers } from './coerce-query.js';
import { fromDatabase } from './from-database.js';

export function backupsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'The newest backups and restore drills: what each step expected, what it observed, its verdict',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { limit: { type: 'integer', minimum: 1, maximum: 50, default: 10 } },
    },
    response: {
      200: answer('Newest first', z.object({ runs: z.array(backupRunSchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { limit: number } }>(
    '/api/backups',
    { schema, preValidation: coerceIntegers('limit') },
    (request, reply) =>
      fromDatabase(reply, 'The evidence of backups', async () => ({
        runs: await readBackups(web.database, web.runtime.desk, request.query.limit),
      })),
  );
}
