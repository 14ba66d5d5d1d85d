/**
 * Failed sign-ins, counted by address and by user in a sliding window. A try counts before the password is looked at
 * and is given back when it was right, so that many tries at once cannot slip through together.
 */
const WINDOW_MS = 15 * 60 * 1000;
const KEYS_MAX = 10_000;

export interface Limits {
  readonly perAddress: number;
  readonly perUser: number;
}

export class LoginLimiter {
  readonly #tries = new Map<string, number[]>();

  constructor(
    private readonly nowMs: () => number,
    private readonly limits: Limits = { perAddress: 20, perUser: 10 },
  ) {}

  /** Null: go on. Otherwise seconds to wait. */
  take(address: string, user: string): number | null {
    const wait = Math.max(
      this.#waitMs(`address ${address}`, this.limits.perAddress),
      this.#waitMs(`user ${user}`, this.limits.perUser),
    );
    if (wait > 0) return Math.ceil(wait / 1000);
    this.#add(`address ${address}`);
    this.#add(`user ${user}`);
    return null;
  }

  giveBack(address: string, user: string): void {
    this.#tries.get(`address ${address}`)?.pop();
    this.#tries.delete(`user ${user}`);
  }

  #waitMs(key: string, limit: number): number {
    const since = this.nowMs() - WINDOW_MS;
    const tries = (this.#tries.get(key) ?? []).filter((at) => at > since);
    if (tries.length === 0) this.#tries.delete(key);
    else this.#tries.set(key, tries);
    const first = tries[tries.length - limit];
    return first === undefined ? 0 : first - since;
  }

  #add(key: string): void {
    if (!this.#tries.has(key) && this.#tries.size >= KEYS_MAX) {
      const oldest = this.#tries.keys().next().value;
      if (oldest !== undefined) this.#tries.delete(oldest);
    }
    this.#tries.set(key, [...(this.#tries.get(key) ?? []), this.nowMs()]);
  }
}
