import type { FastifyInstance } from 'fastify';
import { answerTokens, refuseForeignCookie } from '../auth/answer-tokens.js';
import { clearRefreshCookie, refreshCookie } from '../auth/refresh-cookie.js';
import type { WebDependencies } from '../dependencies.js';
import { notSignedIn, sendProblem } from '../problem.js';
import { type RefreshBody, refreshSchema, tokensSchema } from '../schemas/auth.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';

export function refreshRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Exchange a refresh token for the next one',
    description: 'Each refresh token works once. Presenting an older one ends the whole sign-in.',
    tags: ['sign-in'],
    security: [],
    body: jsonSchema(refreshSchema),
    response: { 200: answer('Signed in for another while', tokensSchema), ...problems(400, 401, 403) },
  };
  app.post<{ Body: RefreshBody }>(
    '/api/auth/refresh',
    { schema, config: { access: 'public' } },
    async (request, reply) => {
      const given = request.body.refreshToken;
      const cookie = given === undefined ? refreshCookie(request) : null;
      const token = given ?? cookie;
      if (token === null) return sendProblem(reply, notSignedIn('There is no sign-in to go on with.'));
      if (cookie !== null) {
        const refusal = refuseForeignCookie(request, reply);
        if (refusal !== null) return refusal;
      }
      const rotation = web.sessions.rotate(token);
      if (!rotation.ok) {
        if (cookie !== null) clearRefreshCookie(reply);
        if (rotation.reason === 'reused') request.log.warn('a refresh token was used twice: sign-in ended');
        return sendProblem(reply, notSignedIn(WORDS[rotation.reason]));
      }
      return answerTokens(request, reply, rotation, cookie === null ? 'json' : 'cookie', web.rolesOf);
    },
  );
}

const WORDS = {
  unknown: 'This sign-in has ended.',
  expired: 'This sign-in is older than 7 days.',
  reused: 'This refresh token was used before. Somebody may have copied it, so the sign-in was ended.',
} as const;
