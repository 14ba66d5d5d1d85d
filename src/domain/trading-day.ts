/** Where a trading day begins: the desk's boundary in the desk's time zone. */
import { DAY_MS, MINUTE_MS, minuteOfDay } from './civil-date.js';

/** Milliseconds that the desk's time zone is ahead of UTC at a moment; depends on the date where clocks change. */
export type ZoneOffset = (utcMs: number) => number;

/**
 * Start (UTC milliseconds) of the trading day that `marketMs` belongs to. `boundary` is `HH:MM` in the zone.
 * On the day of a clock change the boundary moves with the wall clock of the zone.
 */
export function tradingDayStart(marketMs: number, boundary: string, offsetAt: ZoneOffset): number {
  const boundaryMs = minuteOfDay(boundary) * MINUTE_MS;
  const local = marketMs + offsetAt(marketMs);
  const localStart = Math.floor((local - boundaryMs) / DAY_MS) * DAY_MS + boundaryMs;
  const start = utcOfLocal(localStart, offsetAt);
  return start <= marketMs ? start : utcOfLocal(localStart - DAY_MS, offsetAt);
}

/** UTC of what the clocks of a zone show, as milliseconds since 1970 of those clocks. */
export function utcOfLocal(localMs: number, offsetAt: ZoneOffset): number {
  const guess = localMs - offsetAt(localMs);
  return localMs - offsetAt(guess);
}

export interface TradingDays {
  /** First millisecond of the trading day that `marketMs` lies in. */
  startOfDay(marketMs: number): number;
  /** First millisecond of the trading day after it. */
  endOfDay(marketMs: number): number;
}
