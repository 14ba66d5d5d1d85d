/** The results of trading: round trips, and their sums by day, week or month. */
import { z } from 'zod';
import { decimalText, marketMs, type Shape } from '../../contracts/json-values.js';

/** The part of a Postgres pool that is used. Rejects while the database is down. */
export interface Queries {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export const PERIODS = ['day', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

/** Amounts are in the desk's currency. */
const sumsSchema = z.object({
  trips: z.number().describe('Closed round trips'),
  wins: z.number().describe('Those with a profit after fees'),
  net: decimalText.describe('After fees'),
  fees: decimalText,
});
export type Sums = Shape<typeof sumsSchema>;

const roundTripSchema = z.object({
  id: z.string(),
  symbol: z.string(),
  strategy: z.string(),
  side: z.enum(['long', 'short']),
  openedMs: marketMs,
  closedMs: marketMs,
  quantity: decimalText.describe('Everything that was entered'),
  entry: decimalText.describe('Average price'),
  exit: decimalText.describe('Average price'),
  /** From its fills, as recorded at that time. */
  priceDigits: z.number().describe('Places of the instrument’s tick: how many a price is written with'),
  net: decimalText.describe('After fees'),
  netPct: z.number().describe('Of what was paid at the entry'),
  r: z
    .number()
    .nullable()
    .describe('Result over what the first protective stop would have lost; null without one'),
  reason: z.string().describe('Purpose of the last fill: exit, protective, close, foreign'),
  fees: decimalText,
});
export type RoundTrip = Shape<typeof roundTripSchema>;

export const resultsSchema = z.object({
  currency: z.string().nullable(),
  fromMs: marketMs.describe('Where the first period begins'),
  toMs: marketMs,
  fromDate: z.string().describe('First trading day of the first period'),
  toDate: z.string().describe('First trading day of the last period'),
  timezone: z.string().describe('Of the desk: dates are in it'),
  dayBoundary: z.string().describe('When a trading day begins in that time zone'),
  total: sumsSchema,
  periods: z
    .array(
      sumsSchema.extend({
        startMs: marketMs,
        date: z.string().describe('Its first trading day; weeks begin on Monday'),
      }),
    )
    .describe('Newest first, by the time of closing; those without a round trip are left out'),
  roundTrips: z.array(roundTripSchema).describe('Newest first'),
  truncated: z.boolean().describe('There are older ones: the sums count them, the list does not'),
});
export type Results = Shape<typeof resultsSchema>;
/** Without the periods, which the caller knows. */
export type FoundResults = Pick<Results, 'total' | 'periods' | 'roundTrips' | 'truncated'>;
