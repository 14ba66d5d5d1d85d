/**
 * Text that can't be stored or shown is refused before anything reads it; a stop is accepted, with its text made
 * plain.
 */
import type { FastifyInstance } from 'fastify';
import { unfitText, withPlainText } from '../../domain/plain-text.js';
import { badRequest, sendProblem } from '../problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Never refuse a request for its text. */
    anyText?: boolean;
  }
}

export function registerPlainText(app: FastifyInstance): void {
  app.addHook('preValidation', async (request, reply) => {
    const { body, query, params } = request;
    if (request.routeOptions.config.anyText === true) {
      request.body = withPlainText(body);
      return;
    }
    const problem = unfitText(body) ?? unfitText(query) ?? unfitText(params);
    if (problem !== null) return sendProblem(reply, badRequest(`${problem}.`));
  });
}
