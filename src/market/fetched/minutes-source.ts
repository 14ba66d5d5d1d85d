/** Which venue's minutes a desk is to be tested on: where they are fetched from, and which stored ones count. */
import { ordersLeave } from '../../desk/orders-leave.js';
import type { Desk } from '../../desk/schema.js';
import type { VenueEndpoint } from '../../venue/endpoint.js';
import type { LiveAddresses } from '../../venue/prices.js';
import { priceSourceOf, TRADED_VENUES } from '../../venue/registry.js';
import type { Provenance } from './minutes-file.js';

export interface MinutesSource {
  readonly from: Pick<Provenance, 'venue' | 'endpoint' | 'address'>;
  /** Null: the exchange's own. */
  readonly addresses: LiveAddresses | null;
}

/** A test environment is only for orders: a desk whose orders don't leave trades on the exchange's own prices. */
export function minutesSource(desk: Desk, simulatedVenue: string | undefined): MinutesSource {
  const { name, testnet } = desk.venue;
  const live = TRADED_VENUES.find((venue) => venue.name === name)?.live;
  const prices = priceSourceOf(name);
  const endpoint: VenueEndpoint = live?.endpoint(
    { venue: { testnet: ordersLeave(desk) && testnet } },
    simulatedVenue,
  ) ?? { kind: 'live' };
  return {
    from: { venue: name, endpoint: endpoint.kind, address: prices.address(endpoint) },
    addresses: prices.redirect(endpoint),
  };
}
