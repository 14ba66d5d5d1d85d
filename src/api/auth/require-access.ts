/** The one place where a request is let in. A route without settings requires a signed-in person of the desk. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { ANY_ROLE, hasRole } from '../../domain/roles.js';
import type { WebDependencies } from '../dependencies.js';
import { notSignedIn, roleMissing, sendProblem } from '../problem.js';
import { bearerToken } from './sign-in.js';

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export function registerAccessCheck(app: FastifyInstance, web: WebDependencies): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    const changes = [method].flat().some((one) => !READING.has(one));
    if (changes && config?.access !== 'public' && config?.roles === undefined)
      throw new Error(`${url} changes something and does not say who may`);
  });
  const metricsDigest = digest(web.secrets.metricsToken);
  app.addHook('onRequest', async (request, reply) => {
    const { access = 'signed-in', roles = ANY_ROLE } = request.routeOptions.config;
    if (access === 'public' || request.is404) return;
    const token = bearerToken(request);
    if (token === null) {
      reply.header('www-authenticate', 'Bearer');
      return sendProblem(reply, notSignedIn('This needs a bearer token and the request carries none.'));
    }
    if (access === 'metrics' && timingSafeEqual(digest(token), metricsDigest)) return;
    const session = app.readAccess(token);
    if (typeof session === 'string') {
      reply.header('www-authenticate', 'Bearer error="invalid_token"');
      return sendProblem(reply, notSignedIn(WORDS[session]));
    }
    if (!hasRole(session, roles)) {
      return sendProblem(reply, roleMissing(session.person, roles));
    }
    request.session = session;
  });
}

const WORDS = {
  expired: 'The access token is no longer valid: its time is over or the sign-in has ended.',
  invalid: 'The access token is not one of ours.',
} as const;
