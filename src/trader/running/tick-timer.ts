/**
 * Ticks for the engine: every second, more often while an order is pending, and whenever the engine asks to be woken.
 */

import type { Timers } from './clock.js';

const TICK_MS = 1000;
/** Interval while an order or cancel is pending. */
const TICK_BUSY_MS = 250;
/** Prevents a busy loop if the wake time is in the past. */
const TICK_MIN_MS = 2;

interface TickTimerParts {
  readonly timers: Timers;
  readonly monotonicMs: () => number;
  /** Monotonic time by which the engine needs a tick. Null: it needs none. */
  readonly nextWakeMs: () => number | null;
  readonly isBusy: () => boolean;
  readonly onTick: () => void;
}

export class TickTimer {
  readonly #parts: TickTimerParts;
  /** Cancels the timer. Null before the first one. */
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

  /** Called after an event that may make the engine want a tick before the next one is due. */
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
