/** The ledger's figures for a span of market time: equity, closed trades, and costs. */
import type { LiveFills } from '../contracts/go-live.js';
import type { ExitReason } from '../domain/exits.js';
import { MONEY_SCALE } from '../domain/money.js';
import { FINAL_ORDER_STATES } from '../domain/order.js';
import type { EquityAndCapital } from '../domain/statistics.js';
import type { Pool } from './pool.js';
import { ofAccountInUse } from './read-ledger.js';

type Queries = Pick<Pool, 'query'>;

export interface Span {
  readonly desk: string;
  /** Market milliseconds: [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface EquityStep extends EquityAndCapital {
  /** The equity that the first step began with, itself no step. */
  readonly isStart: boolean;
}

interface EquityPoint extends EquityStep {
  readonly marketMs: number;
}

/**
 * Parameters: desk, from, to, and the step in milliseconds. The last sample of each step, oldest first; a
 * step without a sample is left out. Before them, if there are any, what they start from: the last sample
 * before the span, or else the first one in it, unless that is the first step's own. A new journal counts its
 * capital from zero. Coins that a person gave to the desk are capital, at their value at that time; a restored
 * journal repeats the records of such coins.
 */
export const EQUITY_STEPS = `
  with steps as (
    select distinct on (floor(extract(epoch from market) * 1000 / $4)) market, equity, capital_moved, incarnation
      from equity where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3
      order by floor(extract(epoch from market) * 1000 / $4), market desc
  ), start as (
    select market, equity, capital_moved, incarnation from equity
      where desk = $1 and ${ofAccountInUse()} and market < (select min(market) from steps) and market >= coalesce(
        (select max(market) from equity where desk = $1 and ${ofAccountInUse()} and market < $2), $2)
      order by market limit 1
  ), following as (
    select *, lag(capital_moved) over (order by market) as moved_before,
      lag(incarnation) over (order by market) as incarnation_before, lag(market) over (order by market) as market_before
    from (select *, false as is_start from steps union all select *, true from start) points
  ), given as (
    select distinct record, (record ->> 'marketMs')::numeric as at, (record ->> 'value')::numeric / ${MONEY_SCALE} as worth
      from journal_entry where desk = $1 and type = 'coins.claimed' and ${ofAccountInUse()}
  )
  select (extract(epoch from market) * 1000)::float8 as "marketMs", equity::float8 as equity, is_start as "isStart",
    (case when incarnation_before is null then 0
      when incarnation_before = incarnation then capital_moved - moved_before
      else capital_moved end
    + coalesce((select sum(worth) from given where at > extract(epoch from market_before) * 1000
      and at <= extract(epoch from market) * 1000), 0))::float8 as capital
  from following order by market`;

export function withoutStart<Step extends EquityStep>(points: readonly Step[]): readonly Step[] {
  return points.filter(({ isStart }) => !isStart);
}

/** `stepMs`: from a minute to a day. */
export async function readEquitySteps(
  pool: Queries,
  { desk, fromMs, toMs }: Span,
  stepMs: number,
): Promise<readonly EquityPoint[]> {
  const asked = [desk, new Date(fromMs), new Date(toMs), stepMs];
  return (await pool.query<EquityPoint>(EQUITY_STEPS, asked)).rows;
}

/** A closed trade. In a ledger from before trades were recorded: all that one order closed of a position. */
export interface Closing {
  readonly strategy: string;
  readonly symbol: string;
  /**
   * After all fees of the trade, as the engine counts them: one that got its value only after its fill is not
   * in it. For such an earlier order, after the fees of its own fills.
   */
  readonly net: number;
}

/** Oldest first. Partial exits of an instrument's first trade count only once the trade is closed. */
export async function readClosings(pool: Queries, span: Span): Promise<readonly Closing[]> {
  const found = await pool.query<{ strategy: string; symbol: string; net: string }>(
    `with told as (
       select symbol, min(opened) as since from trades where desk = $1 and ${ofAccountInUse()} group by symbol
     ), open as (
       select symbol from positions where desk = $1 and ${ofAccountInUse()} and quantity <> 0
     ), closed as (
       select strategy, symbol, result as net, market from trades
        where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3
       union all
       select strategy, symbol, sum(realised - fee), min(market) from fills left join told using (symbol)
        where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3 and purpose <> 'entry'
          and (market < since or (since is null and symbol not in (select symbol from open)))
        group by strategy, symbol, client_id
     ) select strategy, symbol, net from closed order by market`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map((row) => ({ ...row, net: Number(row.net) }));
}

const PROBLEMS_MAX = 10;

/** Later than any trade. */
export const NO_END_MS = Date.UTC(9999, 0);

/** Results of real orders and what halted them, from the ledger: trades as elsewhere, each once however many fills close it. */
export async function readLiveFills(pool: Queries, desk: string, sinceMs: number): Promise<LiveFills> {
  const since = new Date(sinceMs);
  const figures = await pool.query<{ fills: string; profit: string }>(
    `select count(*) as fills, coalesce(sum(realised - fee), 0)::text as profit
       from fills where desk = $1 and wall >= $2`,
    [desk, since],
  );
  const closings = await readClosings(pool, { desk, fromMs: sinceMs, toMs: NO_END_MS });
  const wrong = await pool.query<{ symbol: string; trade_id: string; why: string }>(
    `select f.symbol, f.trade_id,
            case when o.client_id is null then 'of an order that is not the desk''s'
                 when o.side <> f.side then 'on the other side than ordered'
                 when o.filled > o.quantity then 'more than was ordered'
                 else 'at a worse price than the order''s limit' end as why
       from fills f left join orders o on o.desk = f.desk and o.client_id = f.client_id
      where f.desk = $1 and f.wall >= $2 and (
        o.client_id is null or o.side <> f.side or o.filled > o.quantity
        or (o.type = 'limit' and o.side = 'buy' and f.price > o.price)
        or (o.type = 'limit' and o.side = 'sell' and f.price < o.price))
      order by f.sequence limit $3`,
    [desk, since, PROBLEMS_MAX],
  );
  const halts = await pool.query<{ wall: Date; reason: string }>(
    'select wall, reason from halts where desk = $1 and wall >= $2 order by wall limit $3',
    [desk, since, PROBLEMS_MAX],
  );
  const row = figures.rows[0];
  return {
    fills: Number(row?.fills ?? 0),
    trades: closings.length,
    wins: closings.filter(({ net }) => net > 0).length,
    netProfit: row?.profit ?? '0',
    problems: wrong.rows.map(({ symbol, trade_id, why }) => `${symbol} fill ${trade_id}: ${why}`),
    halts: halts.rows.map(({ wall, reason }) => `halted ${wall.toISOString()}: ${reason}`),
  };
}

interface Costs {
  readonly fills: number;
  readonly fees: number;
  readonly turnover: number;
  /** For stops that close: how much worse the fill was than the stop's price, in money. Negative: better. */
  readonly stopSlippage: number;
  readonly stopFills: number;
}

/** Value of a fill in the currency that its instrument settles in; signed like a cost, as in `domain/value.ts`. */
const worthAt = (price: string): string =>
  `f.quantity * coalesce(multiplier, 1) * coalesce(f.rate, 1) * case when inverse then -1 / nullif(${price}, 0) else ${price} end`;

export async function readCosts(pool: Queries, span: Span): Promise<Costs> {
  const found = await pool.query<Record<keyof Costs, string>>(
    `with ${JOURNAL_INSTRUMENTS}, filled as (
       select f.side, f.fee, o.type = 'stop' and o.purpose <> 'entry' as stopped,
          ${worthAt('f.price')} as got, ${worthAt('o.price')} as asked
        from fills f left join orders o on o.desk = f.desk and o.client_id = f.client_id
          left join steps on steps.symbol = f.symbol and steps.incarnation = f.incarnation
        where f.desk = $1 and ${ofAccountInUse('f.incarnation')} and f.market >= $2 and f.market < $3
     ) select count(*) as fills, coalesce(sum(fee), 0) as fees, coalesce(sum(abs(got)), 0) as turnover,
       coalesce(sum(case when side = 'sell' then asked - got else got - asked end)
         filter (where stopped), 0) as "stopSlippage",
       count(*) filter (where stopped) as "stopFills"
      from filled`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  const [row] = found.rows;
  return {
    fills: Number(row?.fills ?? 0),
    fees: Number(row?.fees ?? 0),
    turnover: Number(row?.turnover ?? 0),
    stopSlippage: Number(row?.stopSlippage ?? 0),
    stopFills: Number(row?.stopFills ?? 0),
  };
}

/** Cost (negative) or income of holding contracts, by kind. */
export async function readHoldingCosts(
  pool: Queries,
  span: Span,
): Promise<readonly { readonly kind: string; readonly amount: number }[]> {
  const found = await pool.query<{ kind: string; amount: string }>(
    `select kind, sum(amount) as amount from cash_records
      where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3 and kind in ('funding', 'swap')
      group by kind order by kind`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map(({ kind, amount }) => ({ kind, amount: Number(amount) }));
}

export interface Counted {
  readonly what: string;
  readonly count: number;
}

/** Halts by cause, most frequent first. */
export async function countHalts(pool: Queries, span: Span): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select cause as what, count(*) as count from halts
      where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3
      group by cause order by count(*) desc, cause`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}

/** Orders that the gate denied, by limit. */
export async function countDenials(pool: Queries, span: Span): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select split_part(reason, ':', 1) as what, count(*) as count from orders
      where desk = $1 and ${ofAccountInUse('substr(client_id, 2, 6)')} and created_market >= $2 and created_market < $3 and state = 'denied'
      group by 1 order by count(*) desc, 1`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}

/** Routine runs that failed or were missed, counted by name; the span applies to their due times. */
export async function countBadRuns(pool: Queries, span: Span): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select what, count(*) as count from (
       select routine || ' failed' as what from routine_run
        where desk = $1 and nominal >= $2 and nominal < $3 and verdict = 'fail'
       union all
       select routine || ' missed' from run_missed where desk = $1 and nominal >= $2 and nominal < $3) as bad
      group by what order by count(*) desc, what`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}

export interface TradesOf {
  readonly strategy: string;
  readonly why: ExitReason;
  readonly count: number;
  /** Sum of R, and the number of trades in it: the risk of other trades is unknown. */
  readonly r: number;
  readonly rated: number;
  /** Of winning and of losing trades (a loss is positive). */
  readonly wonR: number;
  readonly wonRated: number;
  readonly lostR: number;
  readonly lostRated: number;
}

/** Closed trades from the ledger: how many, their results relative to the risk, and why they ended. */
export async function readTrades(pool: Queries, span: Span): Promise<readonly TradesOf[]> {
  const found = await pool.query<TradesOf>(
    `select strategy, why, count(*)::int as count, coalesce(sum(r), 0) as r, count(r)::int as rated,
       coalesce(sum(r) filter (where r > 0), 0) as "wonR", (count(*) filter (where r > 0))::int as "wonRated",
       coalesce(-sum(r) filter (where r < 0), 0) as "lostR", (count(*) filter (where r < 0))::int as "lostRated"
      from trades
      where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3
      group by strategy, why order by strategy, count(*) desc, why`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows;
}

export interface ListedTrade {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  /** Decimal text, like all amounts here. A price is null if no fill bought, or sold, anything. */
  readonly quantity: string;
  readonly entryPrice: string | null;
  readonly exitPrice: string | null;
  /** After fees. */
  readonly result: string;
  readonly r: number | null;
  readonly why: ExitReason;
}

/** Closed trades one by one, newest first. */
export async function listTrades(pool: Queries, span: Span, limit: number): Promise<readonly ListedTrade[]> {
  const found = await pool.query<ListedTrade>(
    `select symbol, side, quantity::text, entry_price::text as "entryPrice", exit_price::text as "exitPrice",
       result::text, r, why from trades
      where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3
      order by market desc, sequence desc limit $4`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs), limit],
  );
  return found.rows;
}

/** For as long as the desk has existed, whatever account it used: a count that never falls. */
export async function countClosedTrades(pool: Queries, desk: string): Promise<number> {
  const found = await pool.query<{ count: number }>(
    'select count(*)::int as count from trades where desk = $1',
    [desk],
  );
  return found.rows[0]?.count ?? 0;
}

/** Market time at which the trade of this number was closed, counted from 1. Throws if there is none. */
export async function tradeClosedMs(pool: Queries, desk: string, number: number): Promise<number> {
  const found = await pool.query<{ market: Date }>(
    'select market from trades where desk = $1 order by wall, sequence offset $2 limit 1',
    [desk, number - 1],
  );
  const closed = found.rows[0];
  if (closed === undefined) throw new Error(`the ledger has no trade ${number} of ${desk}`);
  return closed.market.getTime();
}

interface OrderFigures {
  /** Orders that left for the venue, not denied by the gate. */
  readonly sent: number;
  readonly rejected: number;
  /** Entries among these that have ended, and how many of them were filled at least in part. */
  readonly ended: number;
  readonly filled: number;
  /** Market orders that were filled, and the milliseconds within which 95 % of them had their first fill. */
  readonly timed: number;
  readonly fillMs: number | null;
}

export async function readOrderFigures(pool: Queries, span: Span): Promise<OrderFigures> {
  const found = await pool.query<OrderFigures>(
    `with sent as (
       select o.state, o.purpose = 'entry' and o.state = any($4) as ended, min(f.wall) as filled,
          case when o.type = 'market' then extract(epoch from min(f.wall) - o.created) * 1000 end as ms
        from orders o left join fills f on f.desk = o.desk and f.client_id = o.client_id
        where o.desk = $1 and ${ofAccountInUse('substr(o.client_id, 2, 6)')} and o.created_market >= $2
          and o.created_market < $3 and o.state <> 'denied'
        group by o.client_id, o.state, o.purpose, o.type, o.created
     ) select count(*)::int as sent, (count(*) filter (where state = 'rejected'))::int as rejected,
       (count(*) filter (where ended))::int as ended, (count(filled) filter (where ended))::int as filled,
       count(ms)::int as timed, (percentile_cont(0.95) within group (order by ms))::float8 as "fillMs" from sent`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs), [...FINAL_ORDER_STATES]],
  );
  return found.rows[0] as OrderFigures;
}

/** Orders by purpose and outcome, most frequent first. */
export async function countOrders(pool: Queries, span: Span): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select purpose || ' ' || state as what, count(*) as count from orders
      where desk = $1 and ${ofAccountInUse('substr(client_id, 2, 6)')} and created_market >= $2 and created_market < $3
      group by 1 order by count(*) desc, 1`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}

/**
 * A desk's instruments, from its journals, as common table expressions; `$1` is the desk. `configured` has
 * each configuration (a restored journal has those of the journal that it continues, named by `written_as`),
 * `steps` the instruments of each journal as last configured. Price times quantity times multiplier is money,
 * except for inverse contracts (`worthAt`).
 */
export const JOURNAL_INSTRUMENTS = `
  configured as materialized (
    select incarnation, sequence, coalesce(record ->> 'incarnation', incarnation) as written_as, record -> 'instruments' as instruments
    from journal_entry where desk = $1 and type = 'config' and ${ofAccountInUse()}
  ), steps as (
    select distinct on (1, 2) incarnation, each ->> 'symbol' as symbol, (each ->> 'lotSize')::numeric as lot,
      coalesce((each ->> 'multiplier')::numeric, 1) as multiplier, each ->> 'kind' = 'inverse' as inverse
    from configured, jsonb_array_elements(instruments) each order by 1, 2, sequence desc
  )`;
