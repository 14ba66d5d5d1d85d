/** Routines: the runbook's checklists, as lists of steps. */
import { z } from 'zod';
import { name, timeOfDay } from './schema-values.js';

/** What a step's failure does. `incident` and `halt` include the warning. */
export const stepFailureSchema = z.enum(['note', 'warn', 'stop', 'incident', 'halt']);

export const stepSchema = z.strictObject({
  key: name.describe('Name of the step in the evidence; each once in a routine.'),
  title: z.string().min(1).max(120).describe('What a person reads.'),
  check: name.describe('Which check is run.'),
  onFail: stepFailureSchema
    .default('warn')
    .describe('`note`, `warn`, `stop` (the rest of the routine is not run), `incident` or `halt` (trading).'),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(600)
    .default(30)
    .describe('The check fails when it takes longer.'),
  with: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Thresholds of the check.'),
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
