import { z } from 'zod';
import type { SettingsResult } from '../../operations/settings/ask-for-approval.js';
import { approvalSchema } from './approvals.js';
import { reason } from './emergency.js';
import { marketMs, wallMs } from './json-schema.js';

export const putSettingsSchema = z.strictObject({
  values: z
    .record(z.string().max(200), z.number())
    .describe('Only the keys to change, by their path in the desk file: {"risk.maxPositionSizePct": 2.5}'),
  reason: reason.min(1),
});

const changeSchema = z.object({ key: z.string(), from: z.number(), to: z.number() });

const settingSchema = z.object({
  key: z.string(),
  meaning: z.string(),
  unit: z.string(),
  whole: z.boolean(),
  min: z.number(),
  max: z.number(),
  tighter: z
    .enum(['lower', 'neither'])
    .describe(
      'lower: a smaller value applies at once, a larger one by approval; neither: always by approval',
    ),
  value: z.number().describe('In force'),
  fileValue: z.number().describe('As the desk file says'),
});

export const settingsSchema = z.object({
  version: z.number().describe('Counts the changes since the journal began; 0: as the desk file says'),
  configHash: z.string(),
  fileConfigHash: z.string(),
  settings: z.array(settingSchema),
  restartOnly: z
    .record(z.string(), z.unknown())
    .describe('The rest of the desk file: needs an edit and a restart'),
  waiting: z.array(approvalSchema).describe('Changes that wait for approval'),
  history: z
    .array(
      z.object({
        incarnation: z.string(),
        version: z.number(),
        configHash: z.string(),
        changes: z.array(changeSchema),
        by: z.string(),
        reason: z.string(),
        approvedBy: z.array(z.string()),
        marketMs,
        wallMs,
      }),
    )
    .describe('Newest first'),
  problems: z.array(z.string()),
});

export const settingsResultSchema = z.object({
  state: z.enum(['applied', 'waiting', 'refused']),
  detail: z.string(),
  changes: z.array(changeSchema),
  loosening: z.array(changeSchema).describe('Those that may allow more than now'),
  version: z.number().nullable().describe('In force now'),
  configHash: z.string().nullable(),
  approvalId: z.string().nullable(),
  workflowId: z.string().nullable(),
  problems: z.array(z.string()),
}) satisfies z.ZodType<SettingsResult>;
