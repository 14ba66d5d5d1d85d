import { z } from 'zod';
import { expiredBackups, ownBackups } from '../backup/retention.js';
import { DAY_MS } from '../domain/civil-date.js';
import { check } from './check.js';

/**
 * Checks that an old enough backup exists, and none that should have been deleted. The manifests on disk
 * count, not the records.
 */
export const backupRetention = check(
  'Backups are kept as long as they should be, and no longer',
  z.strictObject({ ageDays: z.number().int().min(1).max(365).default(7) }),
  async ({ desk, runtime }, { ageDays }) => {
    const { keep, days = null } = desk.backup;
    const expected = `one of ${ageDays} days ago is there, and none is older than ${days === null ? `the newest ${keep}` : `${days} days`}`;
    const nowMs = Date.now();
    const backups = await ownBackups(runtime.home, desk.desk);
    const [oldest] = backups;
    if (oldest === undefined || nowMs - oldest.takenMs < ageDays * DAY_MS)
      return {
        verdict: 'not_run',
        observed: `the oldest of ${backups.length} is not ${ageDays} days old yet`,
        expected,
      };
    // Any backup of that day counts, whatever its hour.
    const then = backups.find(({ takenMs }) => Math.floor((nowMs - takenMs) / DAY_MS) === ageDays);
    const overdue = expiredBackups(backups, { keep, days }, nowMs);
    const observed = [
      then === undefined ? `none of ${ageDays} days ago` : `${then.id} is there`,
      overdue.length === 0 ? 'none is overdue' : `${overdue.join(', ')} should have made room`,
    ].join('; ');
    return { verdict: then !== undefined && overdue.length === 0 ? 'pass' : 'fail', observed, expected };
  },
);
