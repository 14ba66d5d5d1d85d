/** One process of the trader as the machine sees it: its clocks, its timers, and everything that reaches it. */
import type { Clock, Timers } from '../../src/trader/running/clock.js';
import type { VirtualTime } from './virtual-time.js';

export class SimulatedProcess implements Clock, Timers {
  #alive = true;
  /** What waits for the end of a SIGSTOP; null: it runs. */
  #waiting: (() => void)[] | null = null;
  readonly #bootMs: number;

  constructor(
    private readonly time: VirtualTime,
    /** Both count up by real time; the wall clock may be set. */
    private readonly setWallByMs: () => number,
    private readonly onThawed: () => void,
  ) {
    this.#bootMs = time.nowMs;
  }

  get running(): boolean {
    return this.#alive && this.#waiting === null;
  }

  get alive(): boolean {
    return this.#alive;
  }

  wallMs(): number {
    return this.time.nowMs + this.setWallByMs();
  }

  monotonicMs(): number {
    return this.time.nowMs - this.#bootMs;
  }

  after(delayMs: number, work: () => void): () => void {
    let wanted = true;
    this.time.after(delayMs, () => {
      this.deliver(() => {
        if (wanted) work();
      });
    });
    return () => {
      wanted = false;
    };
  }

  /** Something reaches the process: at once, after the end of its freeze, or never. */
  deliver(run: () => void): void {
    if (!this.#alive) return;
    if (this.#waiting === null) run();
    else this.#waiting.push(run);
  }

  /** SIGSTOP, and SIGCONT a while later. */
  freeze(durationMs: number): void {
    if (!this.running) return;
    this.#waiting = [];
    this.time.after(durationMs, () => {
      const waiting = this.#waiting ?? [];
      this.#waiting = null;
      if (!this.#alive) return;
      this.onThawed();
      for (const run of waiting) this.deliver(run);
    });
  }

  /** SIGKILL. */
  kill(): void {
    this.#alive = false;
  }
}
