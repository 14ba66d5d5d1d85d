/** Results of trading: by period, analytics, KPIs. */
import type { FastifyInstance } from 'fastify';
import { DAY_MS } from '../../domain/civil-date.js';
import { analyticsSchema, readAnalytics } from '../../operations/results/read-analytics.js';
import { periodsOf, readResults } from '../../operations/results/read-results.js';
import { kpisSchema, PERIODS, type Period, resultsSchema } from '../../operations/results/results.js';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { answer, problems } from '../schemas/answers.js';
import { fromDatabase, symbolQuery } from './route-parts.js';

/** The most rows that a table shows. */
const LISTED_MAX = 2_000;

interface ResultsAsked {
  readonly days: number;
  readonly by: Period;
  readonly symbol?: string;
  readonly strategy?: string;
}

export function resultsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Round trips, and their results by day, week or month',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        days: { type: 'integer', minimum: 1, maximum: 3650, default: 30 },
        by: { type: 'string', enum: PERIODS, default: 'day' },
        symbol: symbolQuery,
        strategy: { type: 'string', maxLength: 100 },
      },
    },
    response: {
      200: answer('Of the last days of market time, from the start of a day, week or month', resultsSchema),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: ResultsAsked }>('/api/results', { schema }, (request, reply) => {
    const { days, by, symbol = null, strategy = null } = request.query;
    const { status } = watch.state;
    const toMs = status?.marketData.marketMs ?? web.nowMs();
    const periods = periodsOf(by, { fromMs: toMs - days * DAY_MS, toMs }, web.calendar);
    const { fromMs, fromDate, toDate } = periods;
    return fromDatabase(reply, 'The ledger', async () => {
      const found = await readResults(web.database, {
        desk: web.runtime.desk,
        ...{ symbol, strategy, periods, listMax: LISTED_MAX },
      });
      return {
        currency: status?.currency ?? null,
        ...web.calendar,
        fromMs,
        toMs,
        fromDate,
        toDate,
        ...found,
      };
    });
  });
}

export function analyticsRoute(app: FastifyInstance, web: WebDependencies, watch: StatusWatch): void {
  const schema = {
    summary: 'Results of the desk: round trips after fees, Sharpe ratio, drawdown, by strategy',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { days: { type: 'integer', minimum: 1, maximum: 3650, default: 30 } },
    },
    response: { 200: answer('The last days of market time', analyticsSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: { readonly days: number } }>('/api/analytics', { schema }, (request, reply) => {
    const { status } = watch.state;
    const toMs = status?.marketData.marketMs ?? web.nowMs();
    const fromMs = toMs - request.query.days * DAY_MS;
    return fromDatabase(reply, 'The ledger', async () => {
      const currency = status?.currency ?? null;
      const figures = await readAnalytics(web.database, web.runtime.desk, fromMs, currency);
      return { currency, fromMs, toMs, ...figures };
    });
  });
}

export function kpisRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'The KPIs of the desk file: current values, against their alarms and aims',
    tags: ['records'],
    response: { 200: answer('In the order of the desk file', kpisSchema), ...problems(401, 503) },
  };
  app.get('/api/kpis', { schema }, (_, reply) =>
    fromDatabase(reply, 'The ledger', () => web.operations.showKpis()),
  );
}
