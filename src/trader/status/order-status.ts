/** An order that is not final, in the decimal text that people and other programs read. */

import type { OrderStatus } from '../../contracts/trader-status.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import type { OrderView } from '../../engine/view.js';

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
