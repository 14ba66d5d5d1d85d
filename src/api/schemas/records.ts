/** Records from the ledger and from the evidence. */
import { z } from 'zod';
import { EVIDENCE_VERDICTS } from '../../contracts/evidence.js';
import { decimalText, marketMs, wallMs } from '../../contracts/json-values.js';
import { barSchema, lineSchema } from '../../contracts/trader-status.js';
import { SIDES } from '../../domain/order.js';
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
