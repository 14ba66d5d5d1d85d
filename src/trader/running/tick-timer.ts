/** Ticks for the engine: every second, more often while an order is under way, and when the engine asks to be woken. */

import type { Timers } from './clock.js';

const TICK_MS = 1000;
/** While an order or cancel is under way. */
const TICK_BUSY_MS = 250;
/** Keeps a wake time in the past from turning into a spin. */
const TICK_MIN_MS = 2;

export interface TickTimerParts {
  readonly timers: Timers;
  readonly monotonicMs: () => number;
  /** Monotonic time at which the engine needs a tick at the latest; null: none is. */
  readonly nextWakeMs: () => number | null;
  readonly isBusy: () => boolean;
  readonly onTick: () => void;
}

export class TickTimer {
  readonly #parts: TickTimerParts;
  /** Takes the timer back; null before the first. */
  #takeBack: (() => void) | null = null;
  #dueMs = 0;
  #stopped = false;

  constructor(parts: TickTimerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#takeBack?.();
    if (this.#stopped) return;
    const nowMs = this.#parts.monotonicMs();
    const wakeMs = this.#parts.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    const tickMs = this.#parts.isBusy() ? TICK_BUSY_MS : TICK_MS;
    const delayMs = Math.max(TICK_MIN_MS, Math.min(wakeMs - nowMs, tickMs));
    this.#dueMs = nowMs + delayMs;
    this.#takeBack = this.#parts.timers.after(delayMs, () => {
      this.#parts.onTick();
      this.start();
    });
  }

  /** After an event that may have made the engine want to be woken before the next tick. */
  sooner(): void {
    if (this.#takeBack === null) return;
    const wakeMs = this.#parts.nextWakeMs();
    if (wakeMs !== null && wakeMs < this.#dueMs - TICK_MIN_MS) this.start();
  }

  stop(): void {
    this.#stopped = true;
    this.#takeBack?.();
  }
}
