/** Public market data over REST and the WebSocket API. */
import { bookSide } from '../exchange/book.js';
import { klines } from '../exchange/candles.js';
import type { Exchange } from '../exchange/exchange.js';
import { averagePrice, type Market, type PublicTrade, tradeShown } from '../exchange/market.js';
import {
  bookTicker,
  changePercent,
  type Statistics,
  statisticsOf,
  statisticsSince,
  weightedAverage,
} from '../exchange/statistics.js';
import { AVERAGE_MINUTES, symbolInfo } from '../exchange/symbols.js';
import { formatUnits } from '../units.js';
import { RATE_LIMITS } from './limits.js';
import type { Parameters } from './parameters.js';
import { readSymbol } from './read-order.js';
import { badCombination, invalidValue, Refusal } from './refusal.js';

type Query = (exchange: Exchange, parameters: Parameters) => unknown;

export const exchangeInfo: Query = (exchange, parameters) => {
  const { markets } = readSymbols(exchange, parameters);
  for (const name of ['showPermissionSets', 'permissions', 'symbolStatus']) parameters.optional(name);
  parameters.finish();
  return {
    timezone: 'UTC',
    serverTime: exchange.nowMs(),
    rateLimits: RATE_LIMITS,
    exchangeFilters: [],
    symbols: markets.map(({ symbol }) => symbolInfo(symbol)),
  };
};

interface Asked {
  /** One symbol was asked for by itself, so the answer is an object and not a list. */
  readonly single: boolean;
  readonly markets: readonly Market[];
}

function readSymbols(exchange: Exchange, parameters: Parameters): Asked {
  const one = parameters.optional('symbol');
  const many = parameters.optional('symbols');
  if (one !== null && many !== null) throw badCombination();
  if (one !== null) return { single: true, markets: [exchange.market(one)] };
  if (many === null) return { single: false, markets: [...exchange.markets.values()] };
  const names = readNames(many);
  if (new Set(names).size !== names.length)
    throw new Refusal(-1151, 'Symbol is present multiple times in the list.');
  return { single: false, markets: names.map((name) => exchange.market(name)) };
}

function readNames(text: string): string[] {
  if (!/^\["[A-Z0-9]+"(, ?"[A-Z0-9]+")*\]$/.test(text)) {
    throw new Refusal(
      -1100,
      `Illegal characters found in parameter 'symbols'; legal range is '^\\["[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}\\]$'.`,
    );
  }
  return JSON.parse(text) as string[];
}

function forEach(shown: (exchange: Exchange, market: Market) => unknown): Query {
  return (exchange, parameters) => {
    const { single, markets } = readSymbols(exchange, parameters);
    parameters.optional('symbolStatus');
    parameters.finish();
    const rows = markets.map((market) => shown(exchange, market));
    return single ? rows[0] : rows;
  };
}

export const bookTickers = forEach(bookTicker);
export const priceTickers = forEach((_exchange, { symbol, last }) => ({
  symbol: symbol.name,
  price: formatUnits(last),
}));

const DEPTH_MAX = 5000;

export const depth: Query = (exchange, parameters) => {
  const market = readSymbol(exchange, parameters);
  const limit = Math.min(parameters.integer('limit') ?? 100, DEPTH_MAX);
  if (limit < 1) throw invalidValue('limit');
  parameters.optional('symbolStatus');
  parameters.finish();
  const side = (of: 'BUY' | 'SELL') =>
    bookSide(exchange, market, of)
      .slice(0, limit)
      .map(([price, quantity]) => [formatUnits(price), formatUnits(quantity)]);
  return { lastUpdateId: market.updateId, bids: side('BUY'), asks: side('SELL') };
};

export const candleList: Query = (exchange, parameters) => {
  const market = readSymbol(exchange, parameters);
  const query = {
    interval: parameters.required('interval'),
    startMs: parameters.time('startTime'),
    endMs: parameters.time('endTime'),
    limit: Math.min(parameters.integer('limit') ?? 500, 1000),
  };
  checkZone(parameters.optional('timeZone'));
  parameters.finish();
  market.rollTo(exchange.nowMs());
  return klines(market, query);
};

export const trades: Query = (exchange, parameters) => {
  const market = readSymbol(exchange, parameters);
  const limit = parameters.limit(500, 1000);
  parameters.finish();
  return market.trades.slice(-limit).map(tradeShown);
};

export const historicalTrades: Query = (exchange, parameters) => {
  const market = readSymbol(exchange, parameters);
  const limit = parameters.limit(500, 1000);
  const fromId = parameters.integer('fromId');
  parameters.finish();
  if (fromId === null) return market.trades.slice(-limit).map(tradeShown);
  return market.trades
    .filter(({ id }) => id >= fromId)
    .slice(0, limit)
    .map(tradeShown);
};

export function aggregateShown(parts: readonly PublicTrade[]): Record<string, unknown> {
  const first = parts[0] as PublicTrade;
  return {
    a: first.aggregateId,
    p: formatUnits(first.price),
    q: formatUnits(parts.reduce((sum, { quantity }) => sum + quantity, 0n)),
    f: first.id,
    l: parts.at(-1)?.id,
    T: first.timeMs,
    m: first.buyerMaker,
    M: true,
  };
}

export const aggregateTrades: Query = (exchange, parameters) => {
  const market = readSymbol(exchange, parameters);
  const fromId = parameters.integer('fromId');
  const startMs = parameters.time('startTime');
  const endMs = parameters.time('endTime');
  const limit = parameters.limit(500, 1000);
  parameters.finish();
  if (fromId !== null && (startMs !== null || endMs !== null)) throw badCombination();
  const groups = new Map<number, PublicTrade[]>();
  for (const trade of market.trades) {
    const group = groups.get(trade.aggregateId);
    if (group === undefined) groups.set(trade.aggregateId, [trade]);
    else group.push(trade);
  }
  const found = [...groups.values()].filter(([first]) => {
    if (first === undefined) return false;
    const { aggregateId, timeMs } = first;
    return (
      aggregateId >= (fromId ?? 0) && timeMs >= (startMs ?? 0) && timeMs <= (endMs ?? Number.MAX_SAFE_INTEGER)
    );
  });
  const oldestFirst = fromId !== null || startMs !== null;
  return (oldestFirst ? found.slice(0, limit) : found.slice(-limit)).map(aggregateShown);
};

export const currentAverage: Query = (exchange, parameters) => {
  const market = readSymbol(exchange, parameters);
  parameters.finish();
  return {
    mins: AVERAGE_MINUTES,
    price: formatUnits(averagePrice(market, AVERAGE_MINUTES, exchange.nowMs())),
    closeTime: market.trades.at(-1)?.timeMs ?? exchange.nowMs(),
  };
};

function miniShown(name: string, of: Statistics): Record<string, unknown> {
  return {
    symbol: name,
    openPrice: formatUnits(of.open),
    highPrice: formatUnits(of.high),
    lowPrice: formatUnits(of.low),
    lastPrice: formatUnits(of.last),
    volume: formatUnits(of.volume),
    quoteVolume: formatUnits(of.quoteVolume),
    openTime: of.openMs,
    closeTime: of.closeMs,
    firstId: of.firstId,
    lastId: of.lastId,
    count: of.count,
  };
}

function windowShown(name: string, of: Statistics): Record<string, unknown> {
  return {
    ...miniShown(name, of),
    priceChange: formatUnits(of.last - of.open),
    priceChangePercent: changePercent(of),
    weightedAvgPrice: formatUnits(weightedAverage(of)),
  };
}

function readType(parameters: Parameters): 'FULL' | 'MINI' {
  const types = ['FULL', 'MINI'] as const;
  return parameters.oneOf('type', types, () => new Refusal(-1139, 'Invalid ticker type.')) ?? 'FULL';
}

const DAY_MINUTES = 1440;

export const dayTickers: Query = (exchange, parameters) => {
  const { single, markets } = readSymbols(exchange, parameters);
  const type = readType(parameters);
  parameters.optional('symbolStatus');
  parameters.finish();
  const rows = markets.map((market) => {
    const of = statisticsOf(market, DAY_MINUTES, exchange.nowMs());
    const mini = miniShown(market.symbol.name, of);
    if (type === 'MINI') return mini;
    const { symbol: _symbol, ...book } = bookTicker(exchange, market);
    return {
      ...mini,
      ...book,
      priceChange: formatUnits(of.last - of.open),
      priceChangePercent: changePercent(of),
      weightedAvgPrice: formatUnits(weightedAverage(of)),
      prevClosePrice: formatUnits(of.open),
      lastQty: formatUnits(market.trades.at(-1)?.quantity ?? 0n),
    };
  });
  return single ? rows[0] : rows;
};

/** `GET ticker`: windows in minutes, hours or days. */
export const windowTickers: Query = (exchange, parameters) => {
  const { single, markets } = readSymbols(exchange, parameters);
  const size = parameters.optional('windowSize') ?? '1d';
  const type = readType(parameters);
  parameters.optional('symbolStatus');
  parameters.finish();
  const match = /^(\d{1,2})([mhd])$/.exec(size);
  const most = { m: 59, h: 23, d: 7 }[match?.[2] ?? 'm'] ?? 0;
  const count = Number(match?.[1] ?? 0);
  if (match === null || count < 1 || count > most) throw invalidValue('windowSize');
  const minutes = count * ({ m: 1, h: 60, d: DAY_MINUTES }[match[2] ?? 'm'] ?? 1);
  const rows = markets.map((market) => {
    const of = statisticsOf(market, minutes, exchange.nowMs());
    return type === 'MINI' ? miniShown(market.symbol.name, of) : windowShown(market.symbol.name, of);
  });
  return single ? rows[0] : rows;
};

const DAY_MS = DAY_MINUTES * 60_000;

/** Since midnight UTC; other time zones are refused. */
export const tradingDayTickers: Query = (exchange, parameters) => {
  const { single, markets } = readSymbols(exchange, parameters);
  const type = readType(parameters);
  checkZone(parameters.optional('timeZone'));
  parameters.optional('symbolStatus');
  parameters.finish();
  const nowMs = exchange.nowMs();
  const rows = markets.map((market) => {
    const of = statisticsSince(market, nowMs - (nowMs % DAY_MS), nowMs);
    return type === 'MINI' ? miniShown(market.symbol.name, of) : windowShown(market.symbol.name, of);
  });
  return single ? rows[0] : rows;
};

function checkZone(zone: string | null): void {
  if (zone !== null && !/^[+-]?0{1,2}(:00)?$/.test(zone)) throw invalidValue('timeZone');
}

/** No symbol has a reference price. */
export const referencePrice: Query = (exchange, parameters) => {
  readSymbol(exchange, parameters);
  throw new Refusal(-2043, "This symbol doesn't have a reference price.");
};
