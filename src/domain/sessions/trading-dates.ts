/** The next day on which a market trades, and its hours. */
import { type DayNumber, timeOfDay, weekdayOf } from '../civil-date.js';
import type { TradingHours } from './trading-hours.js';

/** More than Christmas, New Year and a weekend together. */
const DAYS_AHEAD = 14;
const DAY_MINUTES = 1_440;

interface SessionHours {
  /** In the market's zone; `18:00` of the day before if the session begins before midnight. */
  readonly opens: string;
  readonly onTheEve: boolean;
  readonly closes: string;
  /** Minutes since midnight. */
  readonly closeMinute: number;
  /** The close is earlier than on other days. */
  readonly early: boolean;
}

/** Null: closed on that date. The periods of a date are one session, from the first opening to the last close. */
export function sessionOn(hours: TradingHours, day: DayNumber): SessionHours | null {
  const periods = hours.week === null ? [{ open: 0, close: DAY_MINUTES }] : hours.week[weekdayOf(day)];
  const exception = hours.exception(day);
  const [first] = periods ?? [];
  const last = periods?.at(-1);
  if (exception === 'closed' || first === undefined || last === undefined) return null;
  const closeMinute = Math.min(last.close, exception ?? last.close);
  return {
    opens: timeOfDay((first.open + DAY_MINUTES) % DAY_MINUTES),
    onTheEve: first.open < 0,
    closes: timeOfDay(closeMinute),
    closeMinute,
    early: closeMinute < last.close,
  };
}

/** The first date after `after` on which this market trades. Null: none within two weeks. */
export function nextTradingDay(hours: TradingHours, after: DayNumber): DayNumber | null {
  for (let day = after + 1; day <= after + DAYS_AHEAD; day += 1)
    if (sessionOn(hours, day) !== null) return day;
  return null;
}
