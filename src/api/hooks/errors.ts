/** Whatever goes wrong leaves as a problem; what we did not expect is logged and told without its insides. */
import type { FastifyError, FastifyInstance } from 'fastify';
import { badRequest, type Problem, sendProblem, unexpected } from '../problem.js';

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

export function problemOf(error: FastifyError, requestId: string): Problem {
  if (error.validation !== undefined) {
    const where = error.validationContext ?? 'request';
    const errors = error.validation.map((one) => `${where}${one.instancePath} ${one.message ?? ''}`.trim());
    return badRequest(`The ${where} is not as described.`, errors);
  }
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
