/** One symbol's market: generated price levels around a moving price, its trades, and minutes made from them. */
import { seededRandom } from '../../random.js';
import { formatUnits, onGrid, times, units } from '../units.js';
import type { TradedSymbol } from './symbols.js';
import { type Waves, waveMinutePpm, wavePpm } from './waves.js';

export interface Level {
  readonly price: bigint;
  quantity: bigint;
}

export interface Candle {
  readonly openMs: number;
  open: bigint;
  high: bigint;
  low: bigint;
  close: bigint;
  volume: bigint;
  quoteVolume: bigint;
  takerVolume: bigint;
  takerQuoteVolume: bigint;
  trades: number;
  /** -1 in a minute without trades. */
  firstTradeId: number;
  lastTradeId: number;
}

export interface PublicTrade {
  readonly id: number;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly timeMs: number;
  readonly buyerMaker: boolean;
  /** Trades of one taker order at the same price share one entry of the aggregate list. */
  readonly aggregateId: number;
}

export interface Depth {
  readonly levels: number;
  /** Value of each level in the quote currency. */
  readonly levelValue: bigint;
}

/** A minute of a recording. */
export interface PlayedMinute {
  readonly openMs: number;
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
  readonly close: bigint;
  readonly volume: bigint;
}

/** Counters that the exchange keeps for each symbol separately. */
export class SymbolIds {
  order = 0;
  trade = 0;
  execution = 0;
  preventedMatch = -1;
  aggregate = 0;
}

/** What happened before the start. */
export interface History {
  readonly minutes: number;
  /** Absent: a random walk from the seed that ends at the starting price. */
  readonly waves?: Waves;
}

export const MINUTE_MS = 60_000;
const HISTORY: History = { minutes: 1000 };
const TRADES_A_MINUTE = 4;
const ONE = units('1');
const CANDLES_MAX = 20_000;
const TRADES_KEPT = 20_000;
/** Distance between two levels, and half the spread, in parts per million of the price. */
const STEP_PPM = 50n;
const HALF_SPREAD_PPM = 20n;
/** When the price moves, other people trade one part in this many of a level. */
const MOVE_SHARE = 20n;

export class Market {
  readonly trades: PublicTrade[] = [];
  readonly ids = new SymbolIds();
  asks: Level[] = [];
  bids: Level[] = [];
  last: bigint;
  updateId = 1;
  #depth: Depth = { levels: 20, levelValue: units('50000') };
  #lastTaker: string | null = null;
  /** Made when somebody first looks: many who start an exchange never do. */
  #candles: Candle[] | null = null;
  readonly #history: () => Candle[];
  /** End of the newest minute played from a recording. Null: none is played, and minutes end by the clock. */
  #playedMs: number | null = null;

  constructor(
    readonly symbol: TradedSymbol,
    nowMs: number,
    seed: number,
    history: History = HISTORY,
  ) {
    const { waves } = history;
    const { startPrice, tickSize } = symbol;
    this.last = waves === undefined ? startPrice : ofStart(startPrice, wavePpm(waves, nowMs), tickSize);
    this.ids.trade = history.minutes * TRADES_A_MINUTE;
    this.ids.aggregate = this.ids.trade;
    this.#history = () => historyOf(symbol, nowMs, seed, history);
    this.#quote(this.last);
  }

  get candles(): Candle[] {
    this.#candles ??= this.#history();
    return this.#candles;
  }

  /** Moves the levels to the new price, full again, and returns other people's trade at that price. */
  setPrice(price: bigint, nowMs: number): PublicTrade {
    const buyerMaker = price < this.last;
    this.#quote(price);
    const tick = this.symbol.tickSize;
    const level = (this.asks[0] ?? this.bids[0])?.quantity ?? 0n;
    const quantity = maximum(onGrid(level / MOVE_SHARE, this.symbol.stepSize), this.symbol.stepSize);
    return this.recordTrade({ price: onGrid(price, tick), quantity, buyerMaker, taker: null }, nowMs);
  }

  /**
   * Sets the best prices from a recording, with the usual levels behind them. From the first one on, minutes
   * end as they are played.
   */
  playQuote(bid: bigint, ask: bigint, nowMs: number): void {
    this.#playedMs ??= nowMs - (nowMs % MINUTE_MS);
    this.#offer(bid, ask);
  }

  /** Ends a minute with the recorded candle, whatever was traded in it here. */
  playMinute({ openMs, open, high, low, close, volume }: PlayedMinute): void {
    this.rollTo(openMs);
    const candle = this.candles.find((one) => one.openMs === openMs);
    if (candle === undefined)
      throw new Error(`the minute from ${new Date(openMs).toISOString()} is over already`);
    Object.assign(candle, { open, high, low, close, volume, quoteVolume: times(volume, close) });
    this.#playedMs = openMs + MINUTE_MS;
  }

  /** The time up to which minutes are reported. */
  minutesMs(nowMs: number): number {
    return this.#playedMs ?? nowMs;
  }

  /** With zero levels nobody offers anything until the depth is set again. */
  setDepth(depth: Depth): void {
    this.#depth = depth;
    this.#quote(this.last);
  }

  /** The quantity taken from a level stays gone until the price moves. */
  take(level: Level, quantity: bigint): void {
    level.quantity -= quantity;
    this.asks = this.asks.filter((one) => one.quantity > 0n);
    this.bids = this.bids.filter((one) => one.quantity > 0n);
    this.updateId += 1;
  }

  recordTrade(
    made: { price: bigint; quantity: bigint; buyerMaker: boolean; taker: string | null },
    nowMs: number,
  ): PublicTrade {
    const { price, quantity, buyerMaker, taker } = made;
    this.rollTo(nowMs);
    this.last = price;
    this.ids.trade += 1;
    const joins = taker !== null && taker === this.#lastTaker && this.trades.at(-1)?.price === price;
    if (!joins) this.ids.aggregate += 1;
    this.#lastTaker = taker;
    const { trade: id, aggregate: aggregateId } = this.ids;
    const trade: PublicTrade = { id, price, quantity, timeMs: nowMs, buyerMaker, aggregateId };
    this.trades.push(trade);
    if (this.trades.length > TRADES_KEPT) this.trades.shift();
    addToCandle(this.candles.at(-1) as Candle, trade);
    return trade;
  }

  /** Minutes without trades are flat at the last price, as the exchange lists them. */
  rollTo(nowMs: number): void {
    const openMs = nowMs - (nowMs % MINUTE_MS);
    let newest = this.candles.at(-1)?.openMs ?? openMs - MINUTE_MS;
    if (openMs - newest > CANDLES_MAX * MINUTE_MS) newest = openMs - MINUTE_MS;
    for (let next = newest + MINUTE_MS; next <= openMs; next += MINUTE_MS) {
      this.candles.push(emptyCandle(next, this.last));
      if (this.candles.length > CANDLES_MAX) this.candles.shift();
    }
  }

  #quote(price: bigint): void {
    const tick = this.symbol.tickSize;
    const half = maximum(onGrid((price * HALF_SPREAD_PPM) / 1_000_000n, tick), tick);
    const middle = onGrid(price, tick);
    this.#offer(middle - half, middle + half, price);
  }

  /** `price`: the basis for a level's value and for the distance between levels. */
  #offer(bid: bigint, ask: bigint, price = bid): void {
    const tick = this.symbol.tickSize;
    const step = maximum(onGrid((price * STEP_PPM) / 1_000_000n, tick), tick);
    const quantity = maximum(
      onGrid((this.#depth.levelValue * 100_000_000n) / price, this.symbol.stepSize),
      this.symbol.stepSize,
    );
    const ladder = (best: bigint, direction: bigint): Level[] =>
      Array.from({ length: this.#depth.levels }, (_, index) => ({
        price: best + direction * step * BigInt(index),
        quantity,
      })).filter((level) => level.price > 0n);
    this.asks = ladder(ask, 1n);
    this.bids = ladder(bid, -1n);
    this.updateId += 1;
  }
}

/** The minutes before the start, which end at the start price, so a client can warm up. */
function historyOf(symbol: TradedSymbol, nowMs: number, seed: number, { minutes, waves }: History): Candle[] {
  const random = seededRandom(seed);
  const tick = symbol.tickSize;
  const lastOpenMs = nowMs - (nowMs % MINUTE_MS) - MINUTE_MS;
  const candles: Candle[] = [];
  let close = onGrid(symbol.startPrice, tick);
  let id = minutes * TRADES_A_MINUTE;
  for (let age = 0; age < minutes; age += 1) {
    const openMs = lastOpenMs - age * MINUTE_MS;
    const path =
      waves === undefined
        ? walked(close, random, tick)
        : waveMinutePpm(waves, openMs).map((ppm) => ofStart(symbol.startPrice, ppm, tick));
    const open = path[0] as bigint;
    const candle = emptyCandle(openMs, open);
    id -= path.length;
    path.forEach((price, index) => {
      addToCandle(candle, { id: id + index + 1, price, quantity: ONE, buyerMaker: index === 2 });
    });
    candles.push(candle);
    close = open;
  }
  return candles.reverse();
}

/** The minute before one that opened at this price. */
function walked(close: bigint, random: () => number, tick: bigint): bigint[] {
  const open = moved(close, (random() - 0.5) * 2000, tick);
  return [open, moved(open, random() * 500, tick), moved(open, -random() * 500, tick), close];
}

export function ofStart(start: bigint, ppm: number, tick: bigint): bigint {
  return maximum(onGrid((start * BigInt(ppm)) / 1_000_000n, tick), tick);
}

export function moved(price: bigint, ppm: number, tick: bigint): bigint {
  return maximum(onGrid((price * BigInt(Math.round(1_000_000 + ppm))) / 1_000_000n, tick), tick);
}

function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function emptyCandle(openMs: number, price: bigint): Candle {
  return {
    openMs,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 0n,
    quoteVolume: 0n,
    takerVolume: 0n,
    takerQuoteVolume: 0n,
    trades: 0,
    firstTradeId: -1,
    lastTradeId: -1,
  };
}

function addToCandle(
  candle: Candle,
  { id, price, quantity, buyerMaker }: Pick<PublicTrade, 'id' | 'price' | 'quantity' | 'buyerMaker'>,
): void {
  const quote = times(price, quantity);
  if (candle.trades === 0) candle.open = price;
  if (candle.trades === 0 || price > candle.high) candle.high = price;
  if (candle.trades === 0 || price < candle.low) candle.low = price;
  candle.close = price;
  candle.volume += quantity;
  candle.quoteVolume += quote;
  if (!buyerMaker) {
    candle.takerVolume += quantity;
    candle.takerQuoteVolume += quote;
  }
  candle.trades += 1;
  if (candle.firstTradeId === -1) candle.firstTradeId = id;
  candle.lastTradeId = id;
}

/** Volume-weighted average of the last minutes; the last price if nothing was traded in them. */
export function averagePrice(market: Market, minutes: number, nowMs: number): bigint {
  const sinceMs = nowMs - minutes * MINUTE_MS;
  let volume = 0n;
  let quote = 0n;
  for (const candle of market.candles.slice(-minutes - 1)) {
    if (candle.openMs + MINUTE_MS <= sinceMs) continue;
    volume += candle.volume;
    quote += candle.quoteVolume;
  }
  return volume === 0n ? market.last : (quote * 100_000_000n) / volume;
}

export function tradeShown({ price, quantity, ...trade }: PublicTrade): Record<string, unknown> {
  return {
    id: trade.id,
    price: formatUnits(price),
    qty: formatUnits(quantity),
    quoteQty: formatUnits(times(price, quantity)),
    time: trade.timeMs,
    isBuyerMaker: trade.buyerMaker,
    isBestMatch: true,
  };
}
