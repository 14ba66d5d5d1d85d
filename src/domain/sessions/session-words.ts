/** Trading hours in words: `market closed, opens Mon 18:00 New York`. */
import { DAY_MS, dateText, MINUTE_MS, timeOfDay, weekdayOf } from '../civil-date.js';
import type { SessionCalendar } from './session-calendar.js';

/** More than six days ahead, the weekday alone would be ambiguous. */
const WEEKDAY_SAYS_MS = 6 * DAY_MS;

export function closedWords(calendar: SessionCalendar, nowMs: number): string {
  const { untilMs } = calendar.phaseAt(nowMs);
  if (untilMs === Number.POSITIVE_INFINITY) return 'market closed, no session is ahead';
  return `market closed, opens ${momentWords(calendar, untilMs, nowMs)}`;
}

/** For the last minutes of a session, when the desk enters nothing. */
export function beforeCloseWords(calendar: SessionCalendar, nowMs: number, beforeMs: number): string {
  const { untilMs } = calendar.phaseAt(nowMs);
  const minutes = Math.round(beforeMs / MINUTE_MS);
  return `nothing is entered in the last ${minutes} min of a session: the market closes ${momentWords(calendar, untilMs, nowMs)}`;
}

/** `Mon 18:00 New York`, with the date if that is more than six days away. */
export function momentWords(calendar: SessionCalendar, utcMs: number, nowMs: number): string {
  const local = calendar.localMs(utcMs);
  const day = Math.floor(local / DAY_MS);
  const minute = Math.floor((local - day * DAY_MS) / MINUTE_MS);
  const weekday = weekdayOf(day);
  const date = utcMs - nowMs > WEEKDAY_SAYS_MS ? ` ${dateText(day)}` : '';
  return `${weekday[0]?.toUpperCase()}${weekday.slice(1)}${date} ${timeOfDay(minute)} ${placeOf(calendar.hours.zone)}`;
}

const placeOf = (zone: string): string => (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
