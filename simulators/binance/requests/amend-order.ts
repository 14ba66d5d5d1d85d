/** PUT order/amend/keepPriority: reduces the quantity of an open order, which keeps its place on the book. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import { checkLot, checkNotional } from '../exchange/filters.js';
import type { Order } from '../exchange/order.js';
import { amendedJson } from '../exchange/order-json.js';
import { listJson, listOf, type OrderList, reportList } from '../exchange/order-lists.js';
import { unlockSurplus } from '../exchange/settle.js';
import { MAX_AMENDS } from '../exchange/symbols.js';
import { formatUnits } from '../units.js';
import { isTarget, readTarget } from './cancel-order.js';
import type { Parameters } from './parameters.js';
import { readClientId, readSymbol } from './read-order.js';
import { duplicateOrder, Refusal } from './refusal.js';

const rejected = (text: string) => new Refusal(-2038, text);

export function amendOrder(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object {
  const market = readSymbol(exchange, parameters);
  const target = readTarget(parameters, market.symbol.name, ['orderId', 'origClientOrderId']);
  const newClientId = readClientId(parameters, 'newClientOrderId');
  const newQuantity = parameters.requiredAmount('newQty');
  parameters.finish();
  if (!market.symbol.amendAllowed) throw rejected('Order amend is not supported for this symbol.');
  const order = [...exchange.open].find((one) => isTarget(one, account, target));
  if (order === undefined) throw rejected('Unknown order sent.');
  const taken = exchange.openOf(account).some((one) => one !== order && one.clientOrderId === newClientId);
  if (taken) throw duplicateOrder();
  check(exchange, order, newQuantity);
  const list = listOf(exchange, order);
  const renamed = order.clientOrderId !== newClientId;
  const executionId = amend(exchange, order, { newClientId, newQuantity });
  if (list?.pair?.includes(order)) {
    const other = list.pair.find((one) => one !== order);
    if (other !== undefined) amend(exchange, other, { newClientId: other.clientOrderId, newQuantity });
  }
  unlockSurplus(exchange, order);
  if (list !== undefined && renamed) reportList(exchange, list, 'UPDATED');
  if (order.working) exchange.bookChanged(market);
  return {
    transactTime: order.updatedMs,
    executionId,
    amendedOrder: amendedJson(order),
    ...(list === undefined ? {} : { listStatus: listStatus(list) }),
  };
}

function check(exchange: Exchange, order: Order, quantity: bigint): void {
  checkLot(order.symbol, order.kind, quantity);
  if (quantity === order.quantity) throw rejected('The requested action would change no state; rejecting.');
  if (quantity > order.quantity) throw rejected('Order amend (quantity increase) is not supported.');
  if (quantity <= order.executed + order.prevented)
    throw rejected('The requested action would change no state; rejecting.');
  checkNotional(exchange, order, quantity);
  if (order.amendments.length >= MAX_AMENDS) throw rejected('Filter failure: MAX_NUM_ORDER_AMENDS');
}

function amend(
  exchange: Exchange,
  order: Order,
  { newClientId, newQuantity }: { newClientId: string; newQuantity: bigint },
): number {
  const oldClientId = order.clientOrderId;
  const oldQuantity = order.quantity;
  order.clientOrderId = newClientId;
  order.quantity = newQuantity;
  order.updatedMs = exchange.nowMs();
  const executionId = exchange.report(order, { kind: 'REPLACED', newId: newClientId, oldId: oldClientId });
  order.amendments.push({
    executionId,
    oldClientId,
    newClientId,
    oldQuantity,
    newQuantity,
    timeMs: order.updatedMs,
  });
  return executionId;
}

function listStatus(list: OrderList): object {
  const { listStatusType: _type, transactionTime: _time, ...shown } = listJson(list);
  return shown;
}

export function amendments(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object[] {
  const { symbol } = readSymbol(exchange, parameters);
  const orderId = parameters.integer('orderId');
  const fromId = parameters.integer('fromExecutionId') ?? 0;
  const limit = parameters.limit(500, 1000);
  parameters.required('orderId');
  parameters.finish();
  const order = exchange.orders.find(
    (one) => one.account === account && one.symbol === symbol && one.orderId === orderId,
  );
  return (order?.amendments ?? [])
    .filter(({ executionId }) => executionId >= fromId)
    .slice(0, limit)
    .map((one) => ({
      symbol: symbol.name,
      orderId,
      executionId: one.executionId,
      origClientOrderId: one.oldClientId,
      newClientOrderId: one.newClientId,
      origQty: formatUnits(one.oldQuantity),
      newQty: formatUnits(one.newQuantity),
      time: one.timeMs,
    }));
}
