/** The time of day in New York by the rule of 2007: summer time from the second Sunday of March to the first of November, at 02:00. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WINTER_HOURS = -5;

export interface NewYorkTime {
  /** Days since 1970 there. */
  readonly day: number;
  /** 0 to 1439. */
  readonly minuteOfDay: number;
}

/** `ms`: since 1970, UTC. */
export function newYorkTime(ms: number): NewYorkTime {
  const local = ms + (WINTER_HOURS + (isSummer(ms) ? 1 : 0)) * HOUR_MS;
  const day = Math.floor(local / DAY_MS);
  return { day, minuteOfDay: Math.floor((local - day * DAY_MS) / MINUTE_MS) };
}

function isSummer(ms: number): boolean {
  const year = yearOf(Math.floor((ms + WINTER_HOURS * HOUR_MS) / DAY_MS));
  const begins = sunday(daysBefore(year) + 59 + leapDay(year), 2) * DAY_MS + (2 - WINTER_HOURS) * HOUR_MS;
  const ends = sunday(daysBefore(year) + 304 + leapDay(year), 1) * DAY_MS + (1 - WINTER_HOURS) * HOUR_MS;
  return ms >= begins && ms < ends;
}

/** The `nth` Sunday from `day` on; 1970 began on a Thursday. */
const sunday = (day: number, nth: number): number => day + ((3 - (day % 7) + 7) % 7) + 7 * (nth - 1);

const leapDay = (year: number): number => ((year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 1 : 0);

/** Days from 1970 to the year's first. */
function daysBefore(year: number): number {
  const full = year - 1;
  const leaps = Math.floor(full / 4) - Math.floor(full / 100) + Math.floor(full / 400) - 477;
  return (year - 1970) * 365 + leaps;
}

function yearOf(day: number): number {
  const guess = 1970 + Math.floor(day / 365.2425);
  if (day < daysBefore(guess)) return guess - 1;
  return day >= daysBefore(guess + 1) ? guess + 1 : guess;
}
