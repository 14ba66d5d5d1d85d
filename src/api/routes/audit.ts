import type { FastifyInstance } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import { badRequest, sendProblem } from '../problem.js';
import { readAudit } from '../read/read-audit.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { auditSchema } from '../schemas/records.js';
import { coerceIntegers } from './coerce-query.js';
import { fromDatabase } from './from-database.js';
import { type SpanQuery, spanOf, timeQuery, untilQuery } from './time-query.js';

interface AuditParameters extends SpanQuery {
  readonly limit: number;
  readonly before?: number;
  readonly person?: string;
  readonly action?: string;
  readonly via?: string;
}

const word = { type: 'string', minLength: 1, maxLength: 100 } as const;

export function auditRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Who asked for what and what came of it, newest first, in pages',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
        before: { type: 'integer', minimum: 1, description: 'nextCursor of the page before' },
        person: word,
        action: word,
        via: { type: 'string', enum: ['web', 'cli', 'telegram'] },
        from: timeQuery,
        to: untilQuery,
      },
    },
    response: { 200: answer('A page of the audit trail', auditSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: AuditParameters }>(
    '/api/audit',
    { schema, preValidation: coerceIntegers('limit', 'before') },
    (request, reply) => {
      const { limit, before = null, person = null, action = null, via = null } = request.query;
      const span = spanOf(request.query);
      if (typeof span === 'string') return sendProblem(reply, badRequest(span));
      const { desk } = web.runtime;
      return fromDatabase(reply, 'The audit trail', () =>
        readAudit(web.database, { desk, limit, before, person, action, via, ...span }),
      );
    },
  );
}
