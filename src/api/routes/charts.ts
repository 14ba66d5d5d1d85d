/**
 * What charts show: the equity of the desk over time (thinned, beside what the same money would be if it
 * had been held), and bars with the lines that strategies use.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { withConversions } from '../../domain/build-instrument.js';
import { BuyAndHold } from '../../domain/buy-and-hold.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { placesIn } from '../../domain/figure-text.js';
import type { Instrument } from '../../domain/instrument.js';
import { ofAccountInUse } from '../../store/read-ledger.js';
import { ControlFailure } from '../../trader/client.js';
import type { Database, WebDependencies } from '../dependencies.js';
import type { EquityPoint, StatusWatch } from '../live/status-watch.js';
import { notFound, sendProblem, traderDown } from '../problem-details.js';
import { answer, problems } from '../schemas/answers.js';
import { barsSchema, equitySchema } from '../schemas/records.js';
import { queryOf, symbolQuery } from './route-parts.js';

export function equityRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Equity curve, thinned to the requested number of points',
    tags: ['records'],
    querystring: queryOf({ points: { type: 'integer', minimum: 2, maximum: 2000, default: 600 } }),
    response: { 200: answer('The curve', equitySchema), ...problems(400, 401) },
  };
  app.get<{ Querystring: { points: number } }>('/api/equity', { schema }, async (request) => {
    const { status } = watch.state;
    const currency = status?.currency ?? null;
    try {
      const points = await readEquity(web.database, web.runtime.desk, request.query.points);
      const buyAndHold = status === null ? [] : await readBuyAndHold(web, status, points);
      return { source: 'ledger', currency, points, buyAndHold };
    } catch (error) {
      request.log.warn({ err: error }, 'equity curve from memory: the database does not answer');
      const points = watch.equity.points().slice(-request.query.points);
      return { source: 'memory', currency, points, buyAndHold: [] };
    }
  });
}

const pointSchema = z.object({ marketMs: z.number(), equity: z.string(), peak: z.string() });

const POINT = `(extract(epoch from market) * 1000)::float8 as "marketMs", equity::text, peak::text`;

const NEWEST = `
  select ${POINT} from equity where desk = $1 and ${ofAccountInUse()} order by market desc limit $2`;

/** The newest point at each of a number of evenly spaced times: one index lookup each, however long the curve is. */
const SPACED = `
  with span as (select min(market) as first, max(market) as last from equity where desk = $1 and ${ofAccountInUse()})
  select distinct on (market) ${POINT}
  from span cross join generate_series(1, $2::int) place cross join lateral (
    select market, equity, peak from equity
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

const candleSchema = z.object({
  marketMs: z.number(),
  symbol: z.string(),
  openMs: z.number(),
  close: z.number(),
});
type Candle = z.infer<typeof candleSchema>;

/** The newest candle closed by each time: one index lookup each. */
const CANDLES = `
  select (extract(epoch from place) * 1000)::float8 as "marketMs", symbol,
    (extract(epoch from candle.open_time) * 1000)::float8 as "openMs", candle.close::float8 as close
  from unnest($4::timestamptz[]) place cross join unnest($3::text[]) symbol cross join lateral (
    select open_time, close from bars
    where desk = $1 and source = $2 and bars.symbol = symbol.symbol and span_seconds = 60
      and open_time <= place - interval '1 minute'
    order by open_time desc limit 1
  ) candle
  order by place`;

const splitSchema = z.object({
  symbol: z.string(),
  marketMs: z.number(),
  numerator: z.number(),
  denominator: z.number(),
});

/** The splits of the account in use, oldest first; a restored journal has those of the one that it copies. */
const SPLITS = `
  select * from (
    select distinct on (split.record ->> 'actionId')
      config.record #>> array['instruments', split.record ->> 'instrument', 'symbol'] as symbol,
      (split.record ->> 'marketMs')::float8 as "marketMs",
      (split.record ->> 'numerator')::float8 as numerator, (split.record ->> 'denominator')::float8 as denominator
    from journal_entry split cross join lateral (
      select record from journal_entry
      where desk = $1 and type = 'config' and incarnation = split.incarnation and sequence < split.sequence
      order by sequence desc limit 1
    ) config
    where desk = $1 and type = 'split' and ${ofAccountInUse()}
  ) told
  order by "marketMs"`;

type Listed = Pick<Instrument, 'id' | 'symbol' | 'kind' | 'base' | 'quote' | 'tickSize' | 'conversion'>;

/** With the conversion of its results. The tick is 1: candles have prices, not ticks. */
function listed(instruments: WebDependencies['instruments'], currency: string): readonly Listed[] {
  const each = instruments.map(({ symbol, kind }, id): Listed => {
    const [base = '', quote = ''] = symbol.split('/');
    return { id, symbol, kind, base, quote, tickSize: '1' };
  });
  return withConversions(each, currency);
}

/**
 * The benchmark of a desk: its first equity, invested in equal parts in each instrument and held, without costs and
 * dividends. From the first point at which every instrument had a price; empty if there is none. An instrument
 * without a price, or whose conversion has none, is left out.
 */
async function readBuyAndHold(
  { database, runtime: { desk }, instruments }: Pick<WebDependencies, 'database' | 'runtime' | 'instruments'>,
  { currency, marketData: { identity, lastPrices } }: TraderStatus,
  points: readonly EquityPoint[],
): Promise<readonly Omit<EquityPoint, 'peak'>[]> {
  const prices = new Set(lastPrices.map(({ symbol }) => symbol));
  const all = listed(instruments, currency);
  const isPriced = all.map(({ symbol }) => prices.has(symbol));
  const held = all.map(
    ({ conversion }, id) =>
      isPriced[id] === true && (conversion === undefined || isPriced[conversion.by] === true),
  );
  const symbols = all.map(({ symbol }) => symbol).filter((symbol) => prices.has(symbol));
  const times = points.map(({ marketMs }) => new Date(marketMs).toISOString());
  if (!held.includes(true) || times.length === 0) return [];
  const candles = await readCandles(database, [desk, identity, symbols, times]);
  const priced = points.filter(({ marketMs }) => candles.get(marketMs)?.length === symbols.length);
  const [first] = priced;
  if (first === undefined) return [];
  let splits = (await database.query(SPLITS, [desk])).rows.map((row) => splitSchema.parse(row));
  const hold = new BuyAndHold(all, held, Number(first.equity));
  return priced.map(({ marketMs }) => {
    for (const { symbol, openMs, close } of candles.get(marketMs) ?? []) {
      const at = all.findIndex((one) => one.symbol === symbol);
      // A candle stays as it was traded: in new shares if it began after the split.
      const due = splits.filter((split) => split.symbol === symbol && split.marketMs <= openMs);
      for (const split of due) hold.split(at, split);
      splits = splits.filter((split) => !due.includes(split));
      hold.quote(at, marketMs, close, close);
    }
    return { marketMs, equity: hold.equity.toFixed(placesIn(currency)) };
  });
}

/** By the time of the point that they belong to. */
async function readCandles(
  database: Database,
  values: readonly unknown[],
): Promise<ReadonlyMap<number, readonly Candle[]>> {
  const candles = new Map<number, Candle[]>();
  for (const row of (await database.query(CANDLES, values)).rows) {
    const candle = candleSchema.parse(row);
    candles.set(candle.marketMs, [...(candles.get(candle.marketMs) ?? []), candle]);
  }
  return candles;
}

interface BarsQuery {
  readonly symbol: string;
  readonly limit: number;
}

export function barsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Finished one-minute bars, warm-up history included, and the lines that strategies use',
    tags: ['state'],
    querystring: queryOf(
      {
        symbol: symbolQuery,
        limit: { type: 'integer', minimum: 1, maximum: 1000, default: 600 },
      },
      ['symbol'],
    ),
    response: { 200: answer('Bars', barsSchema), ...problems(400, 401, 404, 503) },
  };
  app.get<{ Querystring: BarsQuery }>('/api/bars', { schema }, async (request, reply) => {
    const { symbol, limit } = request.query;
    try {
      const { bars, lines = [] } = await web.readBars(symbol, limit);
      const simulated = watch.state.status?.marketData.simulated ?? false;
      return { symbol, spanMs: bars[0]?.spanMs ?? MINUTE_MS, simulated, bars, lines };
    } catch (error) {
      if (!(error instanceof ControlFailure)) return sendProblem(reply, traderDown(error));
      return sendProblem(reply, notFound(`${error.message}.`, error.doThis));
    }
  });
}
