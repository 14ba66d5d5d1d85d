/**
 * Failed sign-ins, counted by user in a sliding window: everybody comes from the loopback address, so that a count by
 * address would let one person lock all others out. A try counts before the password is looked at and is given back when
 * it was right, so that many tries at once cannot slip through together.
 */
const WINDOW_MS = 15 * 60 * 1000;
const USERS_MAX = 10_000;

const TRIES_MAX = 10;

export class LoginLimiter {
  readonly #tries = new Map<string, number[]>();

  constructor(private readonly nowMs: () => number) {}

  /** Null: go on. Otherwise seconds to wait. */
  take(user: string): number | null {
    const since = this.nowMs() - WINDOW_MS;
    const tries = (this.#tries.get(user) ?? []).filter((at) => at > since);
    const first = tries[tries.length - TRIES_MAX];
    if (first !== undefined) return Math.ceil((first - since) / 1000);
    if (!this.#tries.has(user) && this.#tries.size >= USERS_MAX) {
      const oldest = this.#tries.keys().next().value;
      if (oldest !== undefined) this.#tries.delete(oldest);
    }
    this.#tries.set(user, [...tries, this.nowMs()]);
    return null;
  }

  giveBack(user: string): void {
    this.#tries.delete(user);
  }
}
