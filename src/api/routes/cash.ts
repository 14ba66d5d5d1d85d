import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { CASH_KINDS } from '../../domain/cash.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { outcomeSchema } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem } from '../problem.js';
import { reason } from '../schemas/emergency.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';
import { callerOf } from './acting.js';

const explanationSchema = z.strictObject({
  kind: z.enum(CASH_KINDS),
  amount: z
    .string()
    .regex(/^-?\d{1,20}(\.\d{1,8})?$/)
    .describe('Signed decimal, as the balance changed: -6000 for a withdrawal of 6,000'),
  reason,
});

export function cashRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Say what a difference in cash was: only one that was found, and no more than it',
    tags: ['state'],
    body: jsonSchema(explanationSchema),
    response: { 200: answer('Booked', outcomeSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<{ Body: z.infer<typeof explanationSchema> }>(
    '/api/cash',
    { schema, config: { roles: MAY_DO_TASKS } },
    async (request, reply) => {
      const { kind, amount, reason: why } = request.body;
      const outcome = await web.operations.explainCash(callerOf(request), { kind, amount, reason: why });
      if (outcome.ok) return outcome;
      return sendProblem(reply, notDone(outcome.detail, 'GET /api/status shows books.cashUnexplained.'));
    },
  );
}
