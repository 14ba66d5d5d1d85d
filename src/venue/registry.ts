/** Every venue that has a folder here: a line each. */
import binance from './binance/definition.js';
import { ccxtPrices } from './ccxt/ccxt-venue.js';
import type { LiveVenue, VenueDefinition } from './definition.js';
import ibkr from './ibkr/definition.js';
import kraken from './kraken/definition.js';
import kucoin from './kucoin/definition.js';
import type { PriceSource } from './prices.js';

export const VENUES: readonly VenueDefinition[] = [binance, ibkr, kraken, kucoin];

export type TradedVenue = VenueDefinition & { readonly live: LiveVenue };

/** Those that real orders can leave for. */
export const TRADED_VENUES = VENUES.filter((venue): venue is TradedVenue => venue.live !== null);

/** Throws `RangeError` where none leave for it; a desk with `mode: live` is refused before. */
export function tradedVenue(name: string): TradedVenue {
  const found = TRADED_VENUES.find((venue) => venue.name === name);
  if (found === undefined)
    throw new RangeError(`real orders can't leave for ${name}: no adapter here speaks to it`);
  return found;
}

/** Of a venue that has no definition the library may know, too. */
export function priceSourceOf(name: string): PriceSource {
  return VENUES.find((venue) => venue.name === name)?.prices ?? ccxtPrices(name);
}
