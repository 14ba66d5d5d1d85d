/**
 * Records from the ledger and from the evidence, and the trader's status as the API publishes it: the
 * trader's own fields plus those that the API adds.
 */

import { z } from 'zod';
import { EVIDENCE_VERDICTS } from '../../contracts/evidence.js';
import { decimalText, marketMs, type Shape, wallMs } from '../../contracts/json-values.js';
import { FIGURE_TONES, NOTE_PLACES } from '../../contracts/status-words.js';
import {
  barSchema,
  lineSchema,
  reconciliationSchema,
  traderStatusSchema,
} from '../../contracts/trader-status.js';
import { MONEY_AT_STAKE } from '../../domain/account-name.js';
import { HEADLINE_TONES } from '../../domain/mode.js';
import { SIDES } from '../../domain/order.js';
import { shownChannelSchema } from '../../home/channel-health.js';
import { processStatusSchema } from '../../home/process-status.js';
import { runVerdict } from '../../operations/run-routine.js';

export const tradeSchema = z.object({
  tradeId: z.string(),
  clientId: z.string(),
  symbol: z.string(),
  side: z.enum(SIDES),
  quantity: decimalText,
  price: decimalText,
  fee: decimalText,
  liquidity: z.string(),
  purpose: z.string(),
  strategy: z.string(),
  realised: decimalText,
  simulated: z.boolean(),
  caughtUp: z.boolean(),
  marketMs,
  wallMs,
});

export const tradesSchema = z.object({
  trades: z.array(tradeSchema).describe('Newest first'),
  total: z.number(),
  nextCursor: z.string().nullable().describe('Pass it as `before` for older trades; null at the end'),
});

const equityPointSchema = z.object({ marketMs, equity: decimalText });

const peakText = decimalText.describe('From which the drawdown counted then: it follows capital that moved');

export const equitySchema = z.object({
  source: z
    .enum(['ledger', 'memory'])
    .describe('memory: only since this web server started; the database is down'),
  currency: z.string().nullable(),
  points: z.array(equityPointSchema.extend({ peak: peakText })).describe('Oldest first'),
  buyAndHold: z
    .array(equityPointSchema)
    .describe(
      'The same money held in equal parts of each instrument, through splits, without costs and dividends; empty: no prices',
    ),
});

export const stepSchema = z.object({
  key: z.string(),
  name: z.string(),
  kind: z.string(),
  verdict: z.enum(EVIDENCE_VERDICTS),
  expected: z.string(),
  observed: z.string(),
  startedMs: wallMs,
  finishedMs: wallMs,
  person: z.string().nullable(),
});

export const routineRunSchema = z.object({
  workflowId: z.string(),
  routine: z.string(),
  title: z.string(),
  cause: z.string(),
  nominalMs: marketMs,
  startedMs: wallMs,
  finishedMs: wallMs.nullable(),
  verdict: runVerdict,
  steps: z.array(stepSchema),
});

export const missedRunSchema = z.object({
  routine: z.string(),
  nominalMs: marketMs.describe('When it was due'),
  reason: z.string(),
});

export const backupRunSchema = z.object({
  workflowId: z.string(),
  runId: z.string().describe('Every backup of a desk has the same workflow: this is its run'),
  routine: z.enum(['backup', 'restore-drill']),
  person: z.string().nullable().describe('Who asked for it; null: a routine'),
  startedMs: wallMs,
  finishedMs: wallMs,
  verdict: z.enum(['pass', 'fail', 'not_run']),
  steps: z.array(stepSchema),
});

export const barsSchema = z.object({
  symbol: z.string(),
  spanMs: z.number(),
  simulated: z.boolean(),
  bars: z.array(barSchema).describe('Oldest first, finished ones only'),
  lines: z.array(lineSchema).describe('Used by strategies, such as their averages'),
});

export const auditEntrySchema = z.object({
  id: z.number(),
  wallMs,
  person: z.string(),
  via: z.string(),
  action: z.string().describe('Its code, for finding entries'),
  actionWords: z.string().describe('The action in words'),
  parameters: z.record(z.string(), z.unknown()),
  outcome: z.string(),
});

export const auditSchema = z.object({
  entries: z.array(auditEntrySchema).describe('Newest first'),
  nextCursor: z.string().nullable().describe('Pass it as `before` for older entries; null at the end'),
});

export type Trade = z.infer<typeof tradeSchema>;
export type RoutineRun = z.infer<typeof routineRunSchema>;
export type MissedRun = z.infer<typeof missedRunSchema>;
export type BackupRun = z.infer<typeof backupRunSchema>;

export const reconciliationAnswerSchema = reconciliationSchema.extend({
  clean: z.boolean(),
  openPositions: z.number(),
  openOrders: z.number(),
  unprotected: z.array(z.string()).describe('Symbols whose protective stop the venue has not confirmed'),
});

const processesSchema = z
  .array(processStatusSchema)
  .nullable()
  .describe('Null while the supervisor does not answer');

/** The trader's status with the texts about it that are the same everywhere. */
const shownStatusSchema = traderStatusSchema.extend({
  money: z.enum(MONEY_AT_STAKE).describe('Real, unless known to be play money'),
  headline: z
    .object({ tone: z.enum(HEADLINE_TONES), text: z.string(), detail: z.string() })
    .describe('The mode, and what limits it: “ACTIVE, but every strategy is off”'),
  haltCause: z
    .string()
    .nullable()
    .describe('Cause of the deciding halt; null: no halt of the desk is in force'),
  pricesWord: z.string().describe('“Live prices”, “Recorded” or “Simulated”'),
  figures: z
    .array(
      z.object({
        key: z.string(),
        title: z.string(),
        value: z.string(),
        unit: z.string().exactOptional(),
        detail: z.string().exactOptional(),
        tone: z.enum(FIGURE_TONES).exactOptional(),
        isOfNow: z.boolean().describe('Counts only while the trader answers'),
      }),
    )
    .describe('The key figures as people are shown them, in this order'),
  notes: z
    .array(
      z.object({
        key: z.string(),
        title: z.string(),
        place: z.enum(NOTE_PLACES).describe('Where on the page; own: by a design of its own'),
        isOnPhone: z.boolean().describe('Part of Telegram’s /status'),
        lines: z.array(z.string()),
      }),
    )
    .describe('What else there is to know, in words; left out: what has nothing to say'),
});
export type ShownStatus = Shape<typeof shownStatusSchema>;

const alertsSchema = z.array(shownChannelSchema).describe('Whether alerts reach people');

export const deskStatusSchema = shownStatusSchema.extend({
  status: z.enum(['running', 'stopped']).describe('running: it may trade (ACTIVE or REDUCING)'),
  processes: processesSchema,
  alerts: alertsSchema,
});

/** Messages over the WebSocket. */
export const liveMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    atWallMs: wallMs,
    expiresMs: wallMs.describe('Send a new token before then'),
  }),
  z.object({ type: z.literal('alive'), atWallMs: wallMs.describe('The state sent last still holds') }),
  z.object({
    type: z.literal('state'),
    atWallMs: wallMs.describe('When it was sent'),
    trader: z.object({
      reachable: z.boolean(),
      sinceWallMs: wallMs.describe('When it last became reachable or unreachable'),
      problem: z.string().nullable(),
    }),
    status: shownStatusSchema.nullable().describe('The newest known; old while the trader is unreachable'),
    statusWallMs: wallMs.nullable(),
    processes: processesSchema,
    alerts: alertsSchema,
  }),
]);
export type LiveMessage = Shape<typeof liveMessageSchema>;
