/** How the times of a recorded file's rows are read, by the clock that the file was written by. */
import { HOUR_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { utcOfLocal } from '../../domain/trading-day.js';
import { zoneOffset } from '../../domain/zone-offset.js';
import { DataFileError, REPAIR } from './data-file-error.js';

/** How the time of a row is read. */
export interface Clock {
  readonly expected: string;
  /** NaN: the text is none. `earliestMs`: of the two times that a clock shows where it is put back, the first from there on. */
  read(text: string, earliestMs: number): number;
  /** What to do where it is none. */
  otherwise(text: string): string;
  /** What it shows at a moment, as milliseconds since 1970. */
  shows(utcMs: number): number;
}

const MILLISECONDS = 'Write each ts as milliseconds since 1970, UTC, such as 1767225600000 for 2026-01-01.';
const MICROSECONDS = 'Cut each ts to milliseconds: the first 13 digits.';
export const CLOCKS_FORWARD =
  'Its clock is put forward there: check `venue.serverTime` in the desk file, or take the row out; nothing was traded on it.';
const TS_TEXT = /^\d{1,13}$/;
/** Microseconds or nanoseconds since 2001. */
const FINER_TS_TEXT = /^\d{16}(\d{3})?$/;
const GMT_TEXT = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d(?:\.\d{3})?)$/;
const SERVER_TEXT = /^(\d{4})\.(\d\d)\.(\d\d)(?: (\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?$/;

const same = (utcMs: number): number => utcMs;

export const CLOCKS: Readonly<Record<'ts' | 'us' | 'gmt', Clock>> = {
  ts: {
    expected: 'milliseconds since 1970, UTC',
    read: (text) => (TS_TEXT.test(text) ? Number(text) : Number.NaN),
    otherwise: (text) => (FINER_TS_TEXT.test(text) ? MICROSECONDS : MILLISECONDS),
    shows: same,
  },
  us: {
    expected: 'microseconds since 1970, UTC',
    read: (text) => (/^\d{16}$/.test(text) ? Math.floor(Number(text) / 1000) : Number.NaN),
    otherwise: () => 'Write `timestamp` in microseconds, or `ts` in milliseconds under that name.',
    shows: same,
  },
  gmt: {
    expected: 'a time in GMT such as 03.11.2025 14:30:00.000',
    read: (text) => {
      const [, day = '', month = '', year = '', time = ''] = GMT_TEXT.exec(text) ?? [];
      return msOf(year, month, day, time);
    },
    otherwise: () => REPAIR,
    shows: same,
  },
};

/** NaN: there is no such time. */
function msOf(year: string, month: string, day: string, time: string): number {
  const ms = Date.parse(`${year}-${month}-${day}T${time}Z`);
  // 31.02. would be a day of March.
  return new Date(ms).getUTCDate() === Number(day) ? ms : Number.NaN;
}

/** Of no clock change, a time this long before or after it is another hour. */
const AROUND_CHANGE_MS = 2 * HOUR_MS;

/** The clock of a broker's server. Throws `DataFileError`: the desk file does not say which it is. */
export function serverClock(
  file: string,
  { symbol, serverTime }: Pick<Instrument, 'symbol' | 'serverTime'>,
): Clock {
  if (serverTime === undefined)
    throw new DataFileError({
      ...{ file, row: 1, column: null },
      expected: `to know the clock of the broker’s server, which the times of ${symbol} are in: the file does not name it`,
      found: 'no `venue.serverTime` in the desk file',
      doThis:
        'Write it there, for example `serverTime: { zone: America/New_York, hoursAhead: 7 }`: days of most MetaTrader brokers end at 17:00 in New York. docs/DATA.md says how to find out.',
    });
  const { zone, hoursAhead } = serverTime;
  const aheadMs = hoursAhead * HOUR_MS;
  const inZone = zoneOffset(zone);
  const offsetAt = (utcMs: number): number => inZone(utcMs) + aheadMs;
  const localOf = (text: string): number => {
    const [, year = '', month = '', day = '', time = '00:00'] = SERVER_TEXT.exec(text) ?? [];
    return msOf(year, month, day, time);
  };
  return {
    expected: `a time that the broker’s server showed (venue.serverTime: ${zone}, ${hoursAhead} h ahead), such as 2025.11.03 14:30:00`,
    read: (text, earliestMs) => {
      const local = localOf(text);
      if (Number.isNaN(local)) return local;
      const near = utcOfLocal(local, offsetAt);
      const offsets = [offsetAt(near - AROUND_CHANGE_MS), offsetAt(near + AROUND_CHANGE_MS)];
      const times = [local - Math.max(...offsets), local - Math.min(...offsets)];
      const shown = times.filter((utcMs) => utcMs + offsetAt(utcMs) === local);
      return shown.find((utcMs) => utcMs >= earliestMs) ?? shown[0] ?? Number.NaN;
    },
    otherwise: (text) => (Number.isNaN(localOf(text)) ? REPAIR : CLOCKS_FORWARD),
    shows: (utcMs) => utcMs + offsetAt(utcMs),
  };
}
