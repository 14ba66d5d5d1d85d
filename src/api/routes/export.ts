/** Everything recorded, as CSV: the same as `fermata export` writes. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { EXPORT_KINDS, type ExportKind, type ExportRequest } from '../../operations/export-records.js';
import type { WebDependencies } from '../dependencies.js';
import { badRequest, exportRunning, sendProblem } from '../problem.js';
import { problems } from '../schemas/answers.js';
import { auditFilters } from './audit.js';
import { callerOf, fromDatabase, type SpanQuery, spanOf, timeQuery, untilQuery } from './route-parts.js';

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
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { from: timeQuery, to: untilQuery, ...(kind === 'audit' ? auditFilters : {}) },
    },
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
