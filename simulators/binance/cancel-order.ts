/** DELETE /api/v3/order and /api/v3/openOrders. */
import type { Exchange } from './exchange.js';
import { cancelledJson, type Order } from './order.js';
import type { Parameters } from './parameters.js';
import { generatedId } from './place-order.js';
import { Refusal, unknownOrder } from './refusal.js';
import { end } from './settle.js';

export function cancelOrder(
  exchange: Exchange,
  account: string,
  parameters: Parameters,
): Record<string, unknown> {
  const symbol = exchange.market(parameters.required('symbol')).symbol;
  const orderId = parameters.integer('orderId');
  const clientId = parameters.optional('origClientOrderId');
  const cancelId = parameters.optional('newClientOrderId') ?? generatedId();
  parameters.finish();
  if (orderId === null && clientId === null) {
    throw new Refusal(
      -1102,
      "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
    );
  }
  const order = [...exchange.open.values()].find(
    (one) =>
      one.account === account &&
      one.symbol === symbol &&
      (orderId === null || one.orderId === orderId) &&
      (clientId === null || one.clientOrderId === clientId),
  );
  if (order === undefined) throw unknownOrder();
  return cancelOne(exchange, order, cancelId);
}

export function cancelAll(
  exchange: Exchange,
  account: string,
  parameters: Parameters,
): Record<string, unknown>[] {
  const symbol = exchange.market(parameters.required('symbol')).symbol;
  parameters.finish();
  const orders = [...exchange.open.values()].filter(
    (one) => one.account === account && one.symbol === symbol,
  );
  if (orders.length === 0) throw unknownOrder();
  return orders.map((order) => cancelOne(exchange, order, generatedId()));
}

function cancelOne(exchange: Exchange, order: Order, cancelId: string): Record<string, unknown> {
  end(exchange, order, { status: 'CANCELED', execution: 'CANCELED', cancelId });
  return cancelledJson(order, cancelId);
}
