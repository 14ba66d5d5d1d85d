/**
 * When the month of a future ends, and from when on its successor is traded: of quarterly futures on stock indices at the
 * CME by their calendar, of others by the day that the desk file names.
 *
 * Trading in a month ends at 09:30 New York on its third Friday, when the index opens (CME Rulebook 359 for NQ, 358 for
 * ES). Where the stock exchanges are closed on that Friday, as on June 19, 2026, it is the business day before.
 */
import {
  DAY_MS,
  type DayNumber,
  dateText,
  HOUR_MS,
  MINUTE_MS,
  minuteOfDay,
  nthWeekday,
  WEEKDAYS,
  weekdayIndex,
  weekdayOf,
} from '../civil-date.js';
import { utcOfLocal, type ZoneOffset } from '../trading-day.js';
import { stockException } from './calendars.js';

/** yyyymm. */
export type ContractMonth = string;

/**
 * The roll day, from which a month is no longer entered: a number of business days before its last trade, or the Monday
 * of the week of its last trade, which is the roll day of the CME.
 */
type RollRule = 'monday-before-expiry' | { readonly daysBefore: number };

export const ROLL_DAYS_MAX = 30;

/** Where dates and times of these contracts are read. */
export const CONTRACT_ZONE = 'America/New_York';

const LAST_TRADE = { minute: minuteOfDay('09:30'), inWords: ' at 09:30 New York' };
/** Of a month whose last day is all that is known. */
const END_OF_DAY = { minute: minuteOfDay('24:00'), inWords: '' };
/** On the business day before the last trade, an hour before stocks close: while there is a market to leave in. */
const FLAT_AT = minuteOfDay('15:00');
const FLAT_BEFORE_CLOSE = 60;
const QUARTERS = [3, 6, 9, 12];
/** How many months after the one in force people may choose from. */
const AHEAD = 3;

export interface ContractTerms {
  readonly month: ContractMonth;
  /** Trading in the month ends; venue time. */
  readonly lastTradeMs: number;
  /** Nothing is entered in it from here on: midnight of the roll day in New York. */
  readonly rollMs: number;
  /** A position in it is closed from here on. */
  readonly flatMs: number;
  /** Dates in New York, 2026-12-18. `rollDay` null: the desk file names the month, and it isn't rolled. */
  readonly lastTradeDay: string;
  readonly rollDay: string | null;
  /** The last trade in words: its day, with the time where that is known. */
  readonly lastTrade: string;
  /** The month that follows. Null: nobody knows. */
  readonly next: ContractMonth | null;
  /** The months that the instrument can stand for, nearest first. Earlier ones undo a roll that went too far. None: it isn't rolled. */
  readonly choices: readonly ContractMonth[];
  /** From when on nothing is entered in each of them. */
  readonly rollsMs: Readonly<Record<ContractMonth, number>>;
}

/** The months that can still be chosen: an earlier one only while it can be entered. */
export const openChoices = (
  { month, choices, rollsMs }: ContractTerms,
  nowMs: number,
): readonly ContractMonth[] => choices.filter((one) => one >= month || (rollsMs[one] ?? 0) > nowMs);

/** E-mini and micro futures on Nasdaq-100, S&P 500, Dow and Russell 2000. */
export const INDEX_FUTURES = ['NQ', 'MNQ', 'ES', 'MES', 'YM', 'MYM', 'RTY', 'M2K'];

/** Whether its months end by the calendar above. Others may trade in the same hours, and end on other days. */
export const isIndexFuture = (symbol: string): boolean => INDEX_FUTURES.includes(symbol.split('/')[0] ?? '');

export const isQuarterly = (month: ContractMonth): boolean => QUARTERS.includes(Number(month.slice(4)));

export function monthAfter(month: ContractMonth): ContractMonth {
  const [year, at] = [Number(month.slice(0, 4)), Number(month.slice(4))];
  const next = QUARTERS.find((quarter) => quarter > at);
  return next === undefined ? `${year + 1}03` : `${year}${String(next).padStart(2, '0')}`;
}

const isBusinessDay = (day: DayNumber): boolean =>
  !['sat', 'sun'].includes(weekdayOf(day)) && stockException(day) !== 'closed';

function businessDaysBefore(day: DayNumber, count: number): DayNumber {
  let at = day;
  for (let left = count; left > 0; ) {
    at -= 1;
    if (isBusinessDay(at)) left -= 1;
  }
  return at;
}

/** The minute of that day from which on nothing is held any more. */
function flatMinute(day: DayNumber): number {
  const closesAt = stockException(day);
  return typeof closesAt === 'number' ? closesAt - FLAT_BEFORE_CLOSE : FLAT_AT;
}

export function lastTradeDay(month: ContractMonth): DayNumber {
  const friday = nthWeekday(Number(month.slice(0, 4)), Number(month.slice(4)), 'fri', 3);
  return isBusinessDay(friday) ? friday : businessDaysBefore(friday, 1);
}

export function rollDay(month: ContractMonth, rule: RollRule): DayNumber {
  const last = lastTradeDay(month);
  if (rule === 'monday-before-expiry') return last - weekdayIndex(last) + WEEKDAYS.indexOf('mon');
  return businessDaysBefore(last, rule.daysBefore);
}

/** The month that is entered at a moment: the first one whose roll day is still to come. */
export function monthInForceAt(utcMs: number, rule: RollRule, offsetAt: ZoneOffset): ContractMonth {
  const today = Math.floor((utcMs + offsetAt(utcMs)) / DAY_MS);
  const year = Number(dateText(today).slice(0, 4));
  let month: ContractMonth = `${year}03`;
  while (rollDay(month, rule) <= today) month = monthAfter(month);
  return month;
}

/** `nearest`: the earliest month that can be entered. */
export function contractTerms(
  month: ContractMonth,
  rule: RollRule,
  offsetAt: ZoneOffset,
  nearest: ContractMonth = month,
): ContractTerms {
  const rollMsOf = (one: ContractMonth) => momentOf(rollDay(one, rule), 0, offsetAt);
  const choices = [nearest < month ? nearest : month];
  const newest = (): ContractMonth => choices.at(-1) ?? month;
  while (newest() < month) choices.push(monthAfter(newest()));
  for (let ahead = 0; ahead < AHEAD; ahead += 1) choices.push(monthAfter(newest()));
  return {
    month,
    ...endOf(lastTradeDay(month), LAST_TRADE, offsetAt),
    rollMs: rollMsOf(month),
    rollDay: dateText(rollDay(month, rule)),
    next: monthAfter(month),
    choices,
    rollsMs: Object.fromEntries(choices.map((one) => [one, rollMsOf(one)])),
  };
}

/**
 * Of a month that the desk file names: it is entered until what is held of it is closed, in the afternoon of the business
 * day before its last trade. `lastDay`: a date, 2026-11-19; left out: the calendar's.
 */
export function fixedTerms(
  month: ContractMonth,
  offsetAt: ZoneOffset,
  lastDay: DayNumber | null = null,
): ContractTerms {
  const end =
    lastDay === null
      ? endOf(lastTradeDay(month), LAST_TRADE, offsetAt)
      : endOf(lastDay, END_OF_DAY, offsetAt);
  const next = lastDay === null ? monthAfter(month) : null;
  return { month, ...end, rollMs: end.flatMs, rollDay: null, next, choices: [], rollsMs: {} };
}

type MonthEnd = Pick<ContractTerms, 'lastTradeMs' | 'flatMs' | 'lastTradeDay' | 'lastTrade'>;

function endOf(
  last: DayNumber,
  { minute, inWords }: { readonly minute: number; readonly inWords: string },
  offsetAt: ZoneOffset,
): MonthEnd {
  const dayBefore = businessDaysBefore(last, 1);
  return {
    lastTradeMs: momentOf(last, minute, offsetAt),
    flatMs: momentOf(dayBefore, flatMinute(dayBefore), offsetAt),
    lastTradeDay: dateText(last),
    lastTrade: `${dateText(last)}${inWords}`,
  };
}

const momentOf = (day: DayNumber, minute: number, offsetAt: ZoneOffset): number =>
  utcOfLocal(day * DAY_MS + minute * MINUTE_MS, offsetAt);

/** Whole days until a moment, begun ones included; below 0 once it has passed. */
export const daysUntil = (nowMs: number, utcMs: number): number =>
  Math.ceil((utcMs - nowMs) / (24 * HOUR_MS));
