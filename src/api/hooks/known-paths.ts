/** 405 with Allow if the path is known but not the method; otherwise 404. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Problem, sendProblem } from '../problem.js';

interface KnownPaths {
  /**
   * Answers requests that match no route, before their body is read. Registered after the checks of name and origin.
   */
  answerUnknown(): void;
}

/** Records every route that is registered from now on. */
export function registerKnownPaths(app: FastifyInstance): KnownPaths {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const known = methods.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) known.add(method);
    methods.set(route.url, known);
  });
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?', 1)[0] ?? '';
    const known = methods.get(path) ?? [...methods].find(([pattern]) => fits(pattern, path))?.[1];
    if (known === undefined) return sendProblem(reply, NOT_FOUND);
    const allow = [...known].sort().join(', ');
    return sendProblem(reply.header('allow', allow), notAllowed(request.method, allow));
  };
  app.setNotFoundHandler(answer);
  return {
    answerUnknown: () => {
      app.addHook('onRequest', async (request, reply) => {
        if (request.is404) return answer(request, reply);
      });
    },
  };
}

/** A segment that begins with a colon matches anything. */
function fits(pattern: string, path: string): boolean {
  const parts = path.split('/');
  const expected = pattern.split('/');
  return (
    pattern.includes('/:') &&
    expected.length === parts.length &&
    expected.every((part, at) => part === parts[at] || (part.startsWith(':') && parts[at] !== ''))
  );
}

const NOT_FOUND: Problem = {
  status: 404,
  code: 'not-found',
  detail: 'There is nothing at this address.',
  keptSafe: 'Nothing was changed.',
  doThis: 'GET /api/openapi.json lists every address.',
};

const notAllowed = (method: string, allow: string): Problem => ({
  status: 405,
  code: 'method-not-allowed',
  detail: `This address answers ${allow}, not ${method}.`,
  keptSafe: 'Nothing was changed.',
  doThis: `Use ${allow}.`,
});
