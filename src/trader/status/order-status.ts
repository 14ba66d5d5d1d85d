/** An order that is not final, in the decimal text that people and other programs read. */
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import type { OrderPurpose, OrderState, Side } from '../../domain/order.js';
import type { OrderView } from '../../engine/view.js';

export interface OrderStatus {
  readonly clientId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'market' | 'limit' | 'stop';
  readonly purpose: OrderPurpose;
  readonly state: OrderState;
  readonly quantity: string;
  readonly filled: string;
  readonly price: string | null;
  readonly strategy: string;
}

export function orderStatus(order: OrderView, instrument: Instrument): OrderStatus {
  const priceTicks = order.limitTicks ?? order.stopTicks;
  return {
    clientId: order.clientId,
    symbol: instrument.symbol,
    side: order.side,
    type: order.type,
    purpose: order.purpose,
    state: order.state,
    quantity: formatDecimal(order.quantityLots, instrument.lotSize),
    filled: formatDecimal(order.filledLots, instrument.lotSize),
    price: priceTicks === null ? null : formatDecimal(priceTicks, instrument.tickSize),
    strategy: order.strategy,
  };
}
