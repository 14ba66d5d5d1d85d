/**
 * Whether a market is open at a moment, until when, and what its clocks show, also in words. Pure: the
 * zone's offset is passed in.
 */
import {
  DAY_MS,
  type DayNumber,
  dateText,
  MINUTE_MS,
  timeOfDay,
  type Weekday,
  weekdayOf,
} from '../civil-date.js';
import { utcOfLocal, type ZoneOffset } from '../trading-day.js';
import { ALWAYS_OPEN, type TradingHours } from './trading-hours.js';

/**
 * A stretch of time in which the market is open, or closed, throughout: from `fromMs` (included) to `untilMs`
 * (excluded), UTC.
 */
export interface Phase {
  readonly open: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the clocks of the market show. */
export interface SessionReading {
  readonly open: boolean;
  /** Whole minutes since midnight in the market's zone. */
  readonly minuteOfDay: number;
  /** `2026-11-27`: the date of that midnight. */
  readonly date: string;
  readonly weekday: Weekday;
  /** Minutes until the close, rounded up. 0: closed. Infinity: it never closes. */
  readonly minutesToClose: number;
}

/** Enough for a week without a pause, and for a market that closes for a month. */
const DAYS_BACK = 8;
const DAYS_AHEAD = 40;

export class SessionCalendar {
  /** The last phase found; nearly every query is about the same one. */
  #known: Phase | null = null;
  /** Until when `#known` is reused. One search sees `DAYS_AHEAD` days; a later one finds the holidays beyond them. */
  #knownUntilMs = Number.NEGATIVE_INFINITY;
  #newest: { readonly utcMs: number; readonly reading: SessionReading } | null = null;
  #newestDay: { readonly day: DayNumber; readonly date: string; readonly weekday: Weekday } | null = null;

  constructor(
    readonly hours: TradingHours,
    private readonly offsetAt: ZoneOffset,
  ) {}

  /** The phase at a moment; it holds until `untilMs`. Adjoining periods are one phase. */
  phaseAt(utcMs: number): Phase {
    const known = this.#known;
    if (known !== null && utcMs >= known.fromMs && utcMs < this.#knownUntilMs) return known;
    const found = this.#find(utcMs);
    this.#known = found;
    this.#knownUntilMs = Math.min(found.untilMs, utcMs + DAY_MS);
    return found;
  }

  isOpen(utcMs: number): boolean {
    return this.phaseAt(utcMs).open;
  }

  /** Whether it is open at any moment from `fromMs` (included) to `toMs` (excluded). */
  opensWithin(fromMs: number, toMs: number): boolean {
    const { open, untilMs } = this.phaseAt(fromMs);
    return open || untilMs < toMs;
  }

  /** How many milliseconds of that time it is open. */
  openMs(fromMs: number, toMs: number): number {
    return this.openSpans(fromMs, toMs).reduce((total, span) => total + span.untilMs - span.fromMs, 0);
  }

  /** The stretches of that time in which it is open, oldest first. */
  openSpans(fromMs: number, untilMs: number): { readonly fromMs: number; readonly untilMs: number }[] {
    const spans: { fromMs: number; untilMs: number }[] = [];
    for (let atMs = fromMs; atMs < untilMs; ) {
      const phase = this.phaseAt(atMs);
      const endMs = Math.min(phase.untilMs, untilMs);
      if (phase.open) spans.push({ fromMs: atMs, untilMs: endMs });
      atMs = endMs;
    }
    return spans;
  }

  readingAt(utcMs: number): SessionReading {
    // A strategy reads the members one by one, so the newest reading is cached.
    if (utcMs !== this.#newest?.utcMs) this.#newest = { utcMs, reading: this.#read(utcMs) };
    return this.#newest.reading;
  }

  #read(utcMs: number): SessionReading {
    const { open, untilMs } = this.phaseAt(utcMs);
    const local = this.localMs(utcMs);
    const day = Math.floor(local / DAY_MS);
    if (day !== this.#newestDay?.day) this.#newestDay = { day, date: dateText(day), weekday: weekdayOf(day) };
    const { date, weekday } = this.#newestDay;
    return {
      ...{ open, date, weekday },
      minuteOfDay: Math.floor((local - day * DAY_MS) / MINUTE_MS),
      minutesToClose: open ? Math.ceil((untilMs - utcMs) / MINUTE_MS) : 0,
    };
  }

  /** The time that the market's clocks show, as milliseconds since 1970. */
  localMs(utcMs: number): number {
    return utcMs + this.offsetAt(utcMs);
  }

  #find(utcMs: number): Phase {
    if (this.hours.week === null)
      return { open: true, fromMs: Number.NEGATIVE_INFINITY, untilMs: Number.POSITIVE_INFINITY };
    const today = Math.floor(this.localMs(utcMs) / DAY_MS);
    // Of the time before the first day that is looked at, nothing is known.
    let [closedSinceMs, openMs, closeMs] = [this.#utc(today - DAYS_BACK, 0), Number.NaN, Number.NaN];
    for (let day = today - DAYS_BACK; day <= today + DAYS_AHEAD; day += 1) {
      for (const [fromMs, toMs] of this.#periodsOf(day)) {
        if (fromMs === closeMs) {
          closeMs = toMs;
          continue;
        }
        if (closeMs > utcMs) return this.#phase(utcMs, closedSinceMs, openMs, closeMs);
        if (!Number.isNaN(closeMs)) closedSinceMs = closeMs;
        [openMs, closeMs] = [fromMs, toMs];
      }
    }
    if (closeMs > utcMs) {
      // No pause for that long means that it never closes, or that this is the only period.
      const untilMs = closeMs >= utcMs + (DAYS_AHEAD - 2) * DAY_MS ? Number.POSITIVE_INFINITY : closeMs;
      return this.#phase(utcMs, closedSinceMs, openMs, untilMs);
    }
    return {
      open: false,
      fromMs: Number.isNaN(closeMs) ? utcMs : closeMs,
      untilMs: Number.POSITIVE_INFINITY,
    };
  }

  #phase(utcMs: number, closedSinceMs: number, openMs: number, closeMs: number): Phase {
    if (utcMs >= openMs) return { open: true, fromMs: openMs, untilMs: closeMs };
    return { open: false, fromMs: closedSinceMs, untilMs: openMs };
  }

  /** Periods of a trading date, in order, UTC. */
  #periodsOf(day: DayNumber): readonly (readonly [number, number])[] {
    const exception = this.hours.exception(day);
    const periods = this.hours.week?.[weekdayOf(day)] ?? [];
    if (exception === 'closed' || periods.length === 0) return [];
    const endsAt = exception ?? Number.POSITIVE_INFINITY;
    return periods
      .filter(({ open }) => open < endsAt)
      .map(({ open, close }) => [this.#utc(day, open), this.#utc(day, Math.min(close, endsAt))] as const);
  }

  #utc(day: DayNumber, minute: number): number {
    return utcOfLocal(day * DAY_MS + minute * MINUTE_MS, this.offsetAt);
  }
}

export const alwaysOpen = (): SessionCalendar => new SessionCalendar(ALWAYS_OPEN, () => 0);

/** More than six days ahead, the weekday alone would be ambiguous. */
const WEEKDAY_SAYS_MS = 6 * DAY_MS;

/** `market closed, opens Mon 18:00 New York`. */
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
