/** Round trips and their results, from the ledger of fills. */
import { DAY_MS, type Weekday, weekdayOf } from '../../domain/civil-date.js';
import { type DeskCalendar, tradingDayStart } from '../../domain/trading-day.js';
import { zoneOffset } from '../../domain/zone-offset.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';
import { readAnalytics } from './read-analytics.js';
import {
  type FoundResults,
  IS_CLOSED,
  NET,
  NUMBERED_FILLS,
  OPENED_BY,
  type Period,
  type Queries,
  type RoundTrip,
  type Sums,
} from './results.js';

interface ResultsQuery {
  readonly desk: string;
  readonly symbol: string | null;
  readonly strategy: string | null;
  /** A round trip that closed before the first period doesn't count. */
  readonly periods: Periods;
  /** The most round trips to list; the sums include all. */
  readonly listMax: number;
}

/**
 * `paid` is in the quote currency, `worth` in the desk's: the two differ where results are converted.
 * A trip's stop is the last stop order created before the trip was opened, else the first one after. Sorting
 * closing-side orders and trip ends by time finds it in one sort. What was risked is counted in the shares of
 * the trip's opening: `grown` is how many of a later moment each of them has become, `entered` all that were
 * entered, and the stop is the price of one.
 */
const ROUND_TRIPS = `
  with ${NUMBERED_FILLS}, sided as (
    select *, first_value(side) over since as opening, exp(sum(ln(coalesce(ratio, 1))) over since) as grown from numbered
    window since as (partition by symbol, incarnation, trip order by sequence)
  ), splits as materialized (
    select symbol, incarnation, trip, sequence, market, grown from sided where ratio is not null
  ), ended as (
    select symbol, incarnation, trip, ${OPENED_BY} as strategy, min(opening) as opening,
      min(market) as opened_at, max(market) as closed_at, sum(size) filter (where side = opening) as quantity,
      sum(size / grown) filter (where side = opening and ratio is null) as entered,
      sum(size * price) filter (where side = opening) as paid, sum(size * price * rate) filter (where side = opening) as worth, sum(size / nullif(price, 0)) filter (where side = opening) as parts, sum(size * price) filter (where side <> opening) + coalesce(sum(abs(cash)) filter (where flat and ratio is not null), 0) as got,
      sum(size) filter (where side <> opening) as given, ${NET} as net, sum(fee) as fees,
      coalesce((array_agg(purpose order by sequence desc))[1], 'split') as reason, max(scale(price)) as digits, ${IS_CLOSED} as closed
    from sided group by symbol, incarnation, trip having bool_or(flat)
  ), placed as (
    select *, max(begins) over (partition by symbol, incarnation order by at, rank) as trip from (
      select symbol, incarnation, trip as begins, 1 as rank, null as side, null::numeric as price,
        coalesce(lag(closed_at) over (partition by symbol, incarnation order by trip), '-infinity') as at, opening, opened_at, closed_at
      from ended
      union all
      select symbol, own.incarnation, null, 0, side, price, created_market, null, null, null from orders
        join (select incarnation, written_as from configured union select incarnation, incarnation from ended) own on written_as = substr(client_id, 2, 6)
        where desk = $1 and purpose = 'protective' and price is not null
    ) events
  ), of_a_trip as (
    select symbol, incarnation, trip, side, price, at, first_value(opening) over its as opening,
      first_value(opened_at) over its as opened_at, first_value(closed_at) over its as closed_at
    from placed window its as (partition by symbol, incarnation, trip order by rank desc)
  ), stops as (
    select distinct on (symbol, incarnation, trip) symbol, incarnation, trip, price as stop, at as stop_at
    from of_a_trip where side <> opening and at <= closed_at
    order by symbol, incarnation, trip, at > opened_at, abs(extract(epoch from at - opened_at))
  ), trips as (
    select ended.*, paid / quantity as entry, stop * coalesce((select grown from splits
        where (splits.symbol, splits.incarnation, splits.trip) = (ended.symbol, ended.incarnation, ended.trip) and market <= stop_at
        order by sequence desc limit 1), 1) as stop,
      coalesce(multiplier, 1) as multiplier, inverse
    from ended left join stops using (symbol, incarnation, trip) left join steps using (symbol, incarnation)
    where closed and closed_at >= to_timestamp($2::float8 / 1000)
      and ($3::text is null or symbol = $3) and ($4::text is null or strategy = $4)
  )`;

const LISTED = `${ROUND_TRIPS}
  select concat_ws(' ', symbol, incarnation, trip) as id, symbol, strategy,
    case opening when 'buy' then 'long' else 'short' end as side,
    (extract(epoch from opened_at) * 1000)::float8 as "openedMs", (extract(epoch from closed_at) * 1000)::float8 as "closedMs",
    trim_scale(quantity)::text as quantity, trim_scale(round(entry, 8))::text as entry,
    trim_scale(round(coalesce(got / given, entry), 8))::text as exit, digits as "priceDigits", trim_scale(net)::text as net,
    coalesce(round(net / nullif(case when inverse then parts else worth end * multiplier, 0) * 100, 4), 0)::float8 as "netPct",
    round(net / nullif(case when inverse then abs(parts - quantity / nullif(stop, 0)) else abs(paid - entered * stop) * worth / nullif(paid, 0) end * multiplier, 0), 4)::float8 as r, reason, trim_scale(fees)::text as fees
  from trips order by closed_at desc, incarnation desc, trip desc limit $5`;

const SUMS = `count(*)::int as trips, (count(*) filter (where net > 0))::int as wins,
  trim_scale(coalesce(sum(net), 0))::text as net, trim_scale(coalesce(sum(fees), 0))::text as fees`;

const BY_PERIOD = `${ROUND_TRIPS}
  select width_bucket(closed_at, $5::timestamptz[]) as place, ${SUMS}
  from trips group by rollup (1) order by 1 desc nulls first`;

/** `place`: number of the period, from 1; null: the total. */
type PlacedSums = Sums & { readonly place: number | null };

/** Rejects while the database is down. */
export async function readResults(
  database: Queries,
  { desk, symbol, strategy, periods, listMax }: ResultsQuery,
): Promise<FoundResults> {
  const asked = [desk, periods.fromMs, symbol, strategy];
  const [listed, sums] = await Promise.all([
    database.query(LISTED, [...asked, listMax + 1]),
    database.query(BY_PERIOD, [...asked, periods.begins.map(({ startMs }) => new Date(startMs))]),
  ]);
  const rows = sums.rows as readonly PlacedSums[];
  const trips = listed.rows as readonly RoundTrip[];
  const { place: _, ...total } = rows.find(({ place }) => place === null) ?? NOTHING;
  return {
    total,
    periods: rows.flatMap(({ place, ...sum }) => {
      const period = place === null ? undefined : periods.begins[place - 1];
      return period === undefined ? [] : [{ ...period, ...sum }];
    }),
    roundTrips: trips.slice(0, listMax),
    truncated: trips.length > listMax,
  };
}

const NOTHING = { place: null, trips: 0, wins: 0, net: '0', fees: '0' };

interface PeriodBegin {
  readonly startMs: number;
  /** In the desk's time zone, such as `2026-01-05`: where a day begins, a week's first day, a month's 1st. */
  readonly date: string;
}

/** `most`: a moment on the date that most of a trading day falls on. */
const BEGINS: Readonly<Record<Period, (most: Date, weekStart: Weekday) => boolean>> = {
  day: () => true,
  week: (most, weekStart) => weekdayOf(Math.floor(most.getTime() / DAY_MS)) === weekStart,
  month: (most) => most.getUTCDate() === 1,
};

interface Periods {
  /** Start of the first period. */
  readonly fromMs: number;
  readonly fromDate: string;
  readonly toDate: string;
  /** Oldest first. */
  readonly begins: readonly PeriodBegin[];
}

/**
 * The desk's days, weeks and months: every period that overlaps the span, so the first begins at its start or
 * earlier. A week begins with the trading day of `weekStart`, a month with that of the 1st. If days begin at noon or
 * later, as for a session of futures, Monday's begins on Sunday, and that of the 1st on the day before.
 */
export function periodsOf(
  by: Period,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  { timezone, dayBoundary, weekStart = 'mon' }: DeskCalendar,
): Periods {
  const offsetAt = zoneOffset(timezone);
  const dayOf = (marketMs: number): number => tradingDayStart(marketMs, dayBoundary, offsetAt);
  const mostLiesMs = by === 'day' || dayBoundary < '12:00' ? 0 : DAY_MS;
  const newestFirst: PeriodBegin[] = [];
  for (let startMs = dayOf(toMs); ; startMs = dayOf(startMs - 1)) {
    const most = new Date(startMs + offsetAt(startMs) + mostLiesMs);
    if (!BEGINS[by](most, weekStart)) continue;
    const date = most.toISOString().slice(0, 10);
    newestFirst.push({ startMs, date });
    if (startMs > fromMs) continue;
    const toDate = newestFirst[0]?.date ?? date;
    return { fromMs: startMs, fromDate: date, toDate, begins: newestFirst.reverse() };
  }
}

export interface ResultsRequest {
  readonly by: Period;
  /** Days of market time before now; 0: only the current period. */
  readonly days: number;
  /** The most round trips to list. */
  readonly listMax: number;
  /** Also reads the equity curve. */
  readonly drawdown?: boolean;
}

export interface ResultsShown extends FoundResults {
  /** Null while the trader doesn't answer. */
  readonly currency: string | null;
  /**
   * True if the trader didn't answer, so that "now" is this machine's time; the time of a simulated or recorded market
   * is different.
   */
  readonly machineTime: boolean;
  /** The requested periods, including those without a closed trip. */
  readonly begins: Periods['begins'];
  /** Percent; null if not requested, or if there is no equity yet. */
  readonly maxDrawdownPct: number | null;
}

/**
 * Results for a chat: the same sums as on the page and from `GET /api/results`. Rejects while Postgres is
 * down. Without a trader, the time is this machine's.
 */
export async function showResults(
  context: Pick<OperationContext, 'desk' | 'pool' | 'trader' | 'nowMs'>,
  { by, days, listMax, drawdown = false }: ResultsRequest,
): Promise<ResultsShown> {
  const { desk, pool } = context;
  const status = await readStatus(context).catch(() => null);
  const toMs = status?.marketData.marketMs ?? context.nowMs();
  const periods = periodsOf(by, { fromMs: toMs - days * DAY_MS, toMs }, desk);
  const [found, analytics] = await Promise.all([
    readResults(pool, { desk: desk.desk, symbol: null, strategy: null, periods, listMax }),
    drawdown ? readAnalytics(pool, desk.desk, periods.fromMs, desk.paper.currency) : null,
  ]);
  return {
    ...found,
    currency: status?.currency ?? null,
    machineTime: status === null,
    begins: periods.begins,
    maxDrawdownPct: analytics?.maxDrawdownPct ?? null,
  };
}
