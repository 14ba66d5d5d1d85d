/** Ticks for the engine: every second, more often while an order is under way, and when the engine asks to be woken. */

const TICK_MS = 1000;
/** While an order or cancel is under way. */
const TICK_BUSY_MS = 250;
/** Keeps a wake time in the past from turning into a spin. */
const TICK_MIN_MS = 2;

export interface TickTimerParts {
  readonly wallMs: () => number;
  /** Wall time at which the engine needs a tick at the latest; null: none is. */
  readonly nextWakeMs: () => number | null;
  readonly isBusy: () => boolean;
  readonly onTick: () => void;
}

export class TickTimer {
  readonly #parts: TickTimerParts;
  #timer: NodeJS.Timeout | undefined;
  #dueWallMs = 0;
  #stopped = false;

  constructor(parts: TickTimerParts) {
    this.#parts = parts;
  }

  start(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const nowMs = this.#parts.wallMs();
    const wakeMs = this.#parts.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    const tickMs = this.#parts.isBusy() ? TICK_BUSY_MS : TICK_MS;
    const delayMs = Math.max(TICK_MIN_MS, Math.min(wakeMs - nowMs, tickMs));
    this.#dueWallMs = nowMs + delayMs;
    this.#timer = setTimeout(() => {
      this.#parts.onTick();
      this.start();
    }, delayMs);
  }

  /** After an event that may have made the engine want to be woken before the next tick. */
  sooner(): void {
    if (this.#timer === undefined) return;
    const wakeMs = this.#parts.nextWakeMs();
    if (wakeMs !== null && wakeMs < this.#dueWallMs - TICK_MIN_MS) this.start();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
