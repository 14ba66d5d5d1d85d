/** How far a time zone is ahead of UTC, from the system's time zone data. */
import { DAY_MS } from './civil-date.js';
import {
  type DeskCalendar,
  type TradingDays,
  tradingDate,
  tradingDayStart,
  type ZoneOffset,
} from './trading-day.js';

/** Clocks change at quarter hours. */
const QUARTER_HOUR_MS = 15 * 60_000;
/** Bounds the cache, which holds days, and quarter hours at the ends of days and on days with a clock change. */
const KNOWN_MAX = 4_096;

/** Throws RangeError for a zone that does not exist. */
export function zoneOffset(timezone: string): ZoneOffset {
  if (timezone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const days = new Map<number, number | null>();
  const quarters = new Map<number, number>();
  const offsetAt = (ms: number): number => kept(quarters, ms, () => offsetOf(format, ms));
  let last = { fromMs: Number.NaN, untilMs: Number.NaN, offsetMs: 0 };
  return (utcMs) => {
    if (utcMs >= last.fromMs && utcMs < last.untilMs) return last.offsetMs;
    const day = Math.floor(utcMs / DAY_MS);
    // If the offset is the same at both ends of a day, the clocks didn't change in it: no zone changes them
    // twice a day.
    const ofDay = kept(days, day, () => {
      const atFirst = offsetAt(day * DAY_MS);
      return atFirst === offsetAt((day + 1) * DAY_MS) ? atFirst : null;
    });
    if (ofDay !== null) last = { fromMs: day * DAY_MS, untilMs: (day + 1) * DAY_MS, offsetMs: ofDay };
    else {
      const fromMs = Math.floor(utcMs / QUARTER_HOUR_MS) * QUARTER_HOUR_MS;
      last = { fromMs, untilMs: fromMs + QUARTER_HOUR_MS, offsetMs: offsetAt(fromMs) };
    }
    return last.offsetMs;
  };
}

function kept<T>(known: Map<number, T>, key: number, find: () => T): T {
  const held = known.get(key);
  if (held !== undefined) return held;
  if (known.size >= KNOWN_MAX) known.clear();
  const found = find();
  known.set(key, found);
  return found;
}

/** The date of the desk's day that contains a moment: `2026-01-05`. */
export type DateOf = (ms: number) => string;

export function datesOf({ timezone, dayBoundary }: DeskCalendar): DateOf {
  const offsetAt = zoneOffset(timezone);
  return (ms) => tradingDate(ms, dayBoundary, offsetAt);
}

/** A day has 23 to 25 hours when the clocks change, so this always lies within the next day. */
const INTO_NEXT_DAY_MS = 26 * 3_600_000;

/** Where the desk's days begin and end. */
export function tradingDaysOf({ timezone, dayBoundary }: DeskCalendar): TradingDays {
  const offsetAt = zoneOffset(timezone);
  return {
    startOfDay: (marketMs) => tradingDayStart(marketMs, dayBoundary, offsetAt),
    endOfDay: (marketMs) => {
      const start = tradingDayStart(marketMs, dayBoundary, offsetAt);
      return tradingDayStart(start + INTO_NEXT_DAY_MS, dayBoundary, offsetAt);
    },
  };
}

function offsetOf(format: Intl.DateTimeFormat, utcMs: number): number {
  const parts = new Map(format.formatToParts(utcMs).map((part) => [part.type, Number(part.value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute')) - utcMs;
}
