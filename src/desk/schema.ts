/**
 * The desk file: one YAML file with everything about a desk. Unknown keys are errors. The descriptions become
 * desks/schema.json (for editors) and the tables of docs/DESK_FILE.md.
 */
import { z } from 'zod';
import { WEEKDAYS } from '../domain/civil-date.js';
import { ANY_ROLE } from '../domain/people-roles.js';
import { backupSchema } from './backup-schema.js';
import { goLiveSchema } from './go-live-schema.js';
import { incidentsSchema } from './incident-schema.js';
import { kpiSchema } from './kpi-schema.js';
import { contactsSchema, notifySchema } from './notify-schema.js';
import type { CodedPlaybook, OwnStrategy } from './own-code.js';
import { commandsSchema, routineSchema } from './routine-schema.js';
import { emergencyAction, name, resumeRule, timeOfDay } from './schema-values.js';
import {
  instrumentSchema,
  marketSchema,
  paperSchema,
  pricesSchema,
  riskSchema,
  strategySchema,
  venueSchema,
} from './trading-schema.js';

const resumeSchema = z.strictObject({
  startup: resumeRule.default('auto').describe('After a start.'),
  fault: resumeRule.default('auto').describe('After a clock jump, a lost heartbeat or a lost supervisor.'),
  venue: resumeRule
    .default('auto')
    .describe('After an outage of the venue or its prices, once it answers again and the books agree.'),
  dailyLoss: resumeRule.default('next-day').describe('After the daily loss limit.'),
  drawdown: resumeRule.default('person').describe('After the drawdown limit.'),
  person: z.enum(['person', 'two-people']).default('person').describe('After a person’s stop or close-all.'),
  kill: z.literal('two-people').default('two-people').describe('After a kill: always two people.'),
});

const deadManSchema = z.strictObject({
  operationsSilentSeconds: z
    .number()
    .int()
    .min(5)
    .max(3600)
    .default(60)
    .describe('Silence of the operations side, in seconds, after which the trader acts by itself.'),
  action: emergencyAction.default('stop').describe('What it then does.'),
});

const supervisorSchema = z.strictObject({
  lostAction: emergencyAction.default('stop').describe('What the trader does when the supervisor is gone.'),
});

const breakersSchema = z.strictObject({
  strategyMaxConsecutiveLosses: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe('Losing trades in a row after which a strategy is switched off.'),
  strategyReEnableCheckHours: z
    .number()
    .min(0.1)
    .max(8760)
    .default(24)
    .describe('Hours of market time after which an automatically switched-off strategy is reviewed.'),
});

const closeAllSchema = z.strictObject({
  deadlineSeconds: z
    .number()
    .int()
    .min(1)
    .max(600)
    .default(30)
    .describe('Not proven flat after this many seconds: escalated by name.'),
  answerTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(2000)
    .describe('An order without an answer after this many milliseconds is looked up.'),
});

const onFillSchema = z
  .strictObject({
    journal: z
      .boolean()
      .default(true)
      .describe('A line in the trading journal, with side, quantity and average price.'),
    exitReviewHours: z
      .number()
      .min(0.01)
      .max(24 * 366)
      .optional()
      .describe(
        'A task to review the exit, due this many hours after the first fill, when people are reminded. Left out: none.',
      ),
  })
  .describe('What is recorded when an entry fills.');

const personSchema = z.strictObject({
  name: name.describe('User name at sign-in.'),
  roles: z
    .array(z.enum(ANY_ROLE))
    .min(1)
    .describe(
      '`viewer` reads, `operator` also stops, closes and operates, `approver` also stops, closes, resumes and approves.',
    ),
});

/** Refuses an address that would let the desk start but lock people out; null: no objection. */
function publicUrlObjection(url: string): string | null {
  if (!URL.canParse(url)) return 'an address with a port up to 65535';
  const { hostname, port, origin } = new URL(url);
  if (/(^|\.)localhost\.?$/.test(hostname) || /^(127\.|0\.0\.0\.0$)/.test(hostname))
    return 'the name under which others reach this machine; loopback names are taken by themselves, without TLS';
  if (url === origin) return null;
  return port === '' && url.endsWith(':443')
    ? `${origin} without :443, which browsers leave out`
    : `the address as browsers send it: ${origin}`;
}

const apiSchema = z.strictObject({
  host: z.literal('127.0.0.1').default('127.0.0.1').describe('Only this machine.'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8000)
    .describe('Port of dashboard and API; 0: any free one.'),
  publicUrl: z
    .string()
    .regex(/^https:\/\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$/, {
      error:
        'an origin that begins with https://, in small letters and without a path, such as https://desk.example',
    })
    .refine((url) => publicUrlObjection(url) === null, {
      error: (issue) => publicUrlObjection(String(issue.input)) ?? '',
    })
    .optional()
    .describe(
      'Where people reach dashboard and API through their own TLS proxy or tunnel, for example `https://desk.example`. This host and origin are accepted in addition to the machine’s own, cookies there are Secure, and links lead there.',
    ),
});

const KPIS_MAX = 50;
const PACK_VERSION = 1;

const packSchema = z
  .number()
  .refine((version) => version === PACK_VERSION, {
    params: {
      expected: `${PACK_VERSION}, the version of fermata/pack that this Fermata has`,
      found: 'another one',
      doThis: `write pack: ${PACK_VERSION}; what a version has and what changed: docs/PACK.md`,
    },
  })
  .meta({ const: PACK_VERSION });

const runbookSchema = z.strictObject({
  version: z.string().min(1).max(40).describe('Its version, for example "2.0".'),
  updated: z.iso.date('expected a date such as "2025-12-26"').describe('When it was last changed.'),
});

/** Each key by itself; `rules.ts` adds the rules between them. */
export const deskObject = z.strictObject({
  desk: name.describe('Name of the desk.'),
  version: z.literal(1).describe('Version of this file’s format.'),
  twinOf: name
    .optional()
    .describe(
      'Written by Fermata: the desk whose paper twin this is. A twin’s own file has only this, `desk` and optionally `paper.balance` and `api.port` ([a paper twin](DEPLOY.md#a-paper-twin)).',
    ),
  pack: packSchema
    .optional()
    .describe('Version of `fermata/pack` that the code in the desk’s folder was written for. Left out: 1.'),
  runbook: runbookSchema
    .optional()
    .describe(
      'The runbook that this desk follows. `fermata status` shows it, with the readiness that the newest pre-flight found.',
    ),
  mode: z.enum(['paper', 'live']).describe('`paper`: orders go to the paper venue only.'),
  venue: venueSchema.describe('The venue.'),
  feeds: z
    .array(name)
    .min(1)
    .max(10)
    .describe(
      'Venues for public prices (or another instance of one, NAME-own); the next is tried if one refuses or is silent.',
    ),
  prices: pricesSchema.prefault({}).describe('What counts as a price.'),
  instruments: z.array(instrumentSchema).min(1).max(100).describe('What is traded.'),
  timezone: z.string().min(1).describe('IANA time zone of every time in this file, for example UTC.'),
  dayBoundary: timeOfDay.default('00:00').describe('When the trading day begins.'),
  weekStart: z
    .enum(WEEKDAYS)
    .optional()
    .describe('With which trading day a week of results begins. Left out: `mon`.'),
  paper: paperSchema.describe('The paper venue.'),
  market: marketSchema.prefault({}).describe('The simulated market.'),
  strategies: z.array(strategySchema).min(1).max(100).describe('What trades.'),
  risk: riskSchema.describe('Limits; no order passes without them.'),
  resume: resumeSchema
    .prefault({})
    .describe('What is needed to trade again, by kind of halt; the strictest active halt counts.'),
  breakers: breakersSchema.prefault({}).describe('What switches a strategy off automatically.'),
  incidents: incidentsSchema
    .prefault({})
    .describe('What counts as an incident, and who must answer by when.'),
  playbooks: z
    .record(name, z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
    .optional()
    .describe('Parameters of the playbooks in code in the desk’s folder, by file name (docs/PACK.md).'),
  contacts: contactsSchema.optional(),
  kpis: z
    .record(name, kpiSchema.describe('The reading, and its alarm or aim.'))
    .refine((kpis) => Object.keys(kpis).length <= KPIS_MAX, `expected at most ${KPIS_MAX} KPIs`)
    .optional()
    .describe('KPIs by name, each compared with an alarm or an aim.'),
  deadMan: deadManSchema.prefault({}).describe('When the operations side is silent.'),
  supervisor: supervisorSchema.prefault({}).describe('When the supervisor is gone.'),
  closeAll: closeAllSchema.prefault({}).describe('Bounds of a close-all.'),
  onFill: onFillSchema.optional(),
  routines: z.array(routineSchema).max(100).default([]).describe('The runbook’s checklists.'),
  commands: commandsSchema.optional().describe('What `command` and `http` steps may start and request.'),
  backup: backupSchema.prefault({}).describe('Which backups are kept, and where else they are stored.'),
  goLive: goLiveSchema.prefault({}).describe('What real money requires.'),
  people: z.array(personSchema).min(1).max(100).describe('Who may do what.'),
  api: apiSchema.prefault({}).describe('Dashboard and API.'),
  notify: notifySchema.prefault({}).describe('Who is notified, and through which channel.'),
});

type ReadDesk = z.output<typeof deskObject>;

/** `own`: read from its file, never a key of the desk file. */
export type DeskStrategy = z.output<typeof strategySchema> & { readonly own?: OwnStrategy };

/** `coded`: read from the files in `playbooks/`, never a key of the desk file. */
export type Desk = Omit<ReadDesk, 'strategies'> & {
  strategies: DeskStrategy[];
  readonly coded?: readonly CodedPlaybook[];
};

export type DeskRoutine = z.output<typeof routineSchema>;
export type DeskStep = DeskRoutine['steps'][number];
