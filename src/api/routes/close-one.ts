/** Closes one position or cancels one resting entry without stopping the desk. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { reasonOf } from '../../domain/plain-text.js';
import { MAY_STOP } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { jsonSchema, problems } from '../schemas/answers.js';
import { stopSchema } from '../schemas/emergency.js';
import { callerOf, OUTCOMES, sendOutcome } from './route-parts.js';

const positionSchema = stopSchema.extend({
  symbol: z.string().min(1).max(40).describe('Instrument whose position is closed'),
});
const entrySchema = stopSchema.extend({
  order: z.string().min(1).max(40).describe('The order’s clientId, as in GET /api/orders'),
});

export function closeOneRoutes(app: FastifyInstance, web: WebDependencies): void {
  const config = { roles: MAY_STOP, anyText: true };
  app.post<{ Body: z.infer<typeof positionSchema> }>(
    '/api/positions/close',
    {
      schema: {
        summary: 'Close one position at the market, in every mode; the desk goes on as it was',
        tags: ['emergency'],
        body: jsonSchema(positionSchema),
        response: { ...OUTCOMES, ...problems(404) },
      },
      config,
    },
    async (request, reply) => {
      const { symbol, reason } = request.body;
      const asked = { symbol, reason: reasonOf(reason) };
      const outcome = await web.operations.closePosition(callerOf(request), asked);
      return sendOutcome(
        reply,
        outcome,
        'GET /api/positions shows what is open; close-all closes everything.',
      );
    },
  );
  app.post<{ Body: z.infer<typeof entrySchema> }>(
    '/api/orders/cancel',
    {
      schema: {
        summary:
          'Cancel one resting or waiting entry; an order that protects or closes a position is refused',
        tags: ['emergency'],
        body: jsonSchema(entrySchema),
        response: { ...OUTCOMES, ...problems(404) },
      },
      config,
    },
    async (request, reply) => {
      const { order, reason } = request.body;
      const outcome = await web.operations.cancelEntry(callerOf(request), {
        order,
        reason: reasonOf(reason),
      });
      return sendOutcome(reply, outcome, 'GET /api/orders shows what is open; a stop cancels every entry.');
    },
  );
}
