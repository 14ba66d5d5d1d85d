/** Public prices of a venue: for everybody, without a key. */
import type { Instrument } from '../domain/instrument.js';
import type { Side } from '../domain/order.js';
import type { OwnPrices } from './book-reading.js';
import type { VenueEndpoint } from './endpoint.js';

/** Whose connection it is: where a venue lets each client in once, the trader's has to stay free for the trader. */
export type PriceReader = 'trader' | 'validation' | 'fetch';

export interface PriceSource {
  /** Where it answers; fetched data says that it came from there. */
  address(endpoint: VenueEndpoint): string;
  /** The cheapest thing to ask, before a library is loaded; its answer has a date. Null: nothing is asked before. */
  readonly probe: string | null;
  /** Other addresses than those of the real market; null: its own. */
  redirect(endpoint: VenueEndpoint): LiveAddresses | null;
  /** Loads the library. Throws where it can't be reached, or lacks one of the symbols. */
  open(options: OpenPrices & { readonly reader: PriceReader }): Promise<PriceConnection>;
  /** Best bid and ask by a request of our own, for who must not see through the library's eyes; null: there is none. */
  readonly bestPrices:
    | ((endpoint: VenueEndpoint, instruments: readonly Instrument[]) => Promise<OwnPrices>)
    | null;
}

export interface OpenPrices {
  readonly instruments: readonly Instrument[];
  readonly timeoutMs: number;
  /**
   * Symbols that the venue does not list are left out, as long as it lists one, and one that `comesBack` may be away; else
   * both are a failure.
   */
  readonly mayLack?: boolean;
  /** Null: the venue's own. */
  readonly addresses: LiveAddresses | null;
}

export interface PriceConnection {
  /**
   * Its market closes and its way there has hours of its own, and it goes on connecting by itself: a desk whose orders go
   * there starts without prices. Left out: a venue that shows none is one to pass over.
   */
  readonly comesBack?: true;
  /** Its stream tells of trades where somebody listens. */
  readonly tellsTrades?: true;
  /** Throws what the venue says, as do the next ones. */
  fetchQuotes(symbols: readonly string[]): Promise<readonly Ticker[]>;
  /** At most `limit` minutes from `sinceMs` on, oldest first. */
  fetchMinutes(symbol: string, sinceMs: number, limit: number): Promise<readonly OhlcvRow[]>;
  /** The venue's clock; undefined where it tells no time. */
  fetchTime(): Promise<number | undefined>;
  /** Null where it can only be asked. */
  stream(events: StreamEvents): PriceStream | null;
  close(): Promise<unknown>;
}

/** `[openMs, open, high, low, close, volume]`; ccxt leaves out what it does not know. */
export type OhlcvRow = readonly [openMs?: number, ...prices: (string | number | undefined)[]];

/** Best prices and sizes: as the venue wrote them, or as the library read them. */
export interface Ticker {
  readonly symbol: string;
  readonly bid?: string | number | undefined;
  readonly ask?: string | number | undefined;
  readonly bidVolume?: string | number | undefined;
  readonly askVolume?: string | number | undefined;
}

/** What somebody traded there; amounts as the venue wrote them, or as the library read them. */
export interface PublicTrade {
  readonly symbol: string;
  readonly price?: string | number | undefined;
  readonly amount?: string | number | undefined;
  /** Who crossed the spread. */
  readonly taker: Side | null;
}

/** As much of an exchange of the library as knows where its streams are. */
export interface StreamAddresses {
  readonly urls: { readonly api: Record<string, unknown> };
  setSandboxMode(on: boolean): void;
}

/** Where tests, and whoever has a server of his own, put other addresses in place of the venue's. */
export interface LiveAddresses {
  /** What they lead to where that is another market than the venue's own, for example `testnet`. */
  readonly market: string | null;
  /** The address to call instead. */
  http(url: string): string;
  /** Sets the addresses of the streams. */
  streams(exchange: StreamAddresses): void;
}

export interface StreamEvents {
  /** `updateId`: the venue's own count of this symbol's changes; null where it has none. */
  quote(ticker: Ticker, updateId: number | null): void;
  /** Left out where nobody listens: then none is asked for. */
  trade?(trade: PublicTrade): void;
  /** A minute that the venue has closed. */
  minute(symbol: string, row: OhlcvRow): void;
  /** The venue's clock, as it wrote it into a frame. */
  venueTime(venueMs: number): void;
}

export interface PriceStream {
  /** Closed minutes come with it. */
  readonly givesMinutes: boolean;
  /** Resolves once everything is subscribed, or rejects; afterwards `ended` tells how the connection ended. */
  connect(timeoutMs: number): Promise<{ readonly ended: Promise<string> }>;
  /** These symbols anew, the others undisturbed where the venue allows that. */
  resubscribe(symbols: readonly string[]): void;
  /** Ends the connection, so that a new one is made. */
  drop(cause: string): void;
}
