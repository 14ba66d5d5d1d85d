/** A venue whose public prices ccxt can read, for market data and for paper trading. */
import { readdirSync } from 'node:fs';
import type { VenueDefinition } from '../definition.js';
import type { PriceSource } from '../prices.js';

interface CcxtVenue {
  /** Also ccxt's name for the venue. */
  readonly name: string;
  readonly title: string;
  readonly address: string;
  /** Path below the address. */
  readonly probe: string;
  /** Parameters that keep the library from loading more than markets. */
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

/** ccxt exchanges that have a stream, from its file names: none of the library is loaded. */
export const ccxtNames = (): readonly string[] =>
  readdirSync(new URL('./src/pro/', import.meta.resolve('ccxt'))).flatMap(
    (file) => /^([a-z][a-z0-9]*)\.js$/.exec(file)?.[1] ?? [],
  );

/** For a venue without a definition, by ccxt's name. */
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
