/** Which Binance is meant: the real one, its test environment, or a simulator on this machine. */

import type { VenueEndpoint } from '../endpoint.js';

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
 * The endpoint of a desk: what its file says, unless a simulator is named by option or by BINANCE_SIMULATOR_URL.
 * Throws as `chooseEndpoint` does.
 */
export function endpointOf(
  desk: { readonly venue: { readonly testnet: boolean } },
  simulatedVenue: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
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
