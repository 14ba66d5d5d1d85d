import type { Instrument } from '../../domain/instrument.js';
import { isOwned } from '../../domain/value.js';
import type { QuantityLimits, VenueCapabilities } from '../../domain/venue.js';

/** One owned instrument makes it a cash account: no shorting, and resting sales lock what they sell. */
export function paperCapabilities(instruments: readonly Instrument[]): VenueCapabilities {
  const cash = instruments.some(isOwned);
  return {
    name: 'paper',
    simulated: true,
    shorting: !cash,
    stopLocksBalance: cash,
    reduceOnly: !cash,
    amends: true,
    replaces: true,
    linksOrders: false,
    postOnly: true,
    fillOrKill: true,
    takesActions: true,
  };
}

/** What the engine does not know from the desk file: how many stops may rest, where there is a bound. */
export function paperLimits(instruments: readonly Instrument[]): readonly QuantityLimits[] {
  return instruments.flatMap(({ id, minQuantityLots, maxStops }) =>
    maxStops === undefined
      ? []
      : [{ instrument: id, minLots: minQuantityLots, maxLots: null, maxMarketLots: null, maxStops }],
  );
}
