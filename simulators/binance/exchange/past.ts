/**
 * What an account did before the simulator was started: closed orders and their trades, in the lists that report
 * them.
 */
import type { PastTrade } from '../accounts.js';
import { times, units } from '../units.js';
import type { Exchange } from './exchange.js';
import type { Order, Trade } from './order.js';

/**
 * Adds the trades, oldest first whatever their order in `past`. Throws if the symbol has newer orders already: the
 * exchange's ids grow with time.
 */
export function addPast(exchange: Exchange, account: string, past: readonly PastTrade[]): void {
  exchange.account(account);
  const nowMs = exchange.nowMs();
  for (const trade of [...past].sort((a, b) => b.agoMs - a.agoMs))
    addOne(exchange, account, trade, nowMs - trade.agoMs);
}

function addOne(exchange: Exchange, account: string, past: PastTrade, timeMs: number): void {
  const market = exchange.market(past.symbol);
  const newest = exchange.orders.findLast((order) => order.symbol === market.symbol);
  if (newest !== undefined && newest.createdMs > timeMs) {
    throw new Error(
      `${past.symbol} has orders that are newer than ${new Date(timeMs).toISOString()}: add the past first`,
    );
  }
  const { base, quote } = market.symbol;
  const price = units(past.price);
  const quantity = units(past.quantity);
  const spent = times(price, quantity);
  market.ids.order += 1;
  market.ids.trade += 1;
  market.ids.aggregate += 1;
  const buyer = past.side === 'BUY';
  const commissionAsset = past.commissionAsset ?? (buyer ? base : quote);
  const order: Order = {
    orderId: market.ids.order,
    account,
    symbol: market.symbol,
    clientOrderId: `past_${market.ids.order}`,
    side: past.side,
    kind: 'MARKET',
    timeInForce: 'GTC',
    price: 0n,
    stopPrice: 0n,
    trailing: null,
    quantity,
    quoteQuantity: 0n,
    selfTradeMode: market.symbol.selfTradeDefault,
    strategyId: null,
    strategyType: null,
    listId: -1,
    amendments: [],
    executed: quantity,
    spent,
    prevented: 0n,
    preventedMatchId: null,
    status: 'FILLED',
    expiryReason: null,
    working: false,
    workingMs: timeMs,
    lock: { asset: buyer ? quote : base, amount: 0n },
    createdMs: timeMs,
    updatedMs: timeMs,
  };
  exchange.orders.push(order);
  const trade: Trade = {
    id: market.ids.trade,
    symbol: market.symbol.name,
    orderId: order.orderId,
    listId: -1,
    account,
    price,
    quantity,
    quote: spent,
    commission: past.commission === undefined ? (buyer ? quantity : spent) / 1000n : units(past.commission),
    commissionAsset,
    timeMs,
    buyer,
    maker: false,
  };
  exchange.addTrade(trade);
}
