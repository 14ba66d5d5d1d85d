/** The addresses of feeds that a simulator stands in for. */
import { venueOfFeed } from '../../domain/venue.js';
import type { LiveAddresses, VenueEndpoint } from '../../venue/prices.js';
import { addressesAt } from '../../venue/registry.js';

const SIMULATOR = 'simulator';

/** The name of a source of live prices, in a status and in the name of a paper account. */
export const liveIdentity = (feed: string, market: string | null): string =>
  `live-${market === null ? feed : `${feed}-${market}`}`;

/** `simulated`: addresses on this machine by feed. */
export function feedAddresses(simulated: Readonly<Record<string, string>>): Map<string, LiveAddresses> {
  return new Map(
    Object.entries(simulated).map(([feed, address]) => [feed, addressesAt(venueOfFeed(feed), address)]),
  );
}

/** The simulator behind a source of live prices; null if there is none. */
export function simulatorOf(
  identity: string,
  simulated: Readonly<Record<string, string>>,
): VenueEndpoint | null {
  const [, address] =
    Object.entries(simulated).find(([feed]) => liveIdentity(feed, SIMULATOR) === identity) ?? [];
  return address === undefined ? null : { kind: SIMULATOR, address };
}
