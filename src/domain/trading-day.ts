/** When a trading day begins: at the desk's boundary in the desk's time zone. */
import { DAY_MS, HOUR_MS, MINUTE_MS, minuteOfDay, type Weekday } from './civil-date.js';

/** How a desk counts its days: an IANA zone, and the local time (`HH:MM`) at which a day begins. */
export interface DeskCalendar {
  readonly timezone: string;
  readonly dayBoundary: string;
  /** The trading day with which a week begins. Left out: Monday's. */
  readonly weekStart?: Weekday | undefined;
}

/** Of a desk file, without the rest of it. */
export const calendarIn = ({ timezone, dayBoundary, weekStart }: DeskCalendar): DeskCalendar => ({
  timezone,
  dayBoundary,
  ...(weekStart === undefined ? {} : { weekStart }),
});

/** Milliseconds by which the time zone is ahead of UTC at a moment. Depends on the date if clocks change there. */
export type ZoneOffset = (utcMs: number) => number;

/**
 * Start (UTC milliseconds) of the trading day that `marketMs` belongs to. `boundary` is `HH:MM` in the zone.
 * On the day of a clock change the boundary moves with the wall clock of the zone; a day that has begun does not begin
 * again where clocks go back over its boundary.
 */
export function tradingDayStart(marketMs: number, boundary: string, offsetAt: ZoneOffset): number {
  const boundaryMs = minuteOfDay(boundary) * MINUTE_MS;
  const local = marketMs + offsetAt(marketMs);
  const localStart = Math.floor((local - boundaryMs) / DAY_MS) * DAY_MS + boundaryMs;
  const next = utcOfLocal(localStart + DAY_MS, offsetAt);
  if (next <= marketMs) return next;
  const start = utcOfLocal(localStart, offsetAt);
  return start <= marketMs ? start : utcOfLocal(localStart - DAY_MS, offsetAt);
}

/** The same for moments that are asked for one after the other: most are of the day of the one before. */
export function tradingDayStarts(boundary: string, offsetAt: ZoneOffset): (marketMs: number) => number {
  let startMs = Number.NaN;
  let [fromMs, untilMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return (marketMs) => {
    if (marketMs >= fromMs && marketMs <= untilMs) return startMs;
    startMs = tradingDayStart(marketMs, boundary, offsetAt);
    fromMs = marketMs;
    const laterMs = marketMs + HOUR_MS;
    untilMs = tradingDayStart(laterMs, boundary, offsetAt) === startMs ? laterMs : marketMs;
    return startMs;
  };
}

/** Date of the trading day that `ms` belongs to, in the zone: `2026-01-05`. */
export function tradingDate(ms: number, boundary: string, offsetAt: ZoneOffset): string {
  const startMs = tradingDayStart(ms, boundary, offsetAt);
  return new Date(startMs + offsetAt(startMs)).toISOString().slice(0, 10);
}

/**
 * UTC milliseconds of a local time, passed as milliseconds since 1970 on the zone's clocks. A time that the clocks skip
 * is that much later: 02:30 is 03:30.
 */
export function utcOfLocal(localMs: number, offsetAt: ZoneOffset): number {
  const guess = localMs - offsetAt(localMs);
  const found = localMs - offsetAt(guess);
  return found + offsetAt(found) === localMs ? found : Math.max(guess, found);
}

export interface TradingDays {
  /** First millisecond of the trading day that `marketMs` lies in. */
  startOfDay(marketMs: number): number;
  /** First millisecond of the trading day after it. */
  endOfDay(marketMs: number): number;
}
