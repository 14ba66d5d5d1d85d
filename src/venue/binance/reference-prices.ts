/** What an instrument costs about now: bids as last read, so that a price off by a factor is noticed. */
import { Unbelievable } from './decode.js';
import type { BinanceMarket } from './market.js';

export interface ReferencePrices {
  /** Throws `Unbelievable` where it is off by more than a factor from one read within the hour. */
  set(market: BinanceMarket, bidTicks: number, nowMs: number): void;
  /** 0 where none was read yet. */
  bidTicks(market: BinanceMarket): number;
  /** Throws `Unbelievable` for a recent price that can't be. */
  check(market: BinanceMarket, priceTicks: number, atMs: number, nowMs: number): void;
}

const FACTOR_MAX = 3;
const AGE_MS_MAX = 3_600_000;

export function createReferencePrices(): ReferencePrices {
  const prices = new Map<number, { bidTicks: number; atMs: number }>();

  function isOff(priceTicks: number, reference: number): boolean {
    return priceTicks > reference * FACTOR_MAX || priceTicks * FACTOR_MAX < reference;
  }

  function recent(market: BinanceMarket, nowMs: number): number | null {
    const known = prices.get(market.instrument.id);
    return known === undefined || nowMs - known.atMs > AGE_MS_MAX ? null : known.bidTicks;
  }

  return {
    set(market, bidTicks, nowMs) {
      const reference = recent(market, nowMs);
      if (reference !== null && isOff(bidTicks, reference)) {
        throw new Unbelievable(`${market.symbol}: a bid more than ${FACTOR_MAX} times off the last one`);
      }
      prices.set(market.instrument.id, { bidTicks, atMs: nowMs });
    },
    bidTicks: (market) => prices.get(market.instrument.id)?.bidTicks ?? 0,
    check(market, priceTicks, atMs, nowMs) {
      const reference = recent(market, nowMs);
      if (reference === null || nowMs - atMs > AGE_MS_MAX) return;
      if (isOff(priceTicks, reference)) {
        throw new Unbelievable(
          `${market.symbol}: an execution at more than ${FACTOR_MAX} times off the market`,
        );
      }
    },
  };
}
