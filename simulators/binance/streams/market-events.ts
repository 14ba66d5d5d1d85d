/** The events of market streams. */
import { bookSide } from '../exchange/book.js';
import { candleAt, klineEvent } from '../exchange/candles.js';
import type { Exchange } from '../exchange/exchange.js';
import { averagePrice, type Market, type PublicTrade } from '../exchange/market.js';
import { bookTicker, changePercent, statisticsOf, weightedAverage } from '../exchange/statistics.js';
import { AVERAGE_MINUTES } from '../exchange/symbols.js';
import { formatUnits } from '../units.js';
import { type StreamKind, WINDOWS } from './stream-names.js';

const DAY_MINUTES = 1440;

/** Null if there is nothing to send now. */
export function marketEvent(
  exchange: Exchange,
  market: Market,
  of: StreamKind,
  trade: PublicTrade | null,
): object | null {
  const nowMs = exchange.nowMs();
  switch (of.kind) {
    case 'trade':
      return trade === null ? null : tradeEvent(market, trade, nowMs);
    case 'aggTrade':
      return trade === null ? null : aggregateEvent(market, trade, nowMs);
    case 'bookTicker':
      return bookTickerEvent(exchange, market);
    case 'miniTicker':
      return miniTickerEvent(market, nowMs);
    case 'ticker':
      return tickerEvent(exchange, market, { name: '24hrTicker', minutes: DAY_MINUTES });
    case 'window':
      return tickerEvent(exchange, market, { name: `${of.size}Ticker`, minutes: WINDOWS[of.size] });
    case 'avgPrice':
      return averageEvent(market, nowMs);
    case 'kline': {
      market.rollTo(nowMs);
      const candle = candleAt(market, of.interval, market.minutesMs(nowMs));
      return candle === null ? null : klineEvent(market, of.interval, candle, { nowMs, closed: false });
    }
    case 'levels':
      return {
        lastUpdateId: market.updateId,
        bids: top(exchange, market, 'BUY', of.levels),
        asks: top(exchange, market, 'SELL', of.levels),
      };
    case 'depth':
      return null;
  }
}

function top(exchange: Exchange, market: Market, side: 'BUY' | 'SELL', levels: number): string[][] {
  return bookSide(exchange, market, side)
    .slice(0, levels)
    .map(([price, quantity]) => [formatUnits(price), formatUnits(quantity)]);
}

function bookTickerEvent(exchange: Exchange, market: Market): object {
  const { symbol, bidPrice, bidQty, askPrice, askQty } = bookTicker(exchange, market);
  return { u: market.updateId, s: symbol, b: bidPrice, B: bidQty, a: askPrice, A: askQty };
}

function tradeEvent(market: Market, trade: PublicTrade, nowMs: number): object {
  return {
    e: 'trade',
    E: nowMs,
    s: market.symbol.name,
    t: trade.id,
    p: formatUnits(trade.price),
    q: formatUnits(trade.quantity),
    T: trade.timeMs,
    m: trade.buyerMaker,
    M: true,
  };
}

function aggregateEvent(market: Market, trade: PublicTrade, nowMs: number): object {
  return {
    e: 'aggTrade',
    E: nowMs,
    s: market.symbol.name,
    a: trade.aggregateId,
    p: formatUnits(trade.price),
    q: formatUnits(trade.quantity),
    f: trade.id,
    l: trade.id,
    T: trade.timeMs,
    m: trade.buyerMaker,
    M: true,
  };
}

function miniTickerEvent(market: Market, nowMs: number): object {
  const of = statisticsOf(market, DAY_MINUTES, nowMs);
  return {
    e: '24hrMiniTicker',
    E: nowMs,
    s: market.symbol.name,
    c: formatUnits(of.last),
    o: formatUnits(of.open),
    h: formatUnits(of.high),
    l: formatUnits(of.low),
    v: formatUnits(of.volume),
    q: formatUnits(of.quoteVolume),
  };
}

function tickerEvent(
  exchange: Exchange,
  market: Market,
  { name, minutes }: { readonly name: string; readonly minutes: number },
): object {
  const nowMs = exchange.nowMs();
  const of = statisticsOf(market, minutes, nowMs);
  const book = bookTicker(exchange, market);
  const day = {
    x: formatUnits(of.open),
    Q: formatUnits(market.trades.at(-1)?.quantity ?? 0n),
    b: book.bidPrice,
    B: book.bidQty,
    a: book.askPrice,
    A: book.askQty,
  };
  return {
    e: name,
    E: nowMs,
    s: market.symbol.name,
    p: formatUnits(of.last - of.open),
    P: changePercent(of),
    w: formatUnits(weightedAverage(of)),
    ...(name === '24hrTicker' ? day : {}),
    c: formatUnits(of.last),
    o: formatUnits(of.open),
    h: formatUnits(of.high),
    l: formatUnits(of.low),
    v: formatUnits(of.volume),
    q: formatUnits(of.quoteVolume),
    O: of.openMs,
    C: of.closeMs,
    F: of.firstId,
    L: of.lastId,
    n: of.count,
  };
}

function averageEvent(market: Market, nowMs: number): object {
  return {
    e: 'avgPrice',
    E: nowMs,
    s: market.symbol.name,
    i: `${AVERAGE_MINUTES}m`,
    w: formatUnits(averagePrice(market, AVERAGE_MINUTES, nowMs)),
    T: market.trades.at(-1)?.timeMs ?? nowMs,
  };
}

/** Quantities by price, for both sides. */
export type BookSeen = Readonly<Record<'BUY' | 'SELL', ReadonlyMap<bigint, bigint>>>;

export function bookSeen(exchange: Exchange, market: Market): BookSeen {
  return {
    BUY: new Map(bookSide(exchange, market, 'BUY')),
    SELL: new Map(bookSide(exchange, market, 'SELL')),
  };
}

/** The changes between two states of the book; a level that is gone has quantity zero. */
export function depthEvent(
  market: Market,
  before: BookSeen,
  after: BookSeen,
  { firstId, nowMs }: { readonly firstId: number; readonly nowMs: number },
): object {
  return {
    e: 'depthUpdate',
    E: nowMs,
    s: market.symbol.name,
    U: firstId,
    u: market.updateId,
    b: changed(before.BUY, after.BUY),
    a: changed(before.SELL, after.SELL),
  };
}

function changed(before: ReadonlyMap<bigint, bigint>, after: ReadonlyMap<bigint, bigint>): string[][] {
  const gone = [...before.keys()].filter((price) => !after.has(price)).map((price) => [price, 0n] as const);
  const other = [...after].filter(([price, quantity]) => before.get(price) !== quantity);
  return [...gone, ...other].map(([price, quantity]) => [formatUnits(price), formatUnits(quantity)]);
}
