/** Every error leaves as a problem; an unexpected one is logged and reported without its internals. */
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { badRequest, type Problem, problemBody, sendProblem, unexpected } from '../problem.js';
import { BudgetSpent } from './request-budget.js';
import { wordsOf } from './validation-words.js';

const BODY_PROBLEMS: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    ...badRequest('The body is larger than 64 KiB.'),
    status: 413,
    code: 'body-too-large',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    ...badRequest('The body must be JSON: send content-type application/json.'),
    status: 415,
    code: 'media-type',
  },
};

function problemOf(error: FastifyError, requestId: string): Problem {
  if (error.validation !== undefined) {
    const where = error.validationContext ?? '';
    const errors = wordsOf(error.validation, where);
    return badRequest(errors[0] ?? error.message, errors);
  }
  if (error instanceof BudgetSpent) return error.problem;
  const known = BODY_PROBLEMS[error.code];
  if (known !== undefined) return known;
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) return { ...badRequest(error.message), status };
  return unexpected(requestId);
}

export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemOf(error, request.id);
    if (problem.status >= 500)
      request.log.error({ err: error, url: request.routeOptions.url }, 'request failed');
    return sendProblem(reply, problem);
  });
}

/** A malformed address reaches no route and no hook. */
export function reportFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  sendProblem(reply, problemOf(error, request.id));
}

/** What is not HTTP at all gets a response written by hand, and the connection ends. */
export function answerMalformed(error: { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, words] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'The headers are too large.'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([408, 'The request did not arrive in time.'] as const)
        : ([400, 'This is not a request that can be read.'] as const);
  const body = JSON.stringify(problemBody({ ...badRequest(words), status }));
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/problem+json\r\nconnection: close\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
