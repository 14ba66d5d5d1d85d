/** What auditors ask for: the audit log, and tables as CSV. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EXPORT_KINDS, type ExportKind, type ExportRequest } from '../../operations/export-records.js';
import { auditActionWords } from '../../store/audit.js';
import type { Database, WebDependencies } from '../dependencies.js';
import { badRequest, exportRunning, sendProblem } from '../problem-details.js';
import { answer, problems } from '../schemas/answers.js';
import { auditEntrySchema, auditSchema } from '../schemas/records.js';
import {
  callerOf,
  fromDatabase,
  queryOf,
  type SpanQuery,
  spanOf,
  timeQuery,
  untilQuery,
} from './route-parts.js';

interface AuditParameters extends SpanQuery {
  readonly limit: number;
  readonly before?: number;
  readonly person?: string;
  readonly action?: string;
  readonly via?: string;
}

const word = { type: 'string', minLength: 1, maxLength: 100 } as const;

/** Of the trail and of its export. */
const auditFilters = {
  person: word,
  action: word,
  via: { type: 'string', enum: ['web', 'cli', 'telegram'] },
} as const;

export function auditRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Who asked for what, and the outcome, newest first, in pages',
    tags: ['records'],
    querystring: queryOf({
      limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
      before: { type: 'integer', minimum: 1, description: 'nextCursor of the previous page' },
      ...auditFilters,
      from: timeQuery,
      to: untilQuery,
    }),
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

/** Everything recorded, as CSV: the same as `fermata export` writes. */
export function exportRoutes(app: FastifyInstance, web: WebDependencies): void {
  const sentTo = new Set<string>();
  for (const kind of EXPORT_KINDS) exportRoute(app, web, sentTo, kind);
}

function exportRoute(
  app: FastifyInstance,
  web: WebDependencies,
  /** People with an export in progress: each export reads the whole ledger, so one person gets one at a time. */
  sentTo: Set<string>,
  kind: ExportKind,
): void {
  const schema = {
    summary: `Everything recorded, as CSV, oldest first: ${kind}`,
    tags: ['records'],
    querystring: queryOf({ from: timeQuery, to: untilQuery, ...(kind === 'audit' ? auditFilters : {}) }),
    response: {
      200: {
        description: 'A header, then a row each; cut short if the database goes down',
        content: { 'text/csv': { schema: { type: 'string' } } },
      },
      ...problems(400, 401, 429, 503),
    },
  };
  app.get<{ Querystring: SpanQuery & NonNullable<ExportRequest['only']> }>(
    `/api/export/${kind}.csv`,
    // A HEAD request would read all of it as well.
    { schema, exposeHeadRoute: false },
    (request, reply) => {
      const { from: _, to: __, ...only } = request.query;
      const span = spanOf(request.query);
      if (typeof span === 'string') return sendProblem(reply, badRequest(span));
      const caller = callerOf(request);
      if (sentTo.has(caller.person)) return sendProblem(reply, exportRunning());
      sentTo.add(caller.person);
      const asked = { kind, fromMs: span.fromMs, untilMs: span.toMs, only };
      const pieces = fromFirst(web.operations.exportRecords(caller, asked));
      return fromDatabase(reply, 'What is recorded', async () => {
        const csv = Readable.from(await pieces.catch(freed(() => sentTo.delete(caller.person))));
        csv.once('close', () => sentTo.delete(caller.person));
        return reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', `attachment; filename="${web.runtime.desk}-${kind}.csv"`)
          .send(csv);
      });
    },
  );
}

/**
 * Waits for the first piece before it passes the pieces on, so that an earlier failure can still be reported as a
 * problem.
 */
async function fromFirst(pieces: AsyncIterable<string>): Promise<AsyncIterable<string>> {
  const rest = pieces[Symbol.asyncIterator]();
  const first = await rest.next();
  return (async function* () {
    try {
      for (let piece = first; piece.done !== true; piece = await rest.next()) yield piece.value;
    } finally {
      await rest.return?.();
    }
  })();
}

const freed =
  (free: () => void) =>
  (error: unknown): never => {
    free();
    throw error;
  };
