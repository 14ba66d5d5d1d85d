import type { FastifyInstance } from 'fastify';
import { errorsSchema } from '../../operations/read-errors.js';
import type { WebDependencies } from '../dependencies.js';
import { answer, problems } from '../schemas/answers.js';
import { coerceIntegers } from './reading.js';

export function errorsRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Errors in the logs of all processes; none in normal operation',
    tags: ['records'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { hours: { type: 'integer', minimum: 1, maximum: 720, default: 24 } },
    },
    response: { 200: answer('Of the last hours by wall time', errorsSchema), ...problems(400, 401) },
  };
  app.get<{ Querystring: { readonly hours: number } }>(
    '/api/errors',
    { schema, preValidation: coerceIntegers('hours') },
    ({ query }) => web.operations.readErrors(query),
  );
}
