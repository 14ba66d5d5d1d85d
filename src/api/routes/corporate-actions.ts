import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { dividendSchema, splitSchema } from '../../desk/corporate-action-schema.js';
import { splitRatio } from '../../domain/corporate-action.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import type { Caller, OperationResult } from '../../operations/operation.js';
import type { WebDependencies } from '../dependencies.js';
import { badRequest, sendProblem } from '../problem.js';
import { jsonSchema } from '../schemas/answers.js';
import { reason } from '../schemas/emergency.js';
import { callerOf, OUTCOMES, sendOutcome } from './acting.js';

const why = { reason: reason.min(1) };
const actionSchema = z.discriminatedUnion('kind', [
  splitSchema.extend(why),
  dividendSchema.extend(why),
  z.strictObject({ kind: z.literal('no-split'), symbol: splitSchema.shape.symbol, ...why }),
]);
type Action = z.infer<typeof actionSchema>;

export function corporateActionRoutes(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary:
      'A stock is split, has paid a dividend, or what looks like a split at the venue is none (`no-split`)',
    tags: ['state'],
    body: jsonSchema(actionSchema),
    response: OUTCOMES,
  };
  app.post<{ Body: Action }>(
    '/api/corporate-actions',
    { schema, config: { roles: MAY_DO_TASKS } },
    async (request, reply) => {
      const outcome = await take(web, callerOf(request), request.body);
      return outcome === null
        ? sendProblem(reply, badRequest('numerator: expected another number than denominator'))
        : sendOutcome(reply, outcome, 'GET /api/status shows what is held.');
    },
  );
}

/** Null: as many new shares as old ones are no split. */
async function take(
  { operations }: WebDependencies,
  caller: Caller,
  { reason: said, ...asked }: Action,
): Promise<OperationResult | null> {
  if (asked.kind === 'no-split') return operations.sayNoSplit(caller, { symbol: asked.symbol, reason: said });
  if (asked.kind === 'dividend')
    return operations.takeCorporateAction(caller, { action: asked, reason: said });
  const ratio = splitRatio(asked.numerator, asked.denominator);
  return ratio === null
    ? null
    : operations.takeCorporateAction(caller, { action: { ...asked, ...ratio }, reason: said });
}
