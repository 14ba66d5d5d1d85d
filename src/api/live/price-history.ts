/**
 * Recent prices for the chart, built from the quotes that the trader reports: bounded, in memory, gone with this
 * process. Mid prices, and only those that were seen; a bar is marked unfinished while its span runs.
 */
import type { TraderStatus } from '../../trader/protocol.js';

export interface PriceBar {
  readonly openMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

const BARS_MAX = 1000;
const SYMBOLS_MAX = 100;

/** One market minute where the market runs fast; finer where a minute takes a minute. */
export function barSpanMs(speed: number | null): number {
  return speed === null || speed >= 20 ? 60_000 : 5_000;
}

export class PriceHistory {
  readonly #bars = new Map<string, PriceBar[]>();
  #spanMs = 60_000;

  get spanMs(): number {
    return this.#spanMs;
  }

  symbols(): readonly string[] {
    return [...this.#bars.keys()];
  }

  /** Oldest first. */
  bars(symbol: string): readonly PriceBar[] {
    return this.#bars.get(symbol) ?? [];
  }

  observe({ marketData }: TraderStatus): void {
    const spanMs = barSpanMs(marketData.speed);
    if (spanMs !== this.#spanMs) this.#bars.clear();
    this.#spanMs = spanMs;
    for (const { symbol, bid, ask } of marketData.lastPrices.slice(0, SYMBOLS_MAX)) {
      const mid = Number(((Number(bid) + Number(ask)) / 2).toPrecision(12));
      if (Number.isFinite(mid) && mid > 0) this.#add(symbol, marketData.marketMs, mid);
    }
  }

  #add(symbol: string, marketMs: number, price: number): void {
    const openMs = marketMs - (marketMs % this.#spanMs);
    const bars = this.#bars.get(symbol) ?? [];
    const last = bars.at(-1);
    if (last !== undefined && openMs < last.openMs) bars.length = 0; // the market clock was set back
    if (last !== undefined && openMs === last.openMs && bars.length > 0) {
      bars[bars.length - 1] = {
        ...last,
        high: Math.max(last.high, price),
        low: Math.min(last.low, price),
        close: price,
      };
    } else {
      bars.push({ openMs, open: price, high: price, low: price, close: price });
      if (bars.length > BARS_MAX) bars.shift();
    }
    this.#bars.set(symbol, bars);
  }
}
