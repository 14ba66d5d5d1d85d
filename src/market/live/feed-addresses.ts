/** The addresses of feeds that a simulator stands in for. */
import { venueOfFeed } from '../../domain/venue.js';
import type { LiveAddresses, VenueEndpoint } from '../../venue/prices.js';
import { priceSourceOf } from '../../venue/registry.js';

const ORIGIN = /^(?:https?|wss?):\/\/[^/]+/;
const SIMULATOR = 'simulator';

/** The name of a source of live prices, in a status and in the name of a paper account. */
export const liveIdentity = (feed: string, market: string | null): string =>
  `live-${market === null ? feed : `${feed}-${market}`}`;

/** `simulated`: addresses on this machine by feed. */
export function feedAddresses(simulated: Readonly<Record<string, string>>): Map<string, LiveAddresses> {
  return new Map(
    Object.entries(simulated).map(([feed, address]) => {
      const { redirect } = priceSourceOf(venueOfFeed(feed));
      return [feed, redirect({ kind: SIMULATOR, address }) ?? everythingAt(address)];
    }),
  );
}

/** For venues that define no simulator: the same paths, whichever of the venue's hosts they are on. */
function everythingAt(address: string): LiveAddresses {
  const streams = address.replace(/^http/, 'ws');
  return {
    market: SIMULATOR,
    http: (url) => url.replace(ORIGIN, address),
    streams({ urls: { api } }) {
      api.ws = moved(api.ws, streams);
    },
  };
}

/** The library has one address or several, by kind of market and of stream. */
function moved(addresses: unknown, to: string): unknown {
  if (typeof addresses === 'string') return addresses.replace(ORIGIN, to);
  if (typeof addresses !== 'object' || addresses === null) return addresses;
  return Object.fromEntries(Object.entries(addresses).map(([key, value]) => [key, moved(value, to)]));
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
