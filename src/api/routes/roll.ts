import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OPERATOR } from '../../domain/roles.js';
import { settingsResultSchema } from '../../operations/settings/ask-for-approval.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { reason } from '../schemas/emergency.js';
import { callerOf } from './acting.js';

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
    .describe('Month, 202703; left out: the one that follows. `contracts[].choices` of the status has them'),
  reason: reason.min(1),
});

export function rollRoutes(app: FastifyInstance, web: WebDependencies): void {
  const roll = {
    summary: 'Ask people to let a future stand for another month',
    description:
      '202: it waits for approval. Then the trader takes it, starts again with the new contract, and it is read back. ' +
      '409: something is held or rests in the old contract, or there is no such month.',
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
      if (result.state !== 'refused') return reply.code(result.state === 'applied' ? 200 : 202).send(result);
      const doThis = 'GET /api/dashboard shows each contract, its months, and what is held.';
      return sendProblem(reply, { ...notDone(result.detail, doThis), more: { result } });
    },
  );
}
