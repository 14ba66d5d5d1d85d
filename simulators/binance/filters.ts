/** The venue's filters, in the order in which it applies them. */
import type { Exchange } from './exchange.js';
import { hasLimit, hasTrigger, type OrderKind, type OrderSide } from './order.js';
import { filterFailure } from './refusal.js';
import {
  MAX_NOTIONAL,
  MAX_OPEN_ORDERS,
  MAX_STOP_ORDERS,
  percentPriceBounds,
  type TradedSymbol,
} from './symbols.js';
import { times, units } from './units.js';

export interface Wanted {
  readonly symbol: TradedSymbol;
  readonly side: OrderSide;
  readonly kind: OrderKind;
  readonly quantity: bigint;
  readonly price: bigint;
  readonly stopPrice: bigint;
}

const MAX_PRICE = units('10000000');

export function checkFilters(exchange: Exchange, account: string, wanted: Wanted): void {
  const { symbol, quantity } = wanted;
  const last = exchange.market(symbol.name).last;
  for (const price of [wanted.price, wanted.stopPrice]) {
    if (price === 0n) continue;
    if (price < symbol.tickSize || price > MAX_PRICE || price % symbol.tickSize !== 0n) {
      throw filterFailure('PRICE_FILTER');
    }
  }
  if (hasLimit(wanted.kind)) {
    const { low, high } = percentPriceBounds(last);
    if (wanted.price < low || wanted.price > high) throw filterFailure('PERCENT_PRICE_BY_SIDE');
  }
  if (quantity < symbol.minQty || quantity > symbol.maxQty || quantity % symbol.stepSize !== 0n) {
    throw filterFailure('LOT_SIZE');
  }
  const value = times(quantity, wanted.price > 0n ? wanted.price : last);
  if (value < symbol.minNotional || (hasLimit(wanted.kind) && value > MAX_NOTIONAL))
    throw filterFailure('NOTIONAL');
  checkCounts(exchange, account, wanted);
}

function checkCounts(exchange: Exchange, account: string, wanted: Wanted): void {
  if (wanted.kind === 'MARKET') return;
  const open = [...exchange.open.values()].filter(
    (order) => order.account === account && order.symbol === wanted.symbol,
  );
  if (open.length >= MAX_OPEN_ORDERS) throw filterFailure('MAX_NUM_ORDERS');
  const stops = open.filter((order) => hasTrigger(order.kind)).length;
  if (hasTrigger(wanted.kind) && stops >= MAX_STOP_ORDERS) throw filterFailure('MAX_NUM_ALGO_ORDERS');
}
