import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { dividendSchema, splitSchema } from '../../desk/corporate-action-schema.js';
import { splitRatio } from '../../domain/corporate-action.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { type OperationResult, outcomeSchema } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { reason } from '../schemas/emergency.js';
import { callerOf } from './acting.js';

const actionSchema = z.discriminatedUnion('kind', [
  splitSchema.extend({ reason }),
  dividendSchema.extend({ reason }),
  z.strictObject({ kind: z.literal('no-split'), symbol: splitSchema.shape.symbol, reason }),
]);

export function corporateActionRoutes(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary:
      'A stock is split, has paid a dividend, or what looks like a split at the venue is none (`no-split`)',
    tags: ['state'],
    body: jsonSchema(actionSchema),
    response: { 200: answer('Taken in', outcomeSchema), ...problems(400, 401, 403, 409) },
  };
  app.post<{ Body: z.infer<typeof actionSchema> }>(
    '/api/corporate-actions',
    { schema, config: { roles: MAY_DO_TASKS } },
    async (request, reply) => {
      const outcome = await take(request.body);
      if (outcome.ok) return outcome;
      return sendProblem(reply, notDone(outcome.detail, 'GET /api/status shows what is held.'));

      function take({ reason: why, ...asked }: z.infer<typeof actionSchema>): Promise<OperationResult> {
        const caller = callerOf(request);
        const { operations } = web;
        if (asked.kind === 'no-split')
          return operations.sayNoSplit(caller, { symbol: asked.symbol, reason: why });
        if (asked.kind === 'dividend')
          return operations.takeCorporateAction(caller, { action: asked, reason: why });
        const ratio = splitRatio(asked.numerator, asked.denominator) ?? asked;
        return operations.takeCorporateAction(caller, { action: { ...asked, ...ratio }, reason: why });
      }
    },
  );
}
