/** What the venue accepts in one order of an instrument. */
import { formatDecimal } from './decimal.js';
import type { Instrument } from './instrument.js';
import { amountText, notional, unitOf } from './value.js';

/** Most lots of one order filled at the market: the most that one stop can protect or one order can close. */
export function largestAtMarket({ maxQuantityLots, maxMarketLots }: Instrument): number {
  return Math.min(maxQuantityLots, maxMarketLots ?? maxQuantityLots);
}

/**
 * Not zero, but below the smallest order at `priceTicks`: no stop can rest for it and no sale is accepted.
 * Without a price, only the quantity counts.
 */
export function isTooSmall(instrument: Instrument, lots: number, priceTicks: number | null): boolean {
  const { minNotional, minQuantityLots } = instrument;
  const held = Math.abs(lots);
  if (held === 0 || held < minQuantityLots) return held !== 0;
  return priceTicks !== null && notional(instrument, held, priceTicks) < minNotional;
}

/** The smallest order in words: its value, and its quantity if that is more than a lot. */
export function smallestOrder(instrument: Instrument): string {
  const { minNotional, minQuantityLots, lotSize } = instrument;
  const value = amountText(instrument, minNotional);
  const least = `${formatDecimal(minQuantityLots, lotSize)} ${unitOf(instrument)}`;
  return minQuantityLots > 1 ? `${value} or ${least}` : value;
}
