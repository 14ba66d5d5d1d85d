import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import {
  type BarCoverage,
  type BarGap,
  findBarGaps,
  gapsWhileOpen,
  newestSource,
  readCoverage,
} from '../store/bars.js';
import { openTimes } from '../trader/engine-config.js';
import { readStatus } from '../trader/read-status.js';
import type { OperationContext } from './operation.js';

const GAPS_TOLD = 200;

export interface DataGaps {
  /** Identity of the price source; null if no candle in the span names one. */
  readonly source: string | null;
  /** Market milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly coverage: readonly BarCoverage[];
  /** While the market was open; newest first, at most 200. */
  readonly gaps: readonly BarGap[];
  /** Instruments of the desk without any candle in the span, although their market was open. */
  readonly without: readonly string[];
}

/**
 * The missing one-minute candles of the last `hours` of market time while each market was open, for the prices in
 * use; if the trader doesn't name those, for the newest source. Rejects while Postgres is down.
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
  const [coverage, found] = await Promise.all([readCoverage(pool, range), findBarGaps(pool, range)]);
  const openMs = openTimes(desk);
  const gaps = gapsWhileOpen(found, openMs).slice(0, GAPS_TOLD);
  const covered = new Set(coverage.map(({ symbol }) => symbol));
  const without = desk.instruments
    .map(({ symbol }) => symbol)
    .filter((symbol) => !covered.has(symbol) && openMs(symbol, range.fromMs, toMs) >= MINUTE_MS);
  return { source, fromMs: range.fromMs, toMs, coverage, gaps, without };
}
