import { HOUR_MS } from '../domain/civil-date.js';
import { type BarCoverage, type BarGap, findBarGaps, newestSource, readCoverage } from '../store/bars.js';
import { readStatus } from '../trader/read-status.js';
import type { OperationContext } from './operation.js';

export interface DataGaps {
  /** Identity of the price source; null if no candle in the span names one. */
  readonly source: string | null;
  /** Market milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly coverage: readonly BarCoverage[];
  /** Newest first, at most 200. */
  readonly gaps: readonly BarGap[];
  /** Instruments of the desk without any candle in the span. */
  readonly without: readonly string[];
}

/**
 * The missing one-minute candles of the last `hours` of market time, for the prices in use; if the trader doesn't name
 * those, for the newest source. Rejects while Postgres is down.
 */
export async function findDataGaps(
  context: OperationContext,
  { hours }: { readonly hours: number },
): Promise<DataGaps> {
  const { desk, pool, nowMs } = context;
  const status = await readStatus(context).catch(() => null);
  const toMs = status?.marketData.marketMs ?? nowMs();
  const span = { desk: desk.desk, fromMs: toMs - hours * HOUR_MS, toMs };
  const source = status?.marketData.identity || (await newestSource(pool, span));
  const range = { ...span, source: source ?? '' };
  const [coverage, gaps] = await Promise.all([readCoverage(pool, range), findBarGaps(pool, range)]);
  const covered = new Set(coverage.map(({ symbol }) => symbol));
  const without = desk.instruments.map(({ symbol }) => symbol).filter((symbol) => !covered.has(symbol));
  return { source, fromMs: range.fromMs, toMs, coverage, gaps, without };
}
