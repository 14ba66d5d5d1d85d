/**
 * The one place where a password is checked, so that signing in and registering a passkey share one count of tries.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BUILT_IN_OPERATOR } from '../../domain/people-roles.js';
import { verifyPassword } from '../../home/people-passwords.js';
import { peopleHomeOf } from '../../home/runtime.js';
import type { WebDependencies } from '../dependencies.js';
import { cameByPublicUrl } from '../hooks/host-guard.js';
import { noRole, type Problem, sendProblem, tooManyTries } from '../problem-details.js';

export class PasswordCheck {
  readonly #limiter: TryLimiter;

  constructor(
    private readonly web: Pick<WebDependencies, 'nowMs' | 'passwordHashOf' | 'rolesOf' | 'runtime'>,
  ) {
    const tries = new SharedTries(join(peopleHomeOf(web.runtime.home), 'web'));
    this.#limiter = new TryLimiter(web.nowMs, tries);
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
    const known = this.web.passwordHashOf(username);
    const waitSeconds = this.#limiter.take(request, username, known !== null);
    if (waitSeconds !== null)
      return sendProblem(reply.header('retry-after', waitSeconds), tooManyTries(waitSeconds));
    // An unknown user's password is hashed too, so that the response time reveals nothing.
    const right = await verifyPassword(password, known ?? this.web.passwordHashOf(BUILT_IN_OPERATOR) ?? '');
    // The check takes time: a person who was removed meanwhile, or has another password now, is not let in.
    const isStill = known !== null && this.web.passwordHashOf(username) === known;
    const isRight = right && isStill;
    if (!isRight || this.web.rolesOf(username).length === 0) {
      request.log.warn({ address: request.ip }, 'sign-in refused');
      // Only who knows the password learns whose desk this is not.
      return sendProblem(reply, isRight ? noRole(username) : wrong);
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
  /** Those that other processes don't learn of, by target and way in. */
  readonly #own = new Map<string, readonly Try[]>();

  /** `shared`: what other processes have counted, too. Null: this process counts by itself. */
  constructor(
    private readonly nowMs: () => number,
    private readonly shared: SharedTries | null = null,
  ) {}

  /**
   * Null: go on. Otherwise the seconds to wait. `tried`: whose password, or which passkey. `isKnown`: there is such a
   * one; strangers could fill the disk with others.
   */
  take(request: FastifyRequest, tried: string, isKnown = true): number | null {
    const counted = countedAs(request, tried);
    const mine = { atMs: this.nowMs(), id: randomBytes(6).toString('hex') };
    const waits = waitSeconds(this.#recent(counted, mine.atMs), mine.atMs);
    if (waits !== null) return waits;
    if (!isKnown || this.shared?.add(counted, mine) !== true) this.#add(counted, mine);
    // Of tries at once in several processes, those that were written first count.
    const tries = this.#recent(counted, mine.atMs);
    return waitSeconds(
      tries.slice(
        0,
        tries.findIndex(({ id }) => id === mine.id),
      ),
      mine.atMs,
    );
  }

  giveBack(request: FastifyRequest, tried: string): void {
    const counted = countedAs(request, tried);
    this.#own.delete(counted);
    this.shared?.clear(counted, this.nowMs());
  }

  #recent(counted: string, nowMs: number): readonly Try[] {
    const all = [...(this.shared?.of(counted, nowMs) ?? []), ...(this.#own.get(counted) ?? [])];
    return all.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
  }

  #add(counted: string, mine: Try): void {
    const before = this.#own.get(counted);
    if (before === undefined && this.#own.size >= COUNTED_MAX) {
      const oldest = this.#own.keys().next().value;
      if (oldest !== undefined) this.#own.delete(oldest);
    }
    this.#own.set(counted, [...(before ?? []), mine].slice(-TRIES_MAX));
  }
}

interface Try {
  readonly atMs: number;
  readonly id: string;
}

function waitSeconds(tries: readonly Try[], nowMs: number): number | null {
  const first = tries[tries.length - TRIES_MAX];
  return first === undefined ? null : Math.ceil((first.atMs + WINDOW_MS - nowMs) / 1000);
}

/**
 * Tries that several processes count together: desks that share their people, where each desk would else be as many
 * tries more. A line each, in a file for each span of the window's length: lines are added without a lock, for which
 * anybody who tries could have the web server wait.
 */
class SharedTries {
  constructor(private readonly folder: string) {}

  /** Without an id: what was counted before counts no more. False: it could not be written. */
  add(counted: string, { atMs, id }: Try): boolean {
    const slot = slotAt(atMs);
    const file = this.#file(slot);
    try {
      if (!existsSync(file)) this.#removeBefore(slot - 1);
      appendFileSync(file, `${JSON.stringify([atMs, id, counted])}\n`, { mode: 0o600 });
      return true;
    } catch {
      return false;
    }
  }

  clear(counted: string, atMs: number): void {
    if (this.of(counted, atMs).length > 0) this.add(counted, { atMs, id: '' });
  }

  of(counted: string, nowMs: number): readonly Try[] {
    const slot = slotAt(nowMs);
    let tries: Try[] = [];
    for (const line of [slot - 1, slot].flatMap((one) => this.#lines(one))) {
      const [atMs, id, of] = line;
      if (of === counted) tries = id === '' ? [] : [...tries, { atMs, id }];
    }
    return tries;
  }

  /** A line that was cut off counts as none. */
  #lines(slot: number): readonly (readonly [number, string, string])[] {
    try {
      return readFileSync(this.#file(slot), 'utf8').split('\n').flatMap(lineOf);
    } catch {
      return [];
    }
  }

  #file(slot: number): string {
    return join(this.folder, `${TRIES_FILE}${slot}.jsonl`);
  }

  #removeBefore(slot: number): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const kept = [slot, slot + 1].map((one) => basename(this.#file(one)));
    for (const name of readdirSync(this.folder))
      if (name.startsWith(TRIES_FILE) && !kept.includes(name))
        rmSync(join(this.folder, name), { force: true });
  }
}

const TRIES_FILE = 'password-tries-';

const slotAt = (atMs: number): number => Math.floor(atMs / WINDOW_MS);

function lineOf(line: string): (readonly [number, string, string])[] {
  try {
    return [z.tuple([z.number(), z.string(), z.string()]).parse(JSON.parse(line))];
  } catch {
    return [];
  }
}

const countedAs = (request: FastifyRequest, tried: string): string =>
  `${cameByPublicUrl(request) ? 'public' : 'here'} ${tried}`;
