/** Changes while the desk trades: settings, the position size, the contract of a future. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { settingValue } from '../../contracts/json-values.js';
import { MAY_STOP, OPERATOR } from '../../domain/people-roles.js';
import { reasonOf } from '../../domain/plain-text.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/settings-change.js';
import { type SettingsResult, settingsResultSchema } from '../../operations/settings/ask-for-approval.js';
import { settingsSchema } from '../../operations/settings/change-settings.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem, traderDown } from '../problem-details.js';
import { answer, jsonSchema, problems, reason, signature, stopSchema } from '../schemas/answers.js';
import { callerOf, OUTCOMES, sendOutcome } from './route-parts.js';

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
      'All or nothing. 200: in force in the trader. 202: it waits for approval, or the trader did not answer or could not write it; `state` says which.',
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
      const asked = { values, reason: reason.trim() };
      const result = await web.operations.changeSettings(callerOf(request), asked);
      return sendChange(
        reply,
        result,
        'GET /api/settings shows what can be changed, its bounds, and what is in force.',
      );
    },
  );
}

const sizeSchema = stopSchema.extend({
  sizePct: z.int().min(SIZE_PCT_MIN).max(SIZE_PCT_MAX).describe('Percent of the full position size'),
  signature,
});

export function sizeRoute(app: FastifyInstance, web: WebDependencies): void {
  app.post<{ Body: z.infer<typeof sizeSchema> }>(
    '/api/size',
    {
      schema: {
        summary:
          'Change the position size: smaller at once, larger by an approver, with real money by a signed vote',
        tags: ['state'],
        body: jsonSchema(sizeSchema),
        response: OUTCOMES,
      },
      config: { roles: MAY_STOP },
    },
    async (request, reply) => {
      const { sizePct, reason, signature: signed } = request.body;
      const outcome = await web.operations.changeSize(callerOf(request), {
        sizePct,
        reason: reasonOf(reason),
        signature: signed,
      });
      return sendOutcome(
        reply,
        outcome,
        'GET /api/status has the size; GET /api/signing?size= what is signed.',
      );
    },
  );
}

const rollSchema = z.strictObject({
  symbol: z
    .string()
    .max(40)
    .optional()
    .describe('A future of the desk, NQ/USD; left out: the only one that is rolled'),
  to: z
    .string()
    .max(6)
    .optional()
    .describe('Month, 202703; left out: the next one. `contracts[].choices` in the status lists them'),
  reason: reason.min(1),
});

export function rollRoutes(app: FastifyInstance, web: WebDependencies): void {
  const roll = {
    summary: 'Ask people to roll a future to another month',
    description:
      '202: it waits for approval. Then the trader takes it, starts again with the new contract, and it is read back. ' +
      '409: the old contract has a position or a resting order, or there is no such month.',
    tags: ['settings'],
    body: jsonSchema(rollSchema),
    response: {
      200: answer('In force already', settingsResultSchema),
      202: answer('Waits for approval', settingsResultSchema),
      ...problems(400, 401, 403, 409),
    },
  };
  app.post<{ Body: z.infer<typeof rollSchema> }>(
    '/api/roll',
    { schema: roll, config: { roles: OPERATOR } },
    async (request, reply) => {
      const { reason: why, ...wish } = request.body;
      const result = await web.operations.rollContract(callerOf(request), { ...wish, reason: why.trim() });
      return sendChange(reply, result, 'GET /api/status shows each contract, its months, and what is held.');
    },
  );
}

function sendChange(reply: FastifyReply, result: SettingsResult, doThis: string): FastifyReply {
  if (result.state !== 'refused') return reply.code(result.state === 'applied' ? 200 : 202).send(result);
  return sendProblem(reply, { ...notDone(result.detail, result.doThis ?? doThis), more: { result } });
}
