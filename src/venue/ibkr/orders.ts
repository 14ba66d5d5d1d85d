/** Translates orders both ways: the desk's intent into the broker's order, the broker's order into the engine's. */
import { type Order, OrderAction, OrderType, TimeInForce } from '@stoqey/ib';
import { isBounded, type OrderIntent, type Side } from '../../domain/order.js';
import type { VenueCapabilities } from '../../domain/order-bounds.js';
import type { VenueOrder } from '../../domain/venue.js';
import type { ResolvedContract } from './contracts.js';
import { CENT, isNone, numberOf, stepsOf, textOf, Unbelievable } from './decode.js';
import type { ToldOrder } from './questions.js';
import { IBKR_TAKES } from './settings.js';

/** For orders of a group: a fill of one reduces the others, and only one of them at a time is at the exchange. */
const REDUCE_WITH_BLOCK = 2;

/** Throws RangeError for an order without the price its type needs, or of a kind this venue doesn't take. */
export function orderOf(intent: OrderIntent, { instrument }: ResolvedContract, account: string): Order {
  const price = (ticks: number | null): number => {
    if (ticks === null) throw new RangeError(`a ${intent.type} order without its price`);
    // A single rounding gives the number closest to the exact decimal.
    return Number((ticks * Number(instrument.tickSize)).toFixed(PRICE_PLACES));
  };
  const common = {
    account,
    action: actionOf(intent.side),
    totalQuantity: intent.quantityLots,
    // Our own id. The protocol's ids are counted per client and Gateway.
    orderRef: intent.clientId,
    // Each order is transmitted on its own: none waits in TWS for another, whatever happens to us in between.
    transmit: true,
    ...(intent.group === undefined ? {} : { ocaGroup: intent.group, ocaType: REDUCE_WITH_BLOCK }),
  };
  // The gate refuses both: see the venue's capabilities.
  if (intent.postOnly || intent.timeInForce === 'FOK')
    throw new RangeError(
      'an order that may only rest, or only be filled whole: this venue takes none of those',
    );
  const tif = intent.timeInForce === 'IOC' ? TimeInForce.IOC : TimeInForce.GTC;
  // And market entries: none leaves without the bound that the gate judged.
  if (intent.type === 'market' && isBounded(intent))
    throw new RangeError('an entry at the market, which this venue takes none of');
  if (intent.type === 'market') return { ...common, orderType: OrderType.MKT, tif: TimeInForce.DAY };
  if (intent.type === 'limit')
    return { ...common, orderType: OrderType.LMT, tif, lmtPrice: price(intent.limitTicks) };
  if (isBounded(intent)) {
    return {
      ...common,
      ...{ orderType: OrderType.STP_LMT, tif: TimeInForce.GTC },
      // A future trades nearly around the clock; a position in a stock is only opened in regular hours.
      outsideRth: instrument.kind === 'future',
      auxPrice: price(intent.stopTicks),
      lmtPrice: price(intent.limitTicks),
    };
  }
  // The stop stays overnight, and triggers outside regular hours too.
  return {
    ...common,
    ...{ orderType: OrderType.STP, tif: TimeInForce.GTC, outsideRth: true },
    auxPrice: price(intent.stopTicks),
  };
}

export const actionOf = (side: Side): OrderAction => (side === 'buy' ? OrderAction.BUY : OrderAction.SELL);

const PRICE_PLACES = 8;

/** An order typed by hand has no reference of ours. */
export const clientIdOf = (orderRef: string | undefined, permId: number | undefined): string =>
  orderRef !== undefined && orderRef !== '' ? orderRef : `ibkr-${permIdOf(permId)}`;

/** 0 is not an id: the broker does not have the order yet. */
function permIdOf(permId: number | undefined): number {
  if (permId === 0) throw new Unbelievable('order: the broker has no id of it yet');
  return numberOf(permId, 'permId');
}

const OPEN = new Set(['ApiPending', 'PendingSubmit', 'PreSubmitted', 'Submitted', 'PendingCancel']);
/** The broker has accepted the order, whatever has become of it since. */
const TAKEN = new Set(['PreSubmitted', 'Submitted', 'PendingCancel', 'Filled', 'Cancelled']);

export const isOpen = (status: string): boolean => OPEN.has(status);
export const isTaken = (status: string): boolean => TAKEN.has(status);
export const isOver = (status: string): boolean =>
  status === 'Filled' || status === 'Inactive' || isCancelled(status);
export const isCancelled = (status: string): boolean => status === 'Cancelled' || status === 'ApiCancelled';

function stateOf(status: string, filled: number): VenueOrder['state'] {
  if (isOpen(status)) return filled > 0 ? 'partlyFilled' : 'working';
  if (status === 'Filled') return 'filled';
  if (isCancelled(status)) return 'cancelled';
  if (status === 'Inactive') return 'rejected';
  throw new Unbelievable(`order: a status that the broker does not document (${status})`);
}

/** Throws `Unbelievable`. */
export function readOrder(told: ToldOrder, { instrument }: ResolvedContract): VenueOrder {
  const { order, status, filled, said } = told;
  const action = textOf(order.action, 'action');
  if (action !== 'BUY' && action !== 'SELL') throw new Unbelievable(`order: side ${action}`);
  const quantityLots = stepsOf(order.totalQuantity, instrument.lotSize, 'quantity');
  const filledLots = stepsOf(filled, instrument.lotSize, 'filled');
  if (order.orderType === undefined) throw new Unbelievable('order: without a type');
  const limit = order.orderType === OrderType.LMT || order.orderType === OrderType.STP_LMT;
  const stop = order.orderType === OrderType.STP || order.orderType === OrderType.STP_LMT;
  const ticks = (price: number | undefined) =>
    isNone(price) || price === 0 ? null : stepsOf(price, instrument.tickSize, 'price');
  const state = stateOf(status, filledLots);
  return {
    clientId: clientIdOf(order.orderRef, order.permId),
    venueId: String(permIdOf(order.permId)),
    instrument: instrument.id,
    state,
    // An order that has ended reports its quantity once more as 0.
    filledLots,
    side: action === 'BUY' ? 'buy' : 'sell',
    type: stop ? 'stop' : order.orderType === OrderType.MKT ? 'market' : 'limit',
    quantityLots,
    limitTicks: limit ? ticks(order.lmtPrice) : null,
    stopTicks: stop ? ticks(order.auxPrice) : null,
    ...(state === 'rejected' && said !== undefined ? { reason: said } : {}),
    ...(order.ocaGroup === undefined || order.ocaGroup === '' ? {} : { group: order.ocaGroup }),
  };
}

/** As declared for the desk file. */
export function capabilities(simulated: boolean): VenueCapabilities {
  return {
    // Commissions have six places.
    ...{ name: 'ibkr', simulated, cashStep: CENT },
    ...IBKR_TAKES.future.can,
    ofKinds: { stock: IBKR_TAKES.stock.can },
  };
}
