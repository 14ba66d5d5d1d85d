/** An account's orders, order lists and trades. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import { orderJson, tradeJson } from '../exchange/order-json.js';
import { listJson } from '../exchange/order-lists.js';
import { formatUnits } from '../units.js';
import { isTarget, readTarget } from './cancel-order.js';
import type { Parameters } from './parameters.js';
import { readSymbol } from './read-order.js';
import { badCombination, eitherMissing, orderDoesNotExist, Refusal } from './refusal.js';

type Query = (exchange: Exchange, key: ApiKey, parameters: Parameters) => unknown;

export const oneOrder: Query = (exchange, { account }, parameters) => {
  const { symbol } = readSymbol(exchange, parameters);
  const target = readTarget(parameters, symbol.name, ['orderId', 'origClientOrderId']);
  parameters.finish();
  // The newest order of a client id: an id may be used again once its order is closed.
  const order = exchange.orders.findLast((one) => isTarget(one, account, target));
  if (order === undefined) throw orderDoesNotExist();
  return orderJson(order);
};

export const openOrders: Query = (exchange, { account }, parameters) => {
  const name = parameters.optional('symbol');
  parameters.finish();
  if (name !== null) exchange.market(name);
  return exchange.openOf(account, name).map(orderJson);
};

const DAY_MS = 86_400_000;

interface Span {
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly limit: number;
}

function readSpan(parameters: Parameters): Span {
  const startMs = parameters.time('startTime');
  const endMs = parameters.time('endTime');
  if (startMs !== null && endMs !== null && endMs - startMs > DAY_MS)
    throw new Refusal(-1127, 'More than 24 hours between startTime and endTime.');
  return { startMs, endMs, limit: parameters.limit(500, 1000) };
}

/** With a start, the oldest from there on; otherwise the newest. */
function cut<T>(found: readonly T[], oldestFirst: boolean, limit: number): readonly T[] {
  return oldestFirst ? found.slice(0, limit) : found.slice(-limit);
}

export const allOrders: Query = (exchange, { account }, parameters) => {
  const { symbol } = readSymbol(exchange, parameters);
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
  return cut(found, fromId !== null || span.startMs !== null, span.limit).map(orderJson);
};

export const myTrades: Query = (exchange, { account }, parameters) => {
  const { name } = readSymbol(exchange, parameters).symbol;
  const orderId = parameters.integer('orderId');
  const fromId = parameters.integer('fromId');
  const span = readSpan(parameters);
  parameters.finish();
  const timed = span.startMs !== null || span.endMs !== null;
  if (timed && (fromId !== null || orderId !== null)) throw badCombination();
  // A start without an end covers one day, the longest span.
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
  return cut(found, fromId !== null || span.startMs !== null, span.limit).map(tradeJson);
};

export const oneList: Query = (exchange, { account }, parameters) => {
  const listId = parameters.integer('orderListId');
  const clientId = parameters.optional('origClientOrderId');
  parameters.finish();
  if (listId === null && clientId === null) throw eitherMissing('orderListId', 'origClientOrderId');
  const list = exchange.lists.findLast(
    (one) =>
      one.account === account &&
      (listId === null || one.listId === listId) &&
      (clientId === null || one.clientListId === clientId),
  );
  if (list === undefined) throw new Refusal(-2018, 'Order list does not exist.');
  return listJson(list);
};

export const allLists: Query = (exchange, { account }, parameters) => {
  const fromId = parameters.integer('fromId');
  const span = readSpan(parameters);
  parameters.finish();
  if (fromId !== null && (span.startMs !== null || span.endMs !== null)) throw badCombination();
  const found = exchange.lists.filter(
    (list) =>
      list.account === account &&
      list.listId >= (fromId ?? 0) &&
      list.createdMs >= (span.startMs ?? 0) &&
      list.createdMs <= (span.endMs ?? Number.MAX_SAFE_INTEGER),
  );
  return cut(found, fromId !== null || span.startMs !== null, span.limit).map(listJson);
};

export const openLists: Query = (exchange, { account }, parameters) => {
  parameters.finish();
  return exchange.lists.filter((list) => list.account === account && !list.done).map(listJson);
};

export const preventedMatches: Query = (exchange, { account }, parameters) => {
  const { name } = readSymbol(exchange, parameters).symbol;
  const matchId = parameters.integer('preventedMatchId');
  const orderId = parameters.integer('orderId');
  const fromId = parameters.integer('fromPreventedMatchId') ?? 0;
  const limit = parameters.limit(500, 1000);
  parameters.finish();
  if (matchId === null && orderId === null) throw eitherMissing('preventedMatchId', 'orderId');
  return exchange.preventedMatches
    .filter(
      (match) =>
        match.account === account &&
        match.symbol === name &&
        (matchId === null || match.id === matchId) &&
        (orderId === null || match.takerOrderId === orderId || match.makerOrderId === orderId) &&
        match.id >= fromId,
    )
    .slice(0, limit)
    .map((match) => ({
      symbol: name,
      preventedMatchId: match.id,
      takerOrderId: match.takerOrderId,
      makerSymbol: name,
      makerOrderId: match.makerOrderId,
      tradeGroupId: -1,
      selfTradePreventionMode: match.mode,
      price: formatUnits(match.price),
      ...(match.takerQuantity === null ? {} : { takerPreventedQuantity: formatUnits(match.takerQuantity) }),
      ...(match.makerQuantity === null ? {} : { makerPreventedQuantity: formatUnits(match.makerQuantity) }),
      transactTime: match.timeMs,
    }));
};

/** Smart order routing is off for every symbol, so there are no allocations. */
export const allocations: Query = (exchange, _key, parameters) => {
  readSymbol(exchange, parameters);
  for (const name of ['startTime', 'endTime', 'fromAllocationId', 'orderId']) parameters.integer(name);
  parameters.limit(500, 1000);
  parameters.finish();
  return [];
};
