import { z } from 'zod';
import { DAY_MS } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { readDrills } from '../store/backups.js';
import { check } from './check.js';

/** A backup counts only once it has been restored: the newest drill must have passed, and recently. */
export const drillAge = check(
  'A backup was restored for trial lately',
  z.strictObject({ maxAgeDays: z.number().min(0).default(8) }),
  async ({ desk, pool }, { maxAgeDays: ageDaysMax }) => {
    const expected = `the last restore drill passed, at most ${counted(ageDaysMax, 'day')} ago`;
    const [newest] = await readDrills(pool, desk.desk, 1);
    if (!newest) {
      const verdict = desk.mode === 'paper' ? 'not_run' : 'fail';
      return { verdict, observed: 'no restore was tried yet: fermata drill', expected };
    }
    const days = (Date.now() - newest.finishedMs) / DAY_MS;
    const observed = `${newest.backupId} ${newest.verdict}, ${days.toFixed(1)} days ago: ${newest.detail}`;
    return { verdict: newest.verdict === 'pass' && days <= ageDaysMax ? 'pass' : 'fail', observed, expected };
  },
);
