import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { NO_REASON, reasonOf } from '../../domain/no-reason.js';
import { SIZE_PCT_MAX, SIZE_PCT_MIN } from '../../domain/position-size.js';
import { MAY_STOP } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { jsonSchema } from '../schemas/answers.js';
import { signature, stopSchema } from '../schemas/emergency.js';
import { callerOf, OUTCOMES, sendOutcome } from './acting.js';

const sizeSchema = stopSchema.extend({
  sizePct: z.int().min(SIZE_PCT_MIN).max(SIZE_PCT_MAX).describe('Percent of the desk file’s position size'),
  signature,
});

export function sizeRoute(app: FastifyInstance, web: WebDependencies): void {
  app.post<{ Body: z.infer<typeof sizeSchema> }>(
    '/api/size',
    {
      schema: {
        summary:
          'Change the position size: smaller at once, larger by an approver, with real money by a signed vote',
        tags: ['state'],
        body: jsonSchema(sizeSchema),
        response: OUTCOMES,
      },
      config: { roles: MAY_STOP },
    },
    async (request, reply) => {
      const { sizePct, reason, signature: signed } = request.body;
      const outcome = await web.operations.changeSize(callerOf(request), {
        sizePct,
        reason: reasonOf(reason) ?? NO_REASON,
        signature: signed,
      });
      return sendOutcome(
        reply,
        outcome,
        'GET /api/status has the size; GET /api/signing?size= what is signed.',
      );
    },
  );
}
