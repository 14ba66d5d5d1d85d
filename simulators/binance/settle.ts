/** One execution against an order: balances, fee, trade, report. And the end of an order that is not filled. */
import { balanceOf, unlock } from './accounts.js';
import type { Exchange } from './exchange.js';
import { type Execution, isOpen, type Order, type OrderStatus, type Trade } from './order.js';
import { smaller, times } from './units.js';

export interface Match {
  readonly price: bigint;
  readonly quantity: bigint;
  readonly maker: boolean;
}

export function settle(exchange: Exchange, order: Order, match: Match): Trade {
  const account = exchange.account(order.account);
  const quote = times(match.price, match.quantity);
  const buyer = order.side === 'BUY';
  pay(exchange, order, match, quote);
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
    id: exchange.nextTradeId(),
    symbol: order.symbol.name,
    orderId: order.orderId,
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
  order.executed += match.quantity;
  order.spent += quote;
  order.updatedMs = nowMs;
  order.status = order.executed >= order.quantity ? 'FILLED' : 'PARTIALLY_FILLED';
  if (order.status === 'FILLED') release(exchange, order);
  exchange.addTrade(trade);
  exchange.report(order, { kind: 'TRADE', trade, cancelId: null });
  return trade;
}

/** What is given away comes out of what was locked for it; a triggered stop may cost more than that. */
function pay(exchange: Exchange, order: Order, match: Match, quote: bigint): void {
  const buyer = order.side === 'BUY';
  const balance = balanceOf(exchange.account(order.account), buyer ? order.symbol.quote : order.symbol.base);
  const amount = buyer ? quote : match.quantity;
  const fromLocked = smaller(order.locked, amount);
  order.locked -= fromLocked;
  balance.locked -= fromLocked;
  balance.free -= amount - fromLocked;
}

interface Due {
  readonly asset: string;
  readonly amount: bigint;
  readonly quote: bigint;
  readonly rate: bigint;
}

/** From what was received, or from BNB at three quarters where the account chose so and has enough. */
function commission(exchange: Exchange, order: Order, due: Due): { asset: string; amount: bigint } {
  const account = exchange.account(order.account);
  const bnb = exchange.markets.get(`BNB${order.symbol.quote}`);
  if (!account.feesInBnb || bnb === undefined) return { asset: due.asset, amount: due.amount };
  const inQuote = (due.quote * due.rate * 3n) / 4_000_000n;
  const amount = (inQuote * 100_000_000n) / bnb.last;
  if (balanceOf(account, 'BNB').free < amount) return { asset: due.asset, amount: due.amount };
  return { asset: 'BNB', amount };
}

function release(exchange: Exchange, order: Order): void {
  const asset = order.side === 'BUY' ? order.symbol.quote : order.symbol.base;
  unlock(exchange.account(order.account), asset, order.locked);
  order.locked = 0n;
  order.working = false;
  exchange.open.delete(order.orderId);
}

/** Cancelled, expired, or stopped from trading with itself. */
export function end(
  exchange: Exchange,
  order: Order,
  how: { status: OrderStatus; execution: Execution['kind']; cancelId: string | null },
): void {
  if (!isOpen(order)) return;
  order.status = how.status;
  order.updatedMs = exchange.nowMs();
  release(exchange, order);
  exchange.report(order, { kind: how.execution, trade: null, cancelId: how.cancelId });
}
