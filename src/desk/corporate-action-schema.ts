/** A corporate action as people and programs send it. */
import { z } from 'zod';
import { SPLIT_PART_MAX, splitRatio } from '../domain/corporate-action.js';
import { symbol } from './schema-values.js';

const part = z.int().min(1).max(SPLIT_PART_MAX);

export const splitSchema = z.strictObject({
  kind: z.literal('split'),
  symbol,
  numerator: part.describe('New shares: 4 where four come from one'),
  denominator: part.describe('Old shares: 10 where one comes from ten'),
});

export const dividendSchema = z.strictObject({
  kind: z.literal('dividend'),
  symbol,
  perShare: z
    .string()
    .regex(
      /^(?!0+(\.0+)?$)\d{1,9}(\.\d{1,8})?$/,
      'expected a decimal number above 0 as text, for example "0.82"',
    )
    .describe('Decimal, in the quote currency, above 0'),
});

/** Reduces a split to its lowest terms. */
export const corporateActionSchema = z
  .discriminatedUnion('kind', [splitSchema, dividendSchema])
  .refine(
    (action) => action.kind !== 'split' || splitRatio(action.numerator, action.denominator) !== null,
    'expected another number of new shares than of old ones',
  )
  .transform((action) =>
    action.kind === 'split' ? { ...action, ...splitRatio(action.numerator, action.denominator) } : action,
  );
