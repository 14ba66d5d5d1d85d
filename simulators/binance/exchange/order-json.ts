/** Orders and executions as the exchange shows them, over REST and on the user stream. */
import { formatUnits } from '../units.js';
import { hasLimit, hasTrigger, isOpen, type Order, type Trade } from './order.js';

/** Fields that every view of an order has. */
function common(order: Order): Record<string, unknown> {
  return {
    symbol: order.symbol.name,
    orderId: order.orderId,
    orderListId: order.listId,
    clientOrderId: order.clientOrderId,
    price: formatUnits(order.price),
    origQty: formatUnits(order.quantity),
    executedQty: formatUnits(order.executed),
    origQuoteOrderQty: formatUnits(order.quoteQuantity),
    cummulativeQuoteQty: formatUnits(order.spent),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.kind,
    side: order.side,
    selfTradePreventionMode: order.selfTradeMode,
    ...conditional(order),
  };
}

/** Fields that appear only if they mean something. */
function conditional(order: Order): Record<string, unknown> {
  const { trailing } = order;
  return {
    ...(order.strategyId === null ? {} : { strategyId: order.strategyId }),
    ...(order.strategyType === null ? {} : { strategyType: order.strategyType }),
    ...(trailing === null ? {} : { trailingDelta: trailing.delta, trailingTime: trailing.timeMs }),
    ...(order.preventedMatchId === null
      ? {}
      : { preventedMatchId: order.preventedMatchId, preventedQuantity: formatUnits(order.prevented) }),
    ...(order.expiryReason === null ? {} : { expiryReason: order.expiryReason }),
  };
}

/** GET order, openOrders, allOrders. */
export function orderJson(order: Order): Record<string, unknown> {
  return {
    ...common(order),
    stopPrice: formatUnits(order.stopPrice),
    icebergQty: '0.00000000',
    time: order.createdMs,
    updateTime: order.updatedMs,
    isWorking: order.workingMs !== -1,
    workingTime: order.workingMs,
  };
}

/** If the client doesn't ask for another: FULL for MARKET and LIMIT, ACK for the others. */
export function defaultResponse(kind: Order['kind']): string {
  return kind === 'MARKET' || kind === 'LIMIT' ? 'FULL' : 'ACK';
}

/** The answer to a new order. */
export function placedJson(
  order: Order,
  trades: readonly Trade[],
  response: string,
): Record<string, unknown> {
  const acknowledged = {
    symbol: order.symbol.name,
    orderId: order.orderId,
    orderListId: order.listId,
    clientOrderId: order.clientOrderId,
    transactTime: order.updatedMs,
  };
  if (response === 'ACK') return acknowledged;
  const result = {
    ...acknowledged,
    ...common(order),
    ...stopPrice(order),
    workingTime: order.workingMs,
  };
  return response === 'RESULT' ? result : { ...result, fills: trades.map(fillJson) };
}

function stopPrice(order: Order): object {
  return hasTrigger(order.kind) ? { stopPrice: formatUnits(order.stopPrice) } : {};
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
  return {
    ...common(order),
    ...stopPrice(order),
    origClientOrderId: order.clientOrderId,
    clientOrderId: cancelId,
    transactTime: order.updatedMs,
  };
}

export function amendedJson(order: Order): object {
  const last = order.amendments.at(-1);
  return {
    symbol: order.symbol.name,
    orderId: order.orderId,
    orderListId: order.listId,
    origClientOrderId: last?.oldClientId ?? order.clientOrderId,
    clientOrderId: order.clientOrderId,
    price: formatUnits(order.price),
    qty: formatUnits(order.quantity),
    executedQty: formatUnits(order.executed),
    preventedQty: formatUnits(order.prevented),
    quoteOrderQty: formatUnits(order.quoteQuantity),
    cumulativeQuoteQty: formatUnits(order.spent),
    status: order.status,
    timeInForce: order.timeInForce,
    type: order.kind,
    side: order.side,
    ...stopPrice(order),
    ...(order.workingMs === -1 ? {} : { workingTime: order.workingMs }),
    selfTradePreventionMode: order.selfTradeMode,
  };
}

export function tradeJson(trade: Trade): object {
  return {
    symbol: trade.symbol,
    id: trade.id,
    orderId: trade.orderId,
    orderListId: trade.listId,
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

/** Two orders of one account that would have traded with each other. */
export interface Prevention {
  readonly matchId: number;
  readonly counterOrderId: number;
  readonly quantity: bigint;
  readonly price: bigint;
}

export interface Execution {
  readonly kind: 'NEW' | 'TRADE' | 'CANCELED' | 'REPLACED' | 'EXPIRED' | 'TRADE_PREVENTION';
  readonly trade?: Trade;
  /** The id of the cancel or of the amended order: it becomes `c`, and the order's previous id `C`. */
  readonly newId?: string;
  readonly oldId?: string;
  readonly prevention?: Prevention;
}

export interface ExecutionStamp {
  readonly nowMs: number;
  readonly executionId: number;
}

export function executionReport(
  order: Order,
  execution: Execution,
  stamp: ExecutionStamp,
): Record<string, unknown> {
  const { trade, newId, prevention } = execution;
  return {
    e: 'executionReport',
    E: stamp.nowMs,
    s: order.symbol.name,
    c: newId ?? order.clientOrderId,
    S: order.side,
    o: order.kind,
    f: order.timeInForce,
    q: formatUnits(order.quantity),
    p: formatUnits(order.price),
    P: formatUnits(order.stopPrice),
    F: '0.00000000',
    g: order.listId,
    C: newId === undefined ? '' : (execution.oldId ?? order.clientOrderId),
    x: execution.kind,
    X: order.status,
    r: 'NONE',
    i: order.orderId,
    l: formatUnits(trade?.quantity ?? 0n),
    z: formatUnits(order.executed),
    L: formatUnits(trade?.price ?? 0n),
    n: trade === undefined ? '0' : formatUnits(trade.commission),
    N: trade?.commissionAsset ?? null,
    T: trade?.timeMs ?? order.updatedMs,
    t: trade?.id ?? -1,
    I: stamp.executionId,
    w: order.working && isOpen(order) && (hasLimit(order.kind) || execution.kind === 'NEW'),
    m: trade?.maker ?? false,
    M: trade !== undefined,
    O: order.createdMs,
    Z: formatUnits(order.spent),
    Y: formatUnits(trade?.quote ?? 0n),
    Q: formatUnits(order.quoteQuantity),
    ...(order.workingMs === -1 ? {} : { W: order.workingMs }),
    V: order.selfTradeMode,
    ...rareFields(order, prevention),
  };
}

function rareFields(order: Order, prevention: Prevention | undefined): Record<string, unknown> {
  const { trailing } = order;
  return {
    ...(trailing === null ? {} : { d: trailing.delta, D: trailing.timeMs }),
    ...(order.strategyId === null ? {} : { j: order.strategyId }),
    ...(order.strategyType === null ? {} : { J: order.strategyType }),
    ...(order.expiryReason === null ? {} : { eR: order.expiryReason }),
    ...(prevention === undefined
      ? {}
      : {
          v: prevention.matchId,
          A: formatUnits(order.prevented),
          B: formatUnits(prevention.quantity),
          u: -1,
          U: prevention.counterOrderId,
          Cs: order.symbol.name,
          pl: formatUnits(0n),
          pL: formatUnits(prevention.price),
          pY: formatUnits(0n),
        }),
  };
}
