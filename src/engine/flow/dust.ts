/** What partial fills and fees leave: too small for any order that the venue takes. It is shown, and prevents nothing. */
import type { InstrumentId } from '../../domain/instrument.js';
import { worth } from '../../domain/money.js';
import { type Core, instrumentAt, positionAt } from '../core.js';

/**
 * Fewer lots than the venue takes in an order, or worth less than its smallest one at `priceTicks`: no stop can rest for it and no sale is taken, until it
 * grows. Then it is protected, sold with the position that it is part of, or by a close-all that goes on.
 */
export function isDustAt(core: Core, at: InstrumentId, priceTicks: number): boolean {
  return isTooSmall(core, at, positionAt(core, at).quantityLots, priceTicks);
}

function isTooSmall(core: Core, at: InstrumentId, lots: number, priceTicks: number): boolean {
  const { minNotional, minQuantityLots, moneyPerTickLot } = instrumentAt(core, at);
  const held = Math.abs(lots);
  return held !== 0 && (held < minQuantityLots || worth(held, priceTicks, moneyPerTickLot) < minNotional);
}

/** Whether so many lots can be traded at the last price. Without one everything counts as if it could. */
export function isTradable(core: Core, at: InstrumentId, lots: number): boolean {
  if (lots === 0) return false;
  return !(core.market.hasQuote(at) && isTooSmall(core, at, lots, core.market.bidTicks[at] as number));
}

/** At the last price. */
export function isDust(core: Core, at: InstrumentId): boolean {
  return core.market.hasQuote(at) && isDustAt(core, at, core.market.bidTicks[at] as number);
}
