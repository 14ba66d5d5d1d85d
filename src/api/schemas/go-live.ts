import { z } from 'zod';
import type { GoLiveStarted } from '../../operations/go-live/start-go-live.js';
import { wallMs } from './json-schema.js';

export const goLiveSchema = z.object({
  mode: z.enum(['paper', 'live']).describe('Of the desk file'),
  granted: z.looseObject({}).nullable().describe('The permission that the trader itself holds'),
  approvers: z.array(z.string()),
  needed: z.number().describe('How many of them'),
  attempts: z
    .array(
      z.looseObject({
        release: z.string(),
        attempt: z.number(),
        workflowId: z.string(),
        askedBy: z.string(),
        reason: z.string(),
        state: z.string(),
        detail: z.string(),
        startedMs: wallMs,
        finishedMs: wallMs.nullable(),
      }),
    )
    .describe('Newest first'),
  progress: z
    .looseObject({ phase: z.string(), detail: z.string(), nextAtMs: wallMs.nullable() })
    .nullable()
    .describe('Of the attempt that is not over'),
  problems: z.array(z.string()).describe('What could not be read'),
});

export const goLiveStartedSchema = z.object({
  ok: z.boolean(),
  detail: z.string(),
  obstacles: z.array(z.string()).describe('Everything that forbids it now'),
  workflowId: z.string().nullable(),
  problems: z.array(z.string()).describe('What did not work beside it'),
}) satisfies z.ZodType<GoLiveStarted>;
