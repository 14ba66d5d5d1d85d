/** What the venue accepts of an instrument: which orders, declared once for desk file, gate, core and status; and how much. */
import { formatDecimal } from './decimal.js';
import type { Instrument, InstrumentKind } from './instrument.js';
import { ENTRY_TYPES, type EntryType } from './order.js';
import { amountText, isOwned, notional, unitOf } from './value.js';

/** Most lots of one order filled at the market: the most that one stop can protect or one order can close. */
export function largestAtMarket({ maxQuantityLots, maxMarketLots }: Instrument): number {
  return Math.min(maxQuantityLots, maxMarketLots ?? maxQuantityLots);
}

/**
 * Not zero, but below the smallest order at `priceTicks`: no stop can rest for it and no sale is accepted.
 * Without a price, only the quantity counts.
 */
export function isTooSmall(instrument: Instrument, lots: number, priceTicks: number | null): boolean {
  const { minNotional, minQuantityLots } = instrument;
  const held = Math.abs(lots);
  if (held === 0 || held < minQuantityLots) return held !== 0;
  return priceTicks !== null && notional(instrument, held, priceTicks) < minNotional;
}

/** The smallest order in words: its value, and its quantity if that is more than a lot. */
export function smallestOrder(instrument: Instrument): string {
  const { minNotional, minQuantityLots, lotSize } = instrument;
  const value = amountText(instrument, minNotional);
  const least = `${formatDecimal(minQuantityLots, lotSize)} ${unitOf(instrument)}`;
  return minQuantityLots > 1 ? `${value} or ${least}` : value;
}

/** What can be done in one kind of instrument at a venue, so that the rest is refused or done by the core. */
export interface OrderCapabilities {
  /** Can sell what is not held. */
  readonly shorting: boolean;
  /** A resting stop locks what it would sell (coins, shares), so closing means cancel, then sell. */
  readonly stopLocksBalance: boolean;
  readonly reduceOnly: boolean;
  /** Can lower the quantity of a resting order in place (`amendQuantity`). */
  readonly amends: boolean;
  /** Can replace a resting order in one request that stops if the cancel fails (`replace`). */
  readonly replaces: boolean;
  /**
   * Can link orders (OCA, OCO): a fill of one reduces the others of its group before they can fill too, and a
   * complete fill or cancel ends them.
   */
  readonly linksOrders: boolean;
  /** Entries that it accepts. Left out: each type. */
  readonly entries?: readonly EntryType[];
  /**
   * Refuses a `postOnly` limit order that would be filled at once. Left out: it accepts no post-only orders.
   */
  readonly postOnly?: boolean;
  /** Accepts orders filled whole at once or not at all (`FOK`). Left out: it accepts none. */
  readonly fillOrKill?: boolean;
}

/** The account's own capabilities, and those of each instrument (`capabilitiesIn`). */
export interface VenueCapabilities extends OrderCapabilities {
  readonly name: string;
  /** We simulate the fills (paper), whatever the prices are. */
  readonly simulated: boolean;
  /** It must be told of splits and dividends. Left out: it applies them by itself. */
  readonly takesActions?: boolean;
  /** Money units to which it rounds the figures from which its cash is computed. Left out: exact. */
  readonly cashStep?: number;
  /** Kinds of instruments for which it can do other things than the above. Left out: none. */
  readonly ofKinds?: Readonly<Partial<Record<InstrumentKind, OrderCapabilities>>>;
}

/** What the venue can do in an instrument: desk file, gate, core and status all read it here. */
export function capabilitiesIn(
  venue: VenueCapabilities,
  { kind }: Pick<Instrument, 'kind'>,
): OrderCapabilities {
  return venue.ofKinds?.[kind] ?? venue;
}

/**
 * Whether several strategies may each have a trade in it. Only where a stop locks what it protects: elsewhere a stop
 * and an exit of one trade may both be filled, at the cost of the other trade. Only for an owned asset: for a
 * contract the venue realises results at average cost.
 */
export const hasTradeOfEach = (
  { stopLocksBalance }: OrderCapabilities,
  instrument: Pick<Instrument, 'kind'>,
): boolean => stopLocksBalance && isOwned(instrument);

/** What the venue refuses in an instrument, and what the desk does in its place; in words. */
export interface CapabilityWords {
  readonly refused: readonly string[];
  readonly byDesk: readonly string[];
}

const ENTRY_WORDS: Readonly<Record<EntryType, string>> = {
  limit: 'limit entries',
  market: 'market entries',
  stop: 'entries by a stop',
};

export function capabilityWords(can: OrderCapabilities): CapabilityWords {
  const { entries = ENTRY_TYPES, amends, replaces, reduceOnly, stopLocksBalance } = can;
  const listed = (...words: (readonly [boolean | undefined, string])[]): string[] =>
    words.flatMap(([isTaken, text]) => (isTaken === true ? [] : [text]));
  return {
    refused: listed(
      [can.shorting, 'short sales'],
      ...ENTRY_TYPES.map((type) => [entries.includes(type), ENTRY_WORDS[type]] as const),
      [can.postOnly, 'post-only entries'],
      [can.fillOrKill, 'fill-or-kill entries'],
    ),
    byDesk: listed(
      [can.linksOrders, 'holds targets'],
      [amends || !replaces, 'exchanges a stop that gets smaller'],
      [replaces, `cancels a stop that ${amends ? 'moves' : 'changes'} before it sends the new one`],
      [reduceOnly && !stopLocksBalance, 'cancels the stop before it closes a position'],
    ),
  };
}

/** One line for all instruments alike: `NQ/USD, ES/USD: refuses market entries; the desk holds targets`. */
export function capabilityLines(
  instruments: readonly ({ readonly symbol: string } & CapabilityWords)[],
): readonly string[] {
  const alike = new Map<string, string[]>();
  for (const { symbol, refused, byDesk } of instruments) {
    const words = [
      ...(refused.length === 0 ? [] : [`refuses ${refused.join(', ')}`]),
      ...(byDesk.length === 0 ? [] : [`the desk ${byDesk.join(', ')}`]),
    ];
    const text = words.length === 0 ? 'takes everything' : words.join('; ');
    alike.set(text, [...(alike.get(text) ?? []), symbol]);
  }
  return [...alike].map(([text, symbols]) => `${symbols.join(', ')}: ${text}`);
}
