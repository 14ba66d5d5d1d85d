/** A time zone has to be known to the system. */
import type { BrokenRule } from './broken-rule.js';

export function zoneRule(path: BrokenRule['path'], zone: string): BrokenRule[] {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return [];
  } catch {
    return [
      {
        path,
        expected: 'a time zone of the IANA list',
        found: zone,
        doThis: 'write for example UTC, Europe/Berlin or America/New_York',
      },
    ];
  }
}
