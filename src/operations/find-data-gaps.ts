import { type BarCoverage, type BarGap, findBarGaps, readCoverage } from '../store/bars.js';
import type { OperationContext } from './operation.js';
import { readStatus } from './read-status.js';

export interface DataGaps {
  /** Market milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly coverage: readonly BarCoverage[];
  /** Newest first, at most 200. */
  readonly gaps: readonly BarGap[];
  /** Instruments of the desk without any candle in the span. */
  readonly without: readonly string[];
}

const HOUR_MS = 3_600_000;

/** Which one-minute candles are missing in the last `hours` of market time. Rejects while Postgres is down. */
export async function findDataGaps(
  context: OperationContext,
  { hours }: { readonly hours: number },
): Promise<DataGaps> {
  const { desk, pool, nowMs } = context;
  const status = await readStatus(context).catch(() => null);
  const toMs = status?.marketData.marketMs ?? nowMs();
  const range = { desk: desk.desk, fromMs: toMs - hours * HOUR_MS, toMs };
  const [coverage, gaps] = await Promise.all([readCoverage(pool, range), findBarGaps(pool, range)]);
  const covered = new Set(coverage.map(({ symbol }) => symbol));
  const without = desk.instruments.map(({ symbol }) => symbol).filter((symbol) => !covered.has(symbol));
  return { fromMs: range.fromMs, toMs, coverage, gaps, without };
}
