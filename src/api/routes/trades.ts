import type { FastifyInstance } from 'fastify';
import type { WebDependencies } from '../dependencies.js';
import { badRequest, sendProblem } from '../problem.js';
import { decodeCursor, readTrades } from '../read/read-trades.js';
import { answer } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { tradesSchema } from '../schemas/records.js';
import { coerceIntegers, symbolQuery } from './coerce-query.js';
import { fromDatabase } from './from-database.js';

interface TradesQuery {
  readonly limit: number;
  readonly before?: string;
  readonly symbol?: string;
}

export function tradesRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Fills from the ledger, newest first, in pages',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
        before: { type: 'string', maxLength: 400, description: 'nextCursor of the page before' },
        symbol: symbolQuery,
      },
    },
    response: { 200: answer('A page of fills', tradesSchema), ...problems(400, 401, 503) },
  };
  app.get<{ Querystring: TradesQuery }>(
    '/api/trades',
    { schema, preValidation: coerceIntegers('limit') },
    (request, reply) => {
      const { limit, before: text, symbol = null } = request.query;
      const before = text === undefined ? null : decodeCursor(text);
      if (text !== undefined && before === null) {
        return sendProblem(reply, badRequest('`before` is not a cursor that this API gave out.'));
      }
      return fromDatabase(reply, 'The ledger of fills', () =>
        readTrades(web.database, { desk: web.runtime.desk, symbol, limit, before }),
      );
    },
  );
}
