import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { CASH_KINDS } from '../../domain/cash.js';
import { COIN_OWNERS } from '../../domain/coins.js';
import { APPROVER, MAY_DO_TASKS } from '../../domain/roles.js';
import { outcomeSchema } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem, traderDown } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { reason, signature } from '../schemas/emergency.js';
import { reconciliationAnswerSchema } from '../schemas/trader-status.js';
import { callerOf } from './acting.js';

export function reconciliationRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'How orders, positions and fills compare with what the venue says',
    tags: ['state'],
    response: { 200: answer('The newest comparison', reconciliationAnswerSchema), ...problems(401, 503) },
  };
  app.get('/api/reconciliation', { schema }, async (_request, reply) => {
    try {
      const { reconciliation, openPositions, openOrders, positions } = await web.readTrader();
      const unprotected = positions.filter(({ protection }) => protection !== 'confirmed');
      return {
        ...reconciliation,
        clean: reconciliation.state === 'clean',
        openPositions,
        openOrders,
        unprotected: unprotected.map(({ symbol }) => symbol),
      };
    } catch (error) {
      return sendProblem(reply, traderDown(error));
    }
  });
}

const explanationSchema = z.strictObject({
  kind: z.enum(CASH_KINDS),
  amount: z
    .string()
    .regex(/^-?\d{1,20}(\.\d{1,8})?$/)
    .describe('Signed decimal, as the balance changed: -6000 for a withdrawal of 6,000'),
  reason,
});

export function cashRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Say what a difference in cash was: only one that was found, and no more than it',
    tags: ['state'],
    body: jsonSchema(explanationSchema),
    response: { 200: answer('Booked', outcomeSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<{ Body: z.infer<typeof explanationSchema> }>(
    '/api/cash',
    { schema, config: { roles: MAY_DO_TASKS } },
    async (request, reply) => {
      const { kind, amount, reason: why } = request.body;
      const outcome = await web.operations.explainCash(callerOf(request), { kind, amount, reason: why });
      if (outcome.ok) return outcome;
      return sendProblem(reply, notDone(outcome.detail, 'GET /api/status shows books.cashUnexplained.'));
    },
  );
}

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
