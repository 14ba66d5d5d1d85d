import { DateTime } from 'luxon';

/**
 * `20261120-21:00:00` is UTC; `20261120 16:00:00 US/Eastern` names its zone, and without one it is in TWS's. Null for
 * any other form.
 */
export function timeOf(text: string, zone: string): number | null {
  const match = /^(\d{8})([- ])(\d\d:\d\d:\d\d)(?: ([A-Za-z]+(?:[/_][A-Za-z_]+)*))?$/.exec(text);
  const [, day, separator, time, named] = match ?? [];
  if (match === null || (separator === '-' && named !== undefined)) return null;
  const at = DateTime.fromFormat(`${day} ${time}`, 'yyyyMMdd HH:mm:ss', {
    zone: separator === '-' ? 'UTC' : (named ?? zone),
  });
  return at.isValid ? at.toMillis() : null;
}
