/**
 * When a market trades: weekly periods, with dates that are closed or end early, and the next day on which
 * it trades. Below, the calendars that ship with Fermata, each under the name that desk files use.
 */
import {
  type DayNumber,
  dateText,
  dayOf,
  dayOfText,
  easterSunday,
  lastWeekday,
  minuteOfDay,
  nthWeekday,
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
  /** Periods belong to the date on which they close, in the order in which they open. Null: always open. */
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
interface OwnHours {
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
      : Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, inOrder(hours[weekday] ?? [])]));
  return {
    zone,
    week,
    exception: (day) => (closed.has(day) ? 'closed' : (early.get(day) ?? base.exception(day))),
  };
}

/** A desk file may list the day before the night that precedes it. */
const inOrder = (periods: readonly string[]): readonly Period[] =>
  periods.map(periodOf).sort((one, other) => one.open - other.open);

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

const NEW_YORK = 'America/New_York';

/** The same period from Monday to Friday. */
const workdays = (period: string): TradingHours['week'] => {
  const periods = [periodOf(period)];
  return { mon: periods, tue: periods, wed: periods, thu: periods, fri: periods };
};

/** The default for a market without trading hours: coins trade at all times. */
export const ALWAYS_OPEN: TradingHours = { zone: 'UTC', week: null, exception: () => null };

export const CALENDARS = {
  '24x7': ALWAYS_OPEN,
  /** NQ, MNQ, ES, MES: Sunday 18:00 to Friday 17:00 with an hour's break each day, since June 2021. */
  'cme-equity-index': { zone: NEW_YORK, week: workdays('18:00-17:00'), exception: indexFuturesException },
  /** The continuous session of NYSE and Nasdaq. Trading before and after it is a different market. */
  'us-stocks': { zone: NEW_YORK, week: workdays('09:30-16:00'), exception: stockException },
  /** Sunday 17:00 to Friday 17:00. */
  fx: { zone: NEW_YORK, week: workdays('17:00-17:00'), exception: fxException },
} as const satisfies Readonly<Record<string, TradingHours>>;

export type CalendarName = keyof typeof CALENDARS;

export const CALENDAR_NAMES = Object.keys(CALENDARS) as [CalendarName, ...CalendarName[]];

/** Trading hours of an instrument as in its desk file. Left out there: always open. */
export const tradingHours = (
  own: (OwnHours & { readonly calendar?: CalendarName | undefined }) | undefined,
): TradingHours => (own === undefined ? ALWAYS_OPEN : withOwnHours(CALENDARS[own.calendar ?? '24x7'], own));

type Exception = 'closed' | number | null;

/** National days of mourning for George H. W. Bush and James Carter. */
const DAYS_OF_MOURNING: ReadonlySet<string> = new Set(['2018-12-05', '2025-01-09']);
/** Made a federal holiday on 17 June 2021; the exchanges traded on the 18th. */
const JUNETEENTH_SINCE = 2022;

const yearOf = (day: DayNumber): number => Number(dateText(day).slice(0, 4));

/** A holiday on a Saturday is observed on Friday, one on a Sunday on Monday. */
function keptOn(day: DayNumber): DayNumber {
  const weekday = weekdayOf(day);
  return weekday === 'sat' ? day - 1 : weekday === 'sun' ? day + 1 : day;
}

const newYear = (year: number): DayNumber => {
  const day = dayOf(year, 1, 1);
  return weekdayOf(day) === 'sat' ? day : keptOn(day);
};
const goodFriday = (year: number): DayNumber => easterSunday(year) - 2;
const christmas = (year: number): DayNumber => keptOn(dayOf(year, 12, 25));
const thanksgiving = (year: number): DayNumber => nthWeekday(year, 11, 'thu', 4);

/** Holidays on which stock exchanges are closed while futures on stock indices trade until noon in Chicago. */
const holidaysWithFutures = (year: number): readonly DayNumber[] => [
  nthWeekday(year, 1, 'mon', 3),
  nthWeekday(year, 2, 'mon', 3),
  lastWeekday(year, 5, 'mon'),
  ...(year < JUNETEENTH_SINCE ? [] : [keptOn(dayOf(year, 6, 19))]),
  keptOn(dayOf(year, 7, 4)),
  nthWeekday(year, 9, 'mon', 1),
  thanksgiving(year),
];

/** If one is a holiday itself, the holiday counts. July 3 is a half day from Monday to Thursday only. */
const halfDays = (year: number): readonly DayNumber[] => {
  const july3 = dayOf(year, 7, 3);
  const eve = dayOf(year, 12, 24);
  const workdays = [july3, eve].filter((day) => !['fri', 'sat', 'sun'].includes(weekdayOf(day)));
  return [...workdays, thanksgiving(year) + 1];
};

/**
 * Days on which the New York Stock Exchange and Nasdaq are closed or close early, by their public rules.
 *
 * NYSE Rule 7.2 and "Holidays & Trading Hours" (nyse.com/markets/hours-calendars): a holiday on a Sunday is
 * observed on Monday, one on a Saturday on the Friday before, except New Year's Day. The close is at 13:00 on
 * the day after Thanksgiving, on December 24 and on July 3, if these are trading days and no holiday is
 * observed on that Friday. Right from 2013 on; one-off exceptions are listed.
 */
export function stockException(day: DayNumber): Exception {
  const year = yearOf(day);
  const closed = [newYear(year), goodFriday(year), christmas(year), ...holidaysWithFutures(year)];
  if (closed.includes(day) || DAYS_OF_MOURNING.has(dateText(day))) return 'closed';
  return halfDays(year).includes(day) ? minuteOfDay('13:00') : null;
}

/**
 * Futures on stock indices at the CME (cmegroup.com, "Holiday and Trading Hours"; New York times): closed on
 * New Year's Day, Good Friday and Christmas; until 13:00 on the other holidays of the stock exchanges, until
 * 13:15 on their half days. On a Good Friday that is the first Friday of April, when the employment report is
 * published, they trade until 09:15.
 */
function indexFuturesException(day: DayNumber): Exception {
  const year = yearOf(day);
  if (day === newYear(year) || day === christmas(year)) return 'closed';
  if (day === goodFriday(year))
    return day === nthWeekday(year, 4, 'fri', 1) ? minuteOfDay('09:15') : 'closed';
  if (DAYS_OF_MOURNING.has(dateText(day))) return minuteOfDay('09:30');
  if (holidaysWithFutures(year).includes(day)) return minuteOfDay('13:00');
  return halfDays(year).includes(day) ? minuteOfDay('13:15') : null;
}

/**
 * The interbank market has no holidays; brokers take no orders on these two days, from 17:00 the day before.
 */
function fxException(day: DayNumber): Exception {
  const date = dateText(day).slice(5);
  return date === '01-01' || date === '12-25' ? 'closed' : null;
}
