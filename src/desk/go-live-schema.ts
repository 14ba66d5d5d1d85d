/** What a desk has to show before it may trade real money. */
import { z } from 'zod';
import { percent } from './schema-values.js';

export const criteriaSchema = z.strictObject({
  minTrades: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(10)
    .describe('Closed trades that the paper validation needs at least.'),
  minWinRatePct: z
    .number()
    .min(0)
    .max(100)
    .default(45)
    .describe('Percent of them that made a profit after fees, at least.'),
  minSharpe: z
    .number()
    .min(-100)
    .max(100)
    .default(0.5)
    .describe('Sharpe ratio of its hourly returns, a year’s worth, at least.'),
  maxDrawdownPct: percent
    .default(15)
    .describe('Fall of its equity from peak to trough, open results included, percent at most.'),
});

export const goLiveSchema = z.strictObject({
  criteria: criteriaSchema.prefault({}).describe('When the paper validation is a GO.'),
});
