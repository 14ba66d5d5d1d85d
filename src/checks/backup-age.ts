import type { Check } from './check.js';
import { numberOf } from './check.js';

const AGE_HOURS_DEFAULT = 24;

/** Paper money may trade without backups, so this one is not run until they are set up. */
export const backupAge: Check = async ({ desk }, parameters) => {
  const ageHoursMax = numberOf(parameters, 'maxAgeHours', AGE_HOURS_DEFAULT);
  return {
    verdict: desk.mode === 'paper' ? 'not_run' : 'fail',
    observed: 'backups are not set up',
    expected: `the last backup is at most ${ageHoursMax} hours old`,
  };
};
