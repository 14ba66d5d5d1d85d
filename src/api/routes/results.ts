/** Results of trading: by period, analytics, and equity over time. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { placesIn } from '../../domain/figure-text.js';
import { analyticsSchema, readAnalytics } from '../../operations/results/read-analytics.js';
import { periodsOf, readResults } from '../../operations/results/read-results.js';
import { kpisSchema, PERIODS, type Period, resultsSchema } from '../../operations/results/results.js';
import { ofAccountInUse } from '../../store/read-ledger.js';
import type { Database, WebDependencies } from '../dependencies.js';
import type { EquityPoint, StatusWatch } from '../live/status-watch.js';
import { answer, problems } from '../schemas/answers.js';
import { equitySchema } from '../schemas/records.js';
import { coerceIntegers, fromDatabase, symbolQuery } from './route-parts.js';

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
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        days: { type: 'integer', minimum: 1, maximum: 3650, default: 30 },
        by: { type: 'string', enum: PERIODS, default: 'day' },
        symbol: symbolQuery,
        strategy: { type: 'string', maxLength: 100 },
      },
    },
    response: {
      200: answer('Of the last days of market time, from the start of a day, week or month', resultsSchema),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: ResultsAsked }>(
    '/api/results',
    { schema, preValidation: coerceIntegers('days') },
    (request, reply) => {
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
    },
  );
}

export function analyticsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Results of the desk: round trips after fees, Sharpe ratio, drawdown, by strategy',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { days: { type: 'integer', minimum: 1, maximum: 3650, default: 30 } },
    },
    response: { 200: answer('The last days of market time', analyticsSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: { readonly days: number } }>(
    '/api/analytics',
    { schema, preValidation: coerceIntegers('days') },
    (request, reply) => {
      const { status } = watch.state;
      const toMs = status?.marketData.marketMs ?? web.nowMs();
      const fromMs = toMs - request.query.days * DAY_MS;
      return fromDatabase(reply, 'The ledger', async () => {
        const currency = status?.currency ?? null;
        const figures = await readAnalytics(web.database, web.runtime.desk, fromMs, currency);
        return { currency, fromMs, toMs, ...figures };
      });
    },
  );
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

export function equityRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Equity curve, thinned to the requested number of points',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { points: { type: 'integer', minimum: 2, maximum: 2000, default: 600 } },
    },
    response: { 200: answer('The curve', equitySchema), ...problems(400, 401) },
  };
  app.get<{ Querystring: { points: number } }>(
    '/api/equity',
    { schema, preValidation: coerceIntegers('points') },
    async (request) => {
      const { status } = watch.state;
      const currency = status?.currency ?? null;
      try {
        const points = await readEquity(web.database, web.runtime.desk, request.query.points);
        const buyAndHold =
          status === null ? [] : await readBuyAndHold(web.database, web.runtime.desk, status, points);
        return { source: 'ledger', currency, points, buyAndHold };
      } catch (error) {
        request.log.warn({ err: error }, 'equity curve from memory: the database does not answer');
        const points = watch.equity.points().slice(-request.query.points);
        return { source: 'memory', currency, points, buyAndHold: [] };
      }
    },
  );
}

const pointSchema = z.object({ marketMs: z.number(), equity: z.string() });

const POINT = `(extract(epoch from market) * 1000)::float8 as "marketMs", equity::text`;

const NEWEST = `
  select ${POINT} from equity where desk = $1 and ${ofAccountInUse()} order by market desc limit $2`;

/** The newest point at each of a number of evenly spaced times: one index lookup each, however long the curve is. */
const SPACED = `
  with span as (select min(market) as first, max(market) as last from equity where desk = $1 and ${ofAccountInUse()})
  select distinct on (market) ${POINT}
  from span cross join generate_series(1, $2::int) place cross join lateral (
    select market, equity from equity
    where desk = $1 and ${ofAccountInUse()} and market <= first + (last - first) * (place::float8 / $2)
    order by market desc limit 1
  ) point
  order by market`;

/**
 * The equity curve from the ledger, thinned to `pointsMax` points however long the desk has run. Oldest first, always
 * including the newest point. Rejects while the database is down.
 */
export async function readEquity(
  database: Database,
  desk: string,
  pointsMax: number,
): Promise<readonly EquityPoint[]> {
  const newest = await readPoints(database, NEWEST, [desk, pointsMax + 1]);
  return newest.length <= pointsMax ? newest.reverse() : readPoints(database, SPACED, [desk, pointsMax]);
}

async function readPoints(
  database: Database,
  query: string,
  values: readonly unknown[],
): Promise<EquityPoint[]> {
  const { rows } = await database.query(query, values);
  return rows.map((row) => pointSchema.parse(row));
}

const closeSchema = z.object({ marketMs: z.number(), symbol: z.string(), close: z.number() });

/** The newest candle closed by each time: one index lookup each. */
const CLOSES = `
  select (extract(epoch from place) * 1000)::float8 as "marketMs", symbol, candle.close::float8 as close
  from unnest($4::timestamptz[]) place cross join unnest($3::text[]) symbol cross join lateral (
    select close from bars
    where desk = $1 and source = $2 and bars.symbol = symbol.symbol and span_seconds = 60
      and open_time <= place - interval '1 minute'
    order by open_time desc limit 1
  ) candle
  order by place, symbol`;

/**
 * The benchmark of a desk: its first equity, invested in equal parts in each instrument and held, without costs. From
 * the first point at which every instrument had a price; empty if there is none.
 */
async function readBuyAndHold(
  database: Database,
  desk: string,
  { currency, marketData: { identity, lastPrices } }: TraderStatus,
  points: readonly EquityPoint[],
): Promise<readonly EquityPoint[]> {
  const symbols = lastPrices.map(({ symbol }) => symbol);
  const times = points.map(({ marketMs }) => new Date(marketMs).toISOString());
  if (symbols.length === 0 || times.length === 0) return [];
  const { rows } = await database.query(CLOSES, [desk, identity, symbols, times]);
  const closes = new Map<number, number[]>();
  for (const row of rows) {
    const { marketMs, close } = closeSchema.parse(row);
    closes.set(marketMs, [...(closes.get(marketMs) ?? []), close]);
  }
  const priced = points.flatMap((point) => {
    const found = closes.get(point.marketMs) ?? [];
    return found.length === symbols.length ? [{ ...point, closes: found }] : [];
  });
  const [first] = priced;
  if (first === undefined) return [];
  return priced.map(({ marketMs, closes: now }) => {
    const grown =
      now.reduce((sum, close, at) => sum + close / (first.closes[at] ?? close), 0) / symbols.length;
    return { marketMs, equity: (Number(first.equity) * grown).toFixed(placesIn(currency)) };
  });
}
