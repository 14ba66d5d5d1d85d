import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { approvalSchema } from '../../contracts/published.js';
import { ANY_ROLE } from '../../domain/roles.js';
import { voteResultSchema } from '../../operations/approvals.js';
import type { WebDependencies } from '../dependencies.js';
import { notDone, sendProblem } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { reason, signature } from '../schemas/emergency.js';
import { callerOf } from './acting.js';
import { fromDatabase } from './reading.js';

const voteSchema = z.strictObject({
  choice: z.enum(['approve', 'reject']),
  parametersHash: z
    .string()
    .min(8)
    .max(64)
    .describe('Of the approval as it was seen: its first 8 digits or more'),
  reason: reason.min(1),
  signature,
});

export function approvalsRoutes(app: FastifyInstance, web: WebDependencies): void {
  const list = {
    summary: 'What people are asked to decide: open ones first, then the newest',
    tags: ['people'],
    response: {
      200: answer('At most 50', z.object({ approvals: z.array(approvalSchema) })),
      ...problems(401, 503),
    },
  };
  app.get('/api/approvals', { schema: list }, (_request, reply) =>
    fromDatabase(reply, 'What waits for approval', async () => ({
      approvals: await web.operations.listApprovals(),
    })),
  );
  const vote = {
    summary: 'Approve or reject, once a person',
    tags: ['people'],
    params: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string', minLength: 1, maxLength: 200 } },
    },
    body: jsonSchema(voteSchema),
    response: { 200: answer('The vote counts', voteResultSchema), ...problems(400, 401, 403, 409) },
  };
  // Each approval itself says which role it takes.
  app.post<{ Params: { readonly id: string }; Body: z.infer<typeof voteSchema> }>(
    '/api/approvals/:id/vote',
    { schema: vote, config: { roles: ANY_ROLE } },
    async (request, reply) => {
      const result = await web.operations.castVote(callerOf(request), {
        approval: request.params.id,
        ...request.body,
      });
      if (result.ok) return result;
      return sendProblem(reply, notDone(result.detail, 'GET /api/approvals shows it as it is now.'));
    },
  );
}
