/** What is read from the ledger and from the evidence. */
import { z } from 'zod';
import { decimalText, marketMs, wallMs } from '../../contracts/json-values.js';
import { barSchema, lineSchema } from '../../contracts/trader-status.js';
import { SIDES } from '../../domain/order.js';
import type { ScheduledRun } from '../../operations/list-schedules.js';

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

export const equitySchema = z.object({
  source: z
    .enum(['ledger', 'memory'])
    .describe('memory: the database is down; since this web server started'),
  currency: z.string().nullable(),
  points: z.array(equityPointSchema).describe('Oldest first'),
  buyAndHold: z
    .array(equityPointSchema)
    .describe(
      'What the same money would be in equal parts of each instrument, without costs; empty: no prices',
    ),
});

export const stepSchema = z.object({
  key: z.string(),
  name: z.string(),
  kind: z.string(),
  verdict: z.enum(['pass', 'warn', 'fail', 'not_run']),
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
  nominalMs: wallMs,
  startedMs: wallMs,
  finishedMs: wallMs.nullable(),
  verdict: z.enum(['pass', 'warn', 'fail', 'not_run', 'missed']).nullable().describe('Null while it runs'),
  steps: z.array(stepSchema),
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
  lines: z.array(lineSchema).describe('What strategies go by, such as their averages'),
});

export const auditEntrySchema = z.object({
  id: z.number(),
  wallMs,
  person: z.string(),
  via: z.string(),
  action: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  outcome: z.string(),
});

export const auditSchema = z.object({
  entries: z.array(auditEntrySchema).describe('Newest first'),
  nextCursor: z.string().nullable().describe('Pass it as `before` for older entries; null at the end'),
});

export const scheduleSchema = z.object({
  scheduleId: z.string(),
  routine: z.string(),
  title: z.string(),
  when: z
    .enum(['timed', 'start', 'asked'])
    .describe(
      'timed: at times of its own; start: it has none, and runs at each start of the desk; asked: only when somebody runs it',
    ),
  known: z.boolean().describe('false: the database does not answer; `paused` and `last` say nothing'),
  paused: z.boolean(),
  note: z.string(),
  clock: z.enum(['wall', 'market']).describe('market: due by the time of the prices'),
  nextMs: wallMs.nullable().describe('Estimated where market time runs at another speed'),
  nextMarketMs: marketMs.nullable(),
  last: z
    .object({ nominalMs: marketMs, verdict: routineRunSchema.shape.verdict })
    .nullable()
    .describe('Its newest run'),
}) satisfies z.ZodType<ScheduledRun>;

export type Trade = z.infer<typeof tradeSchema>;
export type RoutineRun = z.infer<typeof routineRunSchema>;
export type BackupRun = z.infer<typeof backupRunSchema>;
