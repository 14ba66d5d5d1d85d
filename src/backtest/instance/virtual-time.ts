/** A run's time as a pure function of its prices: only they advance it. */
import type { Clock } from '../../trader/running/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly work: () => void;
}

export class VirtualTime implements Clock {
  #marketMs: number;
  #wallMs: number;
  readonly #timers: Timer[] = [];
  /** When the soonest timer is due; nearly every price comes before that. */
  #soonestMs = Number.POSITIVE_INFINITY;

  /**
   * `gapMsMax`: the most that wall time advances between two events. Short for recordings, where a gap is
   * missing data and not a silent feed; unbounded for live prices.
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

  /** No timer is due before. */
  get freeUntilMs(): number {
    return this.#soonestMs;
  }

  /** How far wall time advances while market time does by this much. */
  passing(marketMs: number): number {
    return Math.min(Math.max(0, marketMs), this.gapMsMax);
  }

  /** After several prices before which no timer was due. */
  passTo(marketMs: number, wallMs: number): void {
    this.#marketMs = marketMs;
    this.#wallMs = wallMs;
  }

  /** Runs `work` after `delayMs` of market time. Returns the function that cancels it. */
  schedule(delayMs: number, work: () => void): () => void {
    const timer = { dueMs: this.#marketMs + delayMs, work };
    this.#timers.push(timer);
    this.#soonestMs = Math.min(this.#soonestMs, timer.dueMs);
    return () => this.#remove(timer);
  }

  /** Runs timers due before `marketMs` in order, each at its own time. Those due at `marketMs` run later. */
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
    this.#wallMs += this.passing(marketMs - this.#marketMs);
    this.#marketMs = Math.max(this.#marketMs, marketMs);
  }
}
