/** 405 with Allow where the path is known and the method is not; 404 elsewhere. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendProblem } from '../problem.js';

export function registerKnownPaths(app: FastifyInstance): void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const known = methods.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) known.add(method);
    methods.set(route.url, known);
  });
  const allowed = (request: FastifyRequest): string | null => {
    const path = request.url.split('?', 1)[0] ?? '';
    const known = methods.get(path);
    return known === undefined ? null : [...known].sort().join(', ');
  };
  app.setNotFoundHandler((request, reply) => {
    const allow = allowed(request);
    if (allow === null) {
      return sendProblem(reply, {
        status: 404,
        code: 'not-found',
        detail: 'There is nothing at this address.',
        keptSafe: 'Nothing was changed.',
        doThis: 'GET /api/openapi.json lists every address.',
      });
    }
    return sendProblem(reply.header('allow', allow), {
      status: 405,
      code: 'method-not-allowed',
      detail: `This address answers ${allow}, not ${request.method}.`,
      keptSafe: 'Nothing was changed.',
      doThis: `Use ${allow}.`,
    });
  });
}
