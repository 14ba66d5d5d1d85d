import { DateTime } from 'luxon';
import type { Desk } from '../desk/schema.js';
import { type DayNumber, dateText, dayOfText } from '../domain/civil-date.js';
import {
  nextTradingDay,
  sessionOn,
  type TradingHours,
  tradingHours,
} from '../domain/sessions/trading-hours.js';
import { datesOf } from '../domain/zone-offset.js';

/** A date on which one of the desk's markets trades. It is a date of these zones, whatever it is at the desk then. */
export interface SessionDay {
  readonly day: DayNumber;
  readonly zones: readonly [string, ...string[]];
}

/** The next date on which one of the desk's markets opens; null if there is none for two weeks. */
export function nextSessionDay({ instruments, timezone }: Desk, marketMs: number): SessionDay | null {
  let next: SessionDay | null = null;
  for (const { sessions } of instruments) {
    const hours = tradingHours(sessions);
    // A session has the market's date, whenever the desk's day began. One that never closes has no date of its own.
    const zone = hours.week === null ? timezone : hours.zone;
    const day = nextDayOf(hours, zone, marketMs);
    if (day === null || (next !== null && day > next.day)) continue;
    if (next === null || day < next.day) next = { day, zones: [zone] };
    else if (!next.zones.includes(zone)) next = { day, zones: [...next.zones, zone] };
  }
  return next;
}

/** Today by the market's date if its session has not opened yet, otherwise the date after it on which it trades. */
function nextDayOf(hours: TradingHours, zone: string, marketMs: number): DayNumber | null {
  const today = dayOfText(dateIn(zone, marketMs));
  if (today === null) return null;
  const session = sessionOn(hours, today);
  if (session === null) return nextTradingDay(hours, today);
  const opensOn = dateText(session.onTheEve ? today - 1 : today);
  const opens = DateTime.fromISO(`${opensOn}T${session.opens}`, { zone });
  return opens.toMillis() > marketMs ? today : nextTradingDay(hours, today);
}

export const dateIn = (zone: string, ms: number): string =>
  datesOf({ timezone: zone, dayBoundary: '00:00' })(ms);

/** By the desk's clock; with the date where that is another one than the market's. */
export const clockOn = (date: string, at: DateTime): string =>
  at.toFormat(at.toFormat('yyyy-MM-dd') === date ? 'HH:mm' : 'yyyy-MM-dd HH:mm');
