/** Round trips and what they brought, from the ledger of fills. */
import { z } from 'zod';
import { ofAccountInUse } from '../../store/account-in-use.js';
import type { Database } from '../dependencies.js';
import { type Period, type Results, roundTripSchema, sumsSchema } from '../schemas/results.js';

/** What a table shows of them; the sums are of all. */
const LISTED_MAX = 2_000;

export interface ResultsQuery {
  readonly desk: string;
  /** Market time of closing, at the earliest. */
  readonly fromMs: number;
  readonly symbol: string | null;
  readonly strategy: string | null;
  readonly by: Period;
}

/**
 * A round trip ends where the quantity held is zero again; each journal by itself, since a new one begins flat. Its stop is the
 * first protective order that was made while it lasted: stops are put between the openings by time, which takes one sort.
 */
const ROUND_TRIPS = `
  with held as (
    select symbol, strategy, side, quantity as size, price, market, incarnation, sequence, realised, fee, purpose,
      sum(case side when 'buy' then quantity else -quantity end)
        over (partition by symbol, incarnation order by sequence) as held
    from fills where desk = $1 and ${ofAccountInUse()}
  ), numbered as (
    select *, count(*) filter (where held = 0)
      over (partition by symbol, incarnation order by sequence rows between unbounded preceding and 1 preceding) as trip
    from held
  ), sided as (
    select *, first_value(side) over (partition by symbol, incarnation, trip order by sequence) as opening from numbered
  ), closed as (
    select symbol, incarnation, trip, min(strategy) as strategy, min(opening) as opening,
      min(market) as opened_at, max(market) as closed_at, sum(size) filter (where side = opening) as quantity,
      sum(size * price) filter (where side = opening) as paid, sum(size * price) filter (where side <> opening) as got,
      sum(size) filter (where side <> opening) as given, sum(realised) - sum(fee) as net, sum(fee) as fees,
      (array_agg(purpose order by sequence desc))[1] as reason
    from sided group by symbol, incarnation, trip having bool_or(held = 0)
  ), placed as (
    select *, max(opens) over (partition by symbol, incarnation order by at, rank) as trip from (
      select symbol, incarnation, opened_at as at, 0 as rank, trip as opens, null::numeric as price from closed
      union all
      select symbol, substr(client_id, 2, 6), created_market, 1, null, price from orders
        where desk = $1 and purpose = 'protective' and price is not null
    ) events
  ), stops as (
    select symbol, incarnation, trip, (array_agg(placed.price order by at))[1] as stop
    from placed join closed using (symbol, incarnation, trip)
    where placed.price is not null and at <= closed_at group by symbol, incarnation, trip
  ), trips as (
    select *, paid / quantity as entry from closed left join stops using (symbol, incarnation, trip)
    where closed_at >= to_timestamp($2::float8 / 1000)
      and ($3::text is null or symbol = $3) and ($4::text is null or strategy = $4)
  )`;

const LISTED = `${ROUND_TRIPS}
  select concat_ws(' ', symbol, incarnation, trip) as id, symbol, strategy,
    case opening when 'buy' then 'long' else 'short' end as side,
    (extract(epoch from opened_at) * 1000)::float8 as "openedMs", (extract(epoch from closed_at) * 1000)::float8 as "closedMs",
    trim_scale(quantity)::text as quantity, trim_scale(round(entry, 8))::text as entry,
    trim_scale(round(got / given, 8))::text as exit, trim_scale(net)::text as net,
    coalesce(round(net / nullif(paid, 0) * 100, 4), 0)::float8 as "netPct",
    round(net / nullif(abs(entry - stop) * quantity, 0), 4)::float8 as r, reason, trim_scale(fees)::text as fees
  from trips order by closed_at desc, incarnation desc, trip desc limit $5`;

const SUMS = `count(*)::int as trips, (count(*) filter (where net > 0))::int as wins,
  trim_scale(coalesce(sum(net), 0))::text as net, trim_scale(coalesce(sum(fees), 0))::text as fees`;

const BY_PERIOD = `${ROUND_TRIPS}
  select (extract(epoch from date_trunc($5::text, closed_at at time zone 'UTC')) * 1000)::float8 as "startMs", ${SUMS}
  from trips group by rollup (1) order by 1 desc nulls first`;

const periodSchema = sumsSchema.extend({ startMs: z.number().nullable() });

/** Rejects when the database is down. */
export async function readResults(
  database: Database,
  { desk, fromMs, symbol, strategy, by }: ResultsQuery,
): Promise<Pick<Results, 'total' | 'periods' | 'roundTrips' | 'truncated'>> {
  const asked = [desk, fromMs, symbol, strategy];
  const [listed, sums] = await Promise.all([
    database.query(LISTED, [...asked, LISTED_MAX + 1]),
    database.query(BY_PERIOD, [...asked, by]),
  ]);
  const rows = sums.rows.map((row) => periodSchema.parse(row));
  const { startMs: _, ...total } = rows.find(({ startMs }) => startMs === null) ?? NOTHING;
  return {
    total,
    periods: rows.flatMap(({ startMs, ...sum }) => (startMs === null ? [] : [{ startMs, ...sum }])),
    roundTrips: listed.rows.slice(0, LISTED_MAX).map((row) => roundTripSchema.parse(row)),
    truncated: listed.rows.length > LISTED_MAX,
  };
}

const NOTHING = { startMs: null, trips: 0, wins: 0, net: '0', fees: '0' };
