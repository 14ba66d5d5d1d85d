/**
 * Which month of a future is entered, when the next one takes over, and when its positions are closed; and
 * the contract in words, for status, checks and messages.
 */
import {
  DAY_MS,
  type DayNumber,
  dateText,
  HOUR_MS,
  MINUTE_MS,
  minuteOfDay,
  WEEKDAYS,
  weekdayIndex,
} from '../civil-date.js';
import { counted } from '../figure-text.js';
import { utcOfLocal, type ZoneOffset } from '../trading-day.js';
import {
  businessDaysBefore,
  type ContractMonth,
  type ContractSeries,
  endDay,
  firstMonthOf,
  monthAfter,
} from './contract-series.js';
import { stockException } from './trading-hours.js';

/**
 * The roll day, from which a month is no longer entered: a number of business days before its end (the last
 * trade, or an earlier notice of delivery), or the Monday of the week in which its positions are closed (for
 * stock indices, the CME's roll day).
 */
type RollRule = 'monday-before-expiry' | { readonly daysBefore: number };

export const ROLL_DAYS_MAX = 30;

/** The zone of these contracts' dates and times. */
export const CONTRACT_ZONE = 'America/New_York';

/** For a month of which only the last day is known. */
const END_OF_DAY = { minute: minuteOfDay('24:00'), inWords: '' };
/** On the business day before the end, an hour before stocks close, while there is still a market. */
const FLAT_AT = minuteOfDay('15:00');
const FLAT_BEFORE_CLOSE = 60;
/** How many months after the one in force can be chosen. */
const AHEAD = 3;

export interface ContractTerms {
  readonly month: ContractMonth;
  /** When trading in the month ends; venue time. */
  readonly lastTradeMs: number;
  /** Nothing is entered in it from then on: midnight of the roll day in New York. */
  readonly rollMs: number;
  /** A position in it is closed from then on. */
  readonly flatMs: number;
  /** Dates in New York, 2026-12-18. `rollDay` null: the desk file names the month, and it isn't rolled. */
  readonly lastTradeDay: string;
  readonly rollDay: string | null;
  /** The first day on which a holder may be given notice of delivery. Null: none before the last trade. */
  readonly noticeDay: string | null;
  /** The last trade in words: its day, with the time if known. */
  readonly lastTrade: string;
  /** The month that follows. Null: not known. */
  readonly next: ContractMonth | null;
  /**
   * Months that the instrument can stand for, nearest first. Earlier ones undo a roll that went too far.
   * None: it isn't rolled.
   */
  readonly choices: readonly ContractMonth[];
  /** When entries in each of them end. */
  readonly rollsMs: Readonly<Record<ContractMonth, number>>;
}

/** The months that can still be chosen: an earlier one only while it can be entered. */
export const openChoices = (
  { month, choices, rollsMs }: ContractTerms,
  nowMs: number,
): readonly ContractMonth[] => choices.filter((one) => one >= month || (rollsMs[one] ?? 0) > nowMs);

/** The minute of that day from which nothing is held. */
function flatMinute(day: DayNumber): number {
  const closesAt = stockException(day);
  return typeof closesAt === 'number' ? closesAt - FLAT_BEFORE_CLOSE : FLAT_AT;
}

export function rollDay(series: ContractSeries, month: ContractMonth, rule: RollRule): DayNumber {
  const end = endDay(series, month);
  if (rule !== 'monday-before-expiry') return businessDaysBefore(end, rule.daysBefore);
  const left = businessDaysBefore(end, 1);
  return left - weekdayIndex(left) + WEEKDAYS.indexOf('mon');
}

/** The month entered at a moment: the first one whose roll day is still ahead. */
export function monthInForceAt(
  series: ContractSeries,
  utcMs: number,
  rule: RollRule,
  offsetAt: ZoneOffset,
): ContractMonth {
  const today = Math.floor((utcMs + offsetAt(utcMs)) / DAY_MS);
  let month = firstMonthOf(series, Number(dateText(today).slice(0, 4)));
  while (rollDay(series, month, rule) <= today) month = monthAfter(series, month);
  return month;
}

/** `nearest`: the earliest month that can be entered. */
export function contractTerms(
  series: ContractSeries,
  month: ContractMonth,
  rule: RollRule,
  offsetAt: ZoneOffset,
  nearest: ContractMonth = month,
): ContractTerms {
  const rollMsOf = (one: ContractMonth) => momentOf(rollDay(series, one, rule), 0, offsetAt);
  const choices = [nearest < month ? nearest : month];
  const newest = (): ContractMonth => choices.at(-1) ?? month;
  while (newest() < month) choices.push(monthAfter(series, newest()));
  for (let ahead = 0; ahead < AHEAD; ahead += 1) choices.push(monthAfter(series, newest()));
  return {
    month,
    ...endIn(series, month, offsetAt),
    rollMs: rollMsOf(month),
    rollDay: dateText(rollDay(series, month, rule)),
    next: monthAfter(series, month),
    choices,
    rollsMs: Object.fromEntries(choices.map((one) => [one, rollMsOf(one)])),
  };
}

/**
 * For a month that the desk file names: it is entered until its positions are closed, in the afternoon of the
 * business day before its end. For a future without a series, only `lastDay` is known.
 */
export function fixedTerms(month: ContractMonth, offsetAt: ZoneOffset, by: MonthRule): ContractTerms {
  const [end, next] =
    'lastDay' in by
      ? [{ ...endOf(by.lastDay, by.lastDay, END_OF_DAY, offsetAt), noticeDay: null }, null]
      : [endIn(by.series, month, offsetAt), monthAfter(by.series, month)];
  return { month, ...end, rollMs: end.flatMs, rollDay: null, next, choices: [], rollsMs: {} };
}

/** `lastDay`: from the desk file. */
export type MonthRule = { readonly series: ContractSeries } | { readonly lastDay: DayNumber };

type MonthEnd = Pick<ContractTerms, 'lastTradeMs' | 'flatMs' | 'lastTradeDay' | 'lastTrade'>;

function endIn(
  series: ContractSeries,
  month: ContractMonth,
  offsetAt: ZoneOffset,
): MonthEnd & Pick<ContractTerms, 'noticeDay'> {
  const [end, last] = [endDay(series, month), series.lastTradeDay(month)];
  const terms = endOf(end, last, series.lastTradeAt, offsetAt);
  if (end === last) return { ...terms, noticeDay: null };
  const noticeDay = dateText(end);
  return {
    ...terms,
    noticeDay,
    lastTrade: `${terms.lastTrade}, and who holds it may be given notice of delivery from ${noticeDay} on`,
  };
}

/** `end`: nothing is held into this day. */
function endOf(
  end: DayNumber,
  last: DayNumber,
  { minute, inWords }: ContractSeries['lastTradeAt'],
  offsetAt: ZoneOffset,
): MonthEnd {
  const dayBefore = businessDaysBefore(end, 1);
  return {
    lastTradeMs: momentOf(last, minute, offsetAt),
    flatMs: momentOf(dayBefore, flatMinute(dayBefore), offsetAt),
    lastTradeDay: dateText(last),
    lastTrade: `${dateText(last)}${inWords}`,
  };
}

const momentOf = (day: DayNumber, minute: number, offsetAt: ZoneOffset): number =>
  utcOfLocal(day * DAY_MS + minute * MINUTE_MS, offsetAt);

/** Days until a moment, rounded up; 0 or less once it has passed. */
export const daysUntil = (nowMs: number, utcMs: number): number =>
  Math.ceil((utcMs - nowMs) / (24 * HOUR_MS));

/** The contract of a future in words, for status, checks and messages. */
interface ContractFacts {
  readonly symbol: string;
  readonly month: string | null;
  readonly lastTradeDay: string | null;
  readonly noticeDay: string | null;
  readonly daysLeft: number | null;
  readonly rollDay: string | null;
  readonly phase: 'trading' | 'due' | 'leaving' | 'ended' | 'rolled';
  readonly next: string | null;
  /** None: it isn't rolled here. */
  readonly choices: readonly string[];
  readonly atVenue: {
    readonly traded: { readonly name: string };
    readonly following: { readonly name: string; readonly month: string } | null;
  } | null;
}

/** `NQ/USD is NQZ6 (202612), last trade 2026-12-18 (24 days); roll day 2026-12-14, then 202703 (NQH7)`. */
export function contractWords(contract: ContractFacts): string {
  const { symbol, month, lastTradeDay, noticeDay, daysLeft, rollDay, next, atVenue } = contract;
  // A broker also lists months that hardly trade.
  const following = atVenue?.following?.month === next ? atVenue?.following?.name : undefined;
  const name = [atVenue?.traded.name, month === null ? 'front month' : month].filter(Boolean);
  const is = name.length === 2 ? `${name[0]} (${name[1]})` : (name[0] ?? 'not known');
  const last = lastTradeDay === null ? '' : `, last trade ${lastTradeDay}${daysWords(daysLeft)}`;
  const notice = noticeDay === null ? '' : `, notice of delivery from ${noticeDay} on`;
  const roll = rollDay === null ? '' : `; roll day ${rollDay}`;
  const then = next === null ? '' : `, then ${next}${following === undefined ? '' : ` (${following})`}`;
  return `${symbol} is ${is}${last}${notice}${roll}${then}${phaseWords(contract)}`;
}

const phaseWords = ({ phase, choices }: ContractFacts): string =>
  phase === 'leaving' && choices.length === 0
    ? ': nothing is entered, and what is held is closed, until the desk file names another month'
    : PHASE_WORDS[phase];

const PHASE_WORDS = {
  trading: '',
  due: ': nothing is entered until people roll it',
  leaving: ': nothing is entered, and what is held is closed, until people roll it',
  ended: ': expired',
  rolled: ': rolled, the trader has to restart',
} as const satisfies Readonly<Record<ContractFacts['phase'], string>>;

function daysWords(daysLeft: number | null): string {
  if (daysLeft === null) return '';
  if (daysLeft <= 0) return ' (past)';
  return ` (${counted(daysLeft, 'day')})`;
}
