/**
 * The trader's two clocks and its timers, the engine's ticks, and the watch that notices when the process
 * stood still.
 */
export interface Clock {
  /** Milliseconds since 1970, UTC; others may set it back or forward. */
  wallMs(): number;
  /** Milliseconds since an arbitrary moment; never goes back. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => Math.floor(performance.now()),
};

/** Passed in, so the host can also run on a time controlled by a test or by prices. */
export interface Timers {
  /** Runs `work` once, `delayMs` from now. Returns the function that cancels it. */
  after(delayMs: number, work: () => void): () => void;
}

export const systemTimers: Timers = {
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The watch is polled at least once a second; a longer gap than this means that the process stood still. */
const CLOCK_GAP_MAX_MS = 5000;

export class ClockWatch {
  #wallMs: number;
  #monotonicMs: number;

  constructor(readonly clock: Clock) {
    this.#wallMs = clock.wallMs();
    this.#monotonicMs = clock.monotonicMs();
  }

  /**
   * Milliseconds of the jump since the last call. Null: no jump. Two kinds: no call for too long (SIGSTOP),
   * or wall and monotonic clock moved differently (suspend, which stops the latter; a wall clock that was
   * set).
   */
  look(): number | null {
    const wallMs = this.clock.wallMs();
    const monotonicMs = this.clock.monotonicMs();
    const wallStep = wallMs - this.#wallMs;
    const monotonicStep = monotonicMs - this.#monotonicMs;
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    const apart = wallStep - monotonicStep;
    if (Math.abs(apart) > CLOCK_GAP_MAX_MS) return Math.round(apart);
    return monotonicStep > CLOCK_GAP_MAX_MS ? Math.round(monotonicStep) : null;
  }
}

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

/** Ticks for the engine: every second, more often while an order is pending, and whenever the engine asks to be woken. */
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
