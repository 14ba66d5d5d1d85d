import { MINUTE_MS } from '../../domain/civil-date.js';

/**
 * The last 60 one-minute returns of a market: its volatility and its correlation with another. Only sums, products,
 * quotients and roots.
 */

const KEPT = 60;
const ENOUGH = 30;
/**
 * After such a pause the market may have changed, so it is unknown until enough minutes have been seen again.
 */
const PAUSE_MS = ENOUGH * MINUTE_MS;
const AGE_MS_MAX = 2 * KEPT * MINUTE_MS;

export class ReturnMeter {
  /** By the time at which the minute began, oldest first. */
  readonly #returns = new Map<number, number>();
  #lastOpenMs = Number.NEGATIVE_INFINITY;
  #lastClose = 0;

  /**
   * Takes bars in order; one seen before is ignored. A gap, and a bar longer than a minute, yields no return.
   */
  update(openMs: number, closeTicks: number): void {
    if (openMs <= this.#lastOpenMs) return;
    if (openMs - this.#lastOpenMs > PAUSE_MS) this.#returns.clear();
    if (openMs - this.#lastOpenMs === MINUTE_MS && this.#lastClose > 0)
      this.#returns.set(openMs, (closeTicks - this.#lastClose) / this.#lastClose);
    for (const oldest of this.#returns.keys()) {
      if (this.#returns.size <= KEPT && openMs - oldest < AGE_MS_MAX) break;
      this.#returns.delete(oldest);
    }
    this.#lastOpenMs = openMs;
    this.#lastClose = closeTicks;
  }

  /** Root mean square, in percent. Null: not enough minutes. */
  get volatilityPct(): number | null {
    if (this.#returns.size < ENOUGH) return null;
    let squares = 0;
    for (const value of this.#returns.values()) squares += value * value;
    return Math.sqrt(squares / this.#returns.size) * 100;
  }

  /** -1 to 1, over the minutes that both have. Null: not enough of them, or one market did not move. */
  correlationWith(other: ReturnMeter): number | null {
    let common = 0;
    let together = 0;
    let own = 0;
    let others = 0;
    for (const [openMs, value] of this.#returns) {
      const beside = other.#returns.get(openMs);
      if (beside === undefined) continue;
      common += 1;
      together += value * beside;
      own += value * value;
      others += beside * beside;
    }
    const scale = Math.sqrt(own * others);
    return common < ENOUGH || scale === 0 ? null : together / scale;
  }
}
