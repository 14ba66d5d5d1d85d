/** What the venue takes in one order of an instrument. */
import { formatDecimal } from './decimal.js';
import type { Instrument } from './instrument.js';
import { formatMoney } from './money.js';

/** Lots, of what is filled at the market: what one stop protects and one order closes. */
export function largestAtMarket({ maxQuantityLots, maxMarketLots }: Instrument): number {
  return Math.min(maxQuantityLots, maxMarketLots ?? maxQuantityLots);
}

/** By value, and by quantity where that is more than a lot: for people. */
export function smallestOrder({ minNotional, minQuantityLots, lotSize, base }: Instrument): string {
  const value = formatMoney(minNotional, 2);
  return minQuantityLots > 1 ? `${value} or ${formatDecimal(minQuantityLots, lotSize)} ${base}` : value;
}
