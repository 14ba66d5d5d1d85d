import type { FastifyInstance } from 'fastify';
import { answerTokens, refuseForeignCookie } from '../auth/answer-tokens.js';
import type { PasswordCheck } from '../auth/password-check.js';
import type { WebDependencies } from '../dependencies.js';
import { type LoginBody, loginSchema, tokensSchema } from '../schemas/auth.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';

export function loginRoute(app: FastifyInstance, web: WebDependencies, passwords: PasswordCheck): void {
  const schema = {
    summary: 'Sign in with user and password',
    tags: ['sign-in'],
    security: [],
    body: jsonSchema(loginSchema),
    response: { 200: answer('Signed in', tokensSchema), ...problems(400, 401, 403, 429) },
  };
  app.post<{ Body: LoginBody }>(
    '/api/auth/login',
    { schema, config: { access: 'public' } },
    async (request, reply) => {
      const { username, password, transport = 'json' } = request.body;
      if (transport === 'cookie') {
        const refusal = refuseForeignCookie(request, reply);
        if (refusal !== null) return refusal;
      }
      const wrong = await passwords.refuseWrong(request, reply, username, password);
      if (wrong !== null) return wrong;
      request.log.info({ person: username }, 'signed in');
      return answerTokens(
        request,
        reply,
        { person: username, ...web.sessions.begin(username) },
        transport,
        web.rolesOf,
      );
    },
  );
}
