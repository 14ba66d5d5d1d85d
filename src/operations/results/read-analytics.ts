/**
 * A desk's performance from the ledger (closed round trips after fees, hourly equity, drawdown), and the
 * data for a price chart: bars, the fills in them, the current levels.
 */
import { z } from 'zod';
import { decimalText, marketMs, type Shape } from '../../contracts/json-values.js';
import type { BarStatus, TraderStatus } from '../../contracts/trader-status.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { placed } from '../../domain/figure-text.js';
import { MONEY_PLACES } from '../../domain/money.js';
import { readEquityFigures } from '../../reports/equity-figures.js';
import { EQUITY_STEPS, NO_END_MS } from '../../store/ledger-figures.js';
import { ofAccountInUse } from '../../store/read-ledger.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';
import { IS_CLOSED, NET, NUMBERED_FILLS, OPENED_BY, type Queries } from './results.js';

const tripSchema = z.object({
  strategy: z.string(),
  symbol: z.string(),
  closedMs: z.number(),
  net: z.number(),
  fees: z.number(),
});
type Trip = z.infer<typeof tripSchema>;

/** More than a year of trading; older ones are left out, and the result says so. */
const TRIPS_MAX = 20_000;

const TRIPS = `
  with ${NUMBERED_FILLS}
  select symbol, ${OPENED_BY} as strategy, (extract(epoch from max(market)) * 1000)::float8 as "closedMs",
    (${NET})::float8 as net, sum(fee)::float8 as fees
  from numbered group by symbol, incarnation, trip
  having ${IS_CLOSED} and max(market) >= to_timestamp($2::float8 / 1000)
  order by 3 desc limit $3`;

/** So that the newest sample is always included, however the clocks differ. */
const NO_END = new Date(NO_END_MS);

const pointSchema = z.object({ equity: z.number(), capital: z.number(), isStart: z.boolean() });
type Curve = readonly z.infer<typeof pointSchema>[];

/** Rejects while the database is down. `fromMs`: market time; `currency`: that of the account; null: not known. */
export async function readAnalytics(
  database: Queries,
  desk: string,
  fromMs: number,
  currency: string | null,
): Promise<Analytics> {
  const curve = async (stepMs: number): Promise<Curve> => {
    const { rows } = await database.query(EQUITY_STEPS, [desk, new Date(fromMs), NO_END, stepMs]);
    return z.array(pointSchema).parse(rows);
  };
  const [found, { hours, returnPct, sharpe, maxDrawdownPct }] = await Promise.all([
    database.query(TRIPS, [desk, fromMs, TRIPS_MAX]),
    readEquityFigures(curve),
  ]);
  const trips = z.array(tripSchema).parse(found.rows);
  const names = [...new Set(trips.map(({ strategy }) => strategy))].sort();
  return {
    ...figuresOf(trips, currency),
    returnPct: returnPct === null ? null : rounded(returnPct),
    sharpe: sharpe === null ? null : rounded(sharpe),
    maxDrawdownPct: maxDrawdownPct === null ? null : rounded(maxDrawdownPct),
    hours,
    truncated: trips.length === TRIPS_MAX,
    byStrategy: names.map((strategy) => ({
      strategy,
      ...figuresOf(
        trips.filter((trip) => trip.strategy === strategy),
        currency,
      ),
    })),
  };
}

function figuresOf(trips: readonly Trip[], currency: string | null): TripFigures {
  const money = (value: number): string => placed(value.toFixed(MONEY_PLACES), currency ?? '');
  const results = trips.map(({ net }) => net);
  const gains = results.filter((net) => net > 0);
  const losses = results.filter((net) => net <= 0);
  const gained = sum(gains);
  const lost = -sum(losses);
  return {
    trades: trips.length,
    wins: gains.length,
    winRatePct: trips.length === 0 ? null : rounded((gains.length / trips.length) * 100),
    net: money(gained - lost),
    fees: money(sum(trips.map(({ fees }) => fees))),
    averageWin: gains.length === 0 ? null : money(gained / gains.length),
    averageLoss: losses.length === 0 ? null : money(-lost / losses.length),
    profitFactor: lost > 0 ? rounded(gained / lost) : null,
    best: trips.length === 0 ? null : money(results.reduce((most, net) => Math.max(most, net))),
    worst: trips.length === 0 ? null : money(results.reduce((least, net) => Math.min(least, net))),
    longestLosingStreak: longestStreak(results),
  };
}

/** `results`: newest first, as read. */
function longestStreak(results: readonly number[]): number {
  let longest = 0;
  let now = 0;
  for (const net of results) {
    now = net > 0 ? 0 : now + 1;
    longest = Math.max(longest, now);
  }
  return longest;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const rounded = (value: number): number => Math.round(value * 100) / 100;

const figuresSchema = z.object({
  trades: z.number().describe('Closed round trips'),
  wins: z.number().describe('Those with a profit after fees'),
  winRatePct: z.number().nullable(),
  net: decimalText.describe('After fees'),
  fees: decimalText,
  averageWin: decimalText.nullable(),
  averageLoss: decimalText.nullable(),
  profitFactor: z.number().nullable().describe('Gains over losses; null without a loss'),
  best: decimalText.nullable(),
  worst: decimalText.nullable(),
  longestLosingStreak: z.number(),
});
/** A desk's performance over a span of market time. Amounts are in its currency. */
type TripFigures = Shape<typeof figuresSchema>;

export const analyticsSchema = figuresSchema.extend({
  currency: z.string().nullable(),
  fromMs: marketMs,
  toMs: marketMs,
  returnPct: z.number().nullable(),
  sharpe: z
    .number()
    .nullable()
    .describe('Mean over standard deviation of hourly equity returns × √8760; no risk-free rate'),
  maxDrawdownPct: z
    .number()
    .nullable()
    .describe('Open results included; of equity by the minute, over more than two days by longer steps'),
  hours: z.number().describe('Hours of market time with equity: few say little'),
  truncated: z.boolean().describe('There were more round trips than are counted'),
  byStrategy: z.array(figuresSchema.extend({ strategy: z.string() })),
});
/** Without the currency and the span, which the caller knows. */
type Analytics = Omit<Shape<typeof analyticsSchema>, 'currency' | 'fromMs' | 'toMs'>;

export interface ChartRequest {
  /** Null: the first instrument with a position, else the desk's first. */
  readonly symbol: string | null;
  /** Minutes of market time up to now; at most 1,000, the most bars that the trader returns. */
  readonly minutes: number;
}

interface ChartFill {
  readonly side: 'buy' | 'sell';
  readonly marketMs: number;
}

interface ChartFills {
  readonly count: number;
  /** Oldest first; at most 500. */
  readonly newest: readonly ChartFill[];
}

export interface ChartLevel {
  readonly kind: 'position' | 'stop' | 'entry' | 'target';
  readonly name: string;
  /** Decimal text. */
  readonly price: string;
}

export interface ChartShown {
  readonly symbol: string;
  /** Finished bars, oldest first; minutes without prices have none. */
  readonly bars: readonly BarStatus[];
  /** Null while Postgres is down. */
  readonly fills: ChartFills | null;
  readonly levels: readonly ChartLevel[];
  /** Label of the prices. */
  readonly label: string;
  readonly simulated: boolean;
}

const ANSWER_MS = 3_000;
const FILLS_MAX = 500;

/** Rejects with `TraderUnavailable`, or with `ControlFailure` if the symbol is not one of the desk's. */
export async function readChart(
  context: Pick<OperationContext, 'desk' | 'pool' | 'trader'>,
  request: ChartRequest,
): Promise<ChartShown> {
  const { desk, pool, trader } = context;
  const status = await readStatus(context);
  const symbol = request.symbol ?? status.positions[0]?.symbol ?? desk.instruments[0]?.symbol ?? '';
  const asked = { symbol, count: request.minutes, sinceMs: 0 };
  const answer = await trader.call('bars', asked, { timeoutMs: ANSWER_MS });
  // Selected by time, not by number: a recording may have hourly bars, and a feed has gaps.
  const sinceMs = status.marketData.marketMs - request.minutes * MINUTE_MS;
  const bars = answer.bars.filter(({ openMs, spanMs }) => openMs + spanMs > sinceMs);
  const since = new Date(bars[0]?.openMs ?? sinceMs);
  const fills = await pool
    .query<ChartFill & { readonly count: number }>(
      `select side, (extract(epoch from market) * 1000)::float8 as "marketMs", (count(*) over ())::int as count from fills
        where desk = $1 and ${ofAccountInUse()} and symbol = $2 and market >= $3 order by market desc limit $4`,
      [desk.desk, symbol, since, FILLS_MAX],
    )
    .then(
      ({ rows }): ChartFills => ({ count: rows[0]?.count ?? 0, newest: rows.reverse() }),
      () => null,
    );
  const { label, simulated } = status.marketData;
  return { symbol, bars, fills, levels: levelsOf(status, symbol), label, simulated };
}

function levelsOf({ positions, orders }: TraderStatus, symbol: string): readonly ChartLevel[] {
  const ofPosition = positions
    .filter((one) => one.symbol === symbol)
    .flatMap(({ side, averagePrice, stopPrice }): ChartLevel[] => [
      { kind: 'position', name: `${side} from`, price: averagePrice },
      ...(stopPrice === null ? [] : [{ kind: 'stop', name: 'stop', price: stopPrice } as const]),
    ]);
  const ofOrders = orders.flatMap(({ symbol: of, purpose, price, worstPrice }): ChartLevel[] => {
    if (of !== symbol || price === null) return [];
    const name = worstPrice === undefined ? 'entry' : 'entry triggers';
    if (purpose === 'entry') return [{ kind: 'entry', name, price }];
    return purpose === 'exit' ? [{ kind: 'target', name: 'target', price }] : [];
  });
  return [...ofPosition, ...ofOrders];
}
