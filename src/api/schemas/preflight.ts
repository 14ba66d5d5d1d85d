import { z } from 'zod';
import type { PreflightReport } from '../../contracts/preflight.js';
import { wallMs } from './json-schema.js';

const verdict = z.enum(['pass', 'warn', 'fail']);

export const preflightSchema = z.object({
  desk: z.string(),
  configHash: z.string(),
  endpoint: z.string().describe('Where the exchange was asked'),
  verdict: verdict.describe('fail forbids a start with real money; warn does not'),
  results: z.array(
    z.object({
      key: z.string(),
      title: z.string(),
      verdict,
      observed: z.string(),
      expected: z.string(),
    }),
  ),
  atMs: wallMs,
}) satisfies z.ZodType<PreflightReport>;
