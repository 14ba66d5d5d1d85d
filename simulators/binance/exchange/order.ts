/** Orders and executions as the exchange stores them. Their form on the wire is in `order-json.ts`. */
import type { TradedSymbol } from './symbols.js';

export type OrderSide = 'BUY' | 'SELL';
export type OrderKind =
  | 'LIMIT'
  | 'LIMIT_MAKER'
  | 'MARKET'
  | 'STOP_LOSS'
  | 'STOP_LOSS_LIMIT'
  | 'TAKE_PROFIT'
  | 'TAKE_PROFIT_LIMIT';
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';
export type OrderStatus =
  | 'PENDING_NEW'
  | 'NEW'
  | 'PARTIALLY_FILLED'
  | 'FILLED'
  | 'CANCELED'
  | 'EXPIRED'
  | 'EXPIRED_IN_MATCH';
export type SelfTradeMode = 'NONE' | 'EXPIRE_MAKER' | 'EXPIRE_TAKER' | 'EXPIRE_BOTH' | 'DECREMENT';

/** What is locked for an order; the two orders of an OCO share one. */
export interface Lock {
  readonly asset: string;
  amount: bigint;
}

export interface Trailing {
  /** Hundredths of a percent. */
  readonly delta: number;
  /** Highest or lowest price since tracking began; null before the stop price was reached. */
  extreme: bigint | null;
  timeMs: number;
}

export interface Amendment {
  readonly executionId: number;
  readonly oldClientId: string;
  readonly newClientId: string;
  readonly oldQuantity: bigint;
  readonly newQuantity: bigint;
  readonly timeMs: number;
}

/** What a request asks for, after its parameters have been read. */
export interface OrderRequest {
  readonly symbol: TradedSymbol;
  readonly side: OrderSide;
  readonly kind: OrderKind;
  readonly timeInForce: TimeInForce;
  /** Zero for market orders. */
  readonly price: bigint;
  /** Zero if there is no trigger price. */
  readonly stopPrice: bigint;
  readonly trailingDelta: number | null;
  readonly quantity: bigint;
  /** Zero unless a market order says how much quote currency it spends or brings in. */
  readonly quoteQuantity: bigint;
  readonly clientOrderId: string;
  readonly selfTradeMode: SelfTradeMode;
  readonly strategyId: number | null;
  readonly strategyType: number | null;
}

export interface Order extends Omit<OrderRequest, 'quantity' | 'clientOrderId' | 'trailingDelta'> {
  readonly orderId: number;
  readonly account: string;
  readonly createdMs: number;
  readonly listId: number;
  readonly trailing: Trailing | null;
  readonly amendments: Amendment[];
  clientOrderId: string;
  quantity: bigint;
  executed: bigint;
  spent: bigint;
  /** The quantity that expired to keep the account from trading with itself. */
  prevented: bigint;
  preventedMatchId: number | null;
  status: OrderStatus;
  expiryReason: string | null;
  /** Whether it is on the book now. */
  working: boolean;
  /** When it came onto the book; -1 if it never did. Kept after the order has ended. */
  workingMs: number;
  lock: Lock;
  updatedMs: number;
}

/** One account's side of a trade. Both sides have the same trade id. */
export interface Trade {
  readonly id: number;
  readonly symbol: string;
  readonly orderId: number;
  readonly listId: number;
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
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED' || order.status === 'PENDING_NEW';
}

/** The quantity that can still be executed. */
export function remaining(order: Order): bigint {
  return order.quantity - order.executed - order.prevented;
}

export function hasTrigger(kind: OrderKind): boolean {
  return kind.startsWith('STOP_LOSS') || kind.startsWith('TAKE_PROFIT');
}

export function hasLimit(kind: OrderKind): boolean {
  return kind.includes('LIMIT');
}

/** Whether a falling price triggers it; a rising price triggers the others. */
export function triggersBelow({ kind, side }: Pick<Order, 'kind' | 'side'>): boolean {
  return kind.startsWith('STOP_LOSS') === (side === 'SELL');
}

/** Whether this last price triggers it. */
export function reached(order: Pick<Order, 'kind' | 'side' | 'stopPrice'>, last: bigint): boolean {
  return triggersBelow(order) ? last <= order.stopPrice : last >= order.stopPrice;
}
