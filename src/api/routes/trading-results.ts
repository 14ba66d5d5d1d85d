/** Results of trading (by period, analytics, KPIs) and the trading journal. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { journalDateSchema, journalDaySchema, journalNoteSchema } from '../../contracts/published.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { analyticsSchema, readAnalytics } from '../../operations/results/read-analytics.js';
import { periodsOf, readResults } from '../../operations/results/read-results.js';
import { kpisSchema, PERIODS, type Period, resultsSchema } from '../../operations/results/results.js';
import { NOTE_CHARACTERS_MAX } from '../../store/trading-journal.js';
import type { WebDependencies } from '../dependencies.js';
import type { StatusWatch } from '../live/status-watch.js';
import { notDone, sendProblem } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { callerOf, fromDatabase, symbolQuery } from './route-parts.js';

const askedSchema = z.strictObject({
  text: z.string().min(1).max(NOTE_CHARACTERS_MAX).regex(/\S/, 'expected some words'),
  date: journalDateSchema.optional().describe('One of the desk’s days that has begun; left out: today’s'),
});

export function journalRoutes(app: FastifyInstance, web: WebDependencies): void {
  const read = {
    summary: 'The trading journal: the newest days that have an entry, with their figures and people’s notes',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { days: { type: 'integer', minimum: 1, maximum: 1000, default: 30 } },
    },
    response: {
      200: answer('The newest day first', z.object({ days: z.array(journalDaySchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly days: number } }>(
    '/api/journal',
    { schema: read },
    ({ query: { days } }, reply) =>
      fromDatabase(reply, 'The trading journal', async () => ({
        days: await web.operations.readTradingJournal(days),
      })),
  );
  const note = {
    summary: 'Note something on one of the desk’s days',
    tags: ['records'],
    body: jsonSchema(askedSchema),
    response: {
      200: answer('Noted', z.object({ date: journalDateSchema, note: journalNoteSchema })),
      ...problems(400, 401, 403, 409, 503),
    },
  };
  app.post<{ Body: z.infer<typeof askedSchema> }>(
    '/api/journal/notes',
    { schema: note, config: { roles: MAY_DO_TASKS } },
    (request, reply) =>
      fromDatabase(reply, 'The trading journal', async () => {
        const noted = await web.operations.noteInJournal(callerOf(request), request.body);
        if (noted.ok) return { date: noted.date, note: noted.note };
        return sendProblem(reply, notDone(noted.detail, 'Name a day that has begun, or none.'));
      }),
  );
}

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
