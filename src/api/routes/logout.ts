import type { FastifyInstance } from 'fastify';
import { ANY_ROLE } from '../../domain/roles.js';
import { clearRefreshCookie } from '../auth/refresh-cookie.js';
import type { WebDependencies } from '../dependencies.js';
import { problems } from '../schemas/problem.js';

export function logoutRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'End this sign-in, with its tokens and live connections',
    tags: ['sign-in'],
    response: { 204: { type: 'null', description: 'Signed out' }, ...problems(401) },
  };
  app.post('/api/auth/logout', { schema, config: { roles: ANY_ROLE } }, async (request, reply) => {
    if (request.session !== null) web.sessions.end(request.session.family);
    clearRefreshCookie(reply);
    return reply.code(204).send();
  });
}
