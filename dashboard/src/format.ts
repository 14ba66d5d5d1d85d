/** Numbers and times in the page's format. */
import { preference } from './preferences.js';

export {
  age,
  cents,
  grouped,
  groupedWithin,
  instantsWithin,
  isCoin,
  isZero,
  lasted,
  placed,
  priceText,
  signed,
  tone,
  trimmed,
} from '../../src/domain/figure-text.js';

export const UTC = 'UTC';

/**
 * The viewer's time zone: UTC unless another was chosen for this browser. A zone that this browser doesn't know
 * becomes UTC.
 */
const ZONE = knownZone(preference('zone'));
const LOCAL = ZONE === UTC ? null : isoIn(ZONE);

function knownZone(zone: string | null): string {
  try {
    if (zone !== null) isoIn(zone);
    return zone ?? UTC;
  } catch {
    return UTC;
  }
}

/** Swedish dates have the ISO 8601 format. */
function isoIn(timeZone: string): Intl.DateTimeFormat {
  const two = '2-digit';
  return new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone, year: 'numeric', month: two, day: two },
    ...{ hour: two, minute: two, second: two, hourCycle: 'h23' },
  });
}

/** The time zone of the times shown: `UTC`, `New York`. Appears next to each of them. */
export const CLOCK = zoneWord(ZONE);

export function zoneWord(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

const iso = (ms: number): string =>
  LOCAL === null ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : LOCAL.format(ms);

export const timeOfDay = (ms: number): string => iso(ms).slice(11);
export const minuteOfDay = (ms: number): string => iso(ms).slice(11, 16);
/** For lists within one year. */
export const dayAndMinute = (ms: number): string => iso(ms).slice(5, 16);
export const day = (ms: number): string => iso(ms).slice(0, 10);
/** A calendar date, the same in every time zone. */
export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
