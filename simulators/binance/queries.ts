/** What can be read: orders, trades, account, permissions, market data. */
import type { ApiKey } from './accounts.js';
import { klines } from './candles.js';
import type { Exchange } from './exchange.js';
import { orderJson, tradeJson } from './order.js';
import type { Parameters } from './parameters.js';
import { orderDoesNotExist, Refusal } from './refusal.js';
import { symbolInfo } from './symbols.js';
import { formatUnits } from './units.js';

export const WEIGHT_LIMIT = 6000;
export const ORDERS_PER_TEN_SECONDS = 100;

const RATE_LIMITS = [
  { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: WEIGHT_LIMIT },
  { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: ORDERS_PER_TEN_SECONDS },
  { rateLimitType: 'ORDERS', interval: 'DAY', intervalNum: 1, limit: 200_000 },
];

export function exchangeInfo(exchange: Exchange, parameters: Parameters): object {
  const one = parameters.optional('symbol');
  const many = parameters.optional('symbols');
  parameters.optional('showPermissionSets');
  parameters.optional('permissions');
  parameters.finish();
  const names = one !== null ? [one] : many !== null ? readNames(many) : [...exchange.markets.keys()];
  return {
    timezone: 'UTC',
    serverTime: exchange.nowMs(),
    rateLimits: RATE_LIMITS,
    exchangeFilters: [],
    symbols: names.map((name) => symbolInfo(exchange.market(name).symbol)),
  };
}

function readNames(text: string): string[] {
  if (!/^\["[A-Z0-9]+"(,"[A-Z0-9]+")*\]$/.test(text)) {
    throw new Refusal(-1100, "Illegal characters found in parameter 'symbols'.");
  }
  return JSON.parse(text) as string[];
}

export function accountInfo(exchange: Exchange, name: string, parameters: Parameters): object {
  const hideEmpty = parameters.optional('omitZeroBalances') === 'true';
  parameters.finish();
  const account = exchange.account(name);
  const balances = [...account.balances]
    .filter(([, { free, locked }]) => !hideEmpty || free + locked > 0n)
    .map(([asset, { free, locked }]) => ({ asset, free: formatUnits(free), locked: formatUnits(locked) }));
  const rate = (ppm: bigint) => formatUnits(ppm * 100n);
  return {
    makerCommission: Number(account.makerPpm / 100n),
    takerCommission: Number(account.takerPpm / 100n),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: {
      maker: rate(account.makerPpm),
      taker: rate(account.takerPpm),
      buyer: rate(0n),
      seller: rate(0n),
    },
    canTrade: account.canTrade,
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: account.updatedMs,
    accountType: 'SPOT',
    balances,
    permissions: ['SPOT'],
    uid: account.uid,
  };
}

export function apiRestrictions(key: ApiKey, parameters: Parameters): object {
  parameters.finish();
  const { reading, spot, withdrawals, futures, margin, ipRestrict } = key.permissions;
  return {
    ipRestrict,
    createTime: 1_700_000_000_000,
    enableReading: reading,
    enableWithdrawals: withdrawals,
    enableInternalTransfer: false,
    enableMargin: margin,
    enableFutures: futures,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: false,
    enableSpotAndMarginTrading: spot,
    enablePortfolioMarginTrading: false,
  };
}

export function oneOrder(exchange: Exchange, account: string, parameters: Parameters): object {
  const symbol = exchange.market(parameters.required('symbol')).symbol;
  const orderId = parameters.integer('orderId');
  const clientId = parameters.optional('origClientOrderId');
  parameters.finish();
  if (orderId === null && clientId === null) {
    throw new Refusal(
      -1102,
      "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
    );
  }
  // The newest of a client id: an id may be used again once its order is closed.
  const order = exchange.orders.findLast(
    (one) =>
      one.account === account &&
      one.symbol === symbol &&
      (orderId === null || one.orderId === orderId) &&
      (clientId === null || one.clientOrderId === clientId),
  );
  if (order === undefined) throw orderDoesNotExist();
  return orderJson(order);
}

export function openOrders(exchange: Exchange, account: string, parameters: Parameters): object[] {
  const name = parameters.optional('symbol');
  parameters.finish();
  if (name !== null) exchange.market(name);
  return [...exchange.open.values()]
    .filter((order) => order.account === account && (name === null || order.symbol.name === name))
    .map(orderJson);
}

const DAY_MS = 86_400_000;

interface Span {
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly limit: number;
}

function readSpan(parameters: Parameters): Span {
  const startMs = parameters.integer('startTime');
  const endMs = parameters.integer('endTime');
  if (startMs !== null && endMs !== null && endMs - startMs > DAY_MS) {
    throw new Refusal(-1127, 'More than 24 hours between startTime and endTime.');
  }
  const limit = parameters.integer('limit') ?? 500;
  if (limit < 1 || limit > 1000) throw new Refusal(-1130, "Data sent for parameter 'limit' is not valid.");
  return { startMs, endMs, limit };
}

export function allOrders(exchange: Exchange, account: string, parameters: Parameters): object[] {
  const symbol = exchange.market(parameters.required('symbol')).symbol;
  const fromId = parameters.integer('orderId');
  const span = readSpan(parameters);
  parameters.finish();
  const found = exchange.orders.filter(
    (order) =>
      order.account === account &&
      order.symbol === symbol &&
      order.orderId >= (fromId ?? 0) &&
      order.createdMs >= (span.startMs ?? 0) &&
      order.createdMs <= (span.endMs ?? Number.MAX_SAFE_INTEGER),
  );
  const oldestFirst = fromId !== null || span.startMs !== null;
  return (oldestFirst ? found.slice(0, span.limit) : found.slice(-span.limit)).map(orderJson);
}

export function myTrades(exchange: Exchange, account: string, parameters: Parameters): object[] {
  const name = exchange.market(parameters.required('symbol')).symbol.name;
  const orderId = parameters.integer('orderId');
  const fromId = parameters.integer('fromId');
  const span = readSpan(parameters);
  parameters.finish();
  if (fromId !== null && (span.startMs !== null || span.endMs !== null)) {
    throw new Refusal(-1128, 'Combination of optional parameters invalid.');
  }
  // A start alone reaches a day, like a start and an end.
  const lastMs = span.startMs === null ? Number.MAX_SAFE_INTEGER : span.startMs + DAY_MS;
  const found = exchange.trades.filter(
    (trade) =>
      trade.account === account &&
      trade.symbol === name &&
      (orderId === null || trade.orderId === orderId) &&
      trade.id >= (fromId ?? 0) &&
      trade.timeMs >= (span.startMs ?? 0) &&
      trade.timeMs <= (span.endMs ?? lastMs),
  );
  const oldestFirst = fromId !== null || span.startMs !== null;
  return (oldestFirst ? found.slice(0, span.limit) : found.slice(-span.limit)).map(tradeJson);
}

export function depth(exchange: Exchange, parameters: Parameters): object {
  const market = exchange.market(parameters.required('symbol'));
  const limit = parameters.integer('limit') ?? 100;
  parameters.finish();
  const side = (levels: typeof market.asks) =>
    levels.slice(0, limit).map(({ price, quantity }) => [formatUnits(price), formatUnits(quantity)]);
  return { lastUpdateId: market.updateId, bids: side(market.bids), asks: side(market.asks) };
}

export function bookTicker(exchange: Exchange, parameters: Parameters): object {
  const one = parameters.optional('symbol');
  const many = parameters.optional('symbols');
  parameters.finish();
  if (one !== null) return exchange.market(one).bookTicker();
  const names = many === null ? [...exchange.markets.keys()] : readNames(many);
  return names.map((name) => exchange.market(name).bookTicker());
}

export function priceTicker(exchange: Exchange, parameters: Parameters): object {
  const one = parameters.optional('symbol');
  parameters.finish();
  const price = (name: string) => ({ symbol: name, price: formatUnits(exchange.market(name).last) });
  return one !== null ? price(one) : [...exchange.markets.keys()].map(price);
}

export function candleList(exchange: Exchange, parameters: Parameters): unknown[][] {
  const market = exchange.market(parameters.required('symbol'));
  const query = {
    interval: parameters.required('interval'),
    startMs: parameters.integer('startTime'),
    endMs: parameters.integer('endTime'),
    limit: Math.min(parameters.integer('limit') ?? 500, 1000),
  };
  parameters.finish();
  return klines(market, query);
}
