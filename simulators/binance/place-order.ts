/** POST /api/v3/order: parameters, filters, balance, matching. */
import { randomBytes } from 'node:crypto';
import type { Exchange } from './exchange.js';
import { checkFilters, type Wanted } from './filters.js';
import { lockFor, takeFromMarket, triggered } from './matching.js';
import {
  hasLimit,
  hasTrigger,
  isOpen,
  type Order,
  type OrderKind,
  type OrderSide,
  placedJson,
} from './order.js';
import type { Parameters } from './parameters.js';
import {
  actionDisabled,
  duplicateOrder,
  marketClosed,
  Refusal,
  wouldMatch,
  wouldTrigger,
} from './refusal.js';
import { end } from './settle.js';
import { onGrid, smaller, times } from './units.js';

const KINDS: ReadonlySet<string> = new Set([
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
]);

interface Request extends Wanted {
  readonly clientOrderId: string;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  readonly quoteQuantity: bigint;
  readonly responseKind: string;
}

export function placeOrder(
  exchange: Exchange,
  account: string,
  parameters: Parameters,
): Record<string, unknown> {
  const request = readRequest(exchange, parameters);
  checkMarket(exchange, account, request);
  checkFilters(exchange, account, request);
  refuseAtOnce(exchange, request);
  const order = newOrder(exchange, account, request);
  lockFor(exchange, order);
  exchange.addOrder(order);
  exchange.report(order, { kind: 'NEW', trade: null, cancelId: null });
  const trades = order.working ? takeFromMarket(exchange, order) : [];
  if (isOpen(order) && mustNotRest(order)) {
    end(exchange, order, { status: 'EXPIRED', execution: 'EXPIRED', cancelId: null });
  }
  return placedJson(order, trades, request.responseKind);
}

export function generatedId(): string {
  return randomBytes(16).toString('base64url').slice(0, 22);
}

function readRequest(exchange: Exchange, parameters: Parameters): Request {
  const symbol = exchange.market(parameters.required('symbol')).symbol;
  const side = parameters.required('side');
  if (side !== 'BUY' && side !== 'SELL') throw new Refusal(-1117, 'Invalid side.');
  const kind = readKind(parameters, symbol.stopLossMarket);
  const limited = hasLimit(kind);
  if (!limited) parameters.refuse('price');
  if (!hasTrigger(kind)) parameters.refuse('stopPrice');
  const quoteQuantity = kind === 'MARKET' ? (parameters.amount('quoteOrderQty') ?? 0n) : 0n;
  const request = {
    symbol,
    side: side as OrderSide,
    kind,
    price: limited ? parameters.requiredAmount('price') : 0n,
    stopPrice: hasTrigger(kind) ? parameters.requiredAmount('stopPrice') : 0n,
    quantity:
      quoteQuantity > 0n
        ? affordable(exchange, symbol.name, side, quoteQuantity)
        : parameters.requiredAmount('quantity'),
    quoteQuantity,
    timeInForce: readTimeInForce(parameters, kind),
    clientOrderId: readClientId(parameters),
    responseKind: parameters.optional('newOrderRespType') ?? (limited && hasTrigger(kind) ? 'ACK' : 'FULL'),
  };
  parameters.optional('selfTradePreventionMode');
  parameters.finish();
  return request;
}

function readKind(parameters: Parameters, stopLossMarket: boolean): OrderKind {
  const kind = parameters.required('type');
  if (!KINDS.has(kind)) throw new Refusal(-1116, 'Invalid orderType.');
  const becomesMarket = kind === 'STOP_LOSS' || kind === 'TAKE_PROFIT';
  if (becomesMarket && !stopLossMarket) {
    throw new Refusal(-1013, `Order type '${kind}' is not supported for this symbol.`);
  }
  return kind as OrderKind;
}

function readTimeInForce(parameters: Parameters, kind: OrderKind): 'GTC' | 'IOC' | 'FOK' {
  if (!hasLimit(kind) || kind === 'LIMIT_MAKER') {
    parameters.refuse('timeInForce');
    return 'GTC';
  }
  const text = parameters.required('timeInForce');
  if (text !== 'GTC' && text !== 'IOC' && text !== 'FOK') throw new Refusal(-1115, 'Invalid timeInForce.');
  return text;
}

function readClientId(parameters: Parameters): string {
  const id = parameters.optional('newClientOrderId');
  if (id === null) return generatedId();
  if (!/^[a-zA-Z0-9-_.:/]{1,36}$/.test(id)) {
    throw new Refusal(
      -1100,
      "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.",
    );
  }
  return id;
}

/** How much of the base a sum in the quote currency buys or sells now. */
function affordable(exchange: Exchange, symbol: string, side: string, quote: bigint): bigint {
  const market = exchange.market(symbol);
  let left = quote;
  let quantity = 0n;
  for (const level of side === 'BUY' ? market.asks : market.bids) {
    const spend = smaller(left, times(level.price, level.quantity));
    quantity += (spend * 100_000_000n) / level.price;
    left -= spend;
  }
  return onGrid(quantity, market.symbol.stepSize);
}

function checkMarket(exchange: Exchange, account: string, request: Request): void {
  if (!exchange.account(account).canTrade) throw actionDisabled();
  if (request.symbol.status !== 'TRADING') throw marketClosed();
  for (const order of exchange.open.values()) {
    if (order.account === account && order.clientOrderId === request.clientOrderId) throw duplicateOrder();
  }
}

function refuseAtOnce(exchange: Exchange, request: Request): void {
  const market = exchange.market(request.symbol.name);
  const bid = market.bestBid;
  const ask = market.bestAsk;
  const crosses = request.side === 'BUY' ? request.price >= ask : request.price <= bid;
  if (request.kind === 'LIMIT_MAKER' && crosses) throw wouldMatch();
  if (request.stopPrice > 0n && triggered(request, market.last)) throw wouldTrigger();
}

function newOrder(exchange: Exchange, account: string, request: Request): Order {
  const nowMs = exchange.nowMs();
  const working = !hasTrigger(request.kind);
  return {
    orderId: exchange.nextOrderId(),
    account,
    symbol: request.symbol,
    clientOrderId: request.clientOrderId,
    side: request.side,
    kind: request.kind,
    timeInForce: request.timeInForce,
    price: request.price,
    stopPrice: request.stopPrice,
    quantity: request.quantity,
    quoteQuantity: request.quoteQuantity,
    executed: 0n,
    spent: 0n,
    status: 'NEW',
    working,
    locked: 0n,
    createdMs: nowMs,
    updatedMs: nowMs,
    workingMs: nowMs,
  };
}

function mustNotRest(order: Order): boolean {
  return order.kind === 'MARKET' || (order.working && order.timeInForce !== 'GTC');
}
