import type { Desk } from '../desk/schema.js';
import { type DayNumber, dayOfText } from '../domain/civil-date.js';
import { tradingHours } from '../domain/sessions/calendars.js';
import { nextTradingDay } from '../domain/sessions/trading-dates.js';
import { datesOf } from '../trader/zone-offset.js';

/** The next date on which one of the desk's markets trades; null if there is none for two weeks. */
export function nextSessionDay({ instruments, timezone }: Desk, marketMs: number): DayNumber | null {
  const days = instruments.flatMap(({ sessions }) => {
    const hours = tradingHours(sessions);
    // A session has the market's date, whenever the desk's day began. One that never closes has no date of its own.
    const today = dateIn(hours.week === null ? timezone : hours.zone, marketMs);
    return (today === null ? null : nextTradingDay(hours, today)) ?? [];
  });
  return days.length === 0 ? null : Math.min(...days);
}

const dateIn = (timezone: string, ms: number): DayNumber | null =>
  dayOfText(datesOf({ timezone, dayBoundary: '00:00' })(ms));
