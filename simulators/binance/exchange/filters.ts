/** The venue's filters, in the order in which the venue applies them. */
import { filterFailure } from '../requests/refusal.js';
import { times, units } from '../units.js';
import type { Exchange } from './exchange.js';
import { averagePrice } from './market.js';
import { hasLimit, hasTrigger, type OrderKind, type OrderRequest } from './order.js';
import {
  AVERAGE_MINUTES,
  MAX_NOTIONAL,
  MAX_OPEN_ORDERS,
  MAX_ORDER_LISTS,
  MAX_STOP_ORDERS,
  percentPriceBounds,
  TRAILING_DELTA,
  type TradedSymbol,
} from './symbols.js';

const MAX_PRICE = units('10000000');

export function checkFilters(exchange: Exchange, account: string, wanted: OrderRequest): void {
  checkPrices(exchange, wanted);
  const { trailingDelta } = wanted;
  if (trailingDelta !== null && (trailingDelta < TRAILING_DELTA.min || trailingDelta > TRAILING_DELTA.max))
    throw filterFailure('TRAILING_DELTA');
  checkSize(exchange, wanted);
  checkCounts(exchange, account, [wanted]);
}

function checkPrices(exchange: Exchange, { symbol, price, stopPrice, kind }: OrderRequest): void {
  for (const one of [price, stopPrice]) {
    if (one === 0n) continue;
    if (one < symbol.tickSize || one > MAX_PRICE || one % symbol.tickSize !== 0n)
      throw filterFailure('PRICE_FILTER');
  }
  if (!hasLimit(kind)) return;
  const { low, high } = percentPriceBounds(average(exchange, symbol));
  if (price < low || price > high) throw filterFailure('PERCENT_PRICE_BY_SIDE');
}

function checkSize(exchange: Exchange, wanted: OrderRequest): void {
  const { symbol, quantity, kind, quoteQuantity } = wanted;
  checkLot(symbol, kind, quantity);
  if (kind === 'MARKET' && quoteQuantity > 0n) {
    if (quoteQuantity < symbol.minNotional) throw filterFailure('NOTIONAL');
    return;
  }
  checkNotional(exchange, wanted, quantity);
}

/** A stop without a limit becomes a market order, and is checked as one. */
export function checkLot(symbol: TradedSymbol, kind: OrderKind, quantity: bigint): void {
  if (quantity < symbol.minQty || quantity > symbol.maxQty || quantity % symbol.stepSize !== 0n)
    throw filterFailure('LOT_SIZE');
  if (!hasLimit(kind) && quantity > symbol.marketMaxQty) throw filterFailure('MARKET_LOT_SIZE');
}

/** Without a limit, an order is checked at the average price, a stop at the lower of that and its trigger. */
export function checkNotional(
  exchange: Exchange,
  { symbol, price, stopPrice, kind }: Pick<OrderRequest, 'symbol' | 'price' | 'stopPrice' | 'kind'>,
  quantity: bigint,
): void {
  const market = average(exchange, symbol);
  const without = stopPrice > 0n && stopPrice < market ? stopPrice : market;
  const value = times(quantity, price > 0n ? price : without);
  if (value < symbol.minNotional || (hasLimit(kind) && value > MAX_NOTIONAL)) throw filterFailure('NOTIONAL');
}

function average(exchange: Exchange, symbol: TradedSymbol): bigint {
  return averagePrice(exchange.market(symbol.name), AVERAGE_MINUTES, exchange.nowMs());
}

/** For orders that are placed together. */
export function checkCounts(exchange: Exchange, account: string, wanted: readonly OrderRequest[]): void {
  const resting = wanted.filter(({ kind }) => kind !== 'MARKET');
  const symbol = resting[0]?.symbol.name;
  if (symbol === undefined) return;
  const open = exchange.openOf(account, symbol);
  if (open.length + resting.length > MAX_OPEN_ORDERS) throw filterFailure('MAX_NUM_ORDERS');
  const stops = open.filter((order) => hasTrigger(order.kind)).length;
  const more = resting.filter(({ kind }) => hasTrigger(kind)).length;
  if (more > 0 && stops + more > MAX_STOP_ORDERS) throw filterFailure('MAX_NUM_ALGO_ORDERS');
}

export function checkListCount(exchange: Exchange, account: string, symbol: string): void {
  const open = exchange.lists.filter(
    (list) => list.account === account && list.symbol.name === symbol && !list.done,
  );
  if (open.length >= MAX_ORDER_LISTS) throw filterFailure('MAX_NUM_ORDER_LISTS');
}
