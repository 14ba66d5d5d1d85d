/** A desk's performance over a span of market time. Amounts are in its currency. */
import { z } from 'zod';
import { decimalText, marketMs, type Shape } from '../../contracts/json-values.js';

const figuresSchema = z.object({
  trades: z.number().describe('Closed round trips'),
  wins: z.number().describe('Those with a profit after fees'),
  winRatePct: z.number().nullable(),
  net: decimalText.describe('After fees'),
  fees: decimalText,
  averageWin: decimalText.nullable(),
  averageLoss: decimalText.nullable(),
  profitFactor: z.number().nullable().describe('Gains over losses; null without a loss'),
  best: decimalText.nullable(),
  worst: decimalText.nullable(),
  longestLosingStreak: z.number(),
});
export type TripFigures = Shape<typeof figuresSchema>;

export const analyticsSchema = figuresSchema.extend({
  currency: z.string().nullable(),
  fromMs: marketMs,
  toMs: marketMs,
  returnPct: z.number().nullable(),
  sharpe: z
    .number()
    .nullable()
    .describe('Mean over standard deviation of hourly equity returns × √8760; no risk-free rate'),
  maxDrawdownPct: z
    .number()
    .nullable()
    .describe('Open results included; of equity by the minute, over more than two days by longer steps'),
  hours: z.number().describe('Hours of market time with equity: few say little'),
  truncated: z.boolean().describe('There were more round trips than are counted'),
  byStrategy: z.array(figuresSchema.extend({ strategy: z.string() })),
});
/** Without the currency and the span, which the caller knows. */
export type Analytics = Omit<Shape<typeof analyticsSchema>, 'currency' | 'fromMs' | 'toMs'>;
