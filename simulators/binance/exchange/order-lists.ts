/**
 * Orders that belong together. OCO: as soon as one of the two becomes active or ends, the other ends. OTO and OTOCO:
 * the pending orders are placed when the working order is filled completely, and end with it if it ends otherwise.
 */
import { Refusal } from '../requests/refusal.js';
import { takable } from './book.js';
import type { Exchange } from './exchange.js';
import { checkNotional } from './filters.js';
import { lockFor, work } from './matching.js';
import { hasTrigger, isOpen, type Order, reached } from './order.js';
import { end, expire, lockShared } from './settle.js';
import type { TradedSymbol } from './symbols.js';

export interface OrderList {
  readonly listId: number;
  readonly account: string;
  readonly symbol: TradedSymbol;
  readonly contingency: 'OCO' | 'OTO';
  readonly clientListId: string;
  readonly orders: readonly Order[];
  /** OTO and OTOCO: the order that must be filled first. */
  readonly working: Order | null;
  /** Two orders, only one of which can be executed. */
  readonly pair: readonly [Order, Order] | null;
  readonly createdMs: number;
  updatedMs: number;
  done: boolean;
}

export function listJson(list: OrderList): Record<string, unknown> {
  return {
    orderListId: list.listId,
    contingencyType: list.contingency,
    listStatusType: list.done ? 'ALL_DONE' : 'EXEC_STARTED',
    listOrderStatus: list.done ? 'ALL_DONE' : 'EXECUTING',
    listClientOrderId: list.clientListId,
    transactionTime: list.updatedMs,
    symbol: list.symbol.name,
    orders: list.orders.map(({ symbol, orderId, clientOrderId }) => ({
      symbol: symbol.name,
      orderId,
      clientOrderId,
    })),
  };
}

export function reportList(exchange: Exchange, list: OrderList, type?: 'UPDATED'): void {
  const status = list.done ? 'ALL_DONE' : 'EXEC_STARTED';
  exchange.onAccountEvent(list.account, {
    e: 'listStatus',
    E: exchange.nowMs(),
    s: list.symbol.name,
    g: list.listId,
    c: list.contingency,
    l: type ?? status,
    L: list.done ? 'ALL_DONE' : 'EXECUTING',
    r: 'NONE',
    C: list.clientListId,
    T: list.updatedMs,
    O: list.orders.map(({ symbol, orderId, clientOrderId }) => ({
      s: symbol.name,
      i: orderId,
      c: clientOrderId,
    })),
  });
}

export function listOf(exchange: Exchange, order: Order): OrderList | undefined {
  return order.listId === -1 ? undefined : exchange.lists.find(({ listId }) => listId === order.listId);
}

function finish(exchange: Exchange, list: OrderList): void {
  if (list.done) return;
  list.done = true;
  list.updatedMs = exchange.nowMs();
  reportList(exchange, list);
}

/** One order of a pair became active or was filled: the other ends. */
function dropOther(exchange: Exchange, list: OrderList, order: Order): void {
  if (list.done || list.pair === null) return;
  const other = list.pair.find((one) => one !== order);
  if (!list.pair.includes(order) || other === undefined) return;
  finish(exchange, list);
  expire(exchange, other, 'OCO_TRIGGER');
}

export function afterTrigger(exchange: Exchange, order: Order): void {
  const list = listOf(exchange, order);
  if (list !== undefined) dropOther(exchange, list, order);
}

export function afterFill(exchange: Exchange, order: Order): void {
  const list = listOf(exchange, order);
  if (list === undefined || list.done) return;
  if (list.working === order) {
    if (order.status === 'FILLED') placePending(exchange, list);
    return;
  }
  dropOther(exchange, list, order);
  if (list.orders.every((one) => !isOpen(one))) finish(exchange, list);
}

export function afterEnd(exchange: Exchange, order: Order): void {
  const list = listOf(exchange, order);
  if (list === undefined || list.done) return;
  finish(exchange, list);
  const cancelled = order.status === 'CANCELED';
  const reason = list.working === order ? 'OTO_PHASE_ONE_EXPIRED' : 'OCO_TRIGGER';
  for (const other of list.orders) {
    if (cancelled) end(exchange, other, { status: 'CANCELED', execution: { kind: 'CANCELED' } });
    else expire(exchange, other, reason);
  }
}

/** Puts the pending orders on the book. If one can't be placed, all of them expire, and the list ends. */
function placePending(exchange: Exchange, list: OrderList): void {
  const pending = list.orders.filter((one) => one !== list.working);
  try {
    for (const order of pending) {
      checkNotional(exchange, order, order.quantity);
      refuseAtOnce(exchange, order);
    }
    if (list.pair !== null) lockShared(exchange, list.pair);
    else for (const order of pending) lockFor(exchange, order);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    list.done = true;
    for (const order of pending) expire(exchange, order, 'REJECTED');
    list.done = false;
    finish(exchange, list);
    return;
  }
  for (const order of pending) order.status = 'NEW';
  for (const order of pending) {
    if (!hasTrigger(order.kind)) work(exchange, order);
    else exchange.report(order, { kind: 'NEW' });
  }
}

/** Throws the refusal of a maker order that would take, or of a stop whose price has been passed. */
export function refuseAtOnce(
  exchange: Exchange,
  order: Pick<Order, 'symbol' | 'side' | 'kind' | 'price' | 'stopPrice'>,
): void {
  const market = exchange.market(order.symbol.name);
  if (order.kind === 'LIMIT_MAKER' && takable(exchange, market, order.side, order.price).length > 0)
    throw new Refusal(-2010, 'Order would immediately match and take.');
  if (order.stopPrice > 0n && reached(order, market.last))
    throw new Refusal(-2010, 'Stop price would trigger immediately.');
}
