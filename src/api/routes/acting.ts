import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Caller, type OperationResult, outcomeSchema } from '../../operations/operation.js';
import { notDone, sendProblem } from '../problem.js';
import { answer, problems } from '../schemas/answers.js';

/** The person whom the sign-in check let in. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.session === null) throw new Error('a route that acts for a person was left public');
  return { person: request.session.person, via: 'web' };
}

/** Treats a missing body as an empty one. */
export async function emptyBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}

/** The answers of a route that acts. */
export const OUTCOMES = {
  200: answer('Done, and proven', outcomeSchema),
  202: answer('Taken, and not proven, or not yet', outcomeSchema),
  ...problems(400, 401, 403, 409),
};

/** 200 if the outcome is proven, 202 if the request was accepted, 409 with what to do if nothing was done. */
export function sendOutcome(
  reply: FastifyReply,
  { ok, proven, detail, haltId, workflowId, problems: missed }: OperationResult,
  doThis: string,
): FastifyReply {
  if (!ok) return sendProblem(reply, notDone(detail, doThis));
  return reply.code(proven ? 200 : 202).send({ ok, proven, detail, haltId, workflowId, problems: missed });
}
