import { z } from 'zod';
import { haltSchema, traderStatusSchema } from '../../contracts/trader-status.js';
import { printable } from '../../desk/schema-values.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/position-size.js';
import { SIGNATURE_CHARS_MAX } from '../../signing/vote-statement.js';

const HALT_ID_CHARS_MAX = 100;

export const reason = printable.max(500).describe('Kept in the journal, the evidence and the audit trail');

/** A signature by the person's own key; GET /api/signing returns the statement to sign. */
export const signature = z
  .string()
  .min(1)
  .max(SIGNATURE_CHARS_MAX)
  .optional()
  .describe('For real money: over the statement of GET /api/signing, with the person’s own key');

/** For requests that need a reason. */
export const reasonSchema = z.strictObject({ reason: reason.min(1) });

/** No button is refused for its reason: a missing one is asked for afterwards, a long one is cut. */
const anyReason = z
  .string()
  .optional()
  .describe(
    'Kept in the journal, the evidence and the audit trail, cut to 500 characters; a task asks for a missing one',
  );
export const stopSchema = z.strictObject({ reason: anyReason });
export const closeAllSchema = stopSchema.extend({
  kill: z.boolean().optional().describe('True: two people must resume, whatever the desk file says'),
});
export const resumeSchema = stopSchema.extend({
  sizePct: z
    .int()
    .min(SIZE_PCT_MIN)
    .max(SIZE_PCT_MAX)
    .optional()
    .describe('Position size to continue with, percent of the full size; left out: unchanged'),
  haltId: z
    .string()
    .min(1)
    .max(HALT_ID_CHARS_MAX)
    .optional()
    .describe('The halt that the person saw: no other one is lifted. Left out: the one in force'),
  signature,
});

export const emergencyStateSchema = traderStatusSchema
  .pick({
    mode: true,
    reason: true,
    haltId: true,
    closeAll: true,
    entriesWorking: true,
    openPositions: true,
    openOrders: true,
  })
  .extend({ tradingHalted: z.boolean(), halts: z.array(haltSchema) });

/** The header. A key stands for one request: the same key with another body is refused. */
export const idempotencyHeaders = {
  type: 'object',
  properties: {
    'idempotency-key': {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      pattern: '^[\\x21-\\x7e]+$',
      'x-expected': 'letters, digits and signs without spaces',
    },
  },
} as const;
