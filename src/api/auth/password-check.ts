/**
 * The one place where a password is checked, so that signing in and registering a passkey share one count of tries.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BUILT_IN_OPERATOR } from '../../domain/roles.js';
import { verifyPassword } from '../../home/people-passwords.js';
import type { WebDependencies } from '../dependencies.js';
import { cameByPublicUrl } from '../hooks/host-guard.js';
import { notSignedIn, type Problem, sendProblem, tooManyTries } from '../problem.js';

export class PasswordCheck {
  readonly #limiter: TryLimiter;

  constructor(private readonly web: Pick<WebDependencies, 'nowMs' | 'passwordHashOf' | 'rolesOf'>) {
    this.#limiter = new TryLimiter(web.nowMs);
  }

  /**
   * Null if this is the person's password and the person has a role on the desk; otherwise a refusal has been
   * sent: `wrong`, or too many tries.
   */
  async refuseWrong(
    request: FastifyRequest,
    reply: FastifyReply,
    username: string,
    password: string,
    wrong: Problem,
  ): Promise<FastifyReply | null> {
    const waitSeconds = this.#limiter.take(request, username);
    if (waitSeconds !== null) {
      return sendProblem(reply.header('retry-after', waitSeconds), tooManyTries(waitSeconds));
    }
    // An unknown user's password is hashed too, so that the response time reveals nothing.
    const known = this.web.passwordHashOf(username);
    const right = await verifyPassword(password, known ?? this.web.passwordHashOf(BUILT_IN_OPERATOR) ?? '');
    // The check takes time: a person who was removed meanwhile, or has another password now, is not let in.
    const isStill = known !== null && this.web.passwordHashOf(username) === known;
    const isRight = right && isStill;
    if (!isRight || this.web.rolesOf(username).length === 0) {
      request.log.warn({ address: request.ip }, 'sign-in refused');
      // Only who knows the password learns whose desk this is not.
      return sendProblem(reply, isRight ? notSignedIn(`${username} has no role at this desk.`) : wrong);
    }
    this.#limiter.giveBack(request, username);
    return null;
  }
}

const WINDOW_MS = 15 * 60 * 1000;

const COUNTED_MAX = 10_000;

const TRIES_MAX = 10;

/**
 * Failed tries of one kind in a sliding window, counted by target and way in: everybody comes from the
 * loopback address, so a count by address would let one person lock out all others. Strangers at the public
 * address can't lock out people on this machine or in a tunnel. A try counts before it is checked, so that
 * many tries at once can't slip through together; a correct one clears the count.
 */
export class TryLimiter {
  readonly #tries = new Map<string, number[]>();

  constructor(private readonly nowMs: () => number) {}

  /** Null: go on. Otherwise the seconds to wait. `tried`: whose password, or which passkey. */
  take(request: FastifyRequest, tried: string): number | null {
    const counted = countedAs(request, tried);
    const since = this.nowMs() - WINDOW_MS;
    const tries = (this.#tries.get(counted) ?? []).filter((at) => at > since);
    const first = tries[tries.length - TRIES_MAX];
    if (first !== undefined) return Math.ceil((first - since) / 1000);
    if (!this.#tries.has(counted) && this.#tries.size >= COUNTED_MAX) {
      const oldest = this.#tries.keys().next().value;
      if (oldest !== undefined) this.#tries.delete(oldest);
    }
    this.#tries.set(counted, [...tries, this.nowMs()]);
    return null;
  }

  giveBack(request: FastifyRequest, tried: string): void {
    this.#tries.delete(countedAs(request, tried));
  }
}

const countedAs = (request: FastifyRequest, tried: string): string =>
  `${cameByPublicUrl(request) ? 'public' : 'here'} ${tried}`;
