import { numberOf } from '../desk/step-parameters.js';
import { mean, returnsOf, sampleDeviation } from '../domain/statistics.js';
import { readEquitySteps } from '../store/performance.js';
import type { Check } from './check.js';

const STATUS_MS = 3_000;
const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 30;
const DEVIATIONS_DEFAULT = 2;
/** Fewer days say nothing about what is usual. */
const DAYS_MIN = 5;

/**
 * The day's return against what is usual: the mean of the days before, give or take so many standard deviations. Worse
 * than that fails; better than that warns, since it is as little understood.
 */
export const expectedProfit: Check = async ({ desk, trader, pool }, parameters) => {
  const days = numberOf(parameters, 'days', DAYS_DEFAULT);
  const deviations = numberOf(parameters, 'deviations', DEVIATIONS_DEFAULT);
  const { marketData, equity, dayStartEquity } = await trader.call('status', {}, { timeoutMs: STATUS_MS });
  const span = { desk: desk.desk, fromMs: marketData.marketMs - days * DAY_MS, toMs: marketData.marketMs };
  const closes = (await readEquitySteps(pool, span, DAY_MS)).map((point) => point.equity);
  // Today's own close is not there yet: what is last is of today.
  const before = returnsOf(closes.slice(0, -1));
  const today = Number(equity) / Number(dayStartEquity) - 1;
  if (before.length < DAYS_MIN) {
    return {
      verdict: 'not_run',
      observed: `today ${percent(today)}; ${before.length} days before it are known`,
      expected: `at least ${DAYS_MIN} days to compare with`,
    };
  }
  const usual = mean(before);
  const width = deviations * sampleDeviation(before);
  const expected = `between ${percent(usual - width)} and ${percent(usual + width)}: the mean of ${before.length} days ± ${deviations} standard deviations`;
  const observed = `today ${percent(today)}`;
  if (today < usual - width) return { verdict: 'fail', observed, expected };
  return { verdict: today > usual + width ? 'warn' : 'pass', observed, expected };
};

const percent = (fraction: number): string => `${(fraction * 100).toFixed(3)} %`;
