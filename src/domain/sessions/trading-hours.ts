/**
 * When a market trades: weekly periods, with dates that are closed or end early, and the next day on which
 * it trades.
 */
import {
  type DayNumber,
  dayOfText,
  minuteOfDay,
  timeOfDay,
  WEEKDAYS,
  type Weekday,
  weekdayOf,
} from '../civil-date.js';

/**
 * Minutes since midnight of its date in the market's zone, from `open` (included) to `close` (excluded). Negative: on
 * the day before.
 */
export interface Period {
  readonly open: number;
  readonly close: number;
}

export interface TradingHours {
  /** IANA zone, for example America/New_York. */
  readonly zone: string;
  /** Periods belong to the date on which they close. Null: always open. */
  readonly week: Readonly<Partial<Record<Weekday, readonly Period[]>>> | null;
  /**
   * An exception to the weekly hours: closed on that date, or the minute of the day at which it closes early. Null:
   * none.
   */
  readonly exception: (day: DayNumber) => 'closed' | number | null;
}

/** `09:30-16:00`. A period whose start is not before its end begins on the day before, for example `18:00-17:00`. */
export const PERIOD = /^(([01]\d|2[0-3]):[0-5]\d)-(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** Parses text that matches `PERIOD`. */
export function periodOf(text: string): Period {
  const [from = '', to = ''] = text.split('-');
  const [open, close] = [minuteOfDay(from), minuteOfDay(to)];
  return { open: open < close ? open : open - 1440, close };
}

/** Hours in a desk file, in addition to a calendar or instead of one. */
export interface OwnHours {
  readonly zone?: string | undefined;
  readonly hours?: Readonly<Partial<Record<Weekday, readonly string[] | undefined>>> | undefined;
  /** Dates, `2026-12-25`. */
  readonly holidays?: readonly string[] | undefined;
  /** `HH:MM` by date. */
  readonly earlyCloses?: Readonly<Record<string, string>> | undefined;
}

/**
 * `base` with the desk file's hours; its holidays and early closes are added to those of the calendar. On a
 * date that both name, the desk file's entry counts: its early close turns a calendar holiday into a half
 * day.
 */
export function withOwnHours(base: TradingHours, own: OwnHours): TradingHours {
  const { zone = base.zone, hours, holidays = [], earlyCloses = {} } = own;
  const closed = new Set(holidays.map(dayOfText));
  const early = new Map(
    Object.entries(earlyCloses).map(([date, time]) => [dayOfText(date), minuteOfDay(time)]),
  );
  const week =
    hours === undefined
      ? base.week
      : Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, (hours[weekday] ?? []).map(periodOf)]));
  return {
    zone,
    week,
    exception: (day) => (closed.has(day) ? 'closed' : (early.get(day) ?? base.exception(day))),
  };
}

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
