/** What the venue accepts in one order of an instrument. */
import { formatDecimal } from './decimal.js';
import type { Instrument } from './instrument.js';
import { formatMoney, worth } from './money.js';

/** Lots of one order filled at the market: the most that one stop can protect or one order can close. */
export function largestAtMarket({ maxQuantityLots, maxMarketLots }: Instrument): number {
  return Math.min(maxQuantityLots, maxMarketLots ?? maxQuantityLots);
}

/**
 * More than nothing, but less than the smallest order at `priceTicks`: no stop can rest for it and no sale is taken.
 */
export function isTooSmall(
  { minNotional, minQuantityLots, moneyPerTickLot }: Instrument,
  lots: number,
  priceTicks: number,
): boolean {
  const held = Math.abs(lots);
  return held !== 0 && (held < minQuantityLots || worth(held, priceTicks, moneyPerTickLot) < minNotional);
}

/** The smallest order in words: its value, and its quantity if that is more than a lot. */
export function smallestOrder({ minNotional, minQuantityLots, lotSize, base }: Instrument): string {
  const value = formatMoney(minNotional, 2);
  return minQuantityLots > 1 ? `${value} or ${formatDecimal(minQuantityLots, lotSize)} ${base}` : value;
}
