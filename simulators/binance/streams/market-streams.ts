/** Market streams: `/ws/<stream>`, `/stream?streams=…`, SUBSCRIBE and UNSUBSCRIBE on any of them. */
import type { RawData, WebSocket } from 'ws';
import { candleAt, candleEndMs, klineEvent } from '../exchange/candles.js';
import type { Market, PublicTrade } from '../exchange/market.js';
import { inMicroseconds, readTimeUnit } from '../requests/time-unit.js';
import type { Simulation } from '../simulation.js';
import { type BookSeen, bookSeen, depthEvent, marketEvent } from './market-events.js';
import { readStream, type Stream } from './stream-names.js';

interface Listener {
  readonly socket: WebSocket;
  readonly streams: Map<string, Stream>;
  readonly microseconds: boolean;
  /** Wraps every event with its stream's name. */
  combined: boolean;
  /** The number of control messages in this second. */
  messages: { second: number; count: number };
  /** By stream: the candle that was sent last, so its close can be sent. */
  readonly candles: Map<string, number>;
  /** By stream: the state of the book that was sent last. */
  readonly books: Map<string, number>;
}

/** What a market's depth streams of one speed have sent. */
interface DepthTold {
  readonly market: Market;
  readonly everyMs: number;
  seen: BookSeen;
  updateId: number;
  timer: NodeJS.Timeout | null;
}

const STREAMS_MAX = 1024;
const MESSAGES_A_SECOND_MAX = 5;
const METHODS = '`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`';
/** How often to check whether a candle has ended. */
const CANDLE_CHECK_MS = 200;

interface Problem {
  readonly code: number;
  readonly msg: string;
}

export class MarketStreams {
  readonly #simulation: Simulation;
  readonly #listeners = new Set<Listener>();
  readonly #depths = new Map<string, DepthTold>();
  readonly #timer: NodeJS.Timeout;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.exchange.onMarket = (market, trade) => this.#publish(market, trade);
    this.#timer = setInterval(() => this.#closeCandles(), CANDLE_CHECK_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const { timer } of this.#depths.values()) if (timer !== null) clearTimeout(timer);
  }

  /**
   * Forgets all subscriptions to a symbol, like an exchange that has lost them: silent until a client subscribes
   * again.
   */
  forget(symbol: string): void {
    for (const { streams } of this.#listeners) {
      for (const [name, { market }] of streams) if (market?.symbol.name === symbol) streams.delete(name);
    }
  }

  /** Streams that have a subscriber now. */
  get subscribed(): readonly string[] {
    return [...this.#listeners].flatMap(({ streams }) => [...streams.keys()]);
  }

  accept(socket: WebSocket, path: string, query: string): void {
    const options = new URLSearchParams(query);
    const named = (options.get('streams') ?? '').split('/');
    const inPath = path.split('/').slice(2);
    const listener: Listener = {
      socket,
      streams: new Map(),
      microseconds: readTimeUnit(options.get('timeUnit')),
      combined: path.startsWith('/stream') && !path.startsWith('/stream/ws'),
      messages: { second: 0, count: 0 },
      candles: new Map(),
      books: new Map(),
    };
    this.#listeners.add(listener);
    socket.on('message', (data) => this.#onMessage(listener, data));
    socket.on('ping', () => this.#countMessage(listener));
    socket.on('close', () => this.#listeners.delete(listener));
    const wanted = [...named, ...inPath].filter((name) => name.includes('@'));
    const problem = this.#subscribe(listener, wanted);
    if (problem !== null) socket.send(JSON.stringify({ error: problem }));
  }

  /** A client that sends more messages a second than the exchange accepts loses its connection. */
  #countMessage(listener: Listener): boolean {
    const second = Math.floor(Date.now() / 1000);
    if (listener.messages.second !== second) listener.messages = { second, count: 0 };
    listener.messages.count += 1;
    if (listener.messages.count <= MESSAGES_A_SECOND_MAX) return true;
    listener.socket.close(1008, 'Too many requests');
    return false;
  }

  #onMessage(listener: Listener, data: RawData): void {
    if (!this.#countMessage(listener)) return;
    const answer = this.#answer(listener, String(data));
    listener.socket.send(JSON.stringify(answer));
  }

  #answer(listener: Listener, text: string): object {
    let request: { method?: unknown; params?: unknown; id?: unknown };
    try {
      request = JSON.parse(text) as typeof request;
    } catch {
      return { error: { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' } };
    }
    const { method, params = [], id = null } = request ?? {};
    const known = id === null || (Number.isSafeInteger(id) && Number(id) >= 0) || typeof id === 'string';
    if (!known) return { error: invalid('request ID must be an unsigned integer') };
    if (method === undefined) return { error: invalid('missing field `method` at line 1 column 2'), id };
    if (!Array.isArray(params)) return { error: invalid('invalid type: expected a sequence'), id };
    const done = this.#act(listener, String(method), params);
    return 'error' in done ? { ...done, id } : { ...done, id };
  }

  #act(listener: Listener, method: string, params: unknown[]): { error: Problem } | { result: unknown } {
    const names = params.map(String);
    switch (method) {
      case 'SUBSCRIBE': {
        const error = this.#subscribe(listener, names);
        return error === null ? { result: null } : { error };
      }
      case 'UNSUBSCRIBE':
        for (const name of names) listener.streams.delete(name);
        return { result: null };
      case 'LIST_SUBSCRIPTIONS':
        return { result: [...listener.streams.keys()] };
      case 'SET_PROPERTY':
      case 'GET_PROPERTY':
        return property(listener, method, params);
      default:
        return {
          error: invalid(`unknown variant \`${method}\`, expected one of ${METHODS} at line 1 column 28`),
        };
    }
  }

  /** Subscribes to all of them or to none. */
  #subscribe(listener: Listener, names: readonly string[]): Problem | null {
    const { exchange } = this.#simulation;
    const wanted: Stream[] = [];
    for (const name of names) {
      const stream = readStream(exchange, name);
      if (stream === null) return invalid(`unknown stream \`${name}\``);
      wanted.push(stream);
    }
    if (listener.streams.size + wanted.length > STREAMS_MAX) {
      listener.socket.close(1008, 'Too many streams');
      return invalid('too many parameters');
    }
    for (const stream of wanted) {
      listener.streams.set(stream.name, stream);
      // A new listener need not wait for the next movement. Sent after the acknowledgement, as at the
      // exchange.
      setImmediate(() => this.#sendNow(listener, stream));
    }
    return null;
  }

  #sendNow(listener: Listener, stream: Stream): void {
    const { market, of } = stream;
    if (!listener.streams.has(stream.name)) return;
    if (of.kind === 'depth' && market !== null) this.#told(market, of.everyMs);
    if (market !== null) this.#tell(listener, stream, market, null);
    else this.#tellAll(listener, stream);
  }

  #publish(market: Market, trade: PublicTrade | null): void {
    for (const told of this.#depths.values()) if (told.market === market) this.#scheduleDepth(told);
    for (const listener of this.#listeners) {
      for (const stream of listener.streams.values()) {
        if (stream.market === market) this.#tell(listener, stream, market, trade);
        else if (stream.market === null && trade !== null) this.#tellAll(listener, stream, market);
      }
    }
  }

  #tell(listener: Listener, stream: Stream, market: Market, trade: PublicTrade | null): void {
    const { exchange } = this.#simulation;
    if (stream.of.kind === 'kline') this.#closeCandle(listener, stream, market);
    if (stream.of.kind === 'bookTicker') {
      // The trade changed nothing in the book.
      if (trade !== null && listener.books.get(stream.name) === market.updateId) return;
      listener.books.set(stream.name, market.updateId);
    }
    const event = marketEvent(exchange, market, stream.of, trade);
    if (event === null) return;
    if (stream.of.kind === 'kline') {
      const candle = candleAt(market, stream.of.interval, market.minutesMs(exchange.nowMs()));
      if (candle !== null) listener.candles.set(stream.name, candle.openMs);
    }
    this.#send(listener, stream, event);
  }

  /** The list contains only symbols that have changed. */
  #tellAll(listener: Listener, stream: Stream, changed?: Market): void {
    const { exchange } = this.#simulation;
    const markets = changed === undefined ? [...exchange.markets.values()] : [changed];
    const events = markets.map((market) => marketEvent(exchange, market, stream.of, null));
    this.#send(listener, stream, events);
  }

  #closeCandles(): void {
    for (const listener of this.#listeners) {
      for (const stream of listener.streams.values()) {
        if (stream.market === null || stream.of.kind !== 'kline') continue;
        if (this.#closeCandle(listener, stream, stream.market))
          this.#tell(listener, stream, stream.market, null);
      }
    }
  }

  /** Sends the close of the candle sent last, and of later ones, once they have ended. True if any was. */
  #closeCandle(listener: Listener, stream: Stream, market: Market): boolean {
    const { of } = stream;
    let openMs = listener.candles.get(stream.name);
    if (openMs === undefined || of.kind !== 'kline') return false;
    const nowMs = this.#simulation.exchange.nowMs();
    market.rollTo(nowMs);
    let closed = false;
    for (;;) {
      const candle = candleAt(market, of.interval, openMs);
      if (candle === null || candleEndMs(candle, of.interval) > market.minutesMs(nowMs)) break;
      // As of its last instant, since later minutes are not part of it.
      const whole = candleAt(market, of.interval, candleEndMs(candle, of.interval) - 1);
      if (whole !== null)
        this.#send(listener, stream, klineEvent(market, of.interval, whole, { nowMs, closed: true }));
      closed = true;
      openMs = candleEndMs(candle, of.interval);
      listener.candles.set(stream.name, openMs);
    }
    return closed;
  }

  #told(market: Market, everyMs: number): DepthTold {
    const key = `${market.symbol.name} ${everyMs}`;
    let told = this.#depths.get(key);
    if (told === undefined) {
      const seen = bookSeen(this.#simulation.exchange, market);
      told = { market, everyMs, seen, updateId: market.updateId, timer: null };
      this.#depths.set(key, told);
    }
    return told;
  }

  #scheduleDepth(told: DepthTold): void {
    if (told.timer !== null) return;
    told.timer = setTimeout(() => this.#sendDepth(told), told.everyMs);
    told.timer.unref();
  }

  #sendDepth(told: DepthTold): void {
    const { exchange } = this.#simulation;
    told.timer = null;
    const seen = bookSeen(exchange, told.market);
    const stamp = { firstId: told.updateId + 1, nowMs: exchange.nowMs() };
    const event = depthEvent(told.market, told.seen, seen, stamp);
    told.seen = seen;
    told.updateId = told.market.updateId;
    for (const listener of this.#listeners) {
      for (const stream of listener.streams.values()) {
        const { of, market } = stream;
        if (market === told.market && of.kind === 'depth' && of.everyMs === told.everyMs)
          this.#send(listener, stream, event);
      }
    }
  }

  #send(listener: Listener, { name }: Stream, event: unknown): void {
    const shown = listener.microseconds ? inMicroseconds(event) : event;
    const text = JSON.stringify(listener.combined ? { stream: name, data: shown } : shown);
    this.#simulation.travel('price', () => listener.socket.send(text, () => {}));
  }
}

function invalid(text: string): Problem {
  return { code: 2, msg: `Invalid request: ${text}` };
}

function property(
  listener: Listener,
  method: 'SET_PROPERTY' | 'GET_PROPERTY',
  [name, value, ...more]: unknown[],
): { error: Problem } | { result: unknown } {
  if (typeof name !== 'string') return { error: invalid('property name must be a string') };
  if (name !== 'combined') return { error: { code: 0, msg: 'Unknown property' } };
  if (more.length > 0) return { error: invalid('too many parameters') };
  if (method === 'GET_PROPERTY') return { result: listener.combined };
  if (typeof value !== 'boolean') return { error: { code: 1, msg: 'Invalid value type: expected Boolean' } };
  listener.combined = value;
  return { result: null };
}
