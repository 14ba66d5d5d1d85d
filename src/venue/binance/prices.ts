/**
 * Public prices: requested through the library; streamed in the venue's own format, with amounts kept as decimal
 * text.
 */
import type { Instrument } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import { type CcxtExchange, listedOf, openExchange, type StreamClient } from '../ccxt/ccxt-exchange.js';
import { pricesOf } from '../ccxt/ccxt-prices.js';
import { inTime } from '../ccxt/library-stream.js';
import type { OpenPrices, PriceConnection, PriceStream, StreamEvents } from '../prices.js';

export async function openBinancePrices(options: OpenPrices): Promise<PriceConnection> {
  const { instruments } = options;
  // All 3,400 symbols are 7 MB, so only the wanted ones are requested.
  const wanted = (some: readonly Instrument[]) => ({
    symbols: JSON.stringify(some.map(({ base, quote }) => base + quote)),
    showPermissionSets: false,
  });
  const exchange = await openExchange({
    ...options,
    venue: 'binance',
    marketParameters: wanted(instruments),
    marketParametersOfEach: instruments.map((one) => wanted([one])),
  });
  const listed = listedOf(exchange, instruments);
  return {
    ...pricesOf(exchange),
    tellsTrades: true,
    stream: (events) => new BinanceStream(exchange, listed, events),
  };
}

const MINUTES = 'kline_1m';

/** Book tickers and one-minute candles, and trades if somebody listens to them. */
class BinanceStream implements PriceStream {
  readonly givesMinutes = true;
  #client: StreamClient | null = null;
  #nextId = 1;
  readonly #byId: ReadonlyMap<string, string>;

  constructor(
    private readonly exchange: CcxtExchange,
    instruments: readonly Instrument[],
    private readonly events: StreamEvents,
  ) {
    this.#byId = new Map(instruments.map(({ symbol, base, quote }) => [base + quote, symbol]));
    // The library parses into floating point and keeps one of several frames, so no frame reaches it.
    exchange.handleMessage = (client, message) => this.#read(client, message);
  }

  async connect(timeoutMs: number): Promise<{ readonly ended: Promise<string> }> {
    const { spot } = this.exchange.urls.api.ws as { spot: string };
    const client = this.exchange.client(`${spot}/0`);
    const lost = client.future('fermata:ended');
    await inTime(Promise.race([client.connect(), lost]), timeoutMs, () => this.#end(client, 'no connection'));
    this.#client = client;
    this.#send('SUBSCRIBE', this.#streamsOf([...this.#byId.keys()]));
    const ended = lost.then(
      () => 'the price stream ended',
      (error: unknown) => `the price stream was lost: ${messageOf(error).slice(0, 200)}`,
    );
    return { ended };
  }

  /** Two messages for any number of symbols: the exchange accepts five a second. */
  resubscribe(symbols: readonly string[]): void {
    const ids = [...this.#byId].flatMap(([id, symbol]) => (symbols.includes(symbol) ? [id] : []));
    this.#send('UNSUBSCRIBE', this.#streamsOf(ids));
    this.#send('SUBSCRIBE', this.#streamsOf(ids));
  }

  #streamsOf(ids: readonly string[]): string[] {
    const names = ['bookTicker', MINUTES, ...(this.events.trade === undefined ? [] : ['trade'])];
    return ids.flatMap((id) => names.map((name) => `${id.toLowerCase()}@${name}`));
  }

  drop(cause: string): void {
    if (this.#client !== null) this.#end(this.#client, cause);
  }

  /** Forgets the socket at once: its close event may come late, or never. */
  #end(client: StreamClient, cause: string): void {
    const { clients } = this.exchange;
    client.error ??= new Error(cause);
    for (const [url, known] of Object.entries(clients ?? {})) if (known === client) delete clients?.[url];
    if (this.#client === client) this.#client = null;
    client.reset(client.error);
    client.close();
  }

  #send(method: string, params: readonly string[]): void {
    const client = this.#client;
    if (client === null) return;
    const id = this.#nextId++;
    client
      .send({ method, params, id })
      .catch((error: unknown) => this.#end(client, `${method} was not sent: ${messageOf(error)}`));
  }

  #read(client: StreamClient, message: unknown): void {
    if (client !== this.#client || message === null || typeof message !== 'object') return;
    const frame = message as Readonly<Record<string, unknown>>;
    if (frame.e === 'kline') this.#readCandle(frame);
    else if (frame.e === 'trade') this.#readTrade(frame);
    else if (frame.s !== undefined && frame.b !== undefined && frame.a !== undefined) this.#readTop(frame);
    else if (frame.error !== undefined)
      this.#end(client, `the venue refused: ${JSON.stringify(frame.error)}`);
  }

  #readTop({ s, u, b, B, a, A }: Readonly<Record<string, unknown>>): void {
    const symbol = this.#byId.get(String(s));
    if (symbol === undefined) return;
    const updateId = Number(u);
    this.events.quote(
      { symbol, bid: decimal(b), ask: decimal(a), bidVolume: decimal(B), askVolume: decimal(A) },
      Number.isSafeInteger(updateId) ? updateId : null,
    );
  }

  /** `m`: the buyer's order was resting, so the seller crossed the spread. */
  #readTrade({ s, p, q, m }: Readonly<Record<string, unknown>>): void {
    const symbol = this.#byId.get(String(s));
    if (symbol === undefined || typeof m !== 'boolean') return;
    this.events.trade?.({ symbol, price: decimal(p), amount: decimal(q), taker: m ? 'sell' : 'buy' });
  }

  #readCandle({ s, E, k }: Readonly<Record<string, unknown>>): void {
    const symbol = this.#byId.get(String(s));
    if (symbol === undefined || k === null || typeof k !== 'object') return;
    this.events.venueTime(Number(E));
    const { i, t, o, h, l, c, v, x } = k as Readonly<Record<string, unknown>>;
    if (x !== true || i !== '1m') return;
    this.events.minute(symbol, [Number(t), decimal(o), decimal(h), decimal(l), decimal(c), decimal(v)]);
  }
}

const decimal = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
