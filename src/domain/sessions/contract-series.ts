/**
 * Futures whose months are known here: which months are traded and when each ends, by the rulebooks of CME,
 * CBOT, NYMEX and COMEX. Business days are those of the New York stock exchanges: on the days these rules
 * use, none of the futures exchanges' other markets is closed.
 */
import { type DayNumber, dayOf, minuteOfDay, nthWeekday, weekdayOf } from '../civil-date.js';
import { stockException } from './trading-hours.js';

/** yyyymm. */
export type ContractMonth = string;

export interface ContractSeries {
  /** Bases of their symbols: the broker's, and SIL, which the broker lists under SI. */
  readonly names: readonly string[];
  /** In the plural, for people. */
  readonly title: string;
  /** The most traded months of the year: a roll goes from one to the next. */
  readonly months: readonly number[];
  /** All listed months of the year. */
  readonly listed: readonly number[];
  readonly lastTradeDay: (month: ContractMonth) => DayNumber;
  /** In New York. */
  readonly lastTradeAt: { readonly minute: number; readonly inWords: string };
  /**
   * The first day on which a holder may be given notice of delivery: positions are closed before it. Null:
   * settled in cash, or nothing is delivered before the last trade.
   */
  readonly noticeDay: ((month: ContractMonth) => DayNumber) | null;
}

const QUARTERS = [3, 6, 9, 12];
const ALL_MONTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

const endsAt = (time: string) => ({ minute: minuteOfDay(time), inWords: ` at ${time} New York` });

const yearOf = (month: ContractMonth): number => Number(month.slice(0, 4));
const ofYear = (month: ContractMonth): number => Number(month.slice(4));

const isBusinessDay = (day: DayNumber): boolean =>
  !['sat', 'sun'].includes(weekdayOf(day)) && stockException(day) !== 'closed';

export function businessDaysBefore(day: DayNumber, count: number): DayNumber {
  let at = day;
  for (let left = count; left > 0; ) {
    at -= 1;
    if (isBusinessDay(at)) left -= 1;
  }
  return at;
}

/** The first day of the month that is `later` months after this one. */
const beginOf = (month: ContractMonth, later = 0): DayNumber =>
  dayOf(yearOf(month), ofYear(month) + later, 1);

/** Of the previous month. */
const lastBusinessDayBefore = (month: ContractMonth): DayNumber => businessDaysBefore(beginOf(month), 1);

/** Of this month, counted from its end: 1 is the last one. */
const businessDayFromEnd = (month: ContractMonth, count: number): DayNumber =>
  businessDaysBefore(beginOf(month, 1), count);

/** The day itself, or the business day before it. */
const onOrBefore = (day: DayNumber): DayNumber => (isBusinessDay(day) ? day : businessDaysBefore(day, 1));

/**
 * Three business days before the 25th of the previous month, or before the last business day up to then
 * (chapter 200).
 */
function crudeOilLastTrade(month: ContractMonth): DayNumber {
  const before = beginOf(month, -1);
  return businessDaysBefore(onOrBefore(before + 24), 3);
}

/** Business days before the third Wednesday, when currencies are delivered. */
const beforeThirdWednesday =
  (businessDays: number) =>
  (month: ContractMonth): DayNumber =>
    businessDaysBefore(nthWeekday(yearOf(month), ofYear(month), 'wed', 3), businessDays);

/**
 * Stock indices: the third Friday of a quarter at 09:30 New York, when the index opens (CME Rulebook 359 for
 * NQ, 358 for ES). If the stock exchanges are closed on that Friday, as on June 19, 2026, the business day
 * before.
 */
const INDEX_SERIES: ContractSeries = {
  names: ['NQ', 'MNQ', 'ES', 'MES', 'YM', 'MYM', 'RTY', 'M2K'],
  title: 'futures on a stock index',
  months: QUARTERS,
  listed: QUARTERS,
  lastTradeDay: (month) => onOrBefore(nthWeekday(yearOf(month), ofYear(month), 'fri', 3)),
  lastTradeAt: endsAt('09:30'),
  noticeDay: null,
};

const ENERGY = { months: ALL_MONTHS, listed: ALL_MONTHS, lastTradeAt: endsAt('14:30'), noticeDay: null };
const METALS = {
  listed: ALL_MONTHS,
  lastTradeDay: (month: ContractMonth) => businessDayFromEnd(month, 3),
  noticeDay: lastBusinessDayBefore,
};
const BONDS = {
  ...{ title: 'Treasury futures', months: QUARTERS, listed: QUARTERS, lastTradeAt: endsAt('13:01') },
  noticeDay: lastBusinessDayBefore,
};
const CURRENCIES = { months: QUARTERS, listed: ALL_MONTHS, lastTradeAt: endsAt('10:16'), noticeDay: null };

const SERIES: readonly ContractSeries[] = [
  INDEX_SERIES,
  {
    ...ENERGY,
    names: ['CL'],
    title: 'crude oil futures',
    lastTradeDay: crudeOilLastTrade,
  },
  {
    // Settled in cash, a day before the full-size contract.
    ...ENERGY,
    names: ['MCL'],
    title: 'micro crude oil futures',
    lastTradeDay: (month) => businessDaysBefore(crudeOilLastTrade(month), 1),
  },
  {
    // The third-last business day of the previous month (chapter 220).
    ...ENERGY,
    names: ['NG'],
    title: 'natural gas futures',
    lastTradeDay: (month) => businessDaysBefore(beginOf(month), 3),
  },
  // The third-last business day of the month. Delivery is from its first, with notice the business day
  // before.
  {
    ...METALS,
    names: ['GC', 'MGC'],
    title: 'gold futures',
    months: [2, 4, 6, 8, 12],
    lastTradeAt: endsAt('13:30'),
  },
  {
    ...METALS,
    names: ['SI', 'SIL'],
    title: 'silver futures',
    months: [3, 5, 7, 9, 12],
    lastTradeAt: endsAt('13:25'),
  },
  {
    ...METALS,
    names: ['HG'],
    title: 'copper futures',
    months: [3, 5, 7, 9, 12],
    lastTradeAt: endsAt('13:00'),
  },
  {
    // The seventh business day before the last one of the month.
    ...BONDS,
    names: ['ZN', 'TN', 'ZB', 'UB'],
    lastTradeDay: (month) => businessDaysBefore(businessDayFromEnd(month, 1), 7),
  },
  {
    ...BONDS,
    names: ['ZT', 'ZF'],
    lastTradeDay: (month) => businessDayFromEnd(month, 1),
  },
  {
    ...CURRENCIES,
    names: ['EUR', 'GBP', 'JPY', 'AUD', 'CHF', 'NZD', 'M6E', 'M6B', 'M6A'],
    title: 'currency futures',
    lastTradeDay: beforeThirdWednesday(2),
  },
  {
    ...CURRENCIES,
    names: ['CAD'],
    title: 'futures on the Canadian dollar',
    lastTradeDay: beforeThirdWednesday(1),
  },
];

/** The series of a symbol such as NQ/USD. Null: this future's months are not known here. */
export function seriesOf(symbol: string): ContractSeries | null {
  const [base = ''] = symbol.split('/');
  return SERIES.find(({ names }) => names.includes(base)) ?? null;
}

/** For a rolled future: one that trades in stock-index hours and is not known by name has their months. */
export const rolledSeries = (symbol: string): ContractSeries => seriesOf(symbol) ?? INDEX_SERIES;

/** NQ, MNQ, ...: every name that `seriesOf` knows, for people. */
export const KNOWN_FUTURES: readonly string[] = SERIES.flatMap(({ names }) => names);

export const isListed = ({ listed }: ContractSeries, month: ContractMonth): boolean =>
  listed.includes(ofYear(month));

/** The next of the most traded months. */
export function monthAfter({ months }: Pick<ContractSeries, 'months'>, month: ContractMonth): ContractMonth {
  const next = months.find((one) => one > ofYear(month));
  return next === undefined ? monthOf(yearOf(month) + 1, months[0] ?? 1) : monthOf(yearOf(month), next);
}

const monthOf = (year: number, month: number): ContractMonth => `${year}${String(month).padStart(2, '0')}`;

/** The first of the most traded months in a year. */
export const firstMonthOf = ({ months }: ContractSeries, year: number): ContractMonth =>
  monthOf(year, months[0] ?? 1);

/**
 * Positions are closed on the business day before this one: the last trade, or an earlier notice of delivery.
 */
export const endDay = ({ lastTradeDay, noticeDay }: ContractSeries, month: ContractMonth): DayNumber =>
  Math.min(lastTradeDay(month), noticeDay?.(month) ?? Number.POSITIVE_INFINITY);
