/** DELETE order, openOrders and orderList. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Order } from '../exchange/order.js';
import { cancelledJson } from '../exchange/order-json.js';
import { listJson, listOf, type OrderList } from '../exchange/order-lists.js';
import { end } from '../exchange/settle.js';
import type { Parameters } from './parameters.js';
import { generatedId, readClientId, readSymbol } from './read-order.js';
import { eitherMissing, Refusal, unknownOrder } from './refusal.js';

/** Names an order by either of its ids; if both are sent, both must match. */
export interface Target {
  readonly symbol: string;
  readonly orderId: number | null;
  readonly clientId: string | null;
}

export interface Cancel extends Target {
  readonly cancelId: string;
  readonly restriction: 'ONLY_NEW' | 'ONLY_PARTIALLY_FILLED' | null;
}

export function readTarget(parameters: Parameters, symbol: string, names: readonly [string, string]): Target {
  const orderId = parameters.integer(names[0]);
  const clientId = parameters.optional(names[1]);
  if (orderId === null && clientId === null) throw eitherMissing(names[1], names[0]);
  return { symbol, orderId, clientId };
}

export function isTarget(order: Order, account: string, { symbol, orderId, clientId }: Target): boolean {
  return (
    order.account === account &&
    order.symbol.name === symbol &&
    (orderId === null || order.orderId === orderId) &&
    (clientId === null || order.clientOrderId === clientId)
  );
}

export function readRestriction(parameters: Parameters): Cancel['restriction'] {
  return parameters.oneOf(
    'cancelRestrictions',
    ['ONLY_NEW', 'ONLY_PARTIALLY_FILLED'],
    () => new Refusal(-1145, 'Invalid cancelRestrictions'),
  );
}

export function cancelOrder(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object {
  const { symbol } = readSymbol(exchange, parameters);
  const target = readTarget(parameters, symbol.name, ['orderId', 'origClientOrderId']);
  const cancelId = readClientId(parameters, 'newClientOrderId');
  const restriction = readRestriction(parameters);
  parameters.finish();
  return cancel(exchange, account, { ...target, cancelId, restriction });
}

/** Cancelling an order of a list cancels the whole list. Throws if there is no such open order. */
export function cancel(exchange: Exchange, account: string, wanted: Cancel): object {
  const order = [...exchange.open].find((one) => isTarget(one, account, wanted));
  if (order === undefined) throw unknownOrder();
  const wrong =
    (wanted.restriction === 'ONLY_NEW' && order.status !== 'NEW') ||
    (wanted.restriction === 'ONLY_PARTIALLY_FILLED' && order.status !== 'PARTIALLY_FILLED');
  if (wrong) throw new Refusal(-2011, 'Order was not canceled due to cancel restrictions.');
  const list = listOf(exchange, order);
  if (list !== undefined && !list.done) return cancelList(exchange, list, wanted.cancelId);
  return cancelOne(exchange, order, wanted.cancelId);
}

export function cancelAll(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object[] {
  const { symbol } = readSymbol(exchange, parameters);
  parameters.finish();
  const orders = exchange.openOf(account, symbol.name);
  if (orders.length === 0) throw unknownOrder();
  const answers: object[] = [];
  for (const order of orders) {
    if (!exchange.open.has(order)) continue;
    const list = listOf(exchange, order);
    if (list !== undefined && !list.done) answers.push(cancelList(exchange, list, generatedId()));
    else answers.push(cancelOne(exchange, order, generatedId()));
  }
  return answers;
}

export function cancelOrderList(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object {
  const { symbol } = readSymbol(exchange, parameters);
  const listId = parameters.integer('orderListId');
  const clientListId = parameters.optional('listClientOrderId');
  const cancelId = readClientId(parameters, 'newClientOrderId');
  parameters.finish();
  if (listId === null && clientListId === null) throw eitherMissing('orderListId', 'listClientOrderId');
  const list = exchange.lists.find(
    (one) =>
      one.account === account &&
      one.symbol === symbol &&
      !one.done &&
      (listId === null || one.listId === listId) &&
      (clientListId === null || one.clientListId === clientListId),
  );
  if (list === undefined) throw unknownOrder();
  return cancelList(exchange, list, cancelId);
}

function cancelList(exchange: Exchange, list: OrderList, cancelId: string): object {
  const open = list.orders.filter((order) => exchange.open.has(order));
  const [first] = open;
  if (first !== undefined) cancelOne(exchange, first, cancelId);
  return { ...listJson(list), orderReports: open.map((order) => cancelledJson(order, cancelId)) };
}

function cancelOne(exchange: Exchange, order: Order, cancelId: string): object {
  end(exchange, order, { status: 'CANCELED', execution: { kind: 'CANCELED', newId: cancelId } });
  return cancelledJson(order, cancelId);
}
