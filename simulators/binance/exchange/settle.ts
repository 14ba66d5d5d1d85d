/** Books one execution of an order: balances, fee, trade, report. Also ends an order that is not filled. */
import { balanceOf, lock, unlock } from '../accounts.js';
import { smaller, times } from '../units.js';
import type { Exchange } from './exchange.js';
import { hasLimit, isOpen, type Lock, type Order, type OrderStatus, remaining, type Trade } from './order.js';
import type { Execution } from './order-json.js';
import { afterEnd, afterFill } from './order-lists.js';

export interface Match {
  /** The trade's id, the same on both sides. */
  readonly tradeId: number;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly maker: boolean;
}

export function settle(exchange: Exchange, order: Order, match: Match): Trade {
  const account = exchange.account(order.account);
  const quote = times(match.price, match.quantity);
  const buyer = order.side === 'BUY';
  pay(exchange, order, buyer ? quote : match.quantity);
  const received = buyer ? order.symbol.base : order.symbol.quote;
  const gross = buyer ? match.quantity : quote;
  const rate = match.maker ? account.makerPpm : account.takerPpm;
  const fee = commission(exchange, order, {
    asset: received,
    amount: (gross * rate) / 1_000_000n,
    quote,
    rate,
  });
  balanceOf(account, received).free += gross;
  balanceOf(account, fee.asset).free -= fee.amount;
  const nowMs = exchange.nowMs();
  const trade: Trade = {
    id: match.tradeId,
    symbol: order.symbol.name,
    orderId: order.orderId,
    listId: order.listId,
    account: order.account,
    price: match.price,
    quantity: match.quantity,
    quote,
    commission: fee.amount,
    commissionAsset: fee.asset,
    timeMs: nowMs,
    buyer,
    maker: match.maker,
  };
  const first = order.executed === 0n;
  order.executed += match.quantity;
  order.spent += quote;
  order.updatedMs = nowMs;
  order.status = remaining(order) > 0n ? 'PARTIALLY_FILLED' : 'FILLED';
  if (first) exchange.orderCounts.firstFill(order.account);
  if (order.status === 'FILLED') release(exchange, order);
  exchange.addTrade(trade);
  exchange.report(order, { kind: 'TRADE', trade });
  afterFill(exchange, order);
  return trade;
}

/** Pays from what was locked for the order; a triggered stop may cost more than that. */
function pay(exchange: Exchange, order: Order, amount: bigint): void {
  const balance = balanceOf(exchange.account(order.account), order.lock.asset);
  const fromLocked = smaller(order.lock.amount, amount);
  order.lock.amount -= fromLocked;
  balance.locked -= fromLocked;
  balance.free -= amount - fromLocked;
}

interface Due {
  readonly asset: string;
  readonly amount: bigint;
  readonly quote: bigint;
  readonly rate: bigint;
}

/** The fee: from what was received, or 3/4 of it from BNB if the account chose that and has enough. */
function commission(exchange: Exchange, order: Order, due: Due): { asset: string; amount: bigint } {
  const account = exchange.account(order.account);
  const bnb = exchange.markets.get(`BNB${order.symbol.quote}`);
  if (!account.feesInBnb || bnb === undefined) return { asset: due.asset, amount: due.amount };
  const inQuote = (due.quote * due.rate * 3n) / 4_000_000n;
  const amount = (inQuote * 100_000_000n) / bnb.last;
  if (balanceOf(account, 'BNB').free < amount) return { asset: due.asset, amount: due.amount };
  return { asset: 'BNB', amount };
}

/** The most that an order can still cost, or sell. */
export function needs(exchange: Exchange, order: Order): bigint {
  if (order.side === 'SELL') return remaining(order);
  const [price = exchange.marketOf(order).last] = [order.price, order.stopPrice].filter((one) => one > 0n);
  return times(price, remaining(order));
}

export function lockAmount(exchange: Exchange, order: Order, amount: bigint): void {
  lock(exchange.account(order.account), order.lock.asset, amount);
  order.lock.amount += amount;
}

/** One lock for two orders, only one of which can be executed. Throws if there is too little. */
export function lockShared(exchange: Exchange, pair: readonly [Order, Order]): void {
  const [first, second] = pair;
  const shared: Lock = { asset: first.lock.asset, amount: 0n };
  first.lock = shared;
  second.lock = shared;
  const [one, other] = [needs(exchange, first), needs(exchange, second)];
  lockAmount(exchange, first, one > other ? one : other);
}

/** Unlocks what can no longer be needed. */
export function unlockSurplus(exchange: Exchange, order: Order): void {
  const sharing = [...exchange.open].filter((one) => one.lock === order.lock);
  const needed = sharing.reduce((most, one) => {
    const amount = needs(exchange, one);
    return amount > most ? amount : most;
  }, 0n);
  const surplus = order.lock.amount - needed;
  if (surplus <= 0n) return;
  unlock(exchange.account(order.account), order.lock.asset, surplus);
  order.lock.amount -= surplus;
}

function release(exchange: Exchange, order: Order): void {
  order.working = false;
  exchange.open.delete(order);
  if ([...exchange.open].some((one) => one.lock === order.lock)) return;
  unlock(exchange.account(order.account), order.lock.asset, order.lock.amount);
  order.lock.amount = 0n;
}

export interface Ending {
  readonly status: Extract<OrderStatus, 'CANCELED' | 'EXPIRED' | 'EXPIRED_IN_MATCH'>;
  readonly execution: Omit<Execution, 'trade'>;
  readonly reason?: string;
}

/** Ends an order: cancelled, expired, or prevented from trading with its own account. */
export function end(exchange: Exchange, order: Order, { status, execution, reason }: Ending): void {
  if (!isOpen(order)) return;
  const onBook = order.working && hasLimit(order.kind);
  order.status = status;
  order.updatedMs = exchange.nowMs();
  if (reason !== undefined) order.expiryReason = reason;
  release(exchange, order);
  exchange.report(order, execution);
  if (onBook) exchange.bookChanged(exchange.marketOf(order));
  afterEnd(exchange, order);
}

export function expire(exchange: Exchange, order: Order, reason: string): void {
  end(exchange, order, { status: 'EXPIRED', execution: { kind: 'EXPIRED' }, reason });
}
