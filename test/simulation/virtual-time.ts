/** A clock that stands still until the next thing happens: hours of trading in milliseconds. */

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Steps for which one round of the event loop is made. */
const STEPS_AT_A_TIME = 256;

export class VirtualTime {
  nowMs: number;
  readonly #timers: Timer[] = [];
  #order = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.nowMs + Math.max(0, delayMs), order: this.#order, run });
    this.#order += 1;
  }

  /** The first time after one period. */
  every(periodMs: number, run: () => void): void {
    this.after(periodMs, () => {
      run();
      this.every(periodMs, run);
    });
  }

  /** Runs what is due until `untilMs`, in order of time, then of request. */
  async runUntil(untilMs: number): Promise<void> {
    while (this.#isDue(untilMs)) await this.#runSome(untilMs);
    this.nowMs = untilMs;
  }

  /** Each step is a callback of its own: before the next one Node runs every promise that it made. */
  #runSome(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let failed = false;
      const step = () => {
        try {
          if (!failed && this.#isDue(untilMs)) this.#runNext();
        } catch (error) {
          failed = true; // the steps of this round are asked for already
          reject(error);
        }
      };
      step();
      for (let steps = 1; steps < STEPS_AT_A_TIME; steps += 1) setImmediate(step);
      setImmediate(resolve);
    });
  }

  #isDue(untilMs: number): boolean {
    const next = this.#timers[0];
    return next !== undefined && next.atMs <= untilMs;
  }

  #runNext(): void {
    const timer = this.#timers[0]!;
    this.#popFirst();
    this.nowMs = Math.max(this.nowMs, timer.atMs);
    timer.run();
  }

  #push(timer: Timer): void {
    const timers = this.#timers;
    timers.push(timer);
    let at = timers.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timers[at]!, timers[parent]!)) break;
      [timers[at], timers[parent]] = [timers[parent]!, timers[at]!];
      at = parent;
    }
  }

  #popFirst(): void {
    const timers = this.#timers;
    const last = timers.pop()!;
    if (timers.length === 0) return;
    timers[0] = last;
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < timers.length && isBefore(timers[child]!, timers[least]!)) least = child;
      }
      if (least === at) return;
      [timers[at], timers[least]] = [timers[least]!, timers[at]!];
      at = least;
    }
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
