/** Free space on the disk, and the space used by logs. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { freeBytes, wholeMegabytes } from '../home/free-space.js';
import { homePaths } from '../home/runtime.js';
import { BYTES_PER_MB, logBytes, megabytes } from '../reports/sizes.js';
import { check } from './check.js';

/** Measures the disk that holds the journal, Postgres and Temporal. */
export const diskSpace = check(
  'Free space on the disk',
  z.strictObject({ freeMbMin: z.number().min(0).default(1_024) }),
  async ({ runtime }, { freeMbMin }) => {
    const freeMb = wholeMegabytes(await freeBytes(runtime.home));
    return {
      verdict: freeMb >= freeMbMin ? 'pass' : 'fail',
      observed: `${freeMb} MB free`,
      expected: `at least ${freeMbMin} MB free`,
    };
  },
);

/** Measures all logs: of the processes, of trading and of the databases. */
export const logSpace = check(
  'Space that logs take',
  z.strictObject({ maxMb: z.number().min(0).default(500) }),
  async ({ runtime }, { maxMb }) => {
    const { home } = runtime;
    const expected = `at most ${maxMb} MB`;
    if (!existsSync(homePaths(home).logs))
      return { verdict: 'not_run', observed: 'no log is kept here', expected };
    const bytes = await logBytes(home);
    const verdict = bytes <= maxMb * BYTES_PER_MB ? 'pass' : 'fail';
    return { verdict, observed: `logs of ${megabytes(bytes)}`, expected };
  },
);
