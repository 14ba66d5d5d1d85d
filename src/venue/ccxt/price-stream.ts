/**
 * A venue's stream of best prices, frame by frame: the library keeps one result a message for whoever waits, and loses
 * the rest of a burst, so each frame is taken where it is read.
 */
import { messageOf } from '../../domain/message-of.js';
import type { CcxtExchange, OhlcvRow, StreamClient, Ticker } from './ccxt-exchange.js';

export interface StreamEvents {
  /** `updateId`: the venue's own count of this symbol's changes; null where it has none. */
  quote(ticker: Ticker, updateId: number | null): void;
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

export interface StreamedSymbol {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
}

/** Null where the library has no stream of best prices for this venue. */
export function openPriceStream(
  venue: string,
  exchange: CcxtExchange,
  symbols: readonly StreamedSymbol[],
  events: StreamEvents,
): PriceStream | null {
  if (venue === 'binance') return new BinanceStream(exchange, symbols, events);
  const { has } = exchange;
  if (!(has.watchBidsAsks || has.watchTicker || has.watchOrderBook)) return null;
  const names = symbols.map(({ symbol }) => symbol);
  return new LibraryStream(exchange, names, events);
}

const MINUTES = 'kline_1m';

/** Binance: book tickers and one-minute candles as the venue writes them, amounts still decimal text. */
class BinanceStream implements PriceStream {
  readonly givesMinutes = true;
  private client: StreamClient | null = null;
  private nextId = 1;
  private readonly byId: ReadonlyMap<string, string>;

  constructor(
    private readonly exchange: CcxtExchange,
    symbols: readonly StreamedSymbol[],
    private readonly events: StreamEvents,
  ) {
    this.byId = new Map(symbols.map(({ symbol, base, quote }) => [base + quote, symbol]));
    // The library parses into floating point and keeps one of several: it gets no frames at all.
    exchange.handleMessage = (client, message) => this.read(client, message);
  }

  async connect(timeoutMs: number): Promise<{ readonly ended: Promise<string> }> {
    const { spot } = this.exchange.urls.api.ws as { spot: string };
    const client = this.exchange.client(`${spot}/0`);
    const lost = client.future('fermata:ended');
    await inTime(Promise.race([client.connect(), lost]), timeoutMs, () => this.end(client, 'no connection'));
    this.client = client;
    this.send('SUBSCRIBE', [...this.byId.keys()].flatMap(streamsOf));
    const ended = lost.then(
      () => 'the price stream ended',
      (error: unknown) => `the price stream was lost: ${messageOf(error).slice(0, 200)}`,
    );
    return { ended };
  }

  /** Two messages however many symbols: the exchange takes five a second. */
  resubscribe(symbols: readonly string[]): void {
    const ids = [...this.byId].flatMap(([id, symbol]) => (symbols.includes(symbol) ? [id] : []));
    this.send('UNSUBSCRIBE', ids.flatMap(streamsOf));
    this.send('SUBSCRIBE', ids.flatMap(streamsOf));
  }

  drop(cause: string): void {
    if (this.client !== null) this.end(this.client, cause);
  }

  /** Forgets the socket at once: its own farewell may come late, or never. */
  private end(client: StreamClient, cause: string): void {
    const { clients } = this.exchange;
    client.error ??= new Error(cause);
    for (const [url, known] of Object.entries(clients ?? {})) if (known === client) delete clients?.[url];
    if (this.client === client) this.client = null;
    client.reset(client.error);
    client.close();
  }

  private send(method: string, params: readonly string[]): void {
    const { client } = this;
    if (client === null) return;
    const id = this.nextId++;
    client
      .send({ method, params, id })
      .catch((error: unknown) => this.end(client, `${method} was not sent: ${messageOf(error)}`));
  }

  private read(client: StreamClient, message: unknown): void {
    if (client !== this.client || message === null || typeof message !== 'object') return;
    const frame = message as Readonly<Record<string, unknown>>;
    if (frame.e === 'kline') this.readCandle(frame);
    else if (frame.s !== undefined && frame.b !== undefined && frame.a !== undefined) this.readTop(frame);
    else if (frame.error !== undefined) this.end(client, `the venue refused: ${JSON.stringify(frame.error)}`);
  }

  private readTop({ s, u, b, B, a, A }: Readonly<Record<string, unknown>>): void {
    const symbol = this.byId.get(String(s));
    if (symbol === undefined) return;
    const updateId = Number(u);
    this.events.quote(
      { symbol, bid: decimal(b), ask: decimal(a), bidVolume: decimal(B), askVolume: decimal(A) },
      Number.isSafeInteger(updateId) ? updateId : null,
    );
  }

  private readCandle({ s, E, k }: Readonly<Record<string, unknown>>): void {
    const symbol = this.byId.get(String(s));
    if (symbol === undefined || k === null || typeof k !== 'object') return;
    this.events.venueTime(Number(E));
    const { i, t, o, h, l, c, v, x } = k as Readonly<Record<string, unknown>>;
    if (x !== true || i !== '1m') return;
    this.events.minute(symbol, [Number(t), decimal(o), decimal(h), decimal(l), decimal(c), decimal(v)]);
  }
}

const streamsOf = (id: string): string[] => [
  `${id.toLowerCase()}@bookTicker`,
  `${id.toLowerCase()}@${MINUTES}`,
];

const decimal = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

interface LibraryConnection {
  over: boolean;
  end(cause: string): void;
}

/** Any other venue: the library subscribes and parses; each result is taken as it is handed out, waited for or not. */
class LibraryStream implements PriceStream {
  readonly givesMinutes = false;
  private readonly tapped = new WeakSet<StreamClient>();
  private connection: LibraryConnection | null = null;

  constructor(
    private readonly exchange: CcxtExchange,
    private readonly symbols: readonly string[],
    private readonly events: StreamEvents,
  ) {
    const makeClient = exchange.client.bind(exchange);
    exchange.client = (url) => this.tap(makeClient(url));
  }

  async connect(timeoutMs: number): Promise<{ readonly ended: Promise<string> }> {
    await inTime(this.next(), timeoutMs, () => {});
    const ended = new Promise<string>((resolve) => {
      const connection: LibraryConnection = {
        over: false,
        end(cause) {
          connection.over = true;
          resolve(`the price stream was lost: ${cause.slice(0, 200)}`);
        },
      };
      this.connection = connection;
      void this.keepSubscribed(connection);
    });
    return { ended };
  }

  /** Not every venue can subscribe to one symbol anew: the connection is made anew. */
  resubscribe(symbols: readonly string[]): void {
    this.drop(`${symbols.join(', ')} had gone silent`);
  }

  drop(cause: string): void {
    for (const client of Object.values(this.exchange.clients ?? {})) {
      client.error ??= new Error(cause);
      client.reset(client.error);
      client.close();
    }
    this.connection?.end(cause);
  }

  private async keepSubscribed(connection: LibraryConnection): Promise<void> {
    while (!connection.over) {
      try {
        await this.next();
      } catch (error) {
        connection.end(messageOf(error));
      }
    }
  }

  /** Resolves with the next delivery; the library connects and subscribes where it has not. */
  private next(): Promise<unknown> {
    const { exchange, symbols } = this;
    if (exchange.has.watchBidsAsks) return exchange.watchBidsAsks(symbols);
    const watch = (symbol: string): Promise<unknown> =>
      exchange.has.watchTicker ? exchange.watchTicker(symbol) : exchange.watchOrderBook(symbol);
    return Promise.race(symbols.map((symbol) => quietly(watch(symbol))));
  }

  private tap(client: StreamClient): StreamClient {
    if (this.tapped.has(client)) return client;
    this.tapped.add(client);
    const hand = client.resolve.bind(client);
    client.resolve = (result, hash) => {
      this.take(result);
      return hand(result, hash);
    };
    return client;
  }

  private take(result: unknown): void {
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

/** Of a ticker or of an order book as the library makes them; null for anything else. */
function tickerOf(result: object): Ticker | null {
  const one = result as Readonly<Record<string, unknown>>;
  if (typeof one.symbol !== 'string') return null;
  if (Array.isArray(one.bids) && Array.isArray(one.asks)) {
    const [bid, ask] = [(one.bids as Levels)[0], (one.asks as Levels)[0]];
    return { symbol: one.symbol, bid: bid?.[0], ask: ask?.[0], bidVolume: bid?.[1], askVolume: ask?.[1] };
  }
  return 'bid' in one && 'ask' in one ? (one as unknown as Ticker) : null;
}

/** A promise that lost a race and fails later must not end the process. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

async function inTime<T>(promise: Promise<T>, timeoutMs: number, onLate: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      onLate();
      reject(new Error(`the stream has been silent for ${timeoutMs} ms`));
    }, timeoutMs);
  });
  return Promise.race([quietly(promise), late]).finally(() => clearTimeout(timer));
}
