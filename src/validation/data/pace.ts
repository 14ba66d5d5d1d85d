/** Holds a recorded or simulated market back to the requested speed; this changes no result. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface PaceOptions {
  /** Market milliseconds per wall millisecond. Null: as fast as possible. */
  readonly speed: number | null;
  /** Market time that an earlier process had reached: up to there nothing waits. */
  readonly reachedMs: number;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

/** Shorter waits are left to the next one. */
const WAIT_MS_MIN = 5;

export class Pace {
  readonly #options: PaceOptions;
  #anchor: { readonly marketMs: number; readonly wallMs: number } | null = null;

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /** Undefined: there is nothing to wait for. */
  wait(marketMs: number): Promise<void> | undefined {
    const { speed, reachedMs, monotonicMs, signal } = this.#options;
    if (speed === null || marketMs < reachedMs) return undefined;
    const wallMs = monotonicMs();
    this.#anchor ??= { marketMs, wallMs };
    const waitMs = this.#anchor.wallMs + (marketMs - this.#anchor.marketMs) / speed - wallMs;
    if (waitMs < WAIT_MS_MIN) return undefined;
    return sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
