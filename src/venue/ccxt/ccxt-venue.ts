/** A venue that the library reads public prices of, for market data and for paper. */
import type { VenueDefinition } from '../definition.js';
import type { PriceSource } from '../prices.js';

export interface CcxtVenue {
  /** The library's, too. */
  readonly name: string;
  readonly title: string;
  readonly address: string;
  /** Below the address. */
  readonly probe: string;
  /** What keeps the library from asking for more than markets. */
  readonly marketParameters?: object;
}

export function ccxtVenue({ name, title, address, probe, marketParameters }: CcxtVenue): VenueDefinition {
  const prices = {
    ...ccxtPrices(name, marketParameters),
    address: () => address,
    probe: `${address}${probe}`,
  };
  return { name, title, prices, live: null };
}

/** Of a venue without a definition, by the library's name. */
export function ccxtPrices(name: string, marketParameters: object = {}): PriceSource {
  return {
    address: () => name,
    probe: null,
    redirect: () => null,
    open: async (options) =>
      (await import('./ccxt-prices.js')).openCcxtPrices({ ...options, venue: name, marketParameters }),
    bestPrices: null,
  };
}
