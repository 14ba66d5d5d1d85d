/**
 * The times of day at which a routine is due: those listed in its desk file, and those of an interval within a session.
 */
import { minuteOfDay, timeOfDay } from '../domain/civil-date.js';
import type { DeskRoutine } from './schema.js';

export type TimesOfDay = Pick<DeskRoutine, 'at' | 'every' | 'session'>;

const DAY_MINUTES = 1440;

/** HH:MM, each once, in order; empty: the routine never runs by itself. */
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
