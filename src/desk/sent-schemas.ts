/** What people and programs send to a running desk: signals and corporate actions. */

import { z } from 'zod';
import { SPLIT_PART_MAX, splitRatio } from '../domain/corporate-action.js';
import { TARGETS_MAX } from '../domain/exits.js';
import {
  SIGNAL_ACTIONS,
  SIGNAL_LIFE_MS_MAX,
  SIGNAL_TEXT_MAX,
  type SignalBody,
  type SignalRequest,
} from '../domain/signal.js';
import { moment, price, printable, symbol } from './schema-values.js';

/**
 * A signal as people and programs write it: the body of `POST /api/signals`, a line of a backtest's file, or a message
 * on the control socket.
 */
export const signalSourceSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,39}$/,
    'expected 1 to 40 lower case letters, digits, dots, dashes and underscores, a letter or digit first',
  )
  .describe('Whose signal it is');
export const signalIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$/,
    'expected 1 to 80 letters, digits, dots, dashes, colons and underscores, a letter or digit first',
  )
  .describe('What its source calls it');

export const signalSchema = z.strictObject({
  source: signalSourceSchema,
  id: signalIdSchema,
  revision: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe('Left out: 1. Sent again under the same source, id and revision it is the same one'),
  symbol: z.string().min(1).max(40),
  action: z.enum(SIGNAL_ACTIONS).describe('`close`: the position that the strategy holds; without prices'),
  entry: price.optional().describe('The worst price, decimal; left out: at the market'),
  stop: price.optional().describe('Of the protective stop; the shipped strategy enters nothing without one'),
  targets: z
    .array(price)
    .min(1)
    .max(TARGETS_MAX)
    .optional()
    .describe('Where the trade is closed, the nearest first'),
  issuedAt: moment
    .optional()
    .describe(
      'Its original time, by the market; left out: when it arrives. That of an edit is the first one’s',
    ),
  expiresAt: moment
    .optional()
    .describe('From then on nothing is entered on it, seven days later at most. This, or `validSeconds`'),
  validSeconds: z
    .int()
    .min(1)
    .max(SIGNAL_LIFE_MS_MAX / 1000)
    .optional()
    .describe('The same as seconds from its original time'),
  text: printable.max(SIGNAL_TEXT_MAX).optional().describe('As its author wrote it'),
}) satisfies z.ZodType<SignalBody>;

export function signalRequestOf(body: SignalBody): SignalRequest {
  const { revision = 1, entry = null, stop = null, targets = [], issuedAt, expiresAt, validSeconds } = body;
  const { source, id, symbol, action, text = '' } = body;
  const ms = (at: string | undefined): number | null => (at === undefined ? null : Date.parse(at));
  return {
    ...{ source, id, revision, symbol, action, entry, stop, targets, text },
    issuedMs: ms(issuedAt),
    expiresMs: ms(expiresAt),
    validMs: validSeconds === undefined ? null : validSeconds * 1000,
  };
}

/** A corporate action as people and programs send it. */
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
