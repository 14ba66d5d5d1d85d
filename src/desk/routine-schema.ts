/** Routines: the runbook's checklists, as lists of steps. */
import { z } from 'zod';
import type { StepExpectation } from '../contracts/routine.js';
import { name, resumeRule, timeOfDay } from './schema-values.js';

/** What a step's failure causes. `incident` and `halt` include the warning. */
const stepFailureSchema = z.enum(['note', 'warn', 'stop', 'incident', 'halt']);

const pattern = z
  .string()
  .min(1)
  .max(500)
  .refine(isPattern, 'expected a regular expression of JavaScript, for example "^ok$"');

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'm');
    return true;
  } catch {
    return false;
  }
}

/** For `command:` and `http:`. */
const expectationSchema = z.strictObject({
  exitCode: z
    .number()
    .int()
    .min(0)
    .max(255)
    .optional()
    .describe('Exit code that the program must return. Left out: 0.'),
  status: z
    .number()
    .int()
    .min(200)
    .max(599)
    .optional()
    .describe('Status that the address must answer with. Left out: 200 to 299.'),
  pattern: pattern
    .optional()
    .describe(
      'JavaScript regular expression that some of the output must match; `^` and `$` match at ends of lines.',
    ),
  not: pattern.optional().describe('Regular expression that none of the output may match.'),
}) satisfies z.ZodType<StepExpectation>;

export const stepSchema = z.strictObject({
  key: name.describe('Name of the step in the evidence, unique in its routine.'),
  title: z.string().min(1).max(120).describe('Shown to people.'),
  check: name
    .optional()
    .describe(
      'The check to run. A step has one of check, action, report, human, playbook, command and http.',
    ),
  action: name
    .optional()
    .describe(
      'What is done: `backup`, `restore-drill`, `trading-journal`, upkeep (`vacuum`, `remove-old-logs`, `remove-old-backups`), or an action of the desk’s folder.',
    ),
  report: name
    .optional()
    .describe(
      'The report to run, for example `performance`, `strategies`, `costs`, `incidents`, `limits` or `versions`, or one of the desk’s folder.',
    ),
  human: z.string().min(1).max(1000).optional().describe('What a person is asked to do, in words.'),
  playbook: name
    .optional()
    .describe(
      'A playbook in code in the desk’s folder: the step opens its incident, and passes if the playbook reaches its end.',
    ),
  items: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(20)
    .optional()
    .describe('With `human`: what the person ticks. The task is done only once every item is ticked.'),
  command: z
    .array(
      z
        .string()
        .max(1000)
        .regex(/^[^\0]*$/, 'expected text without NUL'),
    )
    .min(1)
    .max(50)
    .optional()
    .describe(
      'A program from `commands.allow` and its arguments; no shell reads them. `{desk}`, `{port}` and `{date}` in an argument are replaced.',
    ),
  http: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'An address to request (GET), on a host in `commands.hosts`; `{desk}`, `{port}` and `{date}` are replaced.',
    ),
  expect: expectationSchema.optional().describe('What `command` or `http` must answer.'),
  dueHours: z
    .number()
    .min(0.01)
    .max(24 * 366)
    .default(24)
    .describe('Hours that a person has, at most until `waitMinutes` end; after that the task is overdue.'),
  waitMinutes: z
    .number()
    .min(0)
    .max(24 * 60)
    .default(0)
    .describe(
      'How long the routine waits for the person or the playbook. 0: it goes on, and the task or incident stays.',
    ),
  required: z
    .boolean()
    .default(false)
    .describe(
      'If this step is not run, for example because something is not set up, the routine has failed, and halts with onFail: halt.',
    ),
  unless: name
    .optional()
    .describe(
      'Key of a step above: if that one passed, or was itself skipped this way, this one is skipped.',
    ),
  onFail: stepFailureSchema
    .default('warn')
    .describe('`note`, `warn`, `stop` (the rest of the routine is not run), `incident` or `halt` (trading).'),
  resume: resumeRule
    .optional()
    .describe('With `onFail: halt`: what is needed to trade again after its halt. Left out: `resume.fault`.'),
  incident: name
    .optional()
    .describe('With `onFail: incident`: one of the desk’s own kinds of incidents; else `step-failed`.'),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(14_400)
    .default(30)
    .describe(
      'A check, report, command, request, upkeep or action of the desk’s folder fails if it takes longer.',
    ),
  with: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Thresholds of the check, span of the report, or parameters of the action or playbook.'),
});

export const commandsSchema = z.strictObject({
  allow: z
    .array(
      z
        .string()
        .max(500)
        .regex(/^(\/[^\0]*[^/\0]|[^/\0]+)$/, 'expected an absolute path, or a name without a slash'),
    )
    .max(50)
    .optional()
    .describe(
      'Programs that `command` may start: an absolute path, or a name to look up on PATH. Left out: none.',
    ),
  environment: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'expected the name of a variable'))
    .max(50)
    .optional()
    .describe('Variables of the operations worker that programs get, besides PATH and LANG.'),
  hosts: z
    .array(
      z
        .string()
        .max(300)
        .regex(/^[^\s/\\@?#]+$/, 'expected a host, with its port where that is not 80 or 443'),
    )
    .max(50)
    .optional()
    .describe(
      'Hosts that `http` may request, each with its port unless that is the scheme’s default (80, 443). Left out: none.',
    ),
});

export const routineSchema = z.strictObject({
  name: name.describe('Name of the routine, unique on this desk.'),
  title: z.string().min(1).max(120).describe('Shown to people.'),
  at: z.array(timeOfDay).max(96).default([]).describe('Times of day in the desk’s time zone.'),
  every: z
    .string()
    .regex(
      /^(([5-9]|[1-9]\d|1[0-7]\d)m|([1-9]|1[0-2])h)$/,
      'expected 5m to 179m or 1h to 12h, for example 30m',
    )
    .optional()
    .describe('Also at this interval of minutes or hours, from the first to the last minute of `session`.'),
  session: z
    .string()
    .regex(
      /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/,
      'expected two times of one day, for example "09:00-16:00"',
    )
    .optional()
    .describe('When `every` applies, in the desk’s time zone, both ends included. Left out: the whole day.'),
  everyTrades: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      'Also after every so many closed trades of the desk, as the ledger counts them: 50 is after trade 50, 100, 150. `weekdays`, `daysOfMonth` and `months` apply only to times. Left out: never by count.',
    ),
  weekdays: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .default([])
    .describe('Empty: every day.'),
  daysOfMonth: z
    .array(z.number().int().min(1).max(31))
    .default([])
    .describe('Empty: every day. First Monday = weekdays [mon] with daysOfMonth [1,2,3,4,5,6,7].'),
  months: z
    .array(z.number().int().min(1).max(12))
    .min(1)
    .max(12)
    .optional()
    .describe('Only in these months. Each quarter = [1, 4, 7, 10]. Left out: every month.'),
  onStart: z.boolean().default(false).describe('Also at each start of the desk.'),
  latestMinutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .describe('A run that would begin more than this after its time is recorded as missed and does nothing.'),
  budgetMinutes: z
    .number()
    .min(0.1)
    .max(1440)
    .optional()
    .describe(
      'How long the whole run may take: a step that has not ended by then has failed, and no further step begins. Left out: only each step’s own time counts.',
    ),
  tellResults: z
    .boolean()
    .optional()
    .describe(
      '`true`: at its end people are told what each step found (event `report`), even if all is well.',
    ),
  steps: z.array(stepSchema).min(1).max(100).describe('Its steps, in this order.'),
});
