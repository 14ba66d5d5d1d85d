/** Time of a run that is a pure function of its prices: it goes on with them, and with nothing else. */
import type { Clock } from '../../trader/running/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly work: () => void;
}

export class VirtualTime implements Clock {
  #marketMs: number;
  #wallMs: number;
  #timers: Timer[] = [];

  /**
   * `gapMsMax`: the most that wall time goes on between two events. A hole in a recording is a hole in the data and no
   * silence of the feed, so that there it is short; on live prices it has no bound.
   */
  constructor(
    marketMs: number,
    wallMs: number,
    readonly gapMsMax: number,
  ) {
    this.#marketMs = marketMs;
    this.#wallMs = wallMs;
  }

  get marketMs(): number {
    return this.#marketMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  /** Nobody sets this wall clock: it is as good as a monotonic one. */
  monotonicMs(): number {
    return this.#wallMs;
  }

  /** `delayMs` of market time from now. Gives the function that takes it back. */
  schedule(delayMs: number, work: () => void): () => void {
    const timer = { dueMs: this.#marketMs + delayMs, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** What is due before `marketMs` is done in order, each at its own time; what is due at `marketMs` comes after. */
  moveTo(marketMs: number): void {
    for (let next = this.#takeDue(marketMs); next !== undefined; next = this.#takeDue(marketMs)) {
      this.#advance(next.dueMs);
      next.work();
    }
    this.#advance(marketMs);
  }

  #takeDue(beforeMs: number): Timer | undefined {
    const [first, ...others] = this.#timers;
    if (first === undefined) return undefined;
    const next = others.reduce((soonest, timer) => (timer.dueMs < soonest.dueMs ? timer : soonest), first);
    if (next.dueMs >= beforeMs) return undefined;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    return next;
  }

  #advance(marketMs: number): void {
    const stepMs = Math.max(0, marketMs - this.#marketMs);
    this.#marketMs += stepMs;
    this.#wallMs += Math.min(stepMs, this.gapMsMax);
  }
}
