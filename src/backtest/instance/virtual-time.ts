/** Time of a run as a pure function of its prices: it advances with them and with nothing else. */
import type { Clock } from '../../trader/running/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly work: () => void;
}

export class VirtualTime implements Clock {
  #marketMs: number;
  #wallMs: number;
  readonly #timers: Timer[] = [];
  /** When the soonest of them is due; nearly every price is before it. */
  #soonestMs = Number.POSITIVE_INFINITY;

  /**
   * `gapMsMax`: the most that wall time advances between two events. A gap in a recording is a gap in the data, not
   * silence of the feed, so it is short there; on live prices it is unbounded.
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

  /** Nobody sets this wall clock, so it serves as a monotonic one too. */
  monotonicMs(): number {
    return this.#wallMs;
  }

  /** Whether nothing is due before that time. */
  isFreeUntil(marketMs: number): boolean {
    return this.#soonestMs >= marketMs;
  }

  /** Wall time once market time has moved there. */
  wallMsAt(marketMs: number): number {
    return this.#wallMs + Math.min(Math.max(0, marketMs - this.#marketMs), this.gapMsMax);
  }

  /** Runs `work` after `delayMs` of market time. Returns the function that cancels it. */
  schedule(delayMs: number, work: () => void): () => void {
    const timer = { dueMs: this.#marketMs + delayMs, work };
    this.#timers.push(timer);
    this.#soonestMs = Math.min(this.#soonestMs, timer.dueMs);
    return () => this.#remove(timer);
  }

  /**
   * Runs what is due before `marketMs` in order, each at its own time; what is due exactly at `marketMs` comes later.
   */
  moveTo(marketMs: number): void {
    for (let next = this.#takeDue(marketMs); next !== undefined; next = this.#takeDue(marketMs)) {
      this.#advance(next.dueMs);
      next.work();
    }
    this.#advance(marketMs);
  }

  #takeDue(beforeMs: number): Timer | undefined {
    if (this.#soonestMs >= beforeMs) return undefined;
    const next = this.#timers.find(({ dueMs }) => dueMs === this.#soonestMs);
    if (next !== undefined) this.#remove(next);
    return next;
  }

  #remove(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at === -1) return;
    this.#timers.splice(at, 1);
    this.#soonestMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#timers) if (dueMs < this.#soonestMs) this.#soonestMs = dueMs;
  }

  #advance(marketMs: number): void {
    this.#wallMs = this.wallMsAt(marketMs);
    this.#marketMs = Math.max(this.#marketMs, marketMs);
  }
}
