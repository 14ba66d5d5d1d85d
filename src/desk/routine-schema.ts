/** Routines: the runbook's checklists, as lists of steps. */
import { z } from 'zod';
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
    .describe('Exit code that the program must return; 0 where nothing is said.'),
  status: z
    .number()
    .int()
    .min(200)
    .max(599)
    .optional()
    .describe('With which status the address has to answer; 200 to 299 where nothing is said.'),
  pattern: pattern
    .optional()
    .describe(
      'Regular expression of JavaScript that something of the output has to fit; `^` and `$` are ends of lines.',
    ),
  not: pattern.optional().describe('Regular expression that nothing of the output may fit.'),
});

export type StepExpectation = z.output<typeof expectationSchema>;

export const stepSchema = z.strictObject({
  key: name.describe('Name of the step in the evidence; each once in a routine.'),
  title: z.string().min(1).max(120).describe('What a person reads.'),
  check: name
    .optional()
    .describe(
      'Which check is run. A step has one of check, action, report, human, playbook, command and http.',
    ),
  action: name
    .optional()
    .describe(
      'What is done: `backup`, `restore-drill`, `trading-journal`, upkeep (`vacuum`, `remove-old-logs`, `remove-old-backups`), or an action of the desk’s folder.',
    ),
  report: name
    .optional()
    .describe(
      'What is worked out and written down: `performance`, `strategies`, `costs`, `incidents`, `limits`, `versions`, or a report of the desk’s folder.',
    ),
  human: z.string().min(1).max(1000).optional().describe('What a person is asked to do, in words.'),
  playbook: name
    .optional()
    .describe(
      'A playbook in code of the desk’s folder: its incident is opened, and passes where the playbook comes to its end.',
    ),
  items: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(20)
    .optional()
    .describe(
      'With `human`: what the person ticks. The task is done only where every one of them is ticked.',
    ),
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
      'A program of `commands.allow` and its arguments; no shell reads them. `{desk}`, `{port}` and `{date}` in an argument are replaced.',
    ),
  http: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'An address that is asked (GET), on a host of `commands.hosts`; `{desk}`, `{port}` and `{date}` are replaced.',
    ),
  expect: expectationSchema.optional().describe('What `command` or `http` has to answer.'),
  dueHours: z
    .number()
    .min(0.01)
    .max(24 * 366)
    .default(24)
    .describe('Hours that a person has, at most as long as `waitMinutes` waits; later, the task is overdue.'),
  waitMinutes: z
    .number()
    .min(0)
    .max(24 * 60)
    .default(0)
    .describe(
      'How long the routine waits for the person or the playbook. 0: it goes on, and what it asked for stays.',
    ),
  required: z
    .boolean()
    .default(false)
    .describe(
      'The routine has failed where this step was not run, for example because something is not set up, and halts with onFail: halt.',
    ),
  unless: name
    .optional()
    .describe('Key of a step above: where that one passed, or was left out so itself, this one is left out.'),
  onFail: stepFailureSchema
    .default('warn')
    .describe('`note`, `warn`, `stop` (the rest of the routine is not run), `incident` or `halt` (trading).'),
  resume: resumeRule
    .optional()
    .describe('With `onFail: halt`: what it takes to trade again after its halt. Left out: `resume.fault`.'),
  incident: name
    .optional()
    .describe('With `onFail: incident`: which of the desk’s own kinds of incidents; else `step-failed`.'),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(14_400)
    .default(30)
    .describe(
      'A check, report, command, request, upkeep or action of the desk’s folder fails when it takes longer.',
    ),
  with: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe('Thresholds of the check, the span of the report, or parameters of the playbook.'),
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
      'Programs that `command` may start: an absolute path, or a name that is looked for on PATH. None where nothing is said.',
    ),
  environment: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'expected the name of a variable'))
    .max(50)
    .optional()
    .describe('Variables of the operations worker that they get, besides PATH and LANG.'),
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
      'Hosts that `http` may ask, each with its port unless that is the scheme’s own (80, 443). None where nothing is said.',
    ),
});

export const routineSchema = z.strictObject({
  name: name.describe('Name of the routine; each once.'),
  title: z.string().min(1).max(120).describe('What a person reads.'),
  at: z.array(timeOfDay).max(96).default([]).describe('Times of day in the desk’s time zone.'),
  every: z
    .string()
    .regex(
      /^(([5-9]|[1-9]\d|1[0-7]\d)m|([1-9]|1[0-2])h)$/,
      'expected 5m to 179m or 1h to 12h, for example 30m',
    )
    .optional()
    .describe('Also every so many minutes or hours, from the first to the last minute of `session`.'),
  session: z
    .string()
    .regex(
      /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/,
      'expected two times of one day, for example "09:00-16:00"',
    )
    .optional()
    .describe(
      'When `every` counts, in the desk’s time zone; both ends belong to it. Left out: the whole day.',
    ),
  everyTrades: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe(
      'Also after each so many closed trades of the desk, as the ledger counts them: 50 is after trade 50, 100, 150. `weekdays`, `daysOfMonth` and `months` are for times alone. Left out: never by their count.',
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
    .describe(
      'A run that would begin later than this after its time is recorded as missed and does nothing.',
    ),
  budgetMinutes: z
    .number()
    .min(0.1)
    .max(1440)
    .optional()
    .describe(
      'How long the whole run may take: a step that has not ended by then has failed, and no further step begins. Left out: each step’s own time counts alone.',
    ),
  tellResults: z
    .boolean()
    .optional()
    .describe(
      '`true`: people are told at its end what each step found (event `report`), also where all is well.',
    ),
  steps: z.array(stepSchema).min(1).max(100).describe('What is checked, in this order.'),
});
