import type { Instrument } from '../../domain/instrument.js';
import type { VenueCapabilities } from '../../domain/order-bounds.js';
import type { QuantityLimits } from '../../domain/venue.js';

const OF_ALL = {
  amends: true,
  replaces: true,
  linksOrders: false,
  postOnly: true,
  fillOrKill: true,
} as const;
/** What is bought for cash can't be owed, and resting sales lock what they sell. */
const OWNED = { ...OF_ALL, shorting: false, stopLocksBalance: true, reduceOnly: false } as const;
const CONTRACTS = { ...OF_ALL, shorting: true, stopLocksBalance: false, reduceOnly: true } as const;

export const PAPER_CAPABILITIES: VenueCapabilities = {
  ...{ name: 'paper', simulated: true, takesActions: true },
  ...CONTRACTS,
  ofKinds: { spot: OWNED, stock: OWNED },
};

/** What the engine does not know from the desk file: how many stops may rest, where there is a bound. */
export function paperLimits(instruments: readonly Instrument[]): readonly QuantityLimits[] {
  return instruments.flatMap(({ id, minQuantityLots, maxStops }) =>
    maxStops === undefined
      ? []
      : [{ instrument: id, minLots: minQuantityLots, maxLots: null, maxMarketLots: null, maxStops }],
  );
}
