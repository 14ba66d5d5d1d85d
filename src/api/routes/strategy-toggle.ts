import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { NO_REASON } from '../../domain/no-reason.js';
import { OPERATOR } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, notFound, sendProblem } from '../problem.js';
import { outcomeSchema, reason } from '../schemas/emergency.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { callerOf, emptyBody } from './caller.js';

const toggleSchema = z.strictObject({
  enabled: z.boolean().optional().describe('Left out: the other way round than now'),
  reason: reason.optional(),
});

interface Toggle {
  readonly Params: { readonly name: string };
  readonly Body: z.infer<typeof toggleSchema>;
}

export function strategyToggleRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Switch a strategy on or off; its position keeps its stop and its exit',
    tags: ['state'],
    params: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,39}$' } },
    },
    body: jsonSchema(toggleSchema),
    response: { 200: answer('Switched', outcomeSchema), ...problems(400, 401, 403, 404, 409) },
  };
  app.post<Toggle>(
    '/api/strategies/:name/toggle',
    { schema, preValidation: emptyBody, config: { roles: OPERATOR } },
    async (request, reply) => {
      const { enabled = null, reason: why } = request.body;
      const outcome = await web.operations.toggleStrategy(callerOf(request), {
        strategy: request.params.name,
        enabled,
        reason: why?.trim() || NO_REASON,
      });
      if (outcome.ok) return outcome;
      const refused = (await isUnknown(web, request.params.name)) ? notFound : notDone;
      return sendProblem(
        reply,
        refused(outcome.detail, 'GET /api/strategies shows the strategies as they are.'),
      );
    },
  );
}

/** False also while the trader does not answer: then nobody knows. */
async function isUnknown(web: WebDependencies, name: string): Promise<boolean> {
  const status = await web.readTrader().catch(() => null);
  return status !== null && !status.strategies.some((strategy) => strategy.name === name);
}
