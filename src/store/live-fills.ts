/** Results of real orders, from the ledger. */

import type { LiveFills } from '../contracts/go-live.js';
import type { Pool } from './pool.js';

const PROBLEMS_MAX = 10;

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
