import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { setupDetailsSchema, setupSchema } from '../../contracts/published.js';
import type { WebDependencies } from '../dependencies.js';
import { notFound, sendProblem } from '../problem.js';
import { answer, problems } from '../schemas/answers.js';
import { coerceIntegers, fromDatabase } from './reading.js';

/** The setups of years; active ones are among the newest. */
const SETUPS_MAX = 1_000;

export function setupsRoutes(app: FastifyInstance, web: WebDependencies): void {
  const list = {
    summary: 'The setups that strategies follow, the newest first; how many of them are active',
    tags: ['state'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: { limit: { type: 'integer', minimum: 1, maximum: SETUPS_MAX, default: 50 } },
    },
    response: {
      200: answer('By market time', z.object({ active: z.number(), setups: z.array(setupSchema) })),
      ...problems(400, 401, 503),
    },
  };
  app.get<{ Querystring: { readonly limit: number } }>(
    '/api/setups',
    { schema: list, preValidation: coerceIntegers('limit') },
    ({ query: { limit } }, reply) =>
      fromDatabase(reply, 'The setups', async () => {
        const setups = await web.operations.listSetups({ open: false, limit: SETUPS_MAX });
        return { active: setups.filter(({ open }) => open).length, setups: setups.slice(0, limit) };
      }),
  );
  const one = {
    summary: 'One setup: its plan, its state and each of its steps',
    tags: ['state'],
    params: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string', pattern: '^[0-9A-Za-z_-]{1,40}$' } },
    },
    response: { 200: answer('As it is now', setupDetailsSchema), ...problems(400, 401, 404, 503) },
  };
  app.get<{ Params: { readonly id: string } }>(
    '/api/setups/:id',
    { schema: one },
    ({ params: { id } }, reply) =>
      fromDatabase(reply, 'The setup', async () => {
        const setup = await web.operations.readSetup(id);
        if (setup !== null) return setup;
        const doThis = 'GET /api/setups lists those that there are.';
        return sendProblem(reply, notFound(`There is no setup ${id} on this desk.`, doThis));
      }),
  );
}
