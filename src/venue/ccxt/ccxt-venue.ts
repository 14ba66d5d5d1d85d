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
}

export function ccxtVenue({ name, title, address, probe }: CcxtVenue): VenueDefinition {
  const prices = { ...ccxtPrices(name), address: () => address, probe: `${address}${probe}` };
  return { name, title, prices, live: null };
}

/** Of a venue without a definition, by the library's name. */
export function ccxtPrices(name: string): PriceSource {
  return {
    address: () => name,
    probe: null,
    redirect: () => null,
    open: async (options) => (await import('./ccxt-prices.js')).openCcxtPrices(name, options),
    bestPrices: null,
  };
}
