/** Which Binance is meant: the real one, its test environment, or a simulator on this machine. */
import { deskEnvironment } from '../../desk/desk-environment.js';
import type { LiveAddresses, VenueEndpoint } from '../prices.js';

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;

/**
 * The desk file's `venue.testnet`, unless BINANCE_SIMULATOR_URL names a simulator. Throws if that is not a loopback
 * address: orders for a simulator must not leave the machine.
 */
export function chooseEndpoint(
  testnet: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): VenueEndpoint {
  const address = environment.BINANCE_SIMULATOR_URL;
  if (address !== undefined && address !== '') {
    if (!LOOPBACK.test(address)) {
      throw new RangeError(
        `BINANCE_SIMULATOR_URL must be an address of this machine like http://127.0.0.1:9080; found ${address}`,
      );
    }
    return { kind: 'simulator', address };
  }
  return testnet ? { kind: 'testnet' } : { kind: 'live' };
}

/**
 * A desk's endpoint: as its file says, unless an option or BINANCE_SIMULATOR_URL names a simulator. Throws as
 * `chooseEndpoint` does.
 */
export function endpointOf(
  desk: { readonly venue: { readonly testnet: boolean } },
  simulatedVenue: string | undefined,
  env: Readonly<Record<string, string | undefined>> = deskEnvironment(),
): VenueEndpoint {
  return chooseEndpoint(desk.venue.testnet, {
    BINANCE_SIMULATOR_URL: simulatedVenue ?? env.BINANCE_SIMULATOR_URL,
  });
}

export function endpointLabel(endpoint: VenueEndpoint): string {
  if (endpoint.kind === 'live') return 'Binance spot';
  if (endpoint.kind === 'testnet') return 'Binance spot testnet';
  return `Binance simulator at ${endpoint.address}`;
}

const LIVE = 'https://api.binance.com';
const TESTNET = 'https://testnet.binance.vision';
const VENUE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:binance\.com|binance\.vision)(?=\/|$)/;

/** The cheapest request there is. */
export const PROBE = `${LIVE}/api/v3/time`;

/**
 * Base address of the REST interface: the exchange itself, its test environment (another market), or a
 * simulator on this machine.
 */
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
