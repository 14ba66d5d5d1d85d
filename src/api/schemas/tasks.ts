import { z } from 'zod';
import type { Task } from '../../contracts/task.js';
import { wallMs } from './json-schema.js';

export const taskSchema = z.object({
  id: z.number(),
  desk: z.string(),
  source: z.string().describe('Who asks and what about'),
  title: z.string(),
  detail: z.string(),
  dueMs: wallMs,
  createdMs: wallMs,
  state: z.enum(['open', 'done', 'withdrawn']),
  finishedMs: wallMs.nullable(),
  doneBy: z.string().nullable(),
  note: z.string().nullable(),
  origin: z
    .object({
      workflowId: z.string(),
      firstRunId: z.string(),
      routine: z.string(),
      stepKey: z.string(),
      simulated: z.boolean(),
    })
    .exactOptional()
    .describe('The routine that asked'),
}) satisfies z.ZodType<Task>;

export const taskDoneSchema = z.object({ task: taskSchema, problems: z.array(z.string()) });
