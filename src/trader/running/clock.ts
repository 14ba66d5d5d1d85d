/** The trader's two clocks and its timers, and the watch that notices when the process stood still. */

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
