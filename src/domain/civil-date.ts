/** Calendar dates as whole days since 1970-01-01, and times of day. No clock, no zone, no locale. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export const WEEKDAY_WORDS: Readonly<Record<Weekday, string>> = {
  ...{ mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday' },
  ...{ fri: 'Friday', sat: 'Saturday', sun: 'Sunday' },
};

/** 0 is 1970-01-01. */
export type DayNumber = number;

export const dayOf = (year: number, month: number, day: number): DayNumber =>
  Date.UTC(year, month - 1, day) / DAY_MS;

/** 0 is Monday. */
export const weekdayIndex = (day: DayNumber): number => (((day + 3) % 7) + 7) % 7;

export const weekdayOf = (day: DayNumber): Weekday => WEEKDAYS[weekdayIndex(day)] as Weekday;

/** ISO 8601 week, `2026-W48`: a week belongs to the year of its Thursday. */
export function weekText(day: DayNumber): string {
  const thursday = day - weekdayIndex(day) + 3;
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  const week = Math.floor((thursday - dayOf(year, 1, 1)) / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

/** `2026-11-27`. */
export const dateText = (day: DayNumber): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** Null: not a calendar date, for example 2026-02-30. */
export function dayOfText(date: string): DayNumber | null {
  const [year, month, day] = date.split('-').map(Number);
  if (year === undefined || month === undefined || day === undefined) return null;
  const number = dayOf(year, month, day);
  return Number.isFinite(number) && dateText(number) === date ? number : null;
}

/** Minutes since midnight of `HH:MM`; `24:00` is 1440. */
export const minuteOfDay = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** `HH:MM` for whole minutes since midnight. */
export const timeOfDay = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** For example the third Monday of January: `nthWeekday(year, 1, 'mon', 3)`. */
export function nthWeekday(year: number, month: number, weekday: Weekday, nth: number): DayNumber {
  const first = dayOf(year, month, 1);
  const ahead = (WEEKDAYS.indexOf(weekday) - weekdayIndex(first) + 7) % 7;
  return first + ahead + (nth - 1) * 7;
}

export function lastWeekday(year: number, month: number, weekday: Weekday): DayNumber {
  const last = month === 12 ? dayOf(year, 12, 31) : dayOf(year, month + 1, 1) - 1;
  return last - ((weekdayIndex(last) - WEEKDAYS.indexOf(weekday) + 7) % 7);
}

/**
 * Easter Sunday of the Gregorian calendar, by the anonymous algorithm in Meeus, "Astronomical Algorithms",
 * chapter 8.
 */
export function easterSunday(year: number): DayNumber {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return dayOf(year, Math.floor(n / 31), (n % 31) + 1);
}
