import { statfs } from 'node:fs/promises';
import { numberOf } from '../desk/step-parameters.js';
import type { Check } from './check.js';

const FREE_MB_DEFAULT = 1_024;
const BYTES_PER_MB = 1_048_576;

/** On the disk that holds the journal, Postgres and Temporal. */
export const diskSpace: Check = async ({ runtime }, parameters) => {
  const freeMbMin = numberOf(parameters, 'freeMbMin', FREE_MB_DEFAULT);
  const { bavail, bsize } = await statfs(runtime.home);
  const freeMb = Math.floor((bavail * bsize) / BYTES_PER_MB);
  return {
    verdict: freeMb >= freeMbMin ? 'pass' : 'fail',
    observed: `${freeMb} MB free`,
    expected: `at least ${freeMbMin} MB free`,
  };
};
