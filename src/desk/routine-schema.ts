/** Routines: the runbook's checklists, as lists of steps. */
import { z } from 'zod';
import { name, timeOfDay } from './schema-values.js';

/** What a step's failure does. `incident` and `halt` include the warning. */
const stepFailureSchema = z.enum(['note', 'warn', 'stop', 'incident', 'halt']);

/** Workflows of their own that a step can run. */
const STEP_ACTIONS = ['backup', 'restore-drill'] as const;

/** What a step can write down; each has its code in src/reports. */
export const STEP_REPORTS = [
  'performance',
  'strategies',
  'costs',
  'incidents',
  'limits',
  'versions',
] as const;

const stepSchema = z.strictObject({
  key: name.describe('Name of the step in the evidence; each once in a routine.'),
  title: z.string().min(1).max(120).describe('What a person reads.'),
  check: name.optional().describe('Which check is run. A step has one of check, action, report and human.'),
  action: z.enum(STEP_ACTIONS).optional().describe('What is done.'),
  report: z.enum(STEP_REPORTS).optional().describe('What is worked out and written down.'),
  human: z.string().min(1).max(1000).optional().describe('What a person is asked to do, in words.'),
  dueHours: z
    .number()
    .min(0.01)
    .max(24 * 366)
    .default(24)
    .describe('Hours that a person has; later, the task is overdue.'),
  waitMinutes: z
    .number()
    .min(0)
    .max(24 * 60)
    .default(0)
    .describe('How long the routine waits for the person. 0: it goes on, and the task stays.'),
  required: z
    .boolean()
    .default(false)
    .describe(
      'The routine has failed where this step was not run, for example because something is not set up.',
    ),
  onFail: stepFailureSchema
    .default('warn')
    .describe('`note`, `warn`, `stop` (the rest of the routine is not run), `incident` or `halt` (trading).'),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(600)
    .default(30)
    .describe('A check or report fails when it takes longer.'),
  with: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Thresholds of the check, or the span of the report.'),
});

export const routineSchema = z.strictObject({
  name: name.describe('Name of the routine; each once.'),
  title: z.string().min(1).max(120).describe('What a person reads.'),
  at: z.array(timeOfDay).max(96).default([]).describe('Times of day in the desk’s time zone.'),
  weekdays: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .default([])
    .describe('Empty: every day.'),
  daysOfMonth: z
    .array(z.number().int().min(1).max(31))
    .default([])
    .describe('Empty: every day. First Monday = weekdays [mon] with daysOfMonth [1,2,3,4,5,6,7].'),
  onStart: z.boolean().default(false).describe('Also at each start of the desk.'),
  latestMinutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .describe(
      'A run that would begin later than this after its time is recorded as missed and does nothing.',
    ),
  steps: z.array(stepSchema).min(1).max(100).describe('What is checked, in this order.'),
});
