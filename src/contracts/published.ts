/**
 * Records that are published as they are: approvals, incidents, tasks, go-live, settings, setups, the
 * trading journal, validations, the pre-flight. Each field is declared only here. Code that needs only the
 * types imports them as types, which loads no zod.
 */
import { z } from 'zod';
import type { SettingChange } from '../domain/settings-change.js';
import type { SetupPrices } from '../domain/setup-note.js';
import { decimalText, marketMs, type Shape, settingValue, wallMs } from './json-values.js';
import { INCIDENT_SEVERITIES } from './notice.js';
import { grantSchema } from './trader-status.js';

/** As people see it: without its button token and authentication codes. */
export const approvalSchema = z.object({
  id: z.string(),
  desk: z.string(),
  kind: z.string(),
  subject: z.string(),
  title: z.string(),
  parameters: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .describe('Everything that a vote agrees to'),
  lifts: z
    .array(z.string())
    .exactOptional()
    .describe('The halts that it lifts, in words; left out: none, or they are not known now'),
  parametersHash: z.string().describe('A vote quotes it, and so decides what was seen'),
  needed: z.number().describe('Different people; one refusal ends it'),
  roles: z.array(z.string()),
  requestedBy: z.string(),
  workflowId: z.string(),
  createdMs: wallMs,
  expiresMs: wallMs,
  /** `superseded`: approved, but overtaken by another change before it was carried out. */
  state: z.enum(['open', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded']),
  closedMs: wallMs.nullable(),
  /** How it ended, in words; empty while open. */
  outcome: z.string(),
  votes: z.array(
    z.object({
      person: z.string(),
      choice: z.enum(['approve', 'reject']),
      via: z.string(),
      reason: z.string(),
      votedMs: wallMs,
    }),
  ),
});
export type ApprovalShown = Shape<typeof approvalSchema>;

/** Kinds and severities are those of the desk file. */
export const incidentSchema = z.object({
  desk: z.string(),
  workflowId: z.string(),
  firstRunId: z.string(),
  id: z.string(),
  fingerprint: z.string().describe('Unique among open incidents'),
  /** A shipped kind, or the name of one of the desk's own. */
  kind: z.string(),
  /** What it is about: a process, a strategy, a cause; empty if the kind says it all. */
  subject: z.string(),
  severity: z.enum(INCIDENT_SEVERITIES),
  title: z.string(),
  detail: z.string(),
  state: z.enum(['open', 'acknowledged', 'resolved']),
  phase: z.string().describe('What its playbook is doing'),
  openedMs: wallMs,
  respondByMs: wallMs,
  escalations: z.number(),
  acknowledgedMs: wallMs.nullable(),
  acknowledgedBy: z.string().nullable(),
  resolvedMs: wallMs.nullable(),
  /** A person, or `fermata`. */
  resolvedBy: z.string().nullable(),
  outcome: z.string().describe('How it ended; empty while it lasts'),
  simulated: z.boolean(),
  revision: z.number().describe('Grows with each change'),
});
export type Incident = Shape<typeof incidentSchema>;

export const taskSchema = z.object({
  id: z.number(),
  desk: z.string(),
  /** For example `incident:<fingerprint>:review`; the same source again is the same task. */
  source: z.string().describe('Who asks, and about what'),
  title: z.string(),
  /** What to do, in words. */
  detail: z.string(),
  /** Left out: only the note is needed. */
  items: z.array(z.string()).exactOptional().describe('To be ticked, every one'),
  dueMs: wallMs,
  createdMs: wallMs,
  state: z.enum(['open', 'done', 'withdrawn']),
  finishedMs: wallMs.nullable(),
  doneBy: z.string().nullable(),
  note: z.string().nullable(),
  /** The end of the task is recorded in the evidence of this run. */
  origin: z
    .object({
      workflowId: z.string(),
      firstRunId: z.string(),
      routine: z.string(),
      stepKey: z.string(),
      simulated: z.boolean(),
    })
    .exactOptional()
    .describe('The routine that asked'),
});
export type Task = Shape<typeof taskSchema>;

export const incidentShownSchema = incidentSchema.extend({
  timeline: z
    .array(
      z.object({
        atMs: wallMs,
        name: z.string(),
        verdict: z.string(),
        observed: z.string(),
        expected: z.string(),
        person: z.string().nullable(),
        evidenceId: z.number(),
      }),
    )
    .describe('Oldest first'),
  alerts: z
    .array(
      z.object({
        /** Identifies the occurrence, however often it is seen: a halt id, the time of a crash. */
        key: z.string(),
        /** Who saw it. */
        source: z.string(),
        detail: z.string(),
        firstMs: wallMs,
        lastMs: wallMs,
        times: z.number(),
      }),
    )
    .describe('What was seen'),
  files: z
    .array(
      z.object({
        name: z.string(),
        content: z.string(),
        /** Hex; also in the evidence. */
        sha256: z.string(),
      }),
    )
    .describe('Stored, for example the last lines of a log'),
  tasks: z.array(taskSchema).describe('Open ones that it asks of people'),
  contacts: z.array(z.string()).describe('Whom to call, one line each, as in the desk file'),
});
export type IncidentShown = Shape<typeof incidentShownSchema>;

export const goLiveAttemptSchema = z.object({
  desk: z.string(),
  release: z.string(),
  attempt: z.number(),
  workflowId: z.string(),
  askedBy: z.string(),
  reason: z.string(),
  state: z.enum(['open', 'live', 'completed', 'refused', 'ended']),
  detail: z.string(),
  startedMs: wallMs,
  finishedMs: wallMs.nullable(),
});
export type GoLiveAttempt = Shape<typeof goLiveAttemptSchema>;

export const goLiveProgressSchema = z.object({
  phase: z.enum([
    ...(['pre-flight', 'review', 'approval', 'cooling-off', 'watched', 'ramp'] as const),
    ...(['completed', 'refused', 'ended'] as const),
  ]),
  detail: z.string(),
  size: grantSchema.shape.size.nullable().describe('In force; null before the start'),
  nextAtMs: wallMs.nullable(),
  next: z
    .object({
      step: z.number(),
      size: grantSchema.shape.size,
      cleanSinceMs: wallMs,
      cleanMs: z.number().describe('How long it must be clean'),
      trades: z.number().describe('Closed in that time'),
      minTrades: z.number(),
    })
    .nullable()
    .optional()
    .describe('What a larger size waits for; null: none is to come. Left out: by an earlier build'),
});
export type GoLiveProgress = Shape<typeof goLiveProgressSchema>;

export const changeSchema = z.object({
  key: z.string(),
  from: settingValue,
  to: settingValue,
}) satisfies z.ZodType<SettingChange>;

export const settingsChangeSchema = z.object({
  incarnation: z.string(),
  version: z.number(),
  configHash: z.string(),
  changes: z.array(changeSchema),
  by: z.string(),
  reason: z.string(),
  approvedBy: z.array(z.string()),
  marketMs,
  wallMs,
});
export type SettingsChangeRecord = Shape<typeof settingsChangeSchema>;

export const setupSchema = z.object({
  id: z.string(),
  strategy: z.string(),
  symbol: z.string().nullable(),
  /** Of its first note. */
  begunMs: marketMs,
  detectedMs: marketMs.nullable().describe('Null: it was not detected'),
  last: z.string().describe('Its latest note'),
  /** Null if the trader doesn't answer, or if the strategy has dropped this setup without noting an end. */
  state: z.string().nullable().describe('Null: not known'),
  open: z.boolean().describe('Whether the strategy still follows it'),
  /** As of detection; null: it was not detected, or its plan names none. */
  prices: (
    z.object({ entry: decimalText, stop: decimalText, target: decimalText }) satisfies z.ZodType<SetupPrices>
  )
    .nullable()
    .describe('Of its plan'),
});
export type SetupShown = Shape<typeof setupSchema>;

export const setupDetailsSchema = setupSchema.extend({
  rewardToRisk: z.number().nullable().describe('Of the plan’s prices'),
  steps: z.array(z.object({ atMs: marketMs, text: z.string() })).describe('Its notes, oldest first'),
});
export type SetupDetails = Shape<typeof setupDetailsSchema>;

/** `2026-07-15`. */
export const journalDateSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day, for example 2026-07-15')
  .describe('One of the desk’s days');

export const journalNoteSchema = z.object({
  id: z.number(),
  person: z.string(),
  text: z.string(),
  writtenMs: wallMs,
});
export type JournalNote = Shape<typeof journalNoteSchema>;

export const journalDaySchema = z.object({
  date: journalDateSchema,
  figures: z
    .object({
      setups: z.number().describe('Detected'),
      orders: z.number().describe('Entries that went to the venue'),
      trades: z.number().describe('Closed'),
      result: decimalText.describe('Of the closed trades, after fees; decimal text'),
      currency: z.string(),
      writtenMs: wallMs,
    })
    .nullable()
    .describe('Null: not written yet'),
  /** In words. Oldest first, like the notes. */
  positions: z
    .array(z.object({ text: z.string(), writtenMs: wallMs }))
    .describe('Positions entered that day'),
  notes: z.array(journalNoteSchema),
});
export type JournalDay = Shape<typeof journalDaySchema>;

/**
 * A paper validation without the long lists of its report, a JSON file. The values are as written and signed
 * there.
 */
export const validationSchema = z.object({
  id: z.string(),
  configHash: z.string(),
  createdMs: wallMs,
  requestedBy: z.string(),
  recommendation: z.enum(['GO', 'NO-GO']),
  reasons: z.array(z.string()).describe('Every reason for a NO-GO, each with its shortfall'),
  goLive: z
    .object({ qualifies: z.boolean(), because: z.array(z.string()) })
    .describe('Whether it counts for real money, and if not, why'),
  /** Market times of the first price and of the end; null if no price came. */
  period: z.object({
    requestedMs: z.number(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    reached: z.string().nullable(),
  }),
  market: z.object({
    kind: z.enum(['live', 'simulated', 'recorded']).nullable(),
    label: z.string(),
    simulated: z.boolean(),
  }),
  results: z.object({
    currency: z.string(),
    startingEquity: decimalText,
    finalEquity: decimalText.describe('Open positions at their last price'),
    netProfit: decimalText,
    netProfitPct: z.number(),
    fees: decimalText,
    fills: z.number(),
    trades: z.number(),
    wins: z.number(),
    winRatePct: z.number().nullable(),
    sharpe: z.number().nullable(),
    hourlyReturns: z.number(),
    maxDrawdownPct: z.number(),
    maxDrawdownFrom: z.string().nullable().describe('Null if equity never fell'),
    maxDrawdownTo: z.string().nullable(),
    openPositions: z.number(),
    ordersDenied: z.number(),
  }),
  verdicts: z
    .array(
      z.object({
        name: z.enum(['minTrades', 'minWinRatePct', 'minSharpe', 'maxDrawdownPct']),
        title: z.string(),
        bound: z.enum(['at least', 'at most']),
        threshold: z.number(),
        observed: z.number().nullable(),
        passed: z.boolean(),
        /** By how much it was missed; 0 if it was met. */
        shortfall: z.number().nullable().describe('In the criterion’s unit; null: nothing could be measured'),
        /** One line of plain words. */
        text: z.string(),
      }),
    )
    .describe('Each criterion with its measured value'),
});
export type ValidationShown = Shape<typeof validationSchema>;

const verdict = z.enum(['pass', 'warn', 'fail']);
export type PreflightVerdict = z.output<typeof verdict>;

const resultSchema = z.object({
  key: z.string(),
  title: z.string(),
  verdict,
  observed: z.string(),
  expected: z.string(),
});
export type PreflightResult = Shape<typeof resultSchema>;
export type PreflightOutcome = Omit<PreflightResult, 'key' | 'title'>;

export const preflightSchema = z.object({
  desk: z.string(),
  configHash: z.string(),
  endpoint: z.string().describe('Which endpoint was checked'),
  /** People are notified of a `warn`. */
  verdict: verdict.describe('fail forbids a start with real money; warn does not'),
  results: z.array(resultSchema),
  atMs: wallMs,
});
export type PreflightReport = Shape<typeof preflightSchema>;
