/** What an order can be sent for: fewer lots, or less value, are left over and no position. */
import type { Instrument } from '../../src/domain/instrument.js';

/** `surely`: worth so many smallest orders, so that a price that is a little older makes no difference. */
export function isTradableAt(
  { minNotional, minQuantityLots, moneyPerTickLot }: Instrument,
  lots: number,
  ticks: number,
  surely = 1,
): boolean {
  const size = Math.abs(lots);
  return size >= minQuantityLots && size * ticks * moneyPerTickLot >= minNotional * surely;
}
