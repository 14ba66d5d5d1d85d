/** Matching: an incoming order against other people's orders and the ladder; resting orders against a moved price. */
import { lock } from './accounts.js';
import type { Exchange } from './exchange.js';
import type { Level, Market } from './market.js';
import { hasLimit, isOpen, type Order, type Trade } from './order.js';
import { Refusal } from './refusal.js';
import { end, settle } from './settle.js';
import { smaller, times } from './units.js';

interface Offer {
  readonly price: bigint;
  readonly quantity: bigint;
  readonly resting: Order | null;
  readonly level: Level | null;
}

const MATCHES_MAX = 10_000;

function acceptable(order: Order, price: bigint): boolean {
  if (!hasLimit(order.kind)) return true;
  return order.side === 'BUY' ? price <= order.price : price >= order.price;
}

/** Resting orders of the other side, best price first, then oldest. */
function restingAgainst(exchange: Exchange, order: Order): Order[] {
  return [...exchange.open.values()]
    .filter((one) => one.symbol === order.symbol && one.working && one.side !== order.side && one.price > 0n)
    .sort((a, b) => {
      const better = order.side === 'BUY' ? a.price - b.price : b.price - a.price;
      return better === 0n ? a.orderId - b.orderId : Number(better > 0n) * 2 - 1;
    });
}

function bestOffer(exchange: Exchange, market: Market, order: Order): Offer | null {
  const level = (order.side === 'BUY' ? market.asks : market.bids)[0] ?? null;
  const resting = restingAgainst(exchange, order)[0] ?? null;
  const restingFirst =
    resting !== null &&
    (level === null || (order.side === 'BUY' ? resting.price <= level.price : resting.price >= level.price));
  if (restingFirst) {
    return { price: resting.price, quantity: resting.quantity - resting.executed, resting, level: null };
  }
  return level === null ? null : { price: level.price, quantity: level.quantity, resting: null, level };
}

/** Takes what the market offers, as far as the order's limit goes. Reports each execution. */
export function takeFromMarket(exchange: Exchange, order: Order): Trade[] {
  const market = exchange.market(order.symbol.name);
  const trades: Trade[] = [];
  for (let count = 0; count < MATCHES_MAX && isOpen(order); count += 1) {
    const offer = bestOffer(exchange, market, order);
    if (offer === null || !acceptable(order, offer.price)) break;
    if (offer.resting?.account === order.account) {
      end(exchange, offer.resting, {
        status: 'EXPIRED_IN_MATCH',
        execution: 'TRADE_PREVENTION',
        cancelId: null,
      });
      continue;
    }
    const quantity = smaller(offer.quantity, order.quantity - order.executed);
    const trade = settle(exchange, order, { price: offer.price, quantity, maker: false });
    if (offer.resting !== null)
      settle(exchange, offer.resting, { price: offer.price, quantity, maker: true });
    if (offer.level !== null) market.take(offer.level, quantity);
    market.recordTrade(offer.price, quantity, exchange.nowMs());
    exchange.onMarket(market, trade);
    trades.push(trade);
  }
  return trades;
}

/** What a market order of this size would cost or bring now; null where the book is too thin for it. */
function costNow(exchange: Exchange, order: Order): bigint | null {
  const market = exchange.market(order.symbol.name);
  let left = order.quantity;
  let cost = 0n;
  for (const level of order.side === 'BUY' ? market.asks : market.bids) {
    const quantity = smaller(level.quantity, left);
    cost += times(level.price, quantity);
    left -= quantity;
    if (left === 0n) return cost;
  }
  return null;
}

/** After the price moved: first the stops it reached, then the resting orders it crossed. */
export function followPrice(exchange: Exchange, market: Market): void {
  for (const order of [...exchange.open.values()]) {
    if (order.symbol === market.symbol && !order.working && triggered(order, market.last))
      activate(exchange, order);
  }
  for (const order of [...exchange.open.values()]) {
    if (order.symbol === market.symbol && order.working && isOpen(order))
      fillAsMaker(exchange, market, order);
  }
}

export function triggered(order: Pick<Order, 'kind' | 'side' | 'stopPrice'>, last: bigint): boolean {
  const falling = order.kind.startsWith('STOP_LOSS') === (order.side === 'SELL');
  return falling ? last <= order.stopPrice : last >= order.stopPrice;
}

function activate(exchange: Exchange, order: Order): void {
  order.working = true;
  order.workingMs = exchange.nowMs();
  exchange.report(order, { kind: 'NEW', trade: null, cancelId: null });
  takeFromMarket(exchange, order);
  if (!hasLimit(order.kind) && isOpen(order)) {
    end(exchange, order, { status: 'EXPIRED', execution: 'EXPIRED', cancelId: null });
  }
}

/** A resting order gets its own price, from whatever of the ladder now crosses it. */
function fillAsMaker(exchange: Exchange, market: Market, order: Order): void {
  for (const level of [...(order.side === 'BUY' ? market.asks : market.bids)]) {
    if (!isOpen(order) || !acceptable(order, level.price)) return;
    const quantity = smaller(level.quantity, order.quantity - order.executed);
    market.take(level, quantity);
    const trade = settle(exchange, order, { price: order.price, quantity, maker: true });
    exchange.onMarket(market, trade);
  }
}

/** Locks what the order may give away. A market order locks nothing, but must be able to pay now. */
export function lockFor(exchange: Exchange, order: Order): void {
  const account = exchange.account(order.account);
  if (order.kind === 'MARKET') {
    if (order.side === 'BUY' && order.quantity > 0n) {
      const cost = costNow(exchange, order);
      if (cost === null)
        throw new Refusal(-2010, 'Order book liquidity is less than LOT_SIZE filter minimum quantity.');
      lock(account, order.symbol.quote, cost);
      order.locked = cost;
      return;
    }
  }
  const asset = order.side === 'SELL' ? order.symbol.base : order.symbol.quote;
  const price = order.price > 0n ? order.price : order.stopPrice;
  const amount = order.side === 'SELL' ? order.quantity : times(price, order.quantity);
  lock(account, asset, amount);
  order.locked = amount;
}
