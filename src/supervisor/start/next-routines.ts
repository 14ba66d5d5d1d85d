import { DateTime } from 'luxon';
import type { Desk, DeskRoutine } from '../../desk/schema.js';

const DAYS_AHEAD_MAX = 40;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export interface NextRoutine {
  readonly routine: string;
  readonly title: string;
  readonly atMs: number;
}

/** The next run of each routine after `nowMs` of the desk's own time, soonest first. */
export function nextRoutines(
  desk: Pick<Desk, 'routines' | 'timezone'>,
  nowMs: number,
): readonly NextRoutine[] {
  return desk.routines
    .flatMap((routine) => {
      const atMs = nextRun(routine, desk.timezone, nowMs);
      return atMs === null ? [] : [{ routine: routine.name, title: routine.title, atMs }];
    })
    .sort((left, right) => left.atMs - right.atMs);
}

function nextRun(routine: DeskRoutine, timezone: string, nowMs: number): number | null {
  const today = DateTime.fromMillis(nowMs, { zone: timezone }).startOf('day');
  for (let ahead = 0; ahead <= DAYS_AHEAD_MAX; ahead += 1) {
    const day = today.plus({ days: ahead });
    if (!runsOn(routine, day)) continue;
    const times = routine.at
      .map((time) => day.set({ hour: Number(time.slice(0, 2)), minute: Number(time.slice(3)) }).toMillis())
      .filter((atMs) => atMs > nowMs);
    if (times.length > 0) return Math.min(...times);
  }
  return null;
}

function runsOn(routine: DeskRoutine, day: DateTime): boolean {
  const weekday = WEEKDAYS[day.weekday - 1];
  if (routine.weekdays.length > 0 && weekday && !routine.weekdays.includes(weekday)) return false;
  return routine.daysOfMonth.length === 0 || routine.daysOfMonth.includes(day.day);
}
