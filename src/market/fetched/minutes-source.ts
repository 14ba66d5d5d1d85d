/** Whose minutes a desk is meant to be tried on: where they are fetched from, and which of the stored ones count. */
import type { Desk } from '../../desk/schema.js';
import { endpointOf } from '../../venue/binance/endpoint.js';
import { simulatorAddresses } from '../../venue/binance/simulator-addresses.js';
import { TESTNET_ADDRESSES } from '../../venue/binance/testnet-addresses.js';
import type { LiveAddresses } from '../../venue/ccxt/ccxt-exchange.js';
import { BINANCE_TESTNET, PUBLIC_ADDRESSES } from '../../venue/public-addresses.js';
import type { Provenance } from './minutes-file.js';

export interface MinutesSource {
  readonly from: Pick<Provenance, 'venue' | 'endpoint' | 'address'>;
  /** Null: the exchange's own. */
  readonly addresses: LiveAddresses | null;
}

/** Only orders go to a test environment: a paper desk has none that leave, and trades on the exchange's own prices. */
export function minutesSource(
  { mode, venue: { name, testnet } }: Desk,
  simulatedVenue: string | undefined,
): MinutesSource {
  if (name === 'binance') {
    const endpoint = endpointOf({ venue: { testnet: mode === 'live' && testnet } }, simulatedVenue);
    if (endpoint.kind === 'simulator') {
      const { kind, address } = endpoint;
      return { from: { venue: name, endpoint: kind, address }, addresses: simulatorAddresses(address) };
    }
    if (endpoint.kind === 'testnet') {
      return {
        from: { venue: name, endpoint: endpoint.kind, address: BINANCE_TESTNET },
        addresses: TESTNET_ADDRESSES,
      };
    }
  }
  const known: Readonly<Record<string, string>> = PUBLIC_ADDRESSES;
  return { from: { venue: name, endpoint: 'live', address: known[name] ?? name }, addresses: null };
}
