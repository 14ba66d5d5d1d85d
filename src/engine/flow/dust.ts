/**
 * Dust: leftovers of partial fills and fees, too small for any order that the venue takes. It is shown and
 * blocks nothing.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { isTooSmall } from '../../domain/order-bounds.js';
import { averageCost } from '../books.js';
import { type Core, instrumentAt, positionAt } from '../core.js';
import { type Holding, openLots } from '../state.js';
import { NO_PRICE_MS } from '../timing.js';

/**
 * Fewer lots than the venue takes in an order, or worth less than its smallest order at `priceTicks`. No stop
 * can rest for dust and no sale is taken until it grows. Then it is protected, sold with its position, or
 * closed by a close-all that is still running.
 */
export function isDustAt(core: Core, holding: Holding, priceTicks: number | null): boolean {
  return isTooSmall(instrumentAt(core, holding.instrument), openLots(holding), priceTicks);
}

/** The same at the known price. */
export function isDustOf(core: Core, holding: Holding): boolean {
  return isDustAt(core, holding, knownTicks(core, holding.instrument));
}

/** Whether this many lots can be traded. If their worth is unknown, the quantity decides. */
export function isTradable(core: Core, at: InstrumentId, lots: number): boolean {
  return lots !== 0 && !isTooSmall(instrumentAt(core, at), lots, knownTicks(core, at));
}

export function isDust(core: Core, at: InstrumentId): boolean {
  return isDustOf(core, positionAt(core, at));
}

/**
 * The last price, or the average cost if the symbol is halted or delisted and has shown no price for a while
 * after a start. Null: unknown.
 */
export function knownTicks(core: Core, at: InstrumentId): number | null {
  const { market, state, monotonicMs, begunAtMs, closed } = core;
  if (market.hasQuote(at)) return market.bidTicks[at] as number;
  const position = state.positions[at];
  if (position === undefined || openLots(position) === 0) return null;
  const isGone = closed.has(at) && monotonicMs - begunAtMs >= NO_PRICE_MS;
  return isGone ? averageCost(state, position) : null;
}
