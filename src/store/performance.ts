/** What the ledger says of a span of market time: equity, and what was closed, at what cost. */
import { ofAccountInUse } from './account-in-use.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export interface Span {
  readonly desk: string;
  /** Market milliseconds: [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface EquityPoint {
  readonly marketMs: number;
  readonly equity: number;
}

/** The last equity of each step, oldest first; a step without one is left out. `stepMs`: an hour, or a day. */
export async function readEquitySteps(
  pool: Queries,
  span: Span,
  stepMs: number,
): Promise<readonly EquityPoint[]> {
  const found = await pool.query<{ market: Date; equity: string }>(
    `select distinct on (floor(extract(epoch from market) * 1000 / $4)) market, equity from equity
      where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3
      order by floor(extract(epoch from market) * 1000 / $4), market desc`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs), stepMs],
  );
  return found.rows.map(({ market, equity }) => ({ marketMs: market.getTime(), equity: Number(equity) }));
}

/** Everything that one order closed of a position. */
export interface Closing {
  readonly strategy: string;
  readonly symbol: string;
  /** Gross result less the fees of the closing fills; the fee of the entry is in `fees` of the entry. */
  readonly net: number;
}

export async function readClosings(pool: Queries, span: Span): Promise<readonly Closing[]> {
  const found = await pool.query<{ strategy: string; symbol: string; net: string }>(
    `select strategy, symbol, sum(realised - fee) as net from fills
      where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3 and purpose <> 'entry'
      group by strategy, symbol, client_id order by min(market)`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map((row) => ({ ...row, net: Number(row.net) }));
}

export interface Costs {
  readonly fills: number;
  readonly fees: number;
  readonly turnover: number;
  /** Of stop orders: what the fill was worse than the stop's price, in money. Negative: better. */
  readonly stopSlippage: number;
  readonly stopFills: number;
}

export async function readCosts(pool: Queries, span: Span): Promise<Costs> {
  const found = await pool.query<Record<keyof Costs, string>>(
    `select count(*) as fills, coalesce(sum(f.fee), 0) as fees, coalesce(sum(f.price * f.quantity), 0) as turnover,
       coalesce(sum(case when o.type = 'stop'
         then (case when f.side = 'sell' then o.price - f.price else f.price - o.price end) * f.quantity end), 0)
         as "stopSlippage",
       count(*) filter (where o.type = 'stop') as "stopFills"
      from fills f left join orders o on o.desk = f.desk and o.client_id = f.client_id
      where f.desk = $1 and ${ofAccountInUse('f.incarnation')} and f.market >= $2 and f.market < $3`,
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

/** Orders that the risk gate denied, by limit: each was a limit that was reached, and held. */
export async function countDenials(pool: Queries, span: Span): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select split_part(reason, ':', 1) as what, count(*) as count from orders
      where desk = $1 and ${ofAccountInUse('substr(client_id, 2, 6)')} and created_market >= $2 and created_market < $3 and state = 'denied'
      group by 1 order by count(*) desc, 1`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}

/** Runs of routines that failed or were missed, by name. By the time that they were due. */
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
