/** Results as a chat asks for them: the same sums as the page and `GET /api/results` have. */

import { DAY_MS } from '../../domain/civil-date.js';
import { readStatus } from '../../trader/read-status.js';
import type { OperationContext } from '../operation.js';
import { type Periods, periodsOf } from './periods.js';
import { readAnalytics } from './read-analytics.js';
import { readResults } from './read-results.js';
import type { FoundResults, Period } from './results.js';

export interface ResultsRequest {
  readonly by: Period;
  /** Of market time, before now; 0: only the period that runs. */
  readonly days: number;
  /** How many round trips are listed at most. */
  readonly listMax: number;
  /** Reads the curve of equity too. */
  readonly drawdown?: boolean;
}

export interface ResultsShown extends FoundResults {
  /** Null while the trader does not answer. */
  readonly currency: string | null;
  /** The trader did not answer, and now is this machine's time: that of a simulated or recorded market is another. */
  readonly machineTime: boolean;
  /** Those that were asked for, also where nothing was closed in them. */
  readonly begins: Periods['begins'];
  /** Percent; null where it was not asked for, or where there is no equity yet. */
  readonly maxDrawdownPct: number | null;
}

/** Rejects while Postgres is down. Without a trader the time is this machine's. */
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
