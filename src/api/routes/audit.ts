import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { auditActionWords } from '../../store/audit.js';
import type { Database, WebDependencies } from '../dependencies.js';
import { badRequest, sendProblem } from '../problem.js';
import { answer, problems } from '../schemas/answers.js';
import { auditEntrySchema, auditSchema } from '../schemas/records.js';
import { fromDatabase, type SpanQuery, spanOf, timeQuery, untilQuery } from './route-parts.js';

interface AuditParameters extends SpanQuery {
  readonly limit: number;
  readonly before?: number;
  readonly person?: string;
  readonly action?: string;
  readonly via?: string;
}

const word = { type: 'string', minLength: 1, maxLength: 100 } as const;

/** Of the trail and of its export. */
export const auditFilters = {
  person: word,
  action: word,
  via: { type: 'string', enum: ['web', 'cli', 'telegram'] },
} as const;

export function auditRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Who asked for what, and the outcome, newest first, in pages',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
        before: { type: 'integer', minimum: 1, description: 'nextCursor of the previous page' },
        ...auditFilters,
        from: timeQuery,
        to: untilQuery,
      },
    },
    response: { 200: answer('A page of the audit trail', auditSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: AuditParameters }>('/api/audit', { schema }, (request, reply) => {
    const { limit, before = null, person = null, action = null, via = null } = request.query;
    const span = spanOf(request.query);
    if (typeof span === 'string') return sendProblem(reply, badRequest(span));
    const { desk } = web.runtime;
    return fromDatabase(reply, 'The audit trail', () =>
      readAudit(web.database, { desk, limit, before, person, action, via, ...span }),
    );
  });
}

interface AuditQuery {
  readonly desk: string;
  readonly person: string | null;
  readonly action: string | null;
  readonly via: string | null;
  /** Wall milliseconds. `fromMs`: at or after; `toMs`: before. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** Only entries older than this one. */
  readonly before: number | null;
  readonly limit: number;
}

interface AuditPage {
  readonly entries: readonly z.infer<typeof auditEntrySchema>[];
  readonly nextCursor: string | null;
}

// Ordered by the column, because the computed `id` of the answer has no index.
const PAGE = `
  select id::float8 as id, floor(extract(epoch from wall) * 1000)::float8 as "wallMs", person, via, action, parameters,
    outcome
  from audit
  where desk = $1 and ($2::text is null or person = $2) and ($3::text is null or action = $3)
    and ($4::text is null or via = $4)
    and ($5::float8 is null or wall >= to_timestamp($5::float8 / 1000))
    and ($6::float8 is null or wall < to_timestamp($6::float8 / 1000))
    and ($7::bigint is null or id < $7)
  order by audit.id desc limit $8`;

/**
 * Who asked for what, through which channel, and with what result; newest first, filtered and in pages.
 * Rejects while the database is down.
 */
async function readAudit(database: Database, query: AuditQuery): Promise<AuditPage> {
  const { desk, person, action, via, fromMs, toMs, before, limit } = query;
  const found = await database.query(PAGE, [desk, person, action, via, fromMs, toMs, before, limit + 1]);
  const rows = z.array(auditEntrySchema.omit({ actionWords: true })).parse(found.rows);
  const entries = rows.slice(0, limit).map((row) => ({ ...row, actionWords: auditActionWords(row.action) }));
  const last = entries.at(-1);
  return { entries, nextCursor: rows.length > limit && last !== undefined ? String(last.id) : null };
}
