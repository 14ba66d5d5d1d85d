import type { Instrument } from '../../domain/instrument.js';
import { isOwned } from '../../domain/value.js';
import type { VenueCapabilities } from '../../domain/venue.js';

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
