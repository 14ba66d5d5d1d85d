/** The whole order book of a symbol: the generated levels and every resting order of every account. */
import type { Exchange } from './exchange.js';
import type { Level, Market } from './market.js';
import { hasLimit, isOpen, type Order, type OrderSide, remaining } from './order.js';

export interface Offer {
  readonly price: bigint;
  readonly quantity: bigint;
  readonly resting: Order | null;
  readonly level: Level | null;
}

const better = (side: OrderSide, a: bigint, b: bigint) => (side === 'SELL' ? a < b : a > b);

/**
 * Everything offered on this side, best price first; at the same price account orders come before the generated
 * levels, oldest first.
 */
export function offers(exchange: Exchange, market: Market, side: OrderSide): Offer[] {
  const ladder = (side === 'SELL' ? market.asks : market.bids).map((level): Offer => {
    return { price: level.price, quantity: level.quantity, resting: null, level };
  });
  const resting = [...exchange.open].filter(
    (one) =>
      one.symbol === market.symbol && one.side === side && one.working && hasLimit(one.kind) && isOpen(one),
  );
  if (resting.length === 0) return ladder;
  const orders = resting.map((order): Offer => {
    return { price: order.price, quantity: remaining(order), resting: order, level: null };
  });
  return [...orders, ...ladder].sort((a, b) => {
    if (a.price !== b.price) return better(side, a.price, b.price) ? -1 : 1;
    if (a.resting === null || b.resting === null) return a.resting === null ? 1 : -1;
    return a.resting.workingMs - b.resting.workingMs || a.resting.orderId - b.resting.orderId;
  });
}

/** Quantity by price, best first. */
export function bookSide(exchange: Exchange, market: Market, side: OrderSide): [bigint, bigint][] {
  const levels: [bigint, bigint][] = [];
  for (const { price, quantity } of offers(exchange, market, side)) {
    const last = levels.at(-1);
    if (last !== undefined && last[0] === price) last[1] += quantity;
    else levels.push([price, quantity]);
  }
  return levels;
}

/** What an order of this side and limit (null: none) can take now. */
export function takable(exchange: Exchange, market: Market, side: OrderSide, limit: bigint | null): Offer[] {
  const opposite = side === 'BUY' ? 'SELL' : 'BUY';
  return offers(exchange, market, opposite).filter(
    ({ price }) => limit === null || (side === 'BUY' ? price <= limit : price >= limit),
  );
}
