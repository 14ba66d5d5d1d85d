import type { FastifyInstance } from 'fastify';
import { BUILT_IN_OPERATOR } from '../../domain/roles.js';
import { verifyPassword } from '../../home/password.js';
import { answerTokens, refuseForeignCookie } from '../auth/answer-tokens.js';
import type { WebDependencies } from '../dependencies.js';
import { cameByPublicUrl } from '../hooks/host-guard.js';
import { sendProblem, tooManyTries } from '../problem.js';
import { type LoginBody, loginSchema, tokensSchema } from '../schemas/auth.js';
import { answer, jsonSchema } from '../schemas/json-schema.js';
import { problems } from '../schemas/problem.js';

/**
 * Failed sign-ins, counted by user and way in, in a sliding window: everybody comes from the loopback address, so that a
 * count by address would let one person lock all others out. Strangers at the public address keep nobody out who comes
 * from this machine or through a tunnel. A try counts before the password is looked at and is given back when
 * it was right, so that many tries at once cannot slip through together.
 */
const WINDOW_MS = 15 * 60 * 1000;

const USERS_MAX = 10_000;

const TRIES_MAX = 10;

class LoginLimiter {
  readonly #tries = new Map<string, number[]>();

  constructor(private readonly nowMs: () => number) {}

  /** Null: go on. Otherwise seconds to wait. */
  take(counted: string): number | null {
    const since = this.nowMs() - WINDOW_MS;
    const tries = (this.#tries.get(counted) ?? []).filter((at) => at > since);
    const first = tries[tries.length - TRIES_MAX];
    if (first !== undefined) return Math.ceil((first - since) / 1000);
    if (!this.#tries.has(counted) && this.#tries.size >= USERS_MAX) {
      const oldest = this.#tries.keys().next().value;
      if (oldest !== undefined) this.#tries.delete(oldest);
    }
    this.#tries.set(counted, [...tries, this.nowMs()]);
    return null;
  }

  giveBack(counted: string): void {
    this.#tries.delete(counted);
  }
}

export function loginRoute(app: FastifyInstance, web: WebDependencies): void {
  const limiter = new LoginLimiter(web.nowMs);
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
      const counted = `${cameByPublicUrl(request) ? 'public' : 'here'} ${username}`;
      const waitSeconds = limiter.take(counted);
      if (waitSeconds !== null) {
        return sendProblem(reply.header('retry-after', waitSeconds), tooManyTries(waitSeconds));
      }
      // The password is hashed for an unknown user too: how long the answer takes tells nothing.
      const known = web.passwordHashOf(username);
      const right = await verifyPassword(password, known ?? web.passwordHashOf(BUILT_IN_OPERATOR) ?? '');
      if (!right || known === null || web.rolesOf(username).length === 0) {
        request.log.warn({ address: request.ip }, 'sign-in refused');
        return sendProblem(reply, WRONG);
      }
      limiter.giveBack(counted);
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
