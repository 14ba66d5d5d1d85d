/**
 * Incidents: the severity of each kind, and by when somebody must answer; and the desk's own kinds: what opens one, and its
 * playbook as steps without code.
 */
import { z } from 'zod';
import type { IncidentSeverity } from '../contracts/incident.js';
import { INCIDENT_SEVERITIES } from '../contracts/notice.js';
import { HALT_CAUSES } from '../domain/mode.js';
import type { KeyWords } from '../playbooks/playbook.js';
import {
  isShippedKind,
  OFFERS_STAND_BY,
  offersStandMinutes,
  PLAYBOOKS,
  type SettingsOfKind,
  type ShippedKind,
} from '../playbooks/registry.js';
import { stepSchema } from './routine-schema.js';
import { name, percent } from './schema-values.js';

export const severityNameSchema = z.enum(INCIDENT_SEVERITIES);

export const minutes = z.number().positive().max(10_080);

/** Excludes causes that stem from a person, or from an orderly start or end. */
const openingCause = z
  .enum(HALT_CAUSES)
  .exclude(['startup', 'person', 'kill', 'recording-ended', 'shutdown']);

export const triggerSchema = z.strictObject({
  halt: z
    .array(openingCause)
    .default([])
    .describe(
      'Halts with these causes open it: instead of the incident that only says so, but alongside the kinds that look after stops and limits.',
    ),
  order: z
    .literal('rejected')
    .optional()
    .describe('An order that the venue rejected opens it; each is one occurrence.'),
  step: z
    .literal('failed')
    .optional()
    .describe('A failed step with `onFail: incident` that names no kind opens it, instead of `step-failed`.'),
});

const answerSchema = z.strictObject({
  key: name.describe('Name of the answer in the evidence, unique in its step.'),
  title: z.string().min(1).max(80).describe('What a person agrees to.'),
  sizePct: percent
    .min(1)
    .optional()
    .describe(
      'Position size from then on, percent of the full size; a smaller one stays. This does not resume trading.',
    ),
  human: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('What a person is then asked to do: a task that nothing waits for.'),
  dueHours: stepSchema.shape.dueHours,
});

const ONLY_IN_ROUTINES = { required: true, incident: true, resume: true, playbook: true } as const;

const playbookStepSchema = stepSchema.omit(ONLY_IN_ROUTINES).extend({
  action: name
    .optional()
    .describe(
      'What is done: `halt`, `stop`, `close-all` (once a person agrees), `restart-trader` (it comes back HALTED), `restore-database` (the newest good backup in its place, once a person agrees), `backup`, `restore-drill`, or an action of the desk’s folder.',
    ),
  choose: z
    .array(answerSchema)
    .min(2)
    .max(5)
    .optional()
    .describe(
      'Answers that people are offered together, instead of check, action, report, human, command or http; the first one that somebody agrees to counts.',
    ),
  withinMinutes: z
    .number()
    .min(0)
    .max(1440)
    .optional()
    .describe('How long a `check` or `http` that has not passed is retried; left out: it runs once.'),
  onFail: z
    .enum(['warn', 'stop'])
    .default('warn')
    .describe('`warn`: the next step runs. `stop`: none does, and a person decides what to do.'),
});

export const ownIncidentSchema = z
  .strictObject({
    title: z.string().min(1).max(120).optional().describe('Shown to people; left out: its name.'),
    severity: severityNameSchema.default('medium').describe('How severe it is.'),
    trigger: triggerSchema
      .prefault({})
      .describe('What opens it automatically. Left out: only a person, a program, or a step that names it.'),
    steps: z
      .array(playbookStepSchema)
      .max(50)
      .default([])
      .describe('Its playbook: one step after the other, in this order.'),
    over: z
      .enum(['person', 'trading', 'passed'])
      .default('person')
      .describe(
        'What ends it after its steps: a `person` says so, the desk is `trading`, or its last step has `passed` (otherwise people are notified). A person can always end it.',
      ),
    approvalMinutes: minutes
      .default(60)
      .describe(
        'How long a question stands: that of `choose`, or whether to carry out `close-all` or `restore-database`. Unanswered, nothing is done.',
      ),
  })
  .describe('One of the desk’s own, with its playbook (docs/INCIDENTS.md).');

/** `code`: a playbook file in the desk's folder that replaces the steps; never a key of the desk file. */
export type OwnIncident = z.output<typeof ownIncidentSchema> & {
  readonly code?: {
    readonly name: string;
    readonly with: Readonly<Record<string, string | number | boolean>>;
  };
};
export type PlaybookStep = OwnIncident['steps'][number];

const severitySchema = (respondMinutes: number, escalateMinutes: number[]) =>
  z
    .strictObject({
      respondMinutes: minutes
        .default(respondMinutes)
        .describe('Not acknowledged by then: people are reminded.'),
      escalateMinutes: z
        .array(minutes)
        .max(10)
        .default(escalateMinutes)
        .describe('Not acknowledged by then: more people are notified each time. Rising.'),
    })
    .prefault({});

const severitiesSchema = z.strictObject({
  critical: severitySchema(5, [15, 60]).describe('Money is being lost, or nobody can tell.'),
  high: severitySchema(15, [60, 240]).describe('The desk does not trade.'),
  medium: severitySchema(60, [240]).describe('A part of the desk does not work.'),
  low: severitySchema(480, []).describe('Needs a check.'),
});

const WORDS: KeyWords = { z, percent, minutes };

type Keys<K extends ShippedKind> = ReturnType<(typeof PLAYBOOKS)[K]['keys']>;
type Shipped = { readonly [K in ShippedKind]: z.ZodObject<{ severity: typeof ofSeverity } & Keys<K>> };

const ofSeverity = severityNameSchema.default('medium');

/** The kinds that ship, from their playbooks. */
export const SHIPPED = Object.fromEntries(
  Object.entries(PLAYBOOKS).map(([name, { severity, meaning, keys }]) => [
    name,
    z
      .strictObject({
        severity: severityNameSchema.default(severity).describe('How severe it is.'),
        ...keys(WORDS),
      })
      .describe(meaning),
  ]),
) as unknown as Shipped;

type Declared = Readonly<Record<string, z.ZodObject>>;
/** Code names the shipped kinds; the desk's own are read with `ownIncidents`. */
type Kinds<D extends Declared> = { readonly [K in keyof D]?: z.output<D[K]> };

const isInEveryHash = (name: string): boolean =>
  isShippedKind(name) && PLAYBOOKS[name].isInEveryHash === true;

/** The kinds in `declared`, and the desk's own. */
export function kindsSchemaOf<D extends Declared>(declared: D): z.ZodType<Kinds<D>, object> {
  const shape = Object.entries(declared).map(([name, schema]) => [
    name,
    isInEveryHash(name) ? schema.prefault({}) : schema.optional(),
  ]);
  const schema: z.ZodObject = z.strictObject(Object.fromEntries(shape)).catchall(ownIncidentSchema);
  return schema as unknown as z.ZodType<Kinds<D>, object>;
}

export const incidentsSchema = z.strictObject({
  severities: severitiesSchema.prefault({}).describe('Response time and escalation of each severity.'),
  kinds: kindsSchemaOf(SHIPPED)
    .prefault({})
    .describe('The kinds of incidents, shipped and the desk’s own, each with its playbook.'),
});

type Incidents = Pick<z.output<typeof incidentsSchema>, 'kinds'>;

type InDeskFile<K extends ShippedKind> = SettingsOfKind<K> & { readonly severity: IncidentSeverity };

/** The kind as the desk file has it, or its defaults if the file leaves it out. */
export function shippedKindIn<K extends ShippedKind>({ kinds }: Partial<Incidents>, kind: K): InDeskFile<K> {
  return (kinds?.[kind] ?? SHIPPED[kind].parse({})) as InDeskFile<K>;
}

/** How long an offer stands, for the kinds that ship. */
export const offerMinutesOf = (incidents: Incidents): number =>
  offersStandMinutes(shippedKindIn(incidents, OFFERS_STAND_BY));
