import { numberOf } from '../desk/step-parameters.js';
import { readDrills } from '../store/backups.js';
import type { Check } from './check.js';

const AGE_DAYS_DEFAULT = 8;
const DAY_MS = 86_400_000;

/** A backup counts only when it was restored: the newest drill must have passed, lately. */
export const drillAge: Check = async ({ desk, pool }, parameters) => {
  const ageDaysMax = numberOf(parameters, 'maxAgeDays', AGE_DAYS_DEFAULT);
  const expected = `the last restore drill passed, at most ${ageDaysMax} days ago`;
  const [newest] = await readDrills(pool, desk.desk, 1);
  if (!newest) {
    const verdict = desk.mode === 'paper' ? 'not_run' : 'fail';
    return { verdict, observed: 'no restore was tried yet: fermata drill', expected };
  }
  const days = (Date.now() - newest.finishedMs) / DAY_MS;
  const observed = `${newest.backupId} ${newest.verdict}, ${days.toFixed(1)} days ago: ${newest.detail}`;
  return { verdict: newest.verdict === 'pass' && days <= ageDaysMax ? 'pass' : 'fail', observed, expected };
};
