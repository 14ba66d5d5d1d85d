/** Where Binance answers: the exchange itself, its test environment (another market), or a simulator on this machine. */
import type { VenueEndpoint } from '../endpoint.js';
import type { LiveAddresses } from '../prices.js';

const LIVE = 'https://api.binance.com';
const TESTNET = 'https://testnet.binance.vision';
const VENUE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:binance\.com|binance\.vision)(?=\/|$)/;

/** The cheapest thing to ask. */
export const PROBE = `${LIVE}/api/v3/time`;

/** Root of the REST interface. */
export function rootOf(endpoint: VenueEndpoint): string {
  if (endpoint.kind === 'simulator') return endpoint.address;
  return endpoint.kind === 'testnet' ? TESTNET : LIVE;
}

/** Of public prices. Whose orders go to a test environment follows its prices: the exchange's own are another market. */
export function redirectTo(endpoint: VenueEndpoint): LiveAddresses | null {
  if (endpoint.kind === 'live') return null;
  return endpoint.kind === 'testnet' ? TESTNET_ADDRESSES : simulatorAddresses(endpoint.address);
}

const TESTNET_ADDRESSES: LiveAddresses = {
  market: 'testnet',
  http: (url) => url.replace(LIVE, TESTNET),
  streams: (exchange) => exchange.setSandboxMode(true),
};

/** `address` as of a simulator's endpoint; prices and orders then come from the same book. */
export function simulatorAddresses(address: string): LiveAddresses {
  return {
    market: 'simulator',
    http: (url) => url.replace(VENUE, address),
    streams(exchange) {
      const streams = exchange.urls.api.ws as Record<string, unknown>;
      // The library takes an address for a spot one by the word "/stream" in it.
      streams.spot = `${address.replace(/^http/, 'ws')}/stream/ws`;
    },
  };
}
