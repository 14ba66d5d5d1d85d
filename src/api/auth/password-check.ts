/**
 * The one place where a password is checked, so that signing in and registering a passkey share one count of tries.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BUILT_IN_OPERATOR } from '../../domain/roles.js';
import { verifyPassword } from '../../home/password.js';
import type { WebDependencies } from '../dependencies.js';
import { sendProblem, tooManyTries } from '../problem.js';
import { TryLimiter } from './try-limiter.js';

export class PasswordCheck {
  readonly #limiter: TryLimiter;

  constructor(private readonly web: Pick<WebDependencies, 'nowMs' | 'passwordHashOf' | 'rolesOf'>) {
    this.#limiter = new TryLimiter(web.nowMs);
  }

  /**
   * Null if it is the password of this person and the person has a role on the desk; otherwise the refusal has been
   * sent.
   */
  async refuseWrong(
    request: FastifyRequest,
    reply: FastifyReply,
    username: string,
    password: string,
  ): Promise<FastifyReply | null> {
    const waitSeconds = this.#limiter.take(request, username);
    if (waitSeconds !== null) {
      return sendProblem(reply.header('retry-after', waitSeconds), tooManyTries(waitSeconds));
    }
    // An unknown user's password is hashed too, so that the response time reveals nothing.
    const known = this.web.passwordHashOf(username);
    const right = await verifyPassword(password, known ?? this.web.passwordHashOf(BUILT_IN_OPERATOR) ?? '');
    if (!right || known === null || this.web.rolesOf(username).length === 0) {
      request.log.warn({ address: request.ip }, 'sign-in refused');
      return sendProblem(reply, WRONG);
    }
    this.#limiter.giveBack(request, username);
    return null;
  }
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
