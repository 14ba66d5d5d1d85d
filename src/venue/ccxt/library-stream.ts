/**
 * A venue's stream of best prices, read by ccxt. ccxt keeps one result per awaited message and loses the rest
 * of a burst, so each result is taken as its frame is read.
 */
import { messageOf } from '../../domain/message-of.js';
import type { PriceStream, StreamEvents, Ticker } from '../prices.js';
import type { CcxtExchange, StreamClient } from './ccxt-exchange.js';

/** Null if ccxt has no stream of best prices for this venue. */
export function openLibraryStream(
  exchange: CcxtExchange,
  symbols: readonly string[],
  events: StreamEvents,
): PriceStream | null {
  const { has } = exchange;
  if (!(has.watchBidsAsks || has.watchTicker || has.watchOrderBook)) return null;
  return new LibraryStream(exchange, symbols, events);
}

interface LibraryConnection {
  over: boolean;
  end(cause: string): void;
}

/**
 * The library subscribes and parses; each result is taken when it is handed out, whether or not anybody
 * awaits it.
 */
class LibraryStream implements PriceStream {
  readonly givesMinutes = false;
  readonly #tapped = new WeakSet<StreamClient>();
  #connection: LibraryConnection | null = null;

  constructor(
    private readonly exchange: CcxtExchange,
    private readonly symbols: readonly string[],
    private readonly events: StreamEvents,
  ) {
    const makeClient = exchange.client.bind(exchange);
    exchange.client = (url) => this.#tap(makeClient(url));
  }

  async connect(timeoutMs: number): Promise<{ readonly ended: Promise<string> }> {
    await inTime(this.#next(), timeoutMs, () => {});
    const ended = new Promise<string>((resolve) => {
      const connection: LibraryConnection = {
        over: false,
        end(cause) {
          connection.over = true;
          resolve(`the price stream was lost: ${cause.slice(0, 200)}`);
        },
      };
      this.#connection = connection;
      void this.#keepSubscribed(connection);
    });
    return { ended };
  }

  /** Not every venue can resubscribe a single symbol, so the connection is made again. */
  resubscribe(symbols: readonly string[]): void {
    this.drop(`${symbols.join(', ')} had gone silent`);
  }

  drop(cause: string): void {
    for (const client of Object.values(this.exchange.clients ?? {})) {
      client.error ??= new Error(cause);
      client.reset(client.error);
      client.close();
    }
    this.#connection?.end(cause);
  }

  async #keepSubscribed(connection: LibraryConnection): Promise<void> {
    while (!connection.over) {
      try {
        await this.#next();
      } catch (error) {
        connection.end(messageOf(error));
      }
    }
  }

  /** Resolves with the next delivery; the library connects and subscribes if it has not yet. */
  #next(): Promise<unknown> {
    const { exchange, symbols } = this;
    if (exchange.has.watchBidsAsks) return exchange.watchBidsAsks(symbols);
    const watch = (symbol: string): Promise<unknown> =>
      exchange.has.watchTicker ? exchange.watchTicker(symbol) : exchange.watchOrderBook(symbol);
    return Promise.race(symbols.map((symbol) => quietly(watch(symbol))));
  }

  #tap(client: StreamClient): StreamClient {
    if (this.#tapped.has(client)) return client;
    this.#tapped.add(client);
    const hand = client.resolve.bind(client);
    client.resolve = (result, hash) => {
      this.#take(result);
      return hand(result, hash);
    };
    return client;
  }

  #take(result: unknown): void {
    if (result === null || typeof result !== 'object') return;
    const ticker = tickerOf(result);
    if (ticker !== null) {
      if (this.symbols.includes(ticker.symbol)) this.events.quote(ticker, null);
      return;
    }
    for (const symbol of this.symbols) {
      const one = (result as Readonly<Record<string, unknown>>)[symbol];
      const nested = one !== null && typeof one === 'object' ? tickerOf(one) : null;
      if (nested !== null) this.events.quote(nested, null);
    }
  }
}

type Levels = readonly (readonly (number | undefined)[])[];

/** Reads a ticker or an order book as the library makes them; null for anything else. */
function tickerOf(result: object): Ticker | null {
  const one = result as Readonly<Record<string, unknown>>;
  if (typeof one.symbol !== 'string') return null;
  if (Array.isArray(one.bids) && Array.isArray(one.asks)) {
    const [bid, ask] = [(one.bids as Levels)[0], (one.asks as Levels)[0]];
    return { symbol: one.symbol, bid: bid?.[0], ask: ask?.[0], bidVolume: bid?.[1], askVolume: ask?.[1] };
  }
  return 'bid' in one && 'ask' in one ? (one as unknown as Ticker) : null;
}

/** A promise that has lost a race and fails later must not end the process. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

export async function inTime<T>(promise: Promise<T>, timeoutMs: number, onLate: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate();
      reject(new Error(`the stream has been silent for ${timeoutMs} ms`));
    }, timeoutMs);
  });
  return Promise.race([quietly(promise), late]).finally(() => clearTimeout(timer));
}
