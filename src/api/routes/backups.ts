import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OPERATOR } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { readBackups } from '../read/read-backups.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { backupRunSchema } from '../schemas/records.js';
import { callerOf, emptyBody } from './caller.js';
import { coerceIntegers } from './coerce-query.js';
import { fromDatabase } from './from-database.js';
import { OUTCOMES, sendOutcome } from './send-outcome.js';

/** How long a browser is kept waiting; the backup itself goes on. */
const PATIENCE_MS = 10_000;

const takeSchema = z.strictObject({
  verify: z
    .boolean()
    .optional()
    .describe('Read everything back; left out: yes. Only then does it count as a backup'),
});

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

export function takeBackupRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Take a backup and verify it; one that runs already is joined',
    tags: ['records'],
    body: jsonSchema(takeSchema),
    response: OUTCOMES,
  };
  app.post<{ Body: z.infer<typeof takeSchema> }>(
    '/api/backups',
    { schema, preValidation: emptyBody, config: { roles: OPERATOR } },
    async (request, reply) => {
      const { verify = true } = request.body;
      const asked = { verify, patienceMs: PATIENCE_MS };
      const outcome = await web.operations.takeBackup(callerOf(request), asked);
      return sendOutcome(reply, outcome, 'Try again when Temporal answers; `fermata doctor` says more.');
    },
  );
}
