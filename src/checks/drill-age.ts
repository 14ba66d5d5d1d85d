import { z } from 'zod';
import { DAY_MS } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { isDatedAhead } from '../domain/moment.js';
import { readDrills } from '../store/backup-rows.js';
import { check } from './check.js';

const LOOKED_AT = 20;

/**
 * A backup counts only once it has been restored: the newest drill must have passed, and recently. One that a clock ahead
 * has dated would be the newest for as long as that clock was ahead.
 */
export const drillAge = check(
  'A backup was restored for trial lately',
  z.strictObject({ maxAgeDays: z.number().min(0).default(8) }),
  async ({ desk, pool }, { maxAgeDays: ageDaysMax }) => {
    const expected = `the last restore drill passed, at most ${counted(ageDaysMax, 'day')} ago`;
    const drills = await readDrills(pool, desk.desk, LOOKED_AT);
    const [first] = drills;
    if (!first) {
      const verdict = desk.mode === 'paper' ? 'not_run' : 'fail';
      return { verdict, observed: 'no restore was tried yet: fermata drill', expected };
    }
    const nowMs = Date.now();
    const newest = drills.find(({ finishedMs }) => !isDatedAhead(finishedMs, nowMs));
    if (!newest) {
      const observed = `the drill of ${first.backupId} is dated ahead of now: the clock was wrong then, or is now. Set it right, and try a restore again: fermata drill`;
      return { verdict: 'fail', observed, expected };
    }
    const days = (nowMs - newest.finishedMs) / DAY_MS;
    const observed = `${newest.backupId} ${newest.verdict}, ${days.toFixed(1)} days ago: ${newest.detail}`;
    return { verdict: newest.verdict === 'pass' && days <= ageDaysMax ? 'pass' : 'fail', observed, expected };
  },
);
