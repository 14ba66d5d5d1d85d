import type { FastifyInstance } from 'fastify';
import { answerTokens, refuseForeignCookie } from '../auth/answer-tokens.js';
import type { WebDependencies } from '../dependencies.js';
import { databaseDown, sendProblem } from '../problem.js';
import { type LinkBody, linkSchema, tokensSchema } from '../schemas/auth.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';

export function signInLinkRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Sign in with the token of a one-time link',
    tags: ['sign-in'],
    security: [],
    body: jsonSchema(linkSchema),
    response: { 200: answer('Signed in', tokensSchema), ...problems(400, 401, 403, 503) },
  };
  app.post<{ Body: LinkBody }>(
    '/api/auth/link',
    { schema, config: { access: 'public' } },
    async (request, reply) => {
      const { token, transport = 'json' } = request.body;
      if (transport === 'cookie') {
        const refusal = refuseForeignCookie(request, reply);
        if (refusal !== null) return refusal;
      }
      // Tries are not counted: nobody can guess 256 random bits.
      const person = await web.consumeLink(token).catch(() => 'unreadable' as const);
      if (person === 'unreadable') return sendProblem(reply, databaseDown('The sign-in link'));
      if (person === null || web.rolesOf(person).length === 0) return sendProblem(reply, USED);
      request.log.info({ person }, 'signed in by link');
      return answerTokens(request, reply, { person, ...web.sessions.begin(person) }, transport, web.rolesOf);
    },
  );
}

const USED = {
  status: 401,
  code: 'link-used',
  title: 'Not signed in',
  detail: 'This sign-in link was used already, is older than 15 minutes, or is not one of ours.',
  keptSafe: 'Nothing was changed; the desk goes on as it was.',
  doThis: 'Run `fermata link` for a new one, or sign in with the password.',
} as const;
