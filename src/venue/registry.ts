/** Every venue that has a folder here: a line each. */
import binance from './binance/definition.js';
import type { LiveVenue, VenueDefinition } from './definition.js';

export const VENUES: readonly VenueDefinition[] = [binance];

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
