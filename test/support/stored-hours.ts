/** Minutes as `fermata data fetch` stores them, without a venue. */
import type { Desk } from '../../src/desk/schema.js';
import { homePaths } from '../../src/home/runtime.js';
import { minutesSource } from '../../src/market/fetched/fetched-files.js';
import { type Span, writeMinutes } from '../../src/market/fetched/minutes-file.js';

const MINUTE_MS = 60_000;

/** Of the exchange that the desk trades on, a file for each symbol and month: its prices are not looked at. */
export function storeHours(home: string, desk: Desk, key: string) {
  const { from } = minutesSource(desk, undefined);
  return async (
    symbol: string,
    month: string,
    fromMs: number,
    untilMs: number,
    missing: readonly Span[] = [],
  ): Promise<void> => {
    const about = { ...from, symbol, month, fromMs, untilMs, missing, fetchedAtMs: untilMs };
    const rows = Array.from({ length: (untilMs - fromMs) / MINUTE_MS }, (_, at) => fromMs + at * MINUTE_MS)
      .filter((openMs) => !missing.some((gap) => openMs >= gap.fromMs && openMs < gap.untilMs))
      .map((openMs) => `${openMs},1.00,2.00,1.00,1.50,3`);
    await writeMinutes(homePaths(home).data, about, rows, key);
  };
}
