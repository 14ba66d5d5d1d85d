import type { FastifyInstance } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem, traderDown } from '../problem.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { reconciliationAnswerSchema } from '../schemas/trader-status.js';

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
