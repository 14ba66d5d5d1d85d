import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../operations/operation.js';

/** The person whom the sign-in check let in. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.session === null) throw new Error('a route that acts for a person was left public');
  return { person: request.session.person, via: 'web' };
}

/** Treats a missing body as an empty one. */
export async function emptyBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}
