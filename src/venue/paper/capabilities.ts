import type { Instrument } from '../../domain/instrument.js';
import type { VenueCapabilities } from '../../domain/venue.js';

/** One spot instrument makes it a spot account: no shorting, and resting sales lock their coins. */
export function paperCapabilities(instruments: readonly Instrument[]): VenueCapabilities {
  const spot = instruments.some(({ kind }) => kind === 'spot');
  return {
    name: 'paper',
    simulated: true,
    shorting: !spot,
    stopLocksBalance: spot,
    reduceOnly: !spot,
    protectiveStops: 'venue',
    deadManSwitch: false,
    amends: true,
    replaces: true,
  };
}
