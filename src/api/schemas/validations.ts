import { z } from 'zod';
import { decimalText, wallMs } from './json-schema.js';

/** Checked when it was written and signed; here only what programs may count on. */
export const validationSchema = z.object({
  id: z.string(),
  configHash: z.string(),
  createdMs: wallMs,
  requestedBy: z.string(),
  recommendation: z.enum(['GO', 'NO-GO']),
  reasons: z.array(z.string()).describe('Every reason of a NO-GO, each with the amount that is missing'),
  goLive: z
    .object({ qualifies: z.boolean(), because: z.array(z.string()) })
    .describe('Whether it may stand for real money, and if not, why'),
  period: z.object({
    requestedMs: z.number(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    reached: z.string().nullable(),
  }),
  market: z.object({ kind: z.string().nullable(), label: z.string(), simulated: z.boolean() }),
  results: z.looseObject({
    currency: z.string(),
    netProfit: decimalText,
    trades: z.number(),
    winRatePct: z.number().nullable(),
    sharpe: z.number().nullable(),
    maxDrawdownPct: z.number(),
  }),
  verdicts: z.array(z.looseObject({})).describe('Each criterion with what was measured'),
});
