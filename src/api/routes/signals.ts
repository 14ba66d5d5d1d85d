/** Signals from outside: sending, editing, withdrawing and listing them. */
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { signalsSchema } from '../../contracts/trader-status.js';
import { signalIdSchema, signalSchema, signalSourceSchema } from '../../desk/sent-schemas.js';
import { reasonOf } from '../../domain/plain-text.js';
import { MAY_STOP, OPERATOR } from '../../domain/roles.js';
import type { SignalBody } from '../../domain/signal.js';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem, traderDown } from '../problem.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { stopSchema } from '../schemas/emergency.js';
import { callerOf, OUTCOMES, sendOutcome } from './route-parts.js';

const withdrawalSchema = stopSchema.extend({ source: signalSourceSchema, id: signalIdSchema });

export function signalsRoutes(app: FastifyInstance, web: WebDependencies): void {
  app.get(
    '/api/signals',
    {
      schema: {
        summary: 'The newest signals from outside, the state of each, and how many were refused, by reason',
        tags: ['state'],
        response: { 200: answer('The signals', signalsSchema), ...problems(401, 503) },
      },
    },
    async (_request, reply) => {
      try {
        return await web.operations.listSignals();
      } catch (error) {
        return sendProblem(reply, traderDown(error));
      }
    },
  );
  app.post<{ Body: SignalBody }>(
    '/api/signals',
    {
      schema: {
        summary: 'Send or edit a signal; an edit may only tighten it, and the same again changes nothing',
        tags: ['state'],
        body: jsonSchema(signalSchema),
        response: OUTCOMES,
      },
      config: { roles: OPERATOR },
    },
    async (request, reply) => {
      const outcome = await web.operations.sendSignal(callerOf(request), request.body);
      return sendOutcome(reply, outcome, 'GET /api/signals shows those that are known, and how they stand.');
    },
  );
  app.post<{ Body: z.infer<typeof withdrawalSchema> }>(
    '/api/signals/withdraw',
    {
      schema: {
        summary: 'Withdraw a signal, in every mode: its entry is cancelled, filled lots keep their exits',
        tags: ['state'],
        body: jsonSchema(withdrawalSchema),
        response: OUTCOMES,
      },
      config: { roles: MAY_STOP, anyText: true },
    },
    async (request, reply) => {
      const { source, id, reason } = request.body;
      const asked = { source, id, reason: reasonOf(reason) };
      const outcome = await web.operations.withdrawSignal(callerOf(request), asked);
      return sendOutcome(
        reply,
        outcome,
        'GET /api/signals shows those that are known; a stop cancels every entry.',
      );
    },
  );
}
