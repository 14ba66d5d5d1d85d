/** How many messages a client may send. */
import type { Refused } from './refusal.js';

const PER_SECOND = 50;
const TIMES = 3;

export class Pace {
  readonly #at: number[] = [];
  #times = 0;

  /** Counts a message; says no where it is one too many within a second. On this machine's clock, as a rate is. */
  over(): Refused | null {
    const now = performance.now();
    while ((this.#at[0] ?? now) < now - 1000) this.#at.shift();
    this.#at.push(now);
    if (this.#at.length <= PER_SECOND) return null;
    const received = this.#at.length;
    this.#at.length = 0;
    this.#times += 1;
    return {
      code: 100,
      text: `Max rate of messages per second has been exceeded:max=${PER_SECOND} rec=${received} (${this.#times})`,
    };
  }

  /** The third time the connection ends. */
  get exhausted(): boolean {
    return this.#times >= TIMES;
  }
}
