import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ANY_ROLE } from '../../domain/people-roles.js';
import type { PasswordCheck } from '../auth/password-check.js';
import { answerTokens, clearRefreshCookie, refreshCookie, refuseForeignCookie } from '../auth/tokens.js';
import type { WebDependencies } from '../dependencies.js';
import { noRole, notSignedIn, sendProblem } from '../problem-details.js';
import { answer, jsonSchema, problems } from '../schemas/answers.js';
import { sendDatabaseDown } from './route-parts.js';

/** `cookie`: for the page, whose scripts must not see the refresh token. `json`: for programs. */
const transport = z.enum(['json', 'cookie']).optional();

const loginSchema = z.strictObject({
  username: z.string().min(1).max(64),
  password: z.string().min(1).max(1024),
  transport,
});

const linkSchema = z.strictObject({ token: z.string().min(1).max(512), transport });

/** Without a token in the body, the cookie is used. */
const refreshSchema = z.strictObject({ refreshToken: z.string().min(1).max(512).optional() });

export const tokensSchema = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional().describe('Absent if it was set as a cookie'),
  expiresIn: z.number().describe('Lifetime of the access token, in seconds'),
  tokenType: z.literal('Bearer'),
  person: z.string(),
  roles: z.array(z.enum(ANY_ROLE)).describe('From the desk file'),
});

type LoginBody = z.infer<typeof loginSchema>;
type LinkBody = z.infer<typeof linkSchema>;
type RefreshBody = z.infer<typeof refreshSchema>;

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
      const wrong = await passwords.refuseWrong(request, reply, username, password, WRONG);
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

const WRONG = {
  status: 401,
  code: 'wrong-password',
  title: 'Not signed in',
  detail: 'User or password is wrong.',
  keptSafe: 'Nothing was changed; the desk goes on as it was.',
  doThis:
    'The built-in user is `operator`, its generated password is in secrets/operator-password below FERMATA_HOME; other people get one with `fermata person add`. `fermata link` signs in without a password.',
} as const;

export function refreshRoute(app: FastifyInstance, web: WebDependencies): void {
  const schema = {
    summary: 'Exchange a refresh token for the next one',
    description: 'Each refresh token works once. Presenting an older one ends the whole sign-in.',
    tags: ['sign-in'],
    security: [],
    body: jsonSchema(refreshSchema),
    response: { 200: answer('The next tokens', tokensSchema), ...problems(400, 401, 403) },
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
      const rotation = web.sessions.rotate(token, cookie !== null);
      if (!rotation.ok) {
        const { reason } = rotation;
        if (reason === 'no-role') return sendProblem(reply, noRole('Who is signed in here'));
        // One that is not known here may be that of a desk on another port.
        if (cookie !== null && reason !== 'unknown') clearRefreshCookie(reply);
        if (reason === 'reused') request.log.warn('a refresh token was used twice: sign-in ended');
        return sendProblem(reply, notSignedIn(WORDS[reason]));
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
      let person: string | null;
      try {
        person = await web.consumeLink(token);
      } catch (error) {
        return sendDatabaseDown(reply, 'The sign-in link', error);
      }
      if (person === null) return sendProblem(reply, USED);
      if (web.rolesOf(person).length === 0) return sendProblem(reply, noRole(person));
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
