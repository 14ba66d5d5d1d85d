/** Public prices of a venue: open to everybody, without a key. */
import type { Instrument } from '../domain/instrument.js';
import type { Side } from '../domain/order.js';
import type { OwnPrices } from './port.js';

/**
 * Who reads the prices: some venues admit each client only once, and the trader's connection must stay free
 * for the trader.
 */
export type PriceReader = 'trader' | 'validation' | 'fetch' | 'test';

export interface PriceSource {
  /** The venue's address; fetched data records that it came from there. */
  address(endpoint: VenueEndpoint): string;
  /**
   * Path of the cheapest request, made before a library is loaded; its answer has a date. Null: no such request is
   * made.
   */
  readonly probe: string | null;
  /** Addresses to use instead of the real market's; null for the venue's own. */
  redirect(endpoint: VenueEndpoint): LiveAddresses | null;
  /** Loads the library. Throws if the venue can't be reached, or lacks one of the symbols. */
  open(options: OpenPrices & { readonly reader: PriceReader }): Promise<PriceConnection>;
  /**
   * Best bid and ask by a request of our own, for callers that must not depend on the library; null if there is none.
   */
  readonly bestPrices:
    | ((endpoint: VenueEndpoint, instruments: readonly Instrument[]) => Promise<OwnPrices>)
    | null;
}

export interface OpenPrices {
  readonly instruments: readonly Instrument[];
  readonly timeoutMs: number;
  /**
   * Symbols that the venue doesn't list are left out if it lists at least one, and a venue that `comesBack`
   * may be away. Otherwise either is a failure.
   */
  readonly mayLack?: boolean;
  /** Null for the venue's own. */
  readonly addresses: LiveAddresses | null;
}

export interface PriceConnection {
  /**
   * The venue's market closes, its link has hours of its own, and it reconnects by itself, so a desk that
   * trades there starts without prices. Absent: a venue without prices at the start is passed over.
   */
  readonly comesBack?: true;
  /** Its stream includes trades if somebody listens to them. */
  readonly tellsTrades?: true;
  /**
   * The venue may answer with an empty page although minutes follow; `fetchMinutes` looks further then. Earlier
   * versions did not, so what they stored as missing there may exist.
   */
  readonly looksFurther?: true;
  /** Throws with the venue's reason, as do `fetchMinutes` and `fetchTime`. */
  fetchQuotes(symbols: readonly string[]): Promise<readonly Ticker[]>;
  /** At most `limit` minutes from `sinceMs` on, oldest first. Empty: the venue has none from there on. */
  fetchMinutes(symbol: string, sinceMs: number, limit: number): Promise<readonly OhlcvRow[]>;
  /** The venue's clock in milliseconds since 1970; undefined if it gives no time. */
  fetchTime(): Promise<number | undefined>;
  /** Null if prices can only be polled. */
  stream(events: StreamEvents): PriceStream | null;
  close(): Promise<unknown>;
}

/**
 * `[openMs, open, high, low, close, volume]`; ccxt leaves out unknown values, and a volume below 0 is none.
 */
export type OhlcvRow = readonly [openMs?: number, ...prices: (string | number | undefined)[]];

/** Best prices and sizes, as the venue wrote them or as the library parsed them. */
export interface Ticker {
  readonly symbol: string;
  readonly bid?: string | number | undefined;
  readonly ask?: string | number | undefined;
  readonly bidVolume?: string | number | undefined;
  readonly askVolume?: string | number | undefined;
}

/** A trade on the venue; amounts as the venue wrote them or as the library parsed them. */
export interface PublicTrade {
  readonly symbol: string;
  readonly price?: string | number | undefined;
  readonly amount?: string | number | undefined;
  /** The side that crossed the spread. */
  readonly taker: Side | null;
}

/** The part of a library's exchange object that holds the addresses of its streams. */
interface StreamAddresses {
  readonly urls: { readonly api: Record<string, unknown> };
  setSandboxMode(on: boolean): void;
}

/** For tests and for people with a server of their own: addresses to use in place of the venue's. */
export interface LiveAddresses {
  /** The market behind these addresses if it is not the venue's own, for example `testnet`. */
  readonly market: string | null;
  /** The address to call instead of `url`. */
  http(url: string): string;
  /** Sets the addresses of the streams. */
  streams(exchange: StreamAddresses): void;
}

export interface StreamEvents {
  /** `updateId`: the venue's own counter of this symbol's changes; null if it has none. */
  quote(ticker: Ticker, updateId: number | null): void;
  /** Absent if nobody listens: then trades are not subscribed to. */
  trade?(trade: PublicTrade): void;
  /** A minute that the venue has closed. */
  minute(symbol: string, row: OhlcvRow): void;
  /** The venue's clock, as found in a frame. */
  venueTime(venueMs: number): void;
}

export interface PriceStream {
  /** Whether closed minutes come with the stream. */
  readonly givesMinutes: boolean;
  /** Resolves once everything is subscribed, or rejects; afterwards `ended` tells how the connection ended. */
  connect(timeoutMs: number): Promise<{ readonly ended: Promise<string> }>;
  /** Subscribes to these symbols again, without disturbing the others if the venue allows that. */
  resubscribe(symbols: readonly string[]): void;
  /** Ends the connection, so that a new one is made. */
  drop(cause: string): void;
}

/** Which of a venue's markets is meant: the real one, its own test environment, or a simulator on this machine. */
export type VenueEndpoint =
  | { readonly kind: 'live' }
  | { readonly kind: 'testnet' }
  /** As the venue's clients write it; always on this machine. */
  | { readonly kind: 'simulator'; readonly address: string };
