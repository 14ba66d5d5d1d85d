/** One symbol's market: a ladder of offers around a moving price, and the minutes it has made. */
import { seededRandom } from './random.js';
import type { TradedSymbol } from './symbols.js';
import { formatUnits, onGrid, times, units } from './units.js';

export interface Level {
  readonly price: bigint;
  quantity: bigint;
}

export interface Candle {
  readonly openMs: number;
  readonly open: bigint;
  high: bigint;
  low: bigint;
  close: bigint;
  volume: bigint;
  quoteVolume: bigint;
  trades: number;
}

export interface Depth {
  readonly levels: number;
  /** Value of each level in the quote currency. */
  readonly levelValue: bigint;
}

export const MINUTE_MS = 60_000;
const HISTORY_MINUTES = 1000;
const CANDLES_MAX = 20_000;
/** Distance between two levels, and half the spread: parts per million of the price. */
const STEP_PPM = 50n;
const HALF_SPREAD_PPM = 20n;

export class Market {
  readonly candles: Candle[] = [];
  asks: Level[] = [];
  bids: Level[] = [];
  last: bigint;
  updateId = 1;
  #depth: Depth = { levels: 20, levelValue: units('50000') };

  constructor(
    readonly symbol: TradedSymbol,
    nowMs: number,
    seed: number,
  ) {
    this.last = symbol.startPrice;
    this.#makeHistory(nowMs, seed);
    this.#quote(symbol.startPrice);
  }

  get bestBid(): bigint {
    return this.bids[0]?.price ?? 0n;
  }

  get bestAsk(): bigint {
    return this.asks[0]?.price ?? 0n;
  }

  /** The whole ladder moves with the price and is full again. */
  setPrice(price: bigint, nowMs: number): void {
    this.#quote(price);
    this.recordTrade(onGrid(price, this.symbol.tickSize), 0n, nowMs);
  }

  setDepth(depth: Depth): void {
    this.#depth = depth;
    this.#quote(this.last);
  }

  /** What was taken from the ladder is gone until the price moves. */
  take(level: Level, quantity: bigint): void {
    level.quantity -= quantity;
    this.asks = this.asks.filter((one) => one.quantity > 0n);
    this.bids = this.bids.filter((one) => one.quantity > 0n);
    this.updateId += 1;
  }

  recordTrade(price: bigint, quantity: bigint, nowMs: number): void {
    this.last = price;
    const openMs = nowMs - (nowMs % MINUTE_MS);
    let candle = this.candles.at(-1);
    if (candle === undefined || candle.openMs < openMs) {
      candle = emptyCandle(openMs, candle?.close ?? price);
      this.candles.push(candle);
      if (this.candles.length > CANDLES_MAX) this.candles.shift();
    }
    addToCandle(candle, price, quantity);
  }

  bookTicker(): Record<string, string> {
    return {
      symbol: this.symbol.name,
      bidPrice: formatUnits(this.bestBid),
      bidQty: formatUnits(this.bids[0]?.quantity ?? 0n),
      askPrice: formatUnits(this.bestAsk),
      askQty: formatUnits(this.asks[0]?.quantity ?? 0n),
    };
  }

  #quote(price: bigint): void {
    const tick = this.symbol.tickSize;
    const half = maximum(onGrid((price * HALF_SPREAD_PPM) / 1_000_000n, tick), tick);
    const step = maximum(onGrid((price * STEP_PPM) / 1_000_000n, tick), tick);
    const middle = onGrid(price, tick);
    const quantity = maximum(
      onGrid((this.#depth.levelValue * 100_000_000n) / price, this.symbol.stepSize),
      this.symbol.stepSize,
    );
    const ladder = (direction: bigint): Level[] =>
      Array.from({ length: this.#depth.levels }, (_, index) => ({
        price: middle + direction * (half + step * BigInt(index)),
        quantity,
      })).filter((level) => level.price > 0n);
    this.asks = ladder(1n);
    this.bids = ladder(-1n);
    this.updateId += 1;
  }

  /** Minutes before the start, ending at the start price, so that a client can warm up. */
  #makeHistory(nowMs: number, seed: number): void {
    const random = seededRandom(seed);
    const tick = this.symbol.tickSize;
    const lastOpenMs = nowMs - (nowMs % MINUTE_MS) - MINUTE_MS;
    let close = onGrid(this.symbol.startPrice, tick);
    for (let age = 0; age < HISTORY_MINUTES; age += 1) {
      const open = moved(close, (random() - 0.5) * 2000, tick);
      const candle = emptyCandle(lastOpenMs - age * MINUTE_MS, open);
      for (const price of [moved(open, random() * 500, tick), moved(open, -random() * 500, tick), close]) {
        addToCandle(candle, price, units('1'));
      }
      this.candles.unshift(candle);
      close = open;
    }
  }
}

export function moved(price: bigint, ppm: number, tick: bigint): bigint {
  return maximum(onGrid((price * BigInt(Math.round(1_000_000 + ppm))) / 1_000_000n, tick), tick);
}

function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function emptyCandle(openMs: number, open: bigint): Candle {
  return { openMs, open, high: open, low: open, close: open, volume: 0n, quoteVolume: 0n, trades: 0 };
}

function addToCandle(candle: Candle, price: bigint, quantity: bigint): void {
  if (price > candle.high) candle.high = price;
  if (price < candle.low) candle.low = price;
  candle.close = price;
  candle.volume += quantity;
  candle.quoteVolume += times(price, quantity);
  if (quantity > 0n) candle.trades += 1;
}
