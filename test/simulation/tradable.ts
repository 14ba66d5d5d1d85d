/** What an order can be sent for: fewer lots, or less value, are left over and no position. */
import type { Instrument } from '../../src/domain/instrument.js';
import type { PositionView } from '../../src/engine/view.js';

/** Worth so many smallest orders that a price which is a little older makes no difference: surely no dust. */
export const SURELY_TRADABLE = 1.5;

/** Without a price, as after a start, the quantity decides. `surely`: by how much it is worth more than the smallest order. */
export function isTradableAt(
  { minNotional, minQuantityLots, moneyPerTickLot }: Instrument,
  lots: number,
  ticks: number | undefined,
  surely = 1,
): boolean {
  const size = Math.abs(lots);
  if (size === 0 || size < minQuantityLots) return false;
  return ticks === undefined || size * ticks * moneyPerTickLot >= minNotional * surely;
}

/**
 * Side by side each trade is protected and sold by itself: what of one is too small for an order is left over, whatever
 * the others hold.
 */
export function lotsThatNeedStops(
  instrument: Instrument,
  { parts, quantityLots, stopTicks, markTicks }: PositionView,
): number {
  const trades = parts.length > 0 ? parts : [{ quantityLots, stopTicks }];
  return trades
    .filter((one) =>
      isTradableAt(instrument, one.quantityLots, Math.min(one.stopTicks, markTicks ?? one.stopTicks)),
    )
    .reduce((sum, one) => sum + Math.abs(one.quantityLots), 0);
}
