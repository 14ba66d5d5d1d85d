/** How far a time zone is ahead of UTC, from the system's own time zone data. */
import { type DeskCalendar, tradingDate, type ZoneOffset } from '../domain/trading-day.js';

/** Clocks change on quarter hours. */
const QUARTER_HOUR_MS = 15 * 60_000;

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
  let known = { quarter: Number.NaN, offsetMs: 0 };
  return (utcMs) => {
    const quarter = Math.floor(utcMs / QUARTER_HOUR_MS);
    if (quarter !== known.quarter) known = { quarter, offsetMs: offsetOf(format, quarter * QUARTER_HOUR_MS) };
    return known.offsetMs;
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
