/** Trading sessions by weekday. Holidays and half days are not built. */
import { DateTime } from 'luxon';

export interface Schedule {
  readonly zone: string;
  /** When the session of a date opens (negative: on the day before) and closes, in minutes of the day. */
  readonly open: number;
  readonly close: number;
  /** Regular hours. */
  readonly liquidOpen: number;
  readonly liquidClose: number;
}

export const CME_INDEX: Schedule = {
  zone: 'US/Central',
  open: -7 * 60,
  close: 16 * 60,
  liquidOpen: 8 * 60 + 30,
  liquidClose: 16 * 60,
};
/** The pause from 7:45 to 8:30 is not built. */
export const CBOT_GRAINS: Schedule = {
  zone: 'US/Central',
  open: -5 * 60,
  close: 13 * 60 + 20,
  liquidOpen: 8 * 60 + 30,
  liquidClose: 13 * 60 + 20,
};
export const US_STOCKS: Schedule = {
  zone: 'US/Eastern',
  open: 4 * 60,
  close: 20 * 60,
  liquidOpen: 9 * 60 + 30,
  liquidClose: 16 * 60,
};

export interface Session {
  /** The trading day, yyyymmdd. */
  readonly day: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const SATURDAY = 6;

/** Sessions that end after `fromMs` and begin before `toMs`, oldest first. */
export function sessionsBetween(
  schedule: Schedule,
  fromMs: number,
  toMs: number,
  liquid: boolean,
): Session[] {
  const sessions: Session[] = [];
  const first = dayOf(schedule, fromMs).minus({ days: 1 });
  for (let day = first; day.minus({ days: 1 }).toMillis() <= toMs; day = day.plus({ days: 1 })) {
    const session = sessionOf(schedule, day, liquid);
    if (session !== null && session.toMs > fromMs && session.fromMs < toMs) sessions.push(session);
  }
  return sessions;
}

export function isOpen(schedule: Schedule, atMs: number, liquid = false): boolean {
  return sessionsBetween(schedule, atMs, atMs + 1, liquid).length > 0;
}

const TWO_WEEKS_MS = 14 * 24 * 60 * 60_000;

/** The current session, or the next one. */
export function sessionAt(schedule: Schedule, atMs: number, liquid: boolean): Session {
  const [session] = sessionsBetween(schedule, atMs, atMs + TWO_WEEKS_MS, liquid);
  if (session === undefined) throw new TypeError('no session in two weeks');
  return session;
}

/** The hours of seven days in TWS's format: 20261119:1700-20261120:1600;20261121:CLOSED;… */
export function hoursText(schedule: Schedule, nowMs: number, liquid: boolean): string {
  const first = dayOf(schedule, nowMs);
  return Array.from({ length: 7 }, (_, days) => {
    const day = first.plus({ days });
    const session = sessionOf(schedule, day, liquid);
    if (session === null) return `${day.toFormat('yyyyMMdd')}:CLOSED`;
    const text = (ms: number) => DateTime.fromMillis(ms, { zone: schedule.zone }).toFormat('yyyyMMdd:HHmm');
    return `${text(session.fromMs)}-${text(session.toMs)}`;
  }).join(';');
}

function dayOf({ zone }: Schedule, atMs: number): DateTime {
  return DateTime.fromMillis(atMs, { zone }).startOf('day');
}

function sessionOf(schedule: Schedule, day: DateTime, liquid: boolean): Session | null {
  if (day.weekday >= SATURDAY) return null;
  const [open, close] = liquid
    ? [schedule.liquidOpen, schedule.liquidClose]
    : [schedule.open, schedule.close];
  return { day: day.toFormat('yyyyMMdd'), fromMs: minuteOf(day, open), toMs: minuteOf(day, close) };
}

/** By local time, so it is right even on a night when clocks change. */
function minuteOf(day: DateTime, minute: number): number {
  const from = minute < 0 ? day.minus({ days: 1 }) : day;
  const of = minute < 0 ? minute + 24 * 60 : minute;
  return from.set({ hour: Math.floor(of / 60), minute: of % 60 }).toMillis();
}
