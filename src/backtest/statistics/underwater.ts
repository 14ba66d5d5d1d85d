/** How long a value stays below its highest. */
import type { Underwater } from './figures.js';

export class UnderwaterMeter {
  #peak = Number.NEGATIVE_INFINITY;
  #peakMs = 0;
  #below = false;
  #longest: Underwater | null = null;

  /** Called in the order of time. */
  add(atMs: number, value: number): void {
    if (value < this.#peak) {
      this.#below = true;
      return;
    }
    if (this.#below) this.#note(atMs, true);
    this.#below = false;
    this.#peak = value;
    this.#peakMs = atMs;
  }

  /** Null: the value never fell. A fall that still lasts at `endMs` counts up to there. */
  longest(endMs: number): Underwater | null {
    if (this.#below) this.#note(endMs, false);
    return this.#longest;
  }

  #note(toMs: number, recovered: boolean): void {
    const { fromMs, toMs: until } = this.#longest ?? { fromMs: 0, toMs: 0 };
    if (toMs - this.#peakMs > until - fromMs) this.#longest = { fromMs: this.#peakMs, toMs, recovered };
  }
}
