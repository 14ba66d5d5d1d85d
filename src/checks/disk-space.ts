import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import { check } from './check.js';

const BYTES_PER_MB = 1_048_576;

/** On the disk that holds the journal, Postgres and Temporal. */
export const diskSpace = check(
  z.strictObject({ freeMbMin: z.number().min(0).default(1_024) }),
  async ({ runtime }, { freeMbMin }) => {
    const { bavail, bsize } = await statfs(runtime.home);
    const freeMb = Math.floor((bavail * bsize) / BYTES_PER_MB);
    return {
      verdict: freeMb >= freeMbMin ? 'pass' : 'fail',
      observed: `${freeMb} MB free`,
      expected: `at least ${freeMbMin} MB free`,
    };
  },
);
