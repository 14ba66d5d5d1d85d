/** Market streams: `/ws/<stream>`, `/stream?streams=…`, SUBSCRIBE and UNSUBSCRIBE on any of them. */
import type { RawData, WebSocket } from 'ws';
import { klineEvent } from './candles.js';
import type { Market } from './market.js';
import type { Trade } from './order.js';
import type { Simulation } from './simulation.js';
import { formatUnits } from './units.js';

interface Listener {
  readonly socket: WebSocket;
  readonly streams: Set<string>;
  /** `/stream` wraps every event with its stream's name. */
  readonly wrapped: boolean;
}

const STREAMS_MAX = 1024;

export class MarketStreams {
  readonly #simulation: Simulation;
  readonly #listeners = new Set<Listener>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.exchange.onMarket = (market, trade) => this.#publish(market, trade);
  }

  accept(socket: WebSocket, path: string, query: string): void {
    const named = new URLSearchParams(query).get('streams')?.split('/') ?? [];
    const inPath = path
      .split('/')
      .slice(2)
      .filter((part) => part.includes('@'));
    const wrapped = path === '/stream';
    const listener: Listener = { socket, streams: new Set([...named, ...inPath]), wrapped };
    this.#listeners.add(listener);
    for (const stream of listener.streams) this.#sendNow(listener, stream);
    socket.on('message', (data) => this.#onMessage(listener, data));
    socket.on('close', () => this.#listeners.delete(listener));
  }

  #onMessage(listener: Listener, data: RawData): void {
    const { socket, streams } = listener;
    let request: { method?: string; params?: string[]; id?: unknown };
    try {
      request = JSON.parse(String(data)) as typeof request;
    } catch {
      socket.send(JSON.stringify({ error: { code: 3, msg: 'Invalid JSON' } }));
      return;
    }
    const { method, params = [], id = null } = request;
    if (method === 'SUBSCRIBE') for (const stream of params) streams.add(stream);
    else if (method === 'UNSUBSCRIBE') for (const stream of params) streams.delete(stream);
    else if (method !== 'LIST_SUBSCRIPTIONS') {
      socket.send(
        JSON.stringify({ error: { code: 2, msg: `Invalid request: unknown method '${method}'` }, id }),
      );
      return;
    }
    if (streams.size > STREAMS_MAX) {
      socket.close(1008, 'Too many streams');
      return;
    }
    socket.send(JSON.stringify({ result: method === 'LIST_SUBSCRIPTIONS' ? [...streams] : null, id }));
    if (method === 'SUBSCRIBE') for (const stream of params) this.#sendNow(listener, stream);
  }

  /** So that a new listener need not wait for the next movement. */
  #sendNow(listener: Listener, stream: string): void {
    const [symbol = '', kind = ''] = stream.split('@');
    const market = this.#simulation.exchange.markets.get(symbol.toUpperCase());
    if (market === undefined || kind === 'trade') return;
    const event = this.#event(market, kind, null);
    if (event !== null) send(listener, stream, event);
  }

  #publish(market: Market, trade: Trade | null): void {
    const symbol = market.symbol.name.toLowerCase();
    for (const listener of this.#listeners) {
      for (const stream of listener.streams) {
        const [name, kind = ''] = stream.split('@');
        if (name !== symbol) continue;
        const event = this.#event(market, kind, trade);
        if (event !== null) send(listener, stream, event);
      }
    }
  }

  #event(market: Market, kind: string, trade: Trade | null): object | null {
    const nowMs = this.#simulation.exchange.nowMs();
    if (kind === 'bookTicker') return bookTickerEvent(market);
    if (kind === 'trade') return trade === null ? null : tradeEvent(trade, nowMs);
    if (kind === 'miniTicker') return miniTickerEvent(market, nowMs);
    if (kind.startsWith('kline_')) return klineEvent(market, kind.slice(6), nowMs);
    return null;
  }
}

function send(listener: Listener, stream: string, event: object): void {
  const text = JSON.stringify(listener.wrapped ? { stream, data: event } : event);
  listener.socket.send(text, () => {});
}

function bookTickerEvent(market: Market): object {
  const { symbol, bidPrice, bidQty, askPrice, askQty } = market.bookTicker();
  return { u: market.updateId, s: symbol, b: bidPrice, B: bidQty, a: askPrice, A: askQty };
}

function tradeEvent(trade: Trade, nowMs: number): object {
  return {
    e: 'trade',
    E: nowMs,
    s: trade.symbol,
    t: trade.id,
    p: formatUnits(trade.price),
    q: formatUnits(trade.quantity),
    T: trade.timeMs,
    m: trade.buyer === trade.maker,
    M: true,
  };
}

function miniTickerEvent(market: Market, nowMs: number): object {
  const day = market.candles.slice(-1440);
  const high = day.reduce((most, { high: one }) => (one > most ? one : most), market.last);
  const low = day.reduce((least, { low: one }) => (one < least ? one : least), market.last);
  return {
    e: '24hrMiniTicker',
    E: nowMs,
    s: market.symbol.name,
    c: formatUnits(market.last),
    o: formatUnits(day[0]?.open ?? market.last),
    h: formatUnits(high),
    l: formatUnits(low),
    v: formatUnits(day.reduce((sum, one) => sum + one.volume, 0n)),
    q: formatUnits(day.reduce((sum, one) => sum + one.quoteVolume, 0n)),
  };
}
