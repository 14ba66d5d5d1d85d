/**
 * Translates orders both ways: the desk's intent into the venue's parameters, the venue's order into the engine's.
 */
import { formatDecimal } from '../../domain/decimal.js';
import { FINAL_ORDER_STATES, isBounded, type OrderIntent, type OrderType } from '../../domain/order.js';
import type { VenueOrder } from '../../domain/venue.js';
import {
  amountField,
  type Fields,
  fieldsOf,
  steppedField,
  textField,
  Unbelievable,
  wholeField,
  wholeSteps,
} from './decode.js';
import type { BinanceMarket } from './market.js';

/** How far beyond its trigger a stop that must be sent as a limit order may fill, in parts per thousand. */
const STOP_SLIP_PER_MILLE = 50;

export function orderParameters(order: OrderIntent, market: BinanceMarket): Record<string, string> {
  const { instrument } = market;
  const price = (ticks: number) => formatDecimal(ticks, instrument.tickSize);
  const common = {
    symbol: market.symbol,
    side: order.side === 'buy' ? 'BUY' : 'SELL',
    quantity: formatDecimal(order.quantityLots, instrument.lotSize),
    newClientOrderId: order.clientId,
    newOrderRespType: 'FULL',
  };
  const type = sentType(order);
  if (type === 'market') return { ...common, type: 'MARKET' };
  if (type === 'limit') {
    const limit = price(needed(order.limitTicks, order));
    // The exchange refuses it (-2010) if it would take, and has no time in force for it.
    if (order.postOnly) return { ...common, type: 'LIMIT_MAKER', price: limit };
    return { ...common, type: 'LIMIT', timeInForce: order.timeInForce, price: limit };
  }
  const stopTicks = needed(order.stopTicks, order);
  if (market.stopLossMarket && !isBounded(order))
    return { ...common, type: 'STOP_LOSS', stopPrice: price(stopTicks) };
  return {
    ...common,
    type: 'STOP_LOSS_LIMIT',
    timeInForce: 'GTC',
    stopPrice: price(stopTicks),
    price: price(order.limitTicks ?? farBehind(stopTicks, order)),
  };
}

/**
 * The limit price of a protective stop that must be a limit order: far enough away to be filled in all but
 * the wildest market.
 */
function farBehind(stopTicks: number, { side }: OrderIntent): number {
  const slip = Math.ceil((stopTicks * STOP_SLIP_PER_MILLE) / 1000);
  return Math.max(1, side === 'sell' ? stopTicks - slip : stopTicks + slip);
}

/**
 * The exchange has no worst price for market orders. An order with one is sent as a limit order that fills at once or
 * is cancelled.
 */
export function sentType(order: Pick<OrderIntent, 'type' | 'limitTicks'>): OrderType {
  return order.type === 'market' && isBounded(order) ? 'limit' : order.type;
}

function needed(ticks: number | null, order: OrderIntent): number {
  if (ticks === null) throw new RangeError(`${order.type} order ${order.clientId} has no price`);
  return ticks;
}

const STATES: Readonly<Record<string, VenueOrder['state']>> = {
  NEW: 'working',
  PENDING_NEW: 'working',
  PARTIALLY_FILLED: 'partlyFilled',
  PENDING_CANCEL: 'working',
  FILLED: 'filled',
  CANCELED: 'cancelled',
  REJECTED: 'rejected',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
};

/** Nothing more of it can be executed. */
export function hasEnded(status: unknown): boolean {
  const state = STATES[String(status)];
  return state !== undefined && FINAL_ORDER_STATES.has(state);
}

const TYPES: Readonly<Record<string, VenueOrder['type']>> = {
  MARKET: 'market',
  LIMIT: 'limit',
  LIMIT_MAKER: 'limit',
  STOP_LOSS: 'stop',
  STOP_LOSS_LIMIT: 'stop',
  TAKE_PROFIT: 'stop',
  TAKE_PROFIT_LIMIT: 'stop',
};

/** Maps our field names to those of REST and of the stream. */
const REST = {
  clientId: 'clientOrderId',
  venueId: 'orderId',
  status: 'status',
  side: 'side',
  type: 'type',
  quantity: 'origQty',
  filled: 'executedQty',
  price: 'price',
  stopPrice: 'stopPrice',
} as const;
const STREAM = {
  clientId: 'c',
  venueId: 'i',
  status: 'X',
  side: 'S',
  type: 'o',
  quantity: 'q',
  filled: 'z',
  price: 'p',
  stopPrice: 'P',
} as const;

/**
 * The desk's orders are whole steps; for other orders the fraction of a step is dropped. Throws
 * `Unbelievable`.
 */
export function readOrder(value: unknown, market: BinanceMarket): VenueOrder {
  const fields = fieldsOf(value, 'order');
  if (fields.symbol !== market.symbol) throw new Unbelievable('order: of another symbol than asked for');
  return readOrderFields(fields, market, REST);
}

/** Reads an `executionReport`. A cancel's report carries the cancel's own id in `c` and the order's in `C`. */
export function readStreamOrder(fields: Fields, market: BinanceMarket): VenueOrder {
  const order = readOrderFields(fields, market, STREAM);
  const original = fields.C;
  return typeof original === 'string' && original !== '' ? { ...order, clientId: original } : order;
}

function readOrderFields(
  fields: Fields,
  market: BinanceMarket,
  names: Readonly<Record<keyof typeof REST, string>>,
): VenueOrder {
  const state = STATES[textField(fields, names.status, 'order')];
  const type = TYPES[textField(fields, names.type, 'order')];
  const side = textField(fields, names.side, 'order');
  if (state === undefined || type === undefined || (side !== 'BUY' && side !== 'SELL'))
    throw new Unbelievable('order: a state, type or side that the venue does not document');
  const { finest, lot, tick } = market;
  const quantity = steppedField(fields, names.quantity, finest.lot, 'order');
  const filled = steppedField(fields, names.filled, finest.lot, 'order');
  if (filled > quantity) throw new Unbelievable('order: more filled than ordered');
  const limitTicks = wholeSteps(steppedField(fields, names.price, finest.tick, 'order'), tick);
  const hasStop = type === 'stop' && amountField(fields, names.stopPrice, 'order') > 0n;
  return {
    clientId: textField(fields, names.clientId, 'order'),
    venueId: String(wholeField(fields, names.venueId, 'order')),
    instrument: market.instrument.id,
    state,
    filledLots: wholeSteps(filled, lot),
    side: side === 'BUY' ? 'buy' : 'sell',
    type,
    quantityLots: wholeSteps(quantity, lot),
    limitTicks: limitTicks === 0 ? null : limitTicks,
    stopTicks: hasStop ? wholeSteps(steppedField(fields, names.stopPrice, finest.tick, 'order'), tick) : null,
  };
}
