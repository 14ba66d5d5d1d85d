import type { FastifyInstance } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { readBuyAndHold } from '../read/read-buy-and-hold.js';
import { readEquity } from '../read/read-equity.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { equitySchema } from '../schemas/records.js';
import { coerceIntegers } from './coerce-query.js';

export function equityRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Equity curve, thinned to the number of points asked for',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { points: { type: 'integer', minimum: 2, maximum: 2000, default: 600 } },
    },
    response: { 200: answer('The curve', equitySchema), ...problems(400, 401) },
  };
  app.get<{ Querystring: { points: number } }>(
    '/api/equity',
    { schema, preValidation: coerceIntegers('points') },
    async (request) => {
      const { status } = watch.state;
      const currency = status?.currency ?? null;
      try {
        const points = await readEquity(web.database, web.runtime.desk, request.query.points);
        const buyAndHold =
          status === null
            ? []
            : await readBuyAndHold(web.database, web.runtime.desk, status.marketData, points);
        return { source: 'ledger', currency, points, buyAndHold };
      } catch (error) {
        request.log.warn({ err: error }, 'equity curve from memory: the database does not answer');
        const points = watch.equity.points().slice(-request.query.points);
        return { source: 'memory', currency, points, buyAndHold: [] };
      }
    },
  );
}
