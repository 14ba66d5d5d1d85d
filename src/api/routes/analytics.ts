import type { FastifyInstance } from 'fastify';
import { DAY_MS } from '../../domain/civil-date.js';
import { analyticsSchema, readAnalytics } from '../../operations/results/read-analytics.js';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { coerceIntegers, fromDatabase } from './reading.js';

export function analyticsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'How the desk did: round trips after fees, Sharpe ratio, drawdown, by strategy',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { days: { type: 'integer', minimum: 1, maximum: 3650, default: 30 } },
    },
    response: { 200: answer('The last days of market time', analyticsSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: { readonly days: number } }>(
    '/api/analytics',
    { schema, preValidation: coerceIntegers('days') },
    (request, reply) => {
      const { status } = watch.state;
      const toMs = status?.marketData.marketMs ?? web.nowMs();
      const fromMs = toMs - request.query.days * DAY_MS;
      return fromDatabase(reply, 'The ledger', async () => {
        const figures = await readAnalytics(web.database, web.runtime.desk, fromMs);
        return { currency: status?.currency ?? null, fromMs, toMs, ...figures };
      });
    },
  );
}
