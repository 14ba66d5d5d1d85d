import type { FastifyReply } from 'fastify';
import { databaseDown, sendProblem } from '../problem.js';

/** Returns the result of `read`; if the database does not answer, sends a problem that says so and logs the error. */
export async function fromDatabase<T>(
  reply: FastifyReply,
  what: string,
  read: () => Promise<T>,
): Promise<T | FastifyReply> {
  try {
    return await read();
  } catch (error) {
    reply.request.log.warn({ err: error }, `${what} cannot be read`);
    return sendProblem(reply, databaseDown(what));
  }
}
