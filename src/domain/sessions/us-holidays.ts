/**
 * Days on which the exchanges of the United States are closed or close early, by their public rules.
 *
 * NYSE Rule 7.2 and "Holidays & Trading Hours" (nyse.com/markets/hours-calendars): a holiday on a Sunday is observed
 * on Monday, one on a Saturday on the Friday before, except New Year's Day. The close is at 13:00 on the day after
 * Thanksgiving, on December 24 and on July 3, if these are trading days and no holiday is observed on that Friday.
 * Computed for every year from 2022 on, when Juneteenth became a holiday; exceptions of a single date are listed.
 */
import {
  type DayNumber,
  dateText,
  dayOf,
  easterSunday,
  lastWeekday,
  minuteOfDay,
  nthWeekday,
  weekdayOf,
} from '../civil-date.js';

type Exception = 'closed' | number | null;

/** National day of mourning for James Carter. */
const DAYS_OF_MOURNING: ReadonlySet<string> = new Set(['2025-01-09']);

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
  keptOn(dayOf(year, 6, 19)),
  keptOn(dayOf(year, 7, 4)),
  nthWeekday(year, 9, 'mon', 1),
  thanksgiving(year),
];

/** Where they are holidays themselves, the holiday counts. July 3 is a half day from Monday to Thursday only. */
const halfDays = (year: number): readonly DayNumber[] => {
  const july3 = dayOf(year, 7, 3);
  const eve = dayOf(year, 12, 24);
  const workdays = [july3, eve].filter((day) => !['fri', 'sat', 'sun'].includes(weekdayOf(day)));
  return [...workdays, thanksgiving(year) + 1];
};

/** New York Stock Exchange and Nasdaq. */
export function stockException(day: DayNumber): Exception {
  const year = yearOf(day);
  const closed = [newYear(year), goodFriday(year), christmas(year), ...holidaysWithFutures(year)];
  if (closed.includes(day) || DAYS_OF_MOURNING.has(dateText(day))) return 'closed';
  return halfDays(year).includes(day) ? minuteOfDay('13:00') : null;
}

/**
 * Futures on stock indices at the CME (cmegroup.com, "Holiday and Trading Hours"; times of New York): closed on New
 * Year's Day, Good Friday and Christmas; until 13:00 on the other holidays of the stock exchanges, until 13:15 on
 * their half days. On a Good Friday that is the first Friday of April, when the employment report is published, they
 * trade until 09:15.
 */
export function indexFuturesException(day: DayNumber): Exception {
  const year = yearOf(day);
  if (day === newYear(year) || day === christmas(year)) return 'closed';
  if (day === goodFriday(year))
    return day === nthWeekday(year, 4, 'fri', 1) ? minuteOfDay('09:15') : 'closed';
  if (DAYS_OF_MOURNING.has(dateText(day))) return minuteOfDay('09:30');
  if (holidaysWithFutures(year).includes(day)) return minuteOfDay('13:00');
  return halfDays(year).includes(day) ? minuteOfDay('13:15') : null;
}

/** The interbank market never closes; brokers take no orders on these two days, from 17:00 of the day before. */
export function fxException(day: DayNumber): Exception {
  const date = dateText(day).slice(5);
  return date === '01-01' || date === '12-25' ? 'closed' : null;
}
