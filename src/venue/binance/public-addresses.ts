/** Where Binance answers: the exchange itself, its test environment (another market), or a simulator on this machine. */
import type { VenueEndpoint } from '../endpoint.js';
import type { LiveAddresses } from '../prices.js';

const LIVE = 'https://api.binance.com';
const TESTNET = 'https://testnet.binance.vision';
const VENUE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:binance\.com|binance\.vision)(?=\/|$)/;

/** The cheapest request there is. */
export const PROBE = `${LIVE}/api/v3/time`;

/** Base address of the REST interface. */
export function rootOf(endpoint: VenueEndpoint): string {
  if (endpoint.kind === 'simulator') return endpoint.address;
  return endpoint.kind === 'testnet' ? TESTNET : LIVE;
}

/**
 * Where public prices come from. A desk that sends orders to a test environment follows that environment's prices:
 * the exchange's own are another market.
 */
export function redirectTo(endpoint: VenueEndpoint): LiveAddresses | null {
  if (endpoint.kind === 'live') return null;
  return endpoint.kind === 'testnet' ? TESTNET_ADDRESSES : simulatorAddresses(endpoint.address);
}

const TESTNET_ADDRESSES: LiveAddresses = {
  market: 'testnet',
  http: (url) => url.replace(LIVE, TESTNET),
  streams: (exchange) => exchange.setSandboxMode(true),
};

/** `address`: that of a simulator endpoint; prices and orders then come from the same book. */
export function simulatorAddresses(address: string): LiveAddresses {
  return {
    market: 'simulator',
    http: (url) => url.replace(VENUE, address),
    streams(exchange) {
      const streams = exchange.urls.api.ws as Record<string, unknown>;
      // The library recognises a spot address by the word "/stream" in it.
      streams.spot = `${address.replace(/^http/, 'ws')}/stream/ws`;
    },
  };
}
