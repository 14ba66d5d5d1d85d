/** The limit on messages from a client. */
import type { Refused } from './refusal.js';

const PER_SECOND = 50;
const TIMES = 3;

export class Pace {
  readonly #at: number[] = [];
  #times = 0;

  /**
   * Counts a message; refuses it if it is one too many within a second. Uses this machine's clock, as it limits a
   * rate.
   */
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

  /** At the third refusal the connection ends. */
  get exhausted(): boolean {
    return this.#times >= TIMES;
  }
}
