/** Every venue that has a folder here, one line each. */
import { grouped } from '../domain/figure-text.js';
import type { Instrument } from '../domain/instrument.js';
import binance from './binance/definition.js';
import bybit from './bybit/definition.js';
import { ccxtNames, ccxtPrices } from './ccxt/ccxt-venue.js';
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
 * Throws `RangeError` for a venue that takes no real orders; a desk with `mode: live` there is refused
 * earlier.
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

/** Instruments of a paper account, with the bounds that the desk's venue has and its file does not know. */
export function asAtVenue(instruments: readonly Instrument[], name: string): readonly Instrument[] {
  const takes = TRADED_VENUES.find((venue) => venue.name === name)?.live.takes;
  return instruments.map((instrument) => {
    const stopsMax = takes?.[instrument.kind]?.stopsMax ?? null;
    return stopsMax === null ? instrument : { ...instrument, maxStops: stopsMax };
  });
}

/** Venues whose public prices can be read, as named in a desk file's `feeds`. */
export const feedNames = (): readonly string[] => [
  ...new Set([...VENUES.map(({ name }) => name), ...ccxtNames()]),
];

/** What each venue accepts, for docs/VENUES.md. */
export function takenTable(): string {
  const listed = (names: readonly string[]): string =>
    names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
  const rows = TRADED_VENUES.flatMap(({ name, live }) =>
    Object.entries(live.takes).map(
      ([kind, { symbols, entries, terms, lotSize, tradeOfEach, stopsMax }]) =>
        `| \`${name}\` | \`${kind}\` | ${symbols.parts}: \`${symbols.example}\` | ${listed(entries)} | ${listed(terms)} | ${lotSize ?? 'as the symbol has it'} | ${tradeOfEach ? 'a trade each' : 'one at a time'} | ${stopsMax ?? 'as many as needed'} |`,
    ),
  );
  return [
    '| venue | kind | symbols | entries (`enters`) | terms of a limit (`terms`) | `lotSize` | strategies in one instrument, without `sideBySide` | stop orders of one at a time |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** Each venue's rate limits, for docs/VENUES.md. */
export function ratesTable(): string {
  const rows = TRADED_VENUES.flatMap(({ name, live }) =>
    live.rates.map(
      ({ counts, of, limit, windowMs }) =>
        `| \`${name}\` | ${counts} | ${grouped(String(limit))} | ${windowMs / 1000} s | ${of} |`,
    ),
  );
  return [
    '| venue | what is counted | at most | in | for each |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
