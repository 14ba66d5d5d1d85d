import { z } from 'zod';
import { HOUR_MS } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { isDatedAhead } from '../domain/moment.js';
import { isStillThere, readBackups } from '../store/backup-rows.js';
import { check } from './check.js';

const LOOKED_AT = 20;
const LISTED = 5;

/** Only backups that were verified and still exist count. */
export const backupAge = check(
  'The newest good backup is young enough',
  z.strictObject({ maxAgeHours: z.number().min(0).default(24) }),
  async ({ desk, pool, runtime }, { maxAgeHours: ageHoursMax }) => {
    const expected = `the last verified backup is less than ${ageHoursMax} hours old`;
    const backups = await readBackups(pool, desk.desk, LOOKED_AT);
    if (backups.length === 0) {
      // Paper money may trade before its first nightly backup.
      const verdict = desk.mode === 'paper' ? 'not_run' : 'fail';
      return { verdict, observed: 'no backup was taken yet: fermata backup --verify', expected };
    }
    const [newest, ...older] = backups.filter(
      (backup) => backup.prunedMs === null && isStillThere(runtime.home, backup),
    );
    if (!newest) {
      return { verdict: 'fail', observed: `${backups[0]?.folder} and those before it are gone`, expected };
    }
    const before = older.slice(0, LISTED - 1).map(({ id }) => id);
    const nowMs = Date.now();
    if (isDatedAhead(newest.takenMs, nowMs))
      return {
        verdict: 'fail',
        observed: `${newest.id} is dated ahead of now: the clock was wrong when it was taken, or is now. Older ones stay. Set the clock right, move ${newest.folder} to another place, and take a new one: fermata backup --verify`,
        expected,
      };
    const hours = (nowMs - newest.takenMs) / HOUR_MS;
    return {
      verdict: hours < ageHoursMax ? 'pass' : 'fail',
      observed: `${newest.id} is ${hours.toFixed(1)} hours old, ${counted(newest.rows, 'row')}, ${newest.bytes} bytes; before it: ${before.join(', ') || 'none'}`,
      expected,
    };
  },
);
