/** POST order and order/test: parameters, filters, balance, matching. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import { checkFilters } from '../exchange/filters.js';
import { lockFor, work } from '../exchange/matching.js';
import { hasTrigger, type Order, type OrderRequest, type OrderStatus } from '../exchange/order.js';
import { placedJson } from '../exchange/order-json.js';
import { refuseAtOnce } from '../exchange/order-lists.js';
import { formatUnits } from '../units.js';
import type { Parameters } from './parameters.js';
import { readOrder, readResponse, readSymbol } from './read-order.js';
import { actionDisabled, duplicateOrder, marketClosed } from './refusal.js';

export function placeOrder(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object {
  const request = readOrder(exchange, readSymbol(exchange, parameters), parameters);
  const response = readResponse(parameters, request.kind);
  parameters.finish();
  exchange.orderCounts.check(account, 1);
  return place(exchange, account, request, response);
}

export function place(exchange: Exchange, account: string, request: OrderRequest, response: string): object {
  checkAdmission(exchange, account, [request]);
  checkFilters(exchange, account, request);
  refuseAtOnce(exchange, request);
  const order = newOrder(exchange, account, request);
  lockFor(exchange, order);
  exchange.addOrder(order);
  exchange.orderCounts.accepted(account);
  if (!hasTrigger(order.kind)) return placedJson(order, work(exchange, order), response);
  exchange.report(order, { kind: 'NEW' });
  return placedJson(order, [], response);
}

/** Everything except the matching engine: funds, duplicates and prices against the book are not checked. */
export function testOrder(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object {
  const market = readSymbol(exchange, parameters);
  const request = readOrder(exchange, market, parameters);
  readResponse(parameters, request.kind);
  const rates = parameters.optional('computeCommissionRates') === 'true';
  parameters.finish();
  checkFilters(exchange, account, request);
  if (!rates) return {};
  const { makerPpm, takerPpm, feesInBnb } = exchange.account(account);
  const none = { maker: formatUnits(0n), taker: formatUnits(0n) };
  return {
    standardCommissionForOrder: { maker: formatUnits(makerPpm * 100n), taker: formatUnits(takerPpm * 100n) },
    specialCommissionForOrder: none,
    taxCommissionForOrder: none,
    discount: {
      enabledForAccount: feesInBnb,
      enabledForSymbol: true,
      discountAsset: 'BNB',
      discount: '0.75000000',
    },
  };
}

/** Checks account, market and client ids of orders that are placed together. */
export function checkAdmission(exchange: Exchange, name: string, requests: readonly OrderRequest[]): void {
  if (!exchange.account(name).canTrade) throw actionDisabled();
  const ids = new Set<string>();
  for (const { symbol, clientOrderId } of requests) {
    if (symbol.status !== 'TRADING') throw marketClosed();
    if (ids.has(clientOrderId)) throw duplicateOrder();
    ids.add(clientOrderId);
  }
  if (exchange.openOf(name).some((order) => ids.has(order.clientOrderId))) throw duplicateOrder();
}

export function newOrder(
  exchange: Exchange,
  account: string,
  request: OrderRequest,
  list: { readonly id: number; readonly status: OrderStatus } = { id: -1, status: 'NEW' },
): Order {
  const { trailingDelta, ...asked } = request;
  const { ids, last } = exchange.market(request.symbol.name);
  ids.order += 1;
  const nowMs = exchange.nowMs();
  const follows = trailingDelta !== null && request.stopPrice === 0n;
  const extreme = follows ? last : null;
  return {
    ...asked,
    trailing: trailingDelta === null ? null : { delta: trailingDelta, extreme, timeMs: follows ? nowMs : -1 },
    orderId: ids.order,
    account,
    listId: list.id,
    amendments: [],
    executed: 0n,
    spent: 0n,
    prevented: 0n,
    preventedMatchId: null,
    status: list.status,
    expiryReason: null,
    working: false,
    workingMs: -1,
    lock: { asset: request.side === 'BUY' ? request.symbol.quote : request.symbol.base, amount: 0n },
    createdMs: nowMs,
    updatedMs: nowMs,
  };
}
