import { z } from 'zod';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';
import { expectedReturn } from './expected-return.js';

/**
 * Compares the day's return with the expected one, within this many standard deviations. Worse fails; better warns,
 * because it is just as little understood.
 */
export const expectedProfit = check(
  z.strictObject({ days: z.number().min(0).default(30), deviations: z.number().min(0).default(2) }),
  async (context, { days, deviations }) => {
    const { marketData, equity, dayStartEquity, configHash } = await readStatus(context);
    const today = Number(equity) / Number(dayStartEquity) - 1;
    const usual = await expectedReturn(context, { configHash, marketMs: marketData.marketMs }, days);
    if (!usual.known) {
      return {
        verdict: 'not_run',
        observed: `today ${percent(today)}; ${usual.why}`,
        expected: 'a validation of at least a day, or at least 5 days to compare with',
      };
    }
    const width = deviations * usual.deviation;
    const [least, most] = [usual.mean - width, usual.mean + width];
    const expected = `between ${percent(least)} and ${percent(most)}: the mean of ${usual.source} ± ${deviations} standard deviations`;
    const observed = `today ${percent(today)}`;
    if (today < least) return { verdict: 'fail', observed, expected };
    return { verdict: today > most ? 'warn' : 'pass', observed, expected };
  },
);

const percent = (fraction: number): string => `${(fraction * 100).toFixed(3)} %`;
