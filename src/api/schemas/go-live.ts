import { z } from 'zod';
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
