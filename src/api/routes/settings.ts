import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { settingValue } from '../../contracts/json-values.js';
import { OPERATOR } from '../../domain/roles.js';
import { settingsResultSchema } from '../../operations/settings/ask-for-approval.js';
import { settingsSchema } from '../../operations/settings/read-settings.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem, traderDown } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { reason } from '../schemas/emergency.js';
import { callerOf } from './acting.js';

const putSettingsSchema = z.strictObject({
  values: z
    .record(z.string().max(200), settingValue)
    .describe('Only the keys to change, by their path in the desk file: {"risk.maxPositionSizePct": 2.5}'),
  reason: reason.min(1),
});

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
    description:
      'All or nothing. 200: the trader has taken it and trades by it. 202: it waits for approval, or the trader gave no answer: `state` says which.',
    tags: ['settings'],
    body: jsonSchema(putSettingsSchema),
    response: {
      200: answer('In force', settingsResultSchema),
      202: answer('Waits for approval, or not known to be in force', settingsResultSchema),
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
