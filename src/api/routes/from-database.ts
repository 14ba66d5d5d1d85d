import type { FastifyReply } from 'fastify';
import { databaseDown, sendProblem } from '../problem.js';

/** What `read` gives; where the database does not answer, a problem that says so, and the error is in the log. */
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
