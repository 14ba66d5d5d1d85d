import type { FastifyInstance } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import { badRequest, sendProblem } from '../problem.js';
import { readAudit } from '../read/read-audit.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { auditSchema } from '../schemas/records.js';
import { coerceIntegers } from './coerce-query.js';
import { fromDatabase } from './from-database.js';

interface AuditParameters {
  readonly limit: number;
  readonly before?: number;
  readonly person?: string;
  readonly action?: string;
  readonly via?: string;
  readonly from?: string;
  readonly to?: string;
}

const word = { type: 'string', minLength: 1, maxLength: 100 } as const;
const time = { type: 'string', maxLength: 40, description: 'ISO 8601, or milliseconds since 1970' } as const;

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
        from: time,
        to: { ...time, description: `${time.description}; not included` },
      },
    },
    response: { 200: answer('A page of the audit trail', auditSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: AuditParameters }>(
    '/api/audit',
    { schema, preValidation: coerceIntegers('limit', 'before') },
    (request, reply) => {
      const { limit, before = null, person = null, action = null, via = null, from, to } = request.query;
      const fromMs = timeOf(from);
      const toMs = timeOf(to);
      if (Number.isNaN(fromMs) || Number.isNaN(toMs)) {
        return sendProblem(reply, badRequest('`from` and `to` are times, for example 2026-01-05T10:00:00Z.'));
      }
      if (fromMs !== null && toMs !== null && fromMs >= toMs) {
        return sendProblem(reply, badRequest('`from` must be before `to`.'));
      }
      const { desk } = web.runtime;
      return fromDatabase(reply, 'The audit trail', () =>
        readAudit(web.database, { desk, limit, before, person, action, via, fromMs, toMs }),
      );
    },
  );
}

/** Null: not given; NaN: no time. */
function timeOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  return /^\d{10,14}$/.test(text) ? Number(text) : Date.parse(text);
}
