/** What a desk must show before it may trade real money. */
import { z } from 'zod';
import { positionSizeLimit } from '../limits/position-size.js';
import { amount, name, percent } from './schema-values.js';

const criteriaSchema = z.strictObject({
  minTrades: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .default(10)
    .describe('Closed trades that the paper validation must reach.'),
  minWinRatePct: z
    .number()
    .min(0)
    .max(100)
    .default(45)
    .describe('Lowest percentage of them with a profit after fees.'),
  minSharpe: z
    .number()
    .min(-100)
    .max(100)
    .default(0.5)
    .describe('Lowest Sharpe ratio of its hourly returns, annualised.'),
  maxDrawdownPct: percent
    .default(15)
    .describe('Largest fall of its equity from peak to trough, open results included, percent.'),
});

const positions = z.number().int().min(1).max(1000);

/** Same bound as `risk.maxPositionSizePct`: contracts on margin may be worth more than the account. */
const worthPct = z.number().positive().max(positionSizeLimit.setting.max);

const startSizeSchema = z.strictObject({
  maxPositionSizePct: worthPct
    .default(3)
    .describe(
      'Largest position at first, percent of equity; never above `risk.maxPositionSizePct`. A go-live requires 3 at most, or, with contracts on margin alone, at most 1 % of equity lost at the stop of a position.',
    ),
  maxConcurrentPositions: positions
    .default(3)
    .describe(
      'Most positions open at first; never above `risk.maxConcurrentPositions`. A go-live requires 3 at most.',
    ),
});

const rampStepSchema = z.strictObject({
  afterHours: z
    .number()
    .min(0)
    .max(8760)
    .describe('Hours of clean trading at the previous size before people are asked.'),
  minTrades: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'Fewest trades closed in those hours, which go on until there are as many: without trades they prove nothing; left out: 1.',
    ),
  maxPositionSizePct: worthPct.describe('Largest position from then on, percent of equity.'),
  maxConcurrentPositions: positions.describe('Most positions open from then on.'),
});

export const goLiveSchema = z.strictObject({
  criteria: criteriaSchema.prefault({}).describe('When the paper validation is a GO.'),
  validationHours: z
    .number()
    .min(1)
    .max(8760)
    .optional()
    .describe('Hours of market time that the paper validation must cover; left out: 48.'),
  validForDays: z
    .number()
    .min(1)
    .max(365)
    .optional()
    .describe('How many days a GO is valid for real money; left out: 14.'),
  approvers: z
    .array(name)
    .min(1)
    .max(20)
    .optional()
    .describe('Who decides about real money, each with the role approver; left out: everybody with it.'),
  needed: z.number().int().min(1).max(5).default(2).describe('How many of them must agree.'),
  telegramVotes: z
    .number()
    .int()
    .min(0)
    .max(5)
    .optional()
    .describe(
      'How many of the votes about real money may come through Telegram, where the bot vouches instead of the person’s own key; left out: one if two or more decide, none if only one does.',
    ),
  coolingOffHours: z
    .number()
    .min(0)
    .max(720)
    .default(24)
    .describe('If one is enough: hours between that person’s vote and the start, at least 24.'),
  minBalance: amount
    .default('100')
    .describe(
      'Smallest balance at the exchange, in the currency of `paper.currency`; below it nothing starts.',
    ),
  start: startSizeSchema.prefault({}).describe('Size of the first live period.'),
  watchHours: z.number().min(0).max(720).default(24).describe('How long the first live period is watched.'),
  remindHours: z
    .number()
    .min(0.01)
    .max(48)
    .default(4)
    .describe('Hours between reminders to look at the dashboard meanwhile.'),
  ramp: z.array(rampStepSchema).max(20).default([]).describe('Larger sizes, each by approval.'),
});
