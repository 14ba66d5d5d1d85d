/** The desk file: one YAML file that says everything about a desk. Unknown keys are errors. */
import { z } from 'zod';

const decimal = z.string().regex(/^\d+(\.\d+)?$/, 'expected a decimal number in quotes, for example "0.01"');
const symbol = z.string().regex(/^[A-Z0-9]+\/[A-Z0-9]+$/, 'expected BASE/QUOTE, for example BTC/USDT');
const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'expected lower case letters, digits and dashes');
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time HH:MM, for example "00:00"');
const percent = z.number().positive().max(100);
const resumeRule = z.enum(['auto', 'next-day', 'person', 'two-people']);

export const instrumentSchema = z.strictObject({
  symbol,
  kind: z.enum(['spot', 'linear']).default('spot'),
  tickSize: decimal,
  lotSize: decimal,
  minNotional: decimal.default('0'),
  /** Distance between bid and ask where the prices come as bars (simulated or recorded). */
  spread: decimal.default('0.02'),
});

export const strategySchema = z.strictObject({
  name,
  kind: z.enum(['emaCross']),
  symbols: z.array(symbol).min(1),
  enabled: z.boolean().default(true),
  parameters: z.record(z.string(), z.number()).default({}),
});

/** What a step's failure does. `incident` and `halt` include the warning. */
export const stepFailureSchema = z.enum(['note', 'warn', 'stop', 'incident', 'halt']);

export const stepSchema = z.strictObject({
  key: name,
  title: z.string().min(1),
  check: name,
  onFail: stepFailureSchema.default('warn'),
  timeoutSeconds: z.number().int().min(1).max(600).default(30),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

export const routineSchema = z.strictObject({
  name,
  title: z.string().min(1),
  /** Times of day in the desk's time zone. */
  at: z.array(timeOfDay).default([]),
  /** Empty: every day. */
  weekdays: z.array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])).default([]),
  /** "First Monday" = weekdays [mon] with daysOfMonth [1..7]. */
  daysOfMonth: z.array(z.number().int().min(1).max(31)).default([]),
  onStart: z.boolean().default(false),
  /** A run that would begin later than this after its nominal time is recorded as missed and does nothing. */
  latestMinutes: z.number().int().min(1).max(1440).default(60),
  steps: z.array(stepSchema).min(1),
});

export const deskSchema = z
  .strictObject({
    desk: name,
    version: z.literal(1),
    mode: z.enum(['paper', 'live']),
    venue: z.strictObject({ name, testnet: z.boolean().default(true) }),
    feeds: z.array(name).min(1),
    instruments: z.array(instrumentSchema).min(1).max(100),
    timezone: z.string().min(1),
    dayBoundary: timeOfDay.default('00:00'),
    paper: z.strictObject({
      balance: decimal,
      currency: z.string().regex(/^[A-Z0-9]{2,10}$/),
      makerFeePpm: z.number().int().min(0).max(100_000).default(1000),
      takerFeePpm: z.number().int().min(0).max(100_000).default(1000),
      slippageTicks: z.number().int().min(0).default(1),
      latencyMs: z.number().int().min(0).max(10_000).default(20),
    }),
    market: z
      .strictObject({
        seed: z.number().int().min(0).default(7),
        speed: z.number().positive().max(100_000).default(60),
      })
      .prefault({}),
    strategies: z.array(strategySchema).min(1),
    risk: z.strictObject({
      maxPositionSizePct: percent,
      maxConcurrentPositions: z.number().int().min(1).max(1000),
      stopLossPct: percent,
      dailyLossLimitPct: percent,
      maxDrawdownPct: percent,
      staleDataSeconds: z.number().min(2).max(3600).default(10),
    }),
    resume: z
      .strictObject({
        startup: resumeRule.default('auto'),
        fault: resumeRule.default('auto'),
        dailyLoss: resumeRule.default('next-day'),
        drawdown: resumeRule.default('person'),
        person: z.enum(['person', 'two-people']).default('person'),
        kill: z.literal('two-people').default('two-people'),
      })
      .prefault({}),
    deadMan: z
      .strictObject({
        operationsSilentSeconds: z.number().int().min(5).max(3600).default(60),
        action: z.enum(['none', 'stop', 'closeAll']).default('stop'),
      })
      .prefault({}),
    supervisor: z
      .strictObject({ lostAction: z.enum(['none', 'stop', 'closeAll']).default('stop') })
      .prefault({}),
    closeAll: z
      .strictObject({
        deadlineSeconds: z.number().int().min(1).max(600).default(30),
        answerTimeoutMs: z.number().int().min(100).max(60_000).default(2000),
      })
      .prefault({}),
    routines: z.array(routineSchema).default([]),
    people: z
      .array(z.strictObject({ name, roles: z.array(z.enum(['viewer', 'operator', 'approver'])).min(1) }))
      .min(1),
    api: z
      .strictObject({
        host: z.literal('127.0.0.1').default('127.0.0.1'),
        port: z.number().int().min(0).max(65_535).default(8000),
      })
      .prefault({}),
  })
  .superRefine((desk, context) => {
    const known = new Set(desk.instruments.map((instrument) => instrument.symbol));
    desk.strategies.forEach((strategy, index) => {
      strategy.symbols.forEach((wanted, at) => {
        if (!known.has(wanted)) {
          context.addIssue({
            code: 'custom',
            path: ['strategies', index, 'symbols', at],
            message: `expected one of the desk's instruments (${[...known].join(', ')}), found ${wanted}`,
          });
        }
      });
    });
    if (desk.mode === 'live') {
      for (const key of ['startup', 'fault'] as const) {
        if (desk.resume[key] === 'auto') {
          context.addIssue({
            code: 'custom',
            path: ['resume', key],
            message: 'with real money a person decides: expected person or two-people, found auto',
          });
        }
      }
    }
  });

export type Desk = z.output<typeof deskSchema>;
export type DeskRoutine = z.output<typeof routineSchema>;
export type DeskStep = z.output<typeof stepSchema>;
export type DeskStrategy = z.output<typeof strategySchema>;
