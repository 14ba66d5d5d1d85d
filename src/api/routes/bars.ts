import type { FastifyInstance } from 'fastify';
import type { StatusWatch } from '../live/status-watch.js';
import { sendProblem } from '../problem.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { barsSchema } from '../schemas/records.js';
import { symbolQuery } from './coerce-query.js';

export function barsRoute(app: FastifyInstance, watch: StatusWatch): void {
  const schema = {
    summary: 'Recent prices as this web server saw them',
    tags: ['state'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: ['symbol'],
      properties: { symbol: symbolQuery },
    },
    response: { 200: answer('Prices', barsSchema), ...problems(400, 401, 404) },
  };
  app.get<{ Querystring: { symbol: string } }>('/api/bars', { schema }, async (request, reply) => {
    const { symbol } = request.query;
    const { prices, state } = watch;
    if (!prices.symbols().includes(symbol)) {
      return sendProblem(reply, {
        status: 404,
        code: 'no-prices',
        detail: `No price of ${symbol} was seen yet.`,
        keptSafe: 'Nothing was changed.',
        doThis: `Ask for one of: ${prices.symbols().join(', ') || 'none yet'}.`,
      });
    }
    const simulated = state.status?.marketData.simulated ?? false;
    return { symbol, spanMs: prices.spanMs, simulated, bars: prices.bars(symbol) };
  });
}
