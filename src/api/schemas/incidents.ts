import { z } from 'zod';
import { wallMs } from './json-schema.js';

/** Kinds and severities are the desk file's. */
export const incidentSchema = z.looseObject({
  id: z.string(),
  fingerprint: z.string().describe('One incident at a time has it'),
  kind: z.string(),
  subject: z.string(),
  severity: z.string(),
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
  resolvedBy: z.string().nullable(),
  outcome: z.string().describe('How it ended; empty while it lasts'),
  simulated: z.boolean(),
});

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
  alerts: z.array(z.looseObject({})).describe('What was seen'),
  files: z.array(z.looseObject({})).describe('What was kept, for example the last lines of a log'),
});
