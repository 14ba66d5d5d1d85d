/**
 * Failed tries of one kind in a sliding window, counted by target and way in: everybody comes from the loopback
 * address, so a count by address would let one person lock out all others. Strangers at the public address can't lock
 * out people on this machine or in a tunnel. A try counts before it is checked and is given back if it was right, so
 * that many tries at once can't slip through together.
 */
import type { FastifyRequest } from 'fastify';
import { cameByPublicUrl } from '../hooks/host-guard.js';

const WINDOW_MS = 15 * 60 * 1000;

const COUNTED_MAX = 10_000;

const TRIES_MAX = 10;

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
