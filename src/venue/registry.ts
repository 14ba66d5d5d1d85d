/** Every venue that has a folder here, one line each. */
import binance from './binance/definition.js';
import bybit from './bybit/definition.js';
import { ccxtPrices } from './ccxt/ccxt-venue.js';
import type { LiveVenue, VenueDefinition } from './definition.js';
import ibkr from './ibkr/definition.js';
import kraken from './kraken/definition.js';
import kucoin from './kucoin/definition.js';
import type { PriceSource } from './prices.js';

export const VENUES: readonly VenueDefinition[] = [binance, bybit, ibkr, kraken, kucoin];

export type TradedVenue = VenueDefinition & { readonly live: LiveVenue };

/** Venues that take real orders. */
export const TRADED_VENUES = VENUES.filter((venue): venue is TradedVenue => venue.live !== null);

/**
 * Throws `RangeError` for a venue that takes no real orders; a desk with `mode: live` there is refused before that.
 */
export function tradedVenue(name: string): TradedVenue {
  const found = TRADED_VENUES.find((venue) => venue.name === name);
  if (found === undefined)
    throw new RangeError(`real orders can't leave for ${name}: no adapter here speaks to it`);
  return found;
}

/** ccxt may also support a venue that has no definition here. */
export function priceSourceOf(name: string): PriceSource {
  return VENUES.find((venue) => venue.name === name)?.prices ?? ccxtPrices(name);
}
