/** When a routine is due, in the desk's time zone: pure calendar, for any clock. */
import { DateTime } from 'luxon';
import { DAY_MS, minuteOfDay, timeOfDay } from '../domain/civil-date.js';
import type { DeskRoutine } from './schema.js';

type RoutineTimes = TimesOfDay & Pick<DeskRoutine, 'weekdays' | 'daysOfMonth' | 'months'>;

type Timetable = RoutineTimes & Pick<DeskRoutine, 'tellResults'>;

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** The next 29 February that is also a given weekday may be 40 years away, because 2100 is not a leap year. */
const DAYS_AHEAD_MAX = 40 * 366;

/** If market time has its own clock, Temporal's schedules can't know when a routine is due. */
export function runsOnMarketClock({
  kind,
  speed,
}: {
  readonly kind: string;
  readonly speed: number | null;
}): boolean {
  return kind === 'recorded' || speed !== 1;
}

/** Strictly after `afterMs`; null if the routine has no times. Milliseconds since 1970. */
export function nextNominalMs(routine: RoutineTimes, timezone: string, afterMs: number): number | null {
  if (timesOf(routine).length === 0) return null;
  const first = DateTime.fromMillis(afterMs, { zone: timezone }).startOf('day');
  for (let days = 0; days <= DAYS_AHEAD_MAX; days += 1) {
    // Plain dates are a hundred times faster than zoned days, which only matching dates need.
    const date = new Date(Date.UTC(first.year, first.month - 1, first.day + days));
    const [month, weekday, day] = [date.getUTCMonth() + 1, date.getUTCDay() || 7, date.getUTCDate()];
    if (!isDueOn(routine, { month, weekday, day })) continue;
    const due = timesOfDay(routine, first.plus({ days })).find((ms) => ms > afterMs);
    if (due !== undefined) return due;
  }
  return null;
}

/** In (fromMs, toMs], oldest first; if there are more than `countMax`, the newest ones. */
export function nominalTimesBetween(
  routine: RoutineTimes,
  timezone: string,
  fromMs: number,
  toMs: number,
  countMax: number,
): number[] {
  const found: number[] = [];
  let day = DateTime.fromMillis(toMs, { zone: timezone }).startOf('day');
  while (found.length < countMax && day.plus({ days: 1 }).toMillis() > fromMs) {
    const due = timesOfDay(routine, day).filter((ms) => ms > fromMs && ms <= toMs);
    found.unshift(...due);
    day = day.minus({ days: 1 });
    if (timesOf(routine).length === 0) break;
  }
  return found.slice(-countMax);
}

/**
 * Where clocks go back and show a time of `at` twice, the first of the two: the routine is due at the other one, which
 * Temporal's schedules start in every zone. They start the first one too in zones behind UTC. For all of `years`.
 */
export function repeatedTimes(routine: RoutineTimes, timezone: string, years: readonly number[]): number[] {
  const once = onlyOnce(routine);
  if (once.size === 0) return [];
  const days = years.flatMap((year) => longDaysOf(timezone, year)).filter((day) => isDueOn(routine, day));
  return days.flatMap((day) => [...once].flatMap((time) => occurrences(day, time).slice(0, -1)));
}

/**
 * How the clocks changed at a due time that a schedule of Temporal leaves out or may leave out: `forward` over its time
 * of day, or `back`, so that a time of an interval comes twice. Null: they did not.
 */
export function clockChangeAt(
  routine: RoutineTimes,
  timezone: string,
  nominalMs: number,
): 'forward' | 'back' | null {
  const due = DateTime.fromMillis(nominalMs, { zone: timezone });
  const time = timeOfDay(due.hour * 60 + due.minute);
  if (!timesOf(routine).includes(time)) return 'forward';
  return !onlyOnce(routine).has(time) && due.getPossibleOffsets().length > 1 ? 'back' : null;
}

/**
 * Everything that determines when a routine is due, as text to compare and to store, and whether it tells its results
 * then.
 */
export function timetableOf(routine: Timetable, timezone: string): string {
  const { at, every, session, weekdays, daysOfMonth, months, tellResults } = routine;
  return JSON.stringify({ timezone, at, every, session, weekdays, daysOfMonth, months, tellResults });
}

/** By a text of `timetableOf`. */
export function isDueBy(timetable: string, nominalMs: number): boolean {
  const { timezone, ...routine } = JSON.parse(timetable) as RoutineTimes & { readonly timezone: string };
  return nextNominalMs(routine, timezone, nominalMs - 1) === nominalMs;
}

/** Begun ones of a year. */
const WEEKS = 53;
const longDays = new Map<string, readonly DateTime[]>();

function longDaysOf(timezone: string, year: number): readonly DateTime[] {
  const key = `${timezone} ${year}`;
  const known = longDays.get(key);
  if (known !== undefined) return known;
  const first = DateTime.fromObject({ year }, { zone: timezone });
  // Only weeks in which the clocks go back: to look at each day of each year would take long at each start.
  const weeks = Array.from({ length: WEEKS }, (_, index) => first.plus({ weeks: index }));
  const days = weeks
    .filter((week) => week.plus({ weeks: 1 }).offset < week.offset)
    .flatMap((week) => Array.from({ length: 7 }, (_, index) => week.plus({ days: index })));
  const found = days.filter((day) => day.year === year && isLong(day));
  longDays.set(key, found);
  return found;
}

/** `weekday`: 1 is Monday, 7 is Sunday. */
type CalendarDay = Pick<DateTime, 'month' | 'weekday' | 'day'>;

function isDueOn({ weekdays, daysOfMonth, months }: RoutineTimes, date: CalendarDay): boolean {
  if (months !== undefined && !months.includes(date.month)) return false;
  const weekday = WEEKDAYS[date.weekday - 1];
  if (weekdays.length > 0 && (weekday === undefined || !weekdays.includes(weekday))) return false;
  return daysOfMonth.length === 0 || daysOfMonth.includes(date.day);
}

function timesOfDay(routine: RoutineTimes, day: DateTime): number[] {
  if (!isDueOn(routine, day)) return [];
  const once = isLong(day) ? onlyOnce(routine) : null;
  const times = timesOf(routine).flatMap((time) => {
    if (once === null) return onClocks(day, time).toMillis();
    return occurrences(day, time).slice(once.has(time) ? -1 : 0);
  });
  // On the day whose clocks go forward, a time in the missing hour is that of an hour later.
  return [...new Set(times)].sort((one, other) => one - other);
}

/** When the clocks show this time on a day on which they go back, in order: twice in the hour that they repeat. */
function occurrences(day: DateTime, time: string): number[] {
  return onClocks(day, time)
    .getPossibleOffsets()
    .map((one) => one.toMillis())
    .sort((one, other) => one - other);
}

const onClocks = (day: DateTime, time: string): DateTime =>
  day.set({ hour: Number(time.slice(0, 2)), minute: Number(time.slice(3, 5)) });

/** An interval goes on in both hours. */
function onlyOnce(routine: RoutineTimes): ReadonlySet<string> {
  const interval = new Set(timesOf({ ...routine, at: [] }));
  return new Set(routine.at.filter((time) => !interval.has(time)));
}

/** Whether clocks go back on it, be it over its midnight. */
const isLong = (day: DateTime): boolean => beginOf(day.plus({ days: 1 })) - beginOf(day) > DAY_MS;

const beginOf = (day: DateTime): number => Math.min(...occurrences(day, '00:00'));

type TimesOfDay = Pick<DeskRoutine, 'at' | 'every' | 'session'>;

const DAY_MINUTES = 1440;

/**
 * The times of day at which a routine is due: those listed in its desk file, and those of an interval within a
 * session. HH:MM, each once, in order; empty: the routine never runs by itself.
 */
export function timesOf({ at, every, session }: TimesOfDay): readonly string[] {
  const interval = every === undefined ? [] : spaced(minutesOf(every), session);
  return [...new Set([...at, ...interval])].sort();
}

/** From the session's first minute to its last one, inclusive; without a session, the whole day from midnight. */
function spaced(everyMinutes: number, session: string | undefined): string[] {
  const [from, to] = session === undefined ? [0, DAY_MINUTES - 1] : session.split('-').map(minuteOfDay);
  const times: string[] = [];
  for (let minute = from as number; minute <= (to as number); minute += everyMinutes)
    times.push(timeOfDay(minute));
  return times;
}

function minutesOf(every: string): number {
  const count = Number(every.slice(0, -1));
  return every.endsWith('h') ? count * 60 : count;
}

/** Temporal first catches up by itself where it can. Times that its schedules leave out need not wait for that. */
export const SETTLE_MS = 3 * 60_000;
/** Of one routine in an hour or so. */
const LEFT_OUT_MAX = 100;

/**
 * The first moment after `afterMs` and until `untilMs` at which a sweep finds a due time that its schedule leaves out or
 * may leave out, because the clocks change. Null: none.
 */
export function nextLeftOutMs(
  { routines, timezone }: { readonly routines: readonly RoutineTimes[]; readonly timezone: string },
  afterMs: number,
  untilMs: number,
): number | null {
  const found = routines.flatMap((routine) =>
    nominalTimesBetween(routine, timezone, afterMs - SETTLE_MS, untilMs, LEFT_OUT_MAX)
      .filter((ms) => clockChangeAt(routine, timezone, ms) !== null)
      .map((ms) => settledMs(routine, timezone, ms))
      .filter((ms) => ms > afterMs),
  );
  return found.length === 0 ? null : Math.min(...found);
}

/** From when on a due time without a run counts as one that did not run. */
export const settledMs = (routine: RoutineTimes, timezone: string, nominalMs: number): number =>
  nominalMs + (clockChangeAt(routine, timezone, nominalMs) === 'forward' ? 0 : SETTLE_MS);
