/** One of the desk's own incident kinds: what opens it, and its playbook as steps without code. */
import { z } from 'zod';
import { HALT_CAUSES } from '../domain/mode.js';
import { stepSchema } from './routine-schema.js';
import { name, percent } from './schema-values.js';

export const severityNameSchema = z.enum(['critical', 'high', 'medium', 'low']);

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
