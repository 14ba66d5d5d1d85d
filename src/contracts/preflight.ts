/** The result of the pre-flight. */
import { z } from 'zod';
import { type Shape, wallMs } from './json-values.js';

const verdict = z.enum(['pass', 'warn', 'fail']);
export type PreflightVerdict = z.output<typeof verdict>;

const resultSchema = z.object({
  key: z.string(),
  title: z.string(),
  verdict,
  observed: z.string(),
  expected: z.string(),
});
export type PreflightResult = Shape<typeof resultSchema>;
export type PreflightOutcome = Omit<PreflightResult, 'key' | 'title'>;

export const preflightSchema = z.object({
  desk: z.string(),
  configHash: z.string(),
  endpoint: z.string().describe('Which endpoint was checked'),
  /** People are notified of a `warn`. */
  verdict: verdict.describe('fail forbids a start with real money; warn does not'),
  results: z.array(resultSchema),
  atMs: wallMs,
});
export type PreflightReport = Shape<typeof preflightSchema>;
