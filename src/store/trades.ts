/** What the ledger says of closed trades: how many, what they came to by what they risked, and why they ended. */
import type { ExitReason } from '../domain/exit-reason.js';
import { ofAccountInUse } from './account-in-use.js';
import type { Span } from './performance.js';
import type { Pool } from './pool.js';

export interface TradesOf {
  readonly strategy: string;
  readonly why: ExitReason;
  readonly count: number;
  /** Sum of R, and over how many: of the others nobody knows what they risked. */
  readonly r: number;
  readonly rated: number;
}

/** By strategy and reason. */
export async function readTrades(pool: Pick<Pool, 'query'>, span: Span): Promise<readonly TradesOf[]> {
  const found = await pool.query<TradesOf>(
    `select strategy, why, count(*)::int as count, coalesce(sum(r), 0) as r, count(r)::int as rated from trades
      where desk = $1 and ${ofAccountInUse()} and market >= $2 and market < $3
      group by strategy, why order by strategy, count(*) desc, why`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows;
}
