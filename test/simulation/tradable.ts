/** What an order can be sent for: fewer lots, or less value, are left over and no position. */
import type { Instrument } from '../../src/domain/instrument.js';

/** Worth so many smallest orders that a price which is a little older makes no difference: surely no dust. */
export const SURELY_TRADABLE = 1.5;

/** `surely`: by how much. */
export function isTradableAt(
  { minNotional, minQuantityLots, moneyPerTickLot }: Instrument,
  lots: number,
  ticks: number,
  surely = 1,
): boolean {
  const size = Math.abs(lots);
  return size >= minQuantityLots && size * ticks * moneyPerTickLot >= minNotional * surely;
}
