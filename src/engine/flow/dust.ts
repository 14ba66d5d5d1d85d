/** What a partial fill can leave: too small for any order that the venue takes. */
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, instrumentAt, positionAt } from '../core.js';

/**
 * Worth less than the venue's smallest order at `priceTicks`: no stop can rest for it and no sale is taken, until it
 * grows. Close-all tries all the same, and names it.
 */
export function isDustAt(core: Core, at: InstrumentId, priceTicks: number): boolean {
  const { minNotional, moneyPerTickLot } = instrumentAt(core, at);
  const { quantityLots } = positionAt(core, at);
  return quantityLots !== 0 && Math.abs(quantityLots) * priceTicks * moneyPerTickLot < minNotional;
}

/** At the last price. */
export function isDust(core: Core, at: InstrumentId): boolean {
  return core.market.hasQuote(at) && isDustAt(core, at, core.market.bidTicks[at] as number);
}
