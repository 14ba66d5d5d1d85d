/** An order and its trades, and how the venue prints them on REST and on the stream. */
import type { TradedSymbol } from './symbols.js';
import { formatUnits } from './units.js';

export type OrderSide = 'BUY' | 'SELL';
export type OrderKind =
  | 'LIMIT'
  | 'LIMIT_MAKER'
  | 'MARKET'
  | 'STOP_LOSS'
  | 'STOP_LOSS_LIMIT'
  | 'TAKE_PROFIT'
  | 'TAKE_PROFIT_LIMIT';
export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH';

export interface Order {
  readonly orderId: number;
  readonly account: string;
  readonly symbol: TradedSymbol;
  readonly clientOrderId: string;
  readonly side: OrderSide;
  readonly kind: OrderKind;
  readonly timeInForce: 'GTC' | 'IOC' | 'FOK';
  /** Zero for market orders. */
  readonly price: bigint;
  /** Zero where there is no trigger. */
  readonly stopPrice: bigint;
  quantity: bigint;
  /** Zero unless a market order names what it spends. */
  readonly quoteQuantity: bigint;
  executed: bigint;
  spent: bigint;
  status: OrderStatus;
  /** False while a stop waits for its trigger. */
  working: boolean;
  /** What is still locked for it: base for a sale, quote for a purchase. */
  locked: bigint;
  readonly createdMs: number;
  updatedMs: number;
  workingMs: number;
}

export interface Trade {
  readonly id: number;
  readonly symbol: string;
  readonly orderId: number;
  readonly account: string;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly quote: bigint;
  readonly commission: bigint;
  readonly commissionAsset: string;
  readonly timeMs: number;
  readonly buyer: boolean;
  readonly maker: boolean;
}

export function isOpen(order: Order): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
}

export function hasTrigger(kind: OrderKind): boolean {
  return kind.startsWith('STOP_LOSS') || kind.startsWith('TAKE_PROFIT');
}

export function hasLimit(kind: OrderKind): boolean {
  return kind.includes('LIMIT');
}

/** GET order, openOrders, allOrders. */
export function orderJson(order: Order): Record<string, unknown> {
  return {
    symbol: order.symbol.name,
    orderId: order.orderId,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    price: formatUnits(order.price),
    origQty: formatUnits(order.quantity),
    executedQty: formatUnits(order.executed),
    cummulativeQuoteQty: formatUnits(order.spent),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.kind,
    side: order.side,
    stopPrice: formatUnits(order.stopPrice),
    icebergQty: '0.00000000',
    time: order.createdMs,
    updateTime: order.updatedMs,
    isWorking: order.working,
    workingTime: order.working ? order.workingMs : -1,
    origQuoteOrderQty: formatUnits(order.quoteQuantity),
    selfTradePreventionMode: 'EXPIRE_MAKER',
  };
}

/** The answer to a new order: ACK, RESULT or FULL. */
export function placedJson(order: Order, trades: readonly Trade[], kind: string): Record<string, unknown> {
  const acknowledged = {
    symbol: order.symbol.name,
    orderId: order.orderId,
    orderListId: -1,
    clientOrderId: order.clientOrderId,
    transactTime: order.updatedMs,
  };
  if (kind === 'ACK') return acknowledged;
  const { time: _time, updateTime: _update, isWorking: _working, ...result } = orderJson(order);
  if (kind === 'RESULT') return { ...result, ...acknowledged };
  return { ...result, ...acknowledged, fills: trades.map(fillJson) };
}

function fillJson(trade: Trade): object {
  return {
    price: formatUnits(trade.price),
    qty: formatUnits(trade.quantity),
    commission: formatUnits(trade.commission),
    commissionAsset: trade.commissionAsset,
    tradeId: trade.id,
  };
}

export function cancelledJson(order: Order, cancelId: string): Record<string, unknown> {
  const { time: _time, updateTime: _update, isWorking: _working, ...rest } = orderJson(order);
  return {
    ...rest,
    origClientOrderId: order.clientOrderId,
    clientOrderId: cancelId,
    transactTime: order.updatedMs,
  };
}

export function tradeJson(trade: Trade): object {
  return {
    symbol: trade.symbol,
    id: trade.id,
    orderId: trade.orderId,
    orderListId: -1,
    price: formatUnits(trade.price),
    qty: formatUnits(trade.quantity),
    quoteQty: formatUnits(trade.quote),
    commission: formatUnits(trade.commission),
    commissionAsset: trade.commissionAsset,
    time: trade.timeMs,
    isBuyer: trade.buyer,
    isMaker: trade.maker,
    isBestMatch: true,
  };
}

export interface Execution {
  readonly kind: 'NEW' | 'TRADE' | 'CANCELED' | 'EXPIRED' | 'TRADE_PREVENTION';
  readonly trade: Trade | null;
  /** The id of the cancel request; then `c` is that and `C` the order's own. */
  readonly cancelId: string | null;
}

export function executionReport(order: Order, execution: Execution, nowMs: number): Record<string, unknown> {
  const { trade, cancelId } = execution;
  return {
    e: 'executionReport',
    E: nowMs,
    s: order.symbol.name,
    c: cancelId ?? order.clientOrderId,
    S: order.side,
    o: order.kind,
    f: order.timeInForce,
    q: formatUnits(order.quantity),
    p: formatUnits(order.price),
    P: formatUnits(order.stopPrice),
    F: '0.00000000',
    g: -1,
    C: cancelId === null ? '' : order.clientOrderId,
    x: execution.kind,
    X: order.status,
    r: 'NONE',
    i: order.orderId,
    l: formatUnits(trade?.quantity ?? 0n),
    z: formatUnits(order.executed),
    L: formatUnits(trade?.price ?? 0n),
    n: trade === null ? '0' : formatUnits(trade.commission),
    N: trade?.commissionAsset ?? null,
    T: order.updatedMs,
    t: trade?.id ?? -1,
    I: order.orderId * 2,
    w: order.working && isOpen(order),
    m: trade?.maker ?? false,
    M: trade !== null,
    O: order.createdMs,
    Z: formatUnits(order.spent),
    Y: formatUnits(trade?.quote ?? 0n),
    Q: formatUnits(order.quoteQuantity),
    W: order.workingMs,
    V: 'EXPIRE_MAKER',
  };
}
