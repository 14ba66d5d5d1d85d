import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { marketMs, settingValue, wallMs } from '../../contracts/json-values.js';
import { OPERATOR } from '../../domain/roles.js';
import type { SettingsResult } from '../../operations/settings/ask-for-approval.js';
import type { SettingsShown } from '../../operations/settings/read-settings.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem, traderDown } from '../problem.js';
import { approvalSchema } from '../schemas/approvals.js';
import { reason } from '../schemas/emergency.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { callerOf } from './caller.js';

const putSettingsSchema = z.strictObject({
  values: z
    .record(z.string().max(200), settingValue)
    .describe('Only the keys to change, by their path in the desk file: {"risk.maxPositionSizePct": 2.5}'),
  reason: reason.min(1),
});

const changeSchema = z.object({ key: z.string(), from: settingValue, to: settingValue });

const anySettingSchema = z.object({
  key: z.string(),
  meaning: z.string(),
  unit: z.string(),
  tighter: z
    .enum(['lower', 'higher', 'neither'])
    .describe(
      'lower: a smaller value applies at once, a larger one by approval; higher: the other way; neither: always by approval',
    ),
  value: settingValue.describe('In force'),
  fileValue: settingValue.describe('As the desk file says'),
});

const settingSchema = z.union([
  anySettingSchema.extend({
    type: z.literal('number').optional(),
    whole: z.boolean(),
    min: z.number(),
    max: z.number(),
  }),
  anySettingSchema.extend({ type: z.literal('choice'), choices: z.array(z.string()) }),
  anySettingSchema.extend({ type: z.literal('text'), maxLength: z.number().describe('Characters') }),
  anySettingSchema.extend({ type: z.enum(['boolean', 'time']).describe('time: of day, HH:MM') }),
]);

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
}) satisfies z.ZodType<Omit<SettingsShown, 'restartOnly'>>;

const settingsResultSchema = z.object({
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

export function settingsRoutes(app: FastifyInstance, web: WebDependencies): void {
  const read = {
    summary: 'The settings in force, which of them can change while the desk runs, and every change so far',
    tags: ['settings'],
    response: { 200: answer('The settings', settingsSchema), ...problems(401, 503) },
  };
  app.get('/api/settings', { schema: read }, async (request, reply) => {
    try {
      return await web.operations.readSettings();
    } catch (error) {
      request.log.warn({ err: error }, 'settings could not be read');
      return sendProblem(reply, traderDown(error));
    }
  });
  const change = {
    summary: 'Change settings of the running desk: tighter ones at once, the rest by approval',
    description: 'All or nothing. 200: the trader has taken it and trades by it. 202: it waits for approval.',
    tags: ['settings'],
    body: jsonSchema(putSettingsSchema),
    response: {
      200: answer('In force', settingsResultSchema),
      202: answer('Waits for approval', settingsResultSchema),
      ...problems(400, 401, 403, 409),
    },
  };
  app.put<{ Body: z.infer<typeof putSettingsSchema> }>(
    '/api/settings',
    { schema: change, config: { roles: OPERATOR } },
    async (request, reply) => {
      const { values, reason } = request.body;
      const result = await web.operations.changeSettings(callerOf(request), {
        values,
        reason: reason.trim(),
      });
      if (result.state !== 'refused') return reply.code(result.state === 'applied' ? 200 : 202).send(result);
      const doThis = 'GET /api/settings shows what can be changed, its bounds, and what is in force.';
      return sendProblem(reply, { ...notDone(result.detail, doThis), more: { result } });
    },
  );
}
