/** What trading came to: fills, round trips by period, analytics, KPIs, and the trading journal. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { journalDateSchema, journalDaySchema, journalNoteSchema } from '../../contracts/published.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { MAY_DO_TASKS } from '../../domain/people-roles.js';
import { analyticsSchema, readAnalytics } from '../../operations/results/read-analytics.js';
import { periodsOf, readResults } from '../../operations/results/read-results.js';
import { kpisSchema, PERIODS, type Period, resultsSchema } from '../../operations/results/results.js';
import { ofAccountInUse } from '../../store/read-ledger.js';
import { NOTE_CHARACTERS_MAX } from '../../store/trading-journal-rows.js';
import type { Database, WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { badRequest, notDone, sendProblem } from '../problem-details.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { type Trade, tradeSchema, tradesSchema } from '../schemas/records.js';
import { callerOf, fromDatabase, queryOf, symbolQuery } from './route-parts.js';

interface TradesQuery {
  readonly limit: number;
  readonly before?: string;
  readonly symbol?: string;
}

export function tradesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Fills from the ledger, newest first, in pages',
    tags: ['records'],
    querystring: queryOf({
      limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
      before: { type: 'string', maxLength: 400, description: 'nextCursor of the previous page' },
      symbol: symbolQuery,
    }),
    response: { 200: answer('A page of fills', tradesSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: TradesQuery }>('/api/trades', { schema }, (request, reply) => {
    const { limit, before: text, symbol = null } = request.query;
    const before = text === undefined ? null : decodeCursor(text);
    if (text !== undefined && before === null)
      return sendProblem(reply, badRequest('`before` is not a cursor that this API gave out.'));
    return fromDatabase(reply, 'The ledger of fills', () =>
      readTrades(web.database, { desk: web.runtime.desk, symbol, limit, before }),
    );
  });
}

interface TradePage {
  readonly trades: readonly Trade[];
  readonly total: number;
  readonly nextCursor: string | null;
}

interface TradeQuery {
  readonly desk: string;
  readonly symbol: string | null;
  readonly limit: number;
  readonly before: TradeCursor | null;
}

/** Position in the order (market time, incarnation, sequence). */
interface TradeCursor {
  readonly marketMs: number;
  readonly incarnation: string;
  readonly sequence: number;
}

const cursorSchema = z.tuple([z.number().int().min(0), z.string().max(64), z.number().int().min(0)]);
const rowSchema = tradeSchema.extend({ incarnation: z.string(), sequence: z.coerce.number() });

function encodeCursor({ marketMs, incarnation, sequence }: TradeCursor): string {
  return Buffer.from(JSON.stringify([marketMs, incarnation, sequence])).toString('base64url');
}

/** Null if the text is not a cursor of ours. */
function decodeCursor(text: string): TradeCursor | null {
  try {
    const [marketMs, incarnation, sequence] = cursorSchema.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    return incarnation.includes('\u0000') ? null : { marketMs, incarnation, sequence };
  } catch {
    return null;
  }
}

const FILLS = `
  select trade_id as "tradeId", client_id as "clientId", symbol, side, quantity::text, price::text, fee::text,
    liquidity, purpose, strategy, realised::text, simulated, caught_up as "caughtUp", incarnation, sequence,
    (extract(epoch from market) * 1000)::float8 as "marketMs", (extract(epoch from wall) * 1000)::float8 as "wallMs"
  from fills
  where desk = $1 and ${ofAccountInUse()} and ($2::text is null or symbol = $2)
    and ($3::float8 is null
      or (market, incarnation, sequence) < (to_timestamp($3::float8 / 1000), $4::text, $5::bigint))
  order by market desc, incarnation desc, sequence desc
  limit $6`;

const FILLS_COUNTED = `select count(*)::int as total from fills
  where desk = $1 and ${ofAccountInUse()} and ($2::text is null or symbol = $2)`;

/**
 * Fills from the ledger, newest first, by a cursor that stays valid while new ones come in. Rejects while the
 * database is down.
 */
export async function readTrades(database: Database, query: TradeQuery): Promise<TradePage> {
  const { desk, symbol, limit, before } = query;
  const place = [before?.marketMs ?? null, before?.incarnation ?? null, before?.sequence ?? null];
  const [page, count] = await Promise.all([
    database.query(FILLS, [desk, symbol, ...place, limit + 1]),
    database.query(FILLS_COUNTED, [desk, symbol]),
  ]);
  const rows = page.rows.map((row) => rowSchema.parse(row));
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    trades: shown.map(({ incarnation: _, sequence: __, ...trade }) => trade),
    total: z.object({ total: z.number() }).parse(count.rows[0]).total,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null,
  };
}

/** The most rows that a table shows. */
const LISTED_MAX = 2_000;

interface ResultsAsked {
  readonly days: number;
  readonly by: Period;
  readonly symbol?: string;
  readonly strategy?: string;
}

export function resultsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Round trips, and their results by day, week or month',
    tags: ['records'],
    querystring: queryOf({
      days: { type: 'integer', minimum: 1, maximum: 3650, default: 30 },
      by: { type: 'string', enum: PERIODS, default: 'day' },
      symbol: symbolQuery,
      strategy: { type: 'string', maxLength: 100 },
    }),
    response: {
      200: answer('Of the last days of market time, from the start of a day, week or month', resultsSchema),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: ResultsAsked }>('/api/results', { schema }, (request, reply) => {
    const { days, by, symbol = null, strategy = null } = request.query;
    const { status } = watch.state;
    const toMs = status?.marketData.marketMs ?? web.nowMs();
    const periods = periodsOf(by, { fromMs: toMs - days * DAY_MS, toMs }, web.calendar);
    const { fromMs, fromDate, toDate } = periods;
    return fromDatabase(reply, 'The ledger', async () => {
      const found = await readResults(web.database, {
        desk: web.runtime.desk,
        ...{ symbol, strategy, periods, listMax: LISTED_MAX },
      });
      return {
        currency: status?.currency ?? null,
        ...web.calendar,
        fromMs,
        toMs,
        fromDate,
        toDate,
        ...found,
      };
    });
  });
}

export function analyticsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Results of the desk: round trips after fees, Sharpe ratio, drawdown, by strategy',
    tags: ['records'],
    querystring: queryOf({ days: { type: 'integer', minimum: 1, maximum: 3650, default: 30 } }),
    response: { 200: answer('The last days of market time', analyticsSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: { readonly days: number } }>('/api/analytics', { schema }, (request, reply) => {
    const { status } = watch.state;
    const toMs = status?.marketData.marketMs ?? web.nowMs();
    const fromMs = toMs - request.query.days * DAY_MS;
    return fromDatabase(reply, 'The ledger', async () => {
      const currency = status?.currency ?? null;
      const figures = await readAnalytics(web.database, web.runtime.desk, fromMs, currency);
      return { currency, fromMs, toMs, ...figures };
    });
  });
}

export function kpisRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'The KPIs of the desk file: current values, against their alarms and aims',
    tags: ['records'],
    response: { 200: answer('In the order of the desk file', kpisSchema), ...problems(401, 503) },
  };
  app.get('/api/kpis', { schema }, (_, reply) =>
    fromDatabase(reply, 'The ledger', () => web.operations.showKpis()),
  );
}

const askedSchema = z.strictObject({
  text: z.string().min(1).max(NOTE_CHARACTERS_MAX).regex(/\S/, 'expected some words'),
  date: journalDateSchema.optional().describe('One of the desk’s days that has begun; left out: today’s'),
});

export function journalRoutes(app: FastifyInstance, web: WebDependencies): void {
  const read = {
    summary: 'The trading journal: the newest days that have an entry, with their figures and people’s notes',
    tags: ['records'],
    querystring: queryOf({ days: { type: 'integer', minimum: 1, maximum: 1000, default: 30 } }),
    response: {
      200: answer('The newest day first', z.object({ days: z.array(journalDaySchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly days: number } }>(
    '/api/journal',
    { schema: read },
    ({ query: { days } }, reply) =>
      fromDatabase(reply, 'The trading journal', async () => ({
        days: await web.operations.readTradingJournal(days),
      })),
  );
  const note = {
    summary: 'Note something on one of the desk’s days',
    tags: ['records'],
    body: jsonSchema(askedSchema),
    response: {
      200: answer('Noted', z.object({ date: journalDateSchema, note: journalNoteSchema })),
      ...problems(400, 401, 403, 409, 503),
    },
  };
  app.post<{ Body: z.infer<typeof askedSchema> }>(
    '/api/journal/notes',
    { schema: note, config: { roles: MAY_DO_TASKS } },
    (request, reply) =>
      fromDatabase(reply, 'The trading journal', async () => {
        const noted = await web.operations.noteInJournal(callerOf(request), request.body);
        if (noted.ok) return { date: noted.date, note: noted.note };
        return sendProblem(reply, notDone(noted.detail, 'Name a day that has begun, or none.'));
      }),
  );
}
