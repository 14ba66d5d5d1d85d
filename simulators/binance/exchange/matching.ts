/** Matching: an incoming order against the book, resting orders against a moved price, and the triggers of stops. */
import { balanceOf } from '../accounts.js';
import { onGrid, smaller, times } from '../units.js';
import { bookSide, takable } from './book.js';
import type { Exchange } from './exchange.js';
import type { Market } from './market.js';
import { hasLimit, isOpen, type Order, reached, remaining, type Trade, triggersBelow } from './order.js';
import { afterTrigger } from './order-lists.js';
import { preventSelfTrade } from './self-trade.js';
import { expire, lockAmount, needs, settle } from './settle.js';

const MATCHES_MAX = 10_000;

const limitOf = (order: Order) => (hasLimit(order.kind) ? order.price : null);

/** Puts an order on the book: it takes what it may, then rests or expires. Returns its own trades. */
export function work(exchange: Exchange, order: Order): Trade[] {
  return exchange.atOneTime(() => matched(exchange, order));
}

function matched(exchange: Exchange, order: Order): Trade[] {
  order.working = true;
  order.workingMs = exchange.nowMs();
  order.updatedMs = order.workingMs;
  exchange.report(order, { kind: 'NEW' });
  if (order.timeInForce === 'FOK' && !fillable(exchange, order)) {
    expire(exchange, order, 'UNFILLED_FOK_ORDER_EXPIRED');
    return [];
  }
  const trades = takeFromMarket(exchange, order);
  if (!isOpen(order)) return trades;
  if (!hasLimit(order.kind)) expire(exchange, order, 'INSUFFICIENT_LIQUIDITY');
  else if (order.timeInForce === 'IOC') expire(exchange, order, 'UNFILLED_IOC_QUANTITY_EXPIRED');
  else exchange.bookChanged(exchange.marketOf(order));
  return trades;
}

/** Whether the book can fill the whole order. Orders of the same account don't count: they must not trade with it. */
function fillable(exchange: Exchange, order: Order): boolean {
  const found = takable(exchange, exchange.marketOf(order), order.side, limitOf(order));
  const quantity = found.reduce(
    (sum, offer) => (offer.resting?.account === order.account ? sum : sum + offer.quantity),
    0n,
  );
  return quantity >= remaining(order);
}

/** Takes what the book offers up to the order's limit. Reports each execution. */
function takeFromMarket(exchange: Exchange, order: Order): Trade[] {
  const market = exchange.marketOf(order);
  const trades: Trade[] = [];
  for (let count = 0; count < MATCHES_MAX && isOpen(order); count += 1) {
    const [offer] = takable(exchange, market, order.side, limitOf(order));
    if (offer === undefined) break;
    const { resting, level, price } = offer;
    if (resting?.account === order.account && order.selfTradeMode !== 'NONE') {
      preventSelfTrade(exchange, order, resting);
      continue;
    }
    const quantity = smaller(smaller(offer.quantity, remaining(order)), affordable(exchange, order, price));
    if (quantity === 0n) break;
    const made = market.recordTrade(
      { price, quantity, buyerMaker: order.side === 'SELL', taker: `${order.account} ${order.orderId}` },
      exchange.nowMs(),
    );
    trades.push(settle(exchange, order, { tradeId: made.id, price, quantity, maker: false }));
    if (resting !== null) settle(exchange, resting, { tradeId: made.id, price, quantity, maker: true });
    if (level !== null) market.take(level, quantity);
    else market.updateId += 1;
    exchange.onMarket(market, made);
  }
  return trades;
}

/**
 * A triggered stop that buys at the market may cost more than was locked for it, but not more than the account has.
 */
function affordable(exchange: Exchange, order: Order, price: bigint): bigint {
  if (order.side === 'SELL' || hasLimit(order.kind)) return order.quantity;
  const { free } = balanceOf(exchange.account(order.account), order.lock.asset);
  return onGrid(((free + order.lock.amount) * 100_000_000n) / price, order.symbol.stepSize);
}

/** After the price moved: first the stops it reached, then the resting orders it crossed. */
export function followPrice(exchange: Exchange, market: Market): void {
  for (const order of [...exchange.open]) {
    if (order.symbol !== market.symbol || order.working || order.status !== 'NEW') continue;
    if (triggeredBy(order, market.last, exchange.nowMs())) trigger(exchange, order);
  }
  for (const order of [...exchange.open]) {
    if (order.symbol === market.symbol && order.working && isOpen(order))
      fillAsMaker(exchange, market, order);
  }
}

/** A trailing stop follows the price first; if it also has a stop price, only once that was reached. */
function triggeredBy(order: Order, last: bigint, nowMs: number): boolean {
  const { trailing } = order;
  if (trailing === null) return reached(order, last);
  const below = triggersBelow(order);
  if (trailing.extreme === null) {
    if (order.stopPrice > 0n && !reached(order, last)) return false;
    trailing.extreme = last;
    trailing.timeMs = nowMs;
    return false;
  }
  if (below ? last > trailing.extreme : last < trailing.extreme) trailing.extreme = last;
  const delta = BigInt(trailing.delta);
  return below
    ? last * 10_000n <= trailing.extreme * (10_000n - delta)
    : last * 10_000n >= trailing.extreme * (10_000n + delta);
}

function trigger(exchange: Exchange, order: Order): void {
  if (!isOpen(order)) return;
  afterTrigger(exchange, order);
  work(exchange, order);
}

/** A resting order is filled at its own price by every generated level that now crosses it. */
function fillAsMaker(exchange: Exchange, market: Market, order: Order): void {
  for (const level of [...(order.side === 'BUY' ? market.asks : market.bids)]) {
    const crosses = order.side === 'BUY' ? level.price <= order.price : level.price >= order.price;
    if (!isOpen(order) || !crosses) return;
    const quantity = smaller(level.quantity, remaining(order));
    market.take(level, quantity);
    const made = market.recordTrade(
      { price: order.price, quantity, buyerMaker: order.side === 'BUY', taker: null },
      exchange.nowMs(),
    );
    settle(exchange, order, { tradeId: made.id, price: order.price, quantity, maker: true });
    exchange.onMarket(market, made);
  }
}

/** Locks what the order may cost or sell. A market buy is judged by what it would cost now. */
export function lockFor(exchange: Exchange, order: Order): void {
  const amount =
    order.kind === 'MARKET' && order.side === 'BUY' ? costNow(exchange, order) : needs(exchange, order);
  lockAmount(exchange, order, amount);
}

/** A thin book costs less: only what it holds can be bought. */
function costNow(exchange: Exchange, order: Order): bigint {
  let left = order.quantity;
  let cost = 0n;
  for (const [price, offered] of bookSide(exchange, exchange.marketOf(order), 'SELL')) {
    const quantity = smaller(offered, left);
    cost += times(price, quantity);
    left -= quantity;
    if (left === 0n) break;
  }
  return cost;
}
