import type { FastifyInstance } from 'fastify';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { ControlFailure } from '../../trader/client.js';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { notFound, sendProblem, traderDown } from '../problem.js';
import { answer, problems } from '../schemas/answers.js';
import { barsSchema } from '../schemas/records.js';
import { symbolQuery } from './route-parts.js';

interface BarsQuery {
  readonly symbol: string;
  readonly limit: number;
}

export function barsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Finished one-minute bars, warm-up history included, and the lines that strategies use',
    tags: ['state'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      required: ['symbol'],
      properties: {
        symbol: symbolQuery,
        limit: { type: 'integer', minimum: 1, maximum: 1000, default: 600 },
      },
    },
    response: { 200: answer('Bars', barsSchema), ...problems(400, 401, 404, 503) },
  };
  app.get<{ Querystring: BarsQuery }>('/api/bars', { schema }, async (request, reply) => {
    const { symbol, limit } = request.query;
    try {
      const { bars, lines = [] } = await web.readBars(symbol, limit);
      const simulated = watch.state.status?.marketData.simulated ?? false;
      return { symbol, spanMs: bars[0]?.spanMs ?? MINUTE_MS, simulated, bars, lines };
    } catch (error) {
      if (!(error instanceof ControlFailure)) return sendProblem(reply, traderDown(error));
      return sendProblem(reply, notFound(`${error.message}.`, error.doThis));
    }
  });
}
