/** How far the ledger has read, the positions that it has computed from fills by then, and whose records count. */
import type { LiveFills } from '../contracts/go-live.js';
import type { HaltCause } from '../domain/mode.js';
import { POST_ONLY_REFUSED } from '../domain/order.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** The last entry of a journal in the ledger; 0: none. */
export async function readLedgerSequence(pool: Queries, desk: string, incarnation: string): Promise<number> {
  const found = await pool.query<{ sequence: number }>(
    'select sequence::float8 as sequence from ledger_cursor where desk = $1 and incarnation = $2',
    [desk, incarnation],
  );
  return found.rows[0]?.sequence ?? 0;
}

/** Signed quantity by symbol as decimal text, for one journal; closed positions are left out. */
export async function readPositions(
  pool: Queries,
  desk: string,
  incarnation: string,
): Promise<ReadonlyMap<string, string>> {
  const found = await pool.query<{ symbol: string; quantity: string }>(
    `select symbol, quantity::text as quantity from positions
      where desk = $1 and incarnation = $2 and quantity <> 0 order by symbol`,
    [desk, incarnation],
  );
  return new Map(found.rows.map(({ symbol, quantity }) => [symbol, quantity]));
}

interface PastHalt {
  readonly cause: HaltCause;
  readonly reason: string;
  readonly wallMs: number;
}

const READ_MAX = 50;

/**
 * When and why the desk was halted, from the ledger: by wall time, for the account in use. Newest first, at most 50.
 */
export async function readHalts(
  pool: Queries,
  desk: string,
  { causes, sinceMs }: { readonly causes: readonly HaltCause[]; readonly sinceMs: number },
): Promise<readonly PastHalt[]> {
  const found = await pool.query<PastHalt>(
    `select cause, reason, (extract(epoch from wall) * 1000)::float8 as "wallMs" from halts
      where desk = $1 and cause = any($2) and wall >= $3 and ${ofAccountInUse()}
      order by wall desc limit ${READ_MAX}`,
    [desk, causes, new Date(sinceMs)],
  );
  return found.rows;
}

/** Starts of the trader that were not preceded by an orderly end. The very first start doesn't count. */
export async function readStartsWithoutEnd(
  pool: Queries,
  desk: string,
  sinceMs: number,
): Promise<readonly number[]> {
  const found = await pool.query<{ wallMs: number }>(
    `with turns as (
       select cause, wall, lag(cause) over (order by wall, cause desc) as before from halts
        where desk = $1 and cause in ('startup', 'shutdown') and ${ofAccountInUse()}
     ) select (extract(epoch from wall) * 1000)::float8 as "wallMs" from turns
      where cause = 'startup' and before = 'startup' and wall >= $2 order by wall limit ${READ_MAX}`,
    [desk, new Date(sinceMs)],
  );
  return found.rows.map(({ wallMs }) => wallMs);
}

const PROBLEMS_MAX = 10;

/** Results of real orders, from the ledger. */
export async function readLiveFills(
  pool: Pick<Pool, 'query'>,
  desk: string,
  sinceMs: number,
): Promise<LiveFills> {
  const since = new Date(sinceMs);
  const figures = await pool.query<{ fills: string; trades: string; wins: string; profit: string }>(
    `select count(*) as fills, count(*) filter (where realised <> 0) as trades,
            count(*) filter (where realised > fee) as wins, coalesce(sum(realised - fee), 0)::text as profit
       from fills where desk = $1 and wall >= $2`,
    [desk, since],
  );
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
  const row = figures.rows[0];
  return {
    fills: Number(row?.fills ?? 0),
    trades: Number(row?.trades ?? 0),
    wins: Number(row?.wins ?? 0),
    netProfit: row?.profit ?? '0',
    problems: wrong.rows.map(({ symbol, trade_id, why }) => `${symbol} fill ${trade_id}: ${why}`),
  };
}

export interface RejectedOrder {
  readonly clientId: string;
  /** For example "sell 2 NQ/USD (entry)". */
  readonly what: string;
  /** The venue's own reason; empty if it gave none. */
  readonly reason: string;
}

/**
 * Orders of the desk that the venue rejected since `sinceMs` (wall clock), oldest first; the newest 50. Post-only
 * entries that it refused because they would have been filled at once are left out.
 */
export async function readRejectedOrders(
  pool: Pick<Pool, 'query'>,
  desk: string,
  sinceMs: number,
): Promise<readonly RejectedOrder[]> {
  const { rows } = await pool.query<RejectedOrder>(
    `select client_id as "clientId", reason,
            side || ' ' || trim_scale(quantity)::text || ' ' || symbol || ' (' || purpose || ')' as what
       from orders
      where desk = $1 and state = 'rejected' and updated >= $2 and not starts_with(reason, $3) and ${ofAccountInUse('substr(client_id, 2, 6)')}
      order by updated desc, client_id limit ${READ_MAX}`,
    [desk, new Date(sinceMs), POST_ONLY_REFUSED],
  );
  return rows.toReversed();
}

/**
 * Figures come from the account in use. Records of other accounts, traded on other prices, stay but do not count. An SQL
 * condition on a column with a journal's incarnation; `$1` is the desk.
 */
export function ofAccountInUse(incarnation = 'incarnation'): string {
  return `${incarnation} not in (select incarnation from resting_journal where desk = $1)`;
}
