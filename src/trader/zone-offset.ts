/** How far a time zone is ahead of UTC, from the system's own time zone data. */
import { type DeskCalendar, tradingDate, type ZoneOffset } from '../domain/trading-day.js';

/** Clocks change on quarter hours. */
const QUARTER_HOUR_MS = 15 * 60_000;
/** Six weeks of them. */
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
  const known = new Map<number, number>();
  let last = { quarter: Number.NaN, offsetMs: 0 };
  return (utcMs) => {
    const quarter = Math.floor(utcMs / QUARTER_HOUR_MS);
    if (quarter === last.quarter) return last.offsetMs;
    // Whoever asks of now asks of the session's ends, too, at each bar.
    let offsetMs = known.get(quarter);
    if (offsetMs === undefined) {
      if (known.size >= KNOWN_MAX) known.clear();
      offsetMs = offsetOf(format, quarter * QUARTER_HOUR_MS);
      known.set(quarter, offsetMs);
    }
    last = { quarter, offsetMs };
    return offsetMs;
  };
}

/** Date of the desk's day that a moment lies in: `2026-01-05`. */
export type DateOf = (ms: number) => string;

export function datesOf({ timezone, dayBoundary }: DeskCalendar): DateOf {
  const offsetAt = zoneOffset(timezone);
  return (ms) => tradingDate(ms, dayBoundary, offsetAt);
}

function offsetOf(format: Intl.DateTimeFormat, utcMs: number): number {
  const parts = new Map(format.formatToParts(utcMs).map((part) => [part.type, Number(part.value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute')) - utcMs;
}
