import type { StrategyLoss } from '../../contracts/incident-activities.js';
import { ofAccountInUse } from '../../store/account-in-use.js';
import type { Pool } from '../../store/pool.js';

const NAMED_MAX = 50;

/** Worst first. `sinceMarketMs` null: the last 24 hours that were traded. */
export async function lossesByStrategy(
  pool: Pick<Pool, 'query'>,
  desk: string,
  sinceMarketMs: number | null,
): Promise<readonly StrategyLoss[]> {
  const found = await pool.query<{ strategy: string; result: string; fills: string }>(
    `select coalesce(owner.strategy, fills.strategy) as strategy, sum(realised - fee) as result, count(*) as fills
       from fills
       left join lateral (
         select entry.strategy from fills as entry
          where entry.desk = fills.desk and entry.symbol = fills.symbol and entry.purpose = 'entry'
            and entry.market <= fills.market order by entry.market desc, entry.sequence desc limit 1) as owner on true
      where desk = $1 and ${ofAccountInUse()} and market >= coalesce($2::timestamptz,
        (select max(market) - interval '24 hours' from fills where desk = $1 and ${ofAccountInUse()}))
      group by 1 order by 2 limit $3`,
    [desk, sinceMarketMs === null ? null : new Date(sinceMarketMs), NAMED_MAX],
  );
  return found.rows.map(({ strategy, result, fills }) => ({
    strategy,
    result: Number(result),
    fills: Number(fills),
  }));
}

/** "BTC/USDT 0.5", sorted; open positions only. */
export async function ledgerPositions(pool: Pick<Pool, 'query'>, desk: string): Promise<readonly string[]> {
  const found = await pool.query<{ symbol: string; quantity: string }>(
    `select symbol, trim_scale(quantity)::text as quantity from positions
      where desk = $1 and quantity <> 0
        and incarnation = coalesce((select incarnation from current_journal where desk = $1), '')
      order by symbol limit $2`,
    [desk, NAMED_MAX],
  );
  return found.rows.map(({ symbol, quantity }) => `${symbol} ${quantity}`);
}
