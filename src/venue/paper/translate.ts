/** Translates between the paper book's symbols and the engine's dense instrument numbers. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { Fill, OrderIntent } from '../../domain/order.js';
import type { VenueOrder } from '../../domain/venue.js';
import type { PaperFill, PaperOrder } from './book-record.js';

interface OrderPlace {
  readonly symbol: string;
  readonly venueId: string;
  readonly reserveTicks: number;
  readonly arrivesAtMs: number;
}

export function paperOrderOf(intent: OrderIntent, place: OrderPlace): PaperOrder {
  const { clientId, side, type, quantityLots, limitTicks, stopTicks, reduceOnly, timeInForce } = intent;
  const { symbol, venueId, reserveTicks, arrivesAtMs } = place;
  const order: PaperOrder = {
    clientId,
    side,
    type,
    quantityLots,
    limitTicks,
    stopTicks,
    reduceOnly,
    timeInForce,
    symbol,
    venueId,
    reserveTicks,
    arrivesAtMs,
    state: 'working',
    filledLots: 0,
  };
  return intent.postOnly ? { ...order, postOnly: true } : order;
}

export function venueOrderOf(order: PaperOrder, instrument: InstrumentId): VenueOrder {
  const { clientId, venueId, state, filledLots, side, type, quantityLots, limitTicks, stopTicks } = order;
  return {
    clientId,
    venueId,
    instrument,
    state,
    filledLots,
    side,
    type,
    quantityLots,
    limitTicks,
    stopTicks,
  };
}

/**
 * Written out: each fill is translated several times, and copying all members but one takes ten times as
 * long.
 */
export function fillOf(fill: PaperFill, instrument: InstrumentId): Fill {
  const { feeIn, rate } = fill;
  const translated: Fill = {
    tradeId: fill.tradeId,
    clientId: fill.clientId,
    side: fill.side,
    quantityLots: fill.quantityLots,
    priceTicks: fill.priceTicks,
    fee: fill.fee,
    liquidity: fill.liquidity,
    marketMs: fill.marketMs,
    caughtUp: fill.caughtUp,
    instrument,
    simulated: true,
  };
  if (feeIn === undefined && rate === undefined) return translated;
  return {
    ...translated,
    ...(feeIn === undefined ? {} : { feeIn }),
    ...(rate === undefined ? {} : { rate }),
  };
}
