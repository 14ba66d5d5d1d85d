/** One-minute bars from trades or quotes, for feeds that have no bars of their own. Pure. */
import type { MarketBar } from '../contracts/market-feed.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import type { InstrumentId } from '../domain/instrument.js';

/** The price that stands for a quote in a bar: the middle, rounded down to the tick. */
export function midTicks(bidTicks: number, askTicks: number): number {
  return Math.floor((bidTicks + askTicks) / 2);
}

/**
 * Takes prices in time order; `closeUntil` returns the bar that has ended. A minute without a price has no bar.
 * Holds one bar at a time.
 */
export class BarBuilder {
  #openMs = 0;
  #open = 0;
  #high = 0;
  #low = 0;
  #close = 0;
  #volume = 0;
  #filled = false;

  constructor(private readonly instrument: InstrumentId) {}

  /** The bar whose minute ended at or before `marketMs`; returned once. Null: it is still growing, or there is none. */
  closeUntil(marketMs: number): MarketBar | null {
    if (!this.#filled || marketMs < this.#openMs + MINUTE_MS) return null;
    this.#filled = false;
    return {
      instrument: this.instrument,
      openMs: this.#openMs,
      spanMs: MINUTE_MS,
      openTicks: this.#open,
      highTicks: this.#high,
      lowTicks: this.#low,
      closeTicks: this.#close,
      volumeLots: this.#volume,
    };
  }

  /** End of the minute that is being built. Null: between bars. */
  endsMs(): number | null {
    return this.#filled ? this.#openMs + MINUTE_MS : null;
  }

  /**
   * Adds one price. The caller must take the finished bar with `closeUntil(marketMs)` first. `volumeLots`
   * NaN: unknown, and so is that of its bar.
   */
  add(marketMs: number, priceTicks: number, volumeLots: number): void {
    if (!this.#filled) {
      this.#openMs = Math.floor(marketMs / MINUTE_MS) * MINUTE_MS;
      this.#open = priceTicks;
      this.#high = priceTicks;
      this.#low = priceTicks;
      this.#volume = 0;
      this.#filled = true;
    }
    if (priceTicks > this.#high) this.#high = priceTicks;
    if (priceTicks < this.#low) this.#low = priceTicks;
    this.#close = priceTicks;
    this.#volume += volumeLots;
  }
}
