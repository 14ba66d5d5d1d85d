/** Every venue that has a folder here, one line each. */
import { ordersLeave } from '../desk/desk-venue.js';
import type { Desk } from '../desk/schema.js';
import { grouped } from '../domain/figure-text.js';
import type { Instrument, InstrumentKind } from '../domain/instrument.js';
import { ENTRY_TERMS, ENTRY_TYPES } from '../domain/order.js';
import {
  capabilitiesIn,
  capabilityLines,
  capabilityWords,
  hasTradeOfEach,
  type OrderCapabilities,
} from '../domain/order-bounds.js';
import binance from './binance/definition.js';
import bybit from './bybit/definition.js';
import { ccxtNames, ccxtPrices } from './ccxt/ccxt-venue.js';
import type { LiveVenue, VenueDefinition } from './definition.js';
import ibkr from './ibkr/definition.js';
import kraken from './kraken/definition.js';
import kucoin from './kucoin/definition.js';
import { PAPER_CAPABILITIES } from './paper/capabilities.js';
import type { LiveAddresses, PriceSource } from './prices.js';

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
  if (found === undefined) throw new RangeError(pricesOnly(name) ?? name);
  return found;
}

/** What a person has to know whose desk is at a venue that takes no orders from here; null if it takes them. */
export function pricesOnly(name: string): string | null {
  const takers = TRADED_VENUES.map((venue) => venue.name);
  if (takers.includes(name)) return null;
  return `real orders can't leave for ${name}, of which only prices are used; they can for ${takers.join(' and ')}`;
}

/** ccxt may also support a venue that has no definition here. */
export function priceSourceOf(name: string): PriceSource {
  return VENUES.find((venue) => venue.name === name)?.prices ?? ccxtPrices(name);
}

const ORIGIN = /^(?:https?|wss?):\/\/[^/]+/;

/** Where a venue's prices are asked for if the simulator at that address stands for it. */
export const addressesAt = (venue: string, address: string): LiveAddresses =>
  priceSourceOf(venue).redirect({ kind: 'simulator', address }) ?? everythingAt(address);

/** For venues that define no simulator: the same paths, whichever of the venue's hosts they are on. */
function everythingAt(address: string): LiveAddresses {
  const streams = address.replace(/^http/, 'ws');
  return {
    market: 'simulator',
    http: (url) => url.replace(ORIGIN, address),
    streams({ urls: { api } }) {
      api.ws = moved(api.ws, streams);
    },
  };
}

/** The library has one address or several, by kind of market and of stream. */
function moved(addresses: unknown, to: string): unknown {
  if (typeof addresses === 'string') return addresses.replace(ORIGIN, to);
  if (typeof addresses !== 'object' || addresses === null) return addresses;
  return Object.fromEntries(Object.entries(addresses).map(([key, value]) => [key, moved(value, to)]));
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

/** What can be done in each kind of instrument where a desk's orders go. Undefined: the venue doesn't trade it. */
export function capabilitiesOf(
  desk: Pick<Desk, 'mode' | 'venue'>,
): (kind: InstrumentKind) => OrderCapabilities | undefined {
  if (!ordersLeave(desk)) return (kind) => capabilitiesIn(PAPER_CAPABILITIES, { kind });
  const takes = TRADED_VENUES.find(({ name }) => name === desk.venue.name)?.live.takes;
  return (kind) => takes?.[kind]?.can;
}

/** What each venue accepts, refuses and leaves to the desk, for docs/VENUES.md. */
export function takenTable(): string {
  const listed = (names: readonly string[]): string =>
    names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
  const rows = TRADED_VENUES.flatMap(({ name, live }) =>
    Object.entries(live.takes).map(
      ([kind, { symbols, can, lotSize, stopsMax }]) =>
        `| \`${name}\` | \`${kind}\` | ${symbols.parts}: \`${symbols.example}\` | ${listed(can.entries ?? ENTRY_TYPES)} | ${listed(ENTRY_TERMS.filter((term) => can[term] === true))} | ${lotSize ?? 'as the symbol has it'} | ${hasTradeOfEach(can, { kind: kind as InstrumentKind }) ? 'a trade each' : 'one at a time'} | ${stopsMax ?? 'as many as needed'} |`,
    ),
  );
  const words = [
    ...(['spot', 'linear'] as const).map((kind) => ({
      ...{
        symbol: `paper, \`${kind === 'spot' ? 'spot` and `stock' : 'linear`, `inverse`, `future` and `fx'}\``,
      },
      ...capabilityWords(capabilitiesIn(PAPER_CAPABILITIES, { kind })),
    })),
    ...TRADED_VENUES.flatMap(({ name, live }) =>
      Object.entries(live.takes).map(([kind, { can }]) => ({
        ...{ symbol: `\`${name}\`, \`${kind}\`` },
        ...capabilityWords(can),
      })),
    ),
  ];
  return [
    '| venue | kind | symbols | entries (`enters`) | terms of a limit (`terms`) | `lotSize` | strategies in one instrument, without `sideBySide` | stop orders of one at a time |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...capabilityLines(words).map((line) => `- ${line}`),
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
