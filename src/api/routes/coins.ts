import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { COIN_OWNERS } from '../../domain/coins.js';
import { APPROVER } from '../../domain/roles.js';
import { outcomeSchema } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem } from '../problem.js';
import { reason, signature } from '../schemas/emergency.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { callerOf } from './acting.js';

const claimSchema = z.strictObject({
  symbol: z.string().min(3).max(40).describe('Instrument whose coins are meant'),
  owner: z
    .enum(COIN_OWNERS)
    .describe('`move`: a person takes them out of the account; until then they are left alone'),
  cost: z
    .string()
    .regex(/^\d{1,20}(\.\d{1,12})?$/)
    .optional()
    .describe('What one coin cost, decimal; needed where they are the desk’s'),
  reason: reason.min(1),
  signature,
});

export function coinsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Say whose coins of the account are that are nobody’s; with real money by a signed vote',
    tags: ['state'],
    body: jsonSchema(claimSchema),
    response: { 200: answer('Taken by the trader', outcomeSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<{ Body: z.infer<typeof claimSchema> }>(
    '/api/coins',
    { schema, config: { roles: APPROVER } },
    async (request, reply) => {
      const { cost = null, ...claim } = request.body;
      const outcome = await web.operations.claimCoins(callerOf(request), { ...claim, cost });
      if (outcome.ok) return outcome;
      return sendProblem(
        reply,
        notDone(outcome.detail, 'GET /api/status shows them under coins; GET /api/signing what is signed.'),
      );
    },
  );
}
