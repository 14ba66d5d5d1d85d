/** Results as a chat asks for them: the same sums as on the page and from `GET /api/results`. */

import { DAY_MS } from '../../domain/civil-date.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';
import { type Periods, periodsOf } from './periods.js';
import { readAnalytics } from './read-analytics.js';
import { readResults } from './read-results.js';
import type { FoundResults, Period } from './results.js';

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
  /** The requested periods, including those in which nothing was closed. */
  readonly begins: Periods['begins'];
  /** Percent; null if not requested, or if there is no equity yet. */
  readonly maxDrawdownPct: number | null;
}

/** Rejects while Postgres is down. Without a trader, the time is this machine's. */
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
    drawdown ? readAnalytics(pool, desk.desk, periods.fromMs) : null,
  ]);
  return {
    ...found,
    currency: status?.currency ?? null,
    machineTime: status === null,
    begins: periods.begins,
    maxDrawdownPct: analytics?.maxDrawdownPct ?? null,
  };
}
