/** Slots of `order.intended` and `order.state`. */
import type { OrderPurpose, OrderState, OrderType, Side, TimeInForce } from '../../../domain/order.js';
import { type Layout, type Numbers, wordsOf } from './layout.js';

export const SIDES: Numbers<Side> = { buy: 0, sell: 1 };
const PURPOSES: Numbers<OrderPurpose> = { entry: 0, protective: 1, exit: 2, close: 3 };
const TYPES: Numbers<OrderType> = { market: 0, limit: 1, stop: 2 };
const TIMES_IN_FORCE: Numbers<Exclude<TimeInForce, 'FOK'>> = { GTC: 0, IOC: 1 };
/** 2 was a state that no journal has. */
const STATES: Numbers<OrderState> = {
  denied: 0,
  intended: 1,
  unknown: 3,
  working: 4,
  partlyFilled: 5,
  cancelling: 6,
  filled: 7,
  cancelled: 8,
  rejected: 9,
  expired: 10,
  absent: 11,
};

export const SIDE_WORDS = wordsOf(SIDES);
const PURPOSE_WORDS = wordsOf(PURPOSES);
const TYPE_WORDS = wordsOf(TYPES);
const TIME_WORDS = wordsOf(TIMES_IN_FORCE);
const STATE_WORDS = wordsOf(STATES);

const HAS_LIMIT = 1;
const HAS_STOP = 2;
const HAS_PROTECT = 4;
const REDUCE_ONLY = 8;
const HAS_REPLACES = 16;

export const ORDER_INTENDED_1: Layout<'order.intended'> = {
  write: (to, { order, replaces, marketMs }) => {
    const { limitTicks, stopTicks, protectTicks, timeInForce } = order;
    // Written whole, as JSON: few orders have these members, and the layout stays unchanged.
    if (
      order.exits !== undefined ||
      order.why !== undefined ||
      order.group !== undefined ||
      order.signal !== undefined ||
      order.besideRestOf !== undefined ||
      order.ownTrade !== undefined ||
      order.postOnly !== undefined ||
      order.untilMs !== undefined ||
      order.waited !== undefined ||
      timeInForce === 'FOK'
    )
      to.fits = false;
    to.byte(
      (limitTicks === null ? 0 : HAS_LIMIT) |
        (stopTicks === null ? 0 : HAS_STOP) |
        (protectTicks === null ? 0 : HAS_PROTECT) |
        (order.reduceOnly ? REDUCE_ONLY : 0) |
        (replaces === undefined ? 0 : HAS_REPLACES),
    );
    to.name(order.clientId);
    to.i53(order.instrument);
    to.name(order.strategy);
    to.choice(PURPOSES, order.purpose);
    to.choice(SIDES, order.side);
    to.choice(TYPES, order.type);
    to.choice(TIMES_IN_FORCE, timeInForce === 'FOK' ? 'IOC' : timeInForce);
    to.i53(order.quantityLots);
    if (limitTicks !== null) to.i53(limitTicks);
    if (stopTicks !== null) to.i53(stopTicks);
    if (protectTicks !== null) to.i53(protectTicks);
    if (replaces !== undefined) to.name(replaces);
    to.i53(marketMs);
  },
  read: (from) => {
    const flags = from.byte();
    const clientId = from.name();
    const instrument = from.i53();
    const strategy = from.name();
    const purpose = from.choice(PURPOSE_WORDS);
    const side = from.choice(SIDE_WORDS);
    const type = from.choice(TYPE_WORDS);
    const timeInForce = from.choice(TIME_WORDS);
    const order = {
      clientId,
      instrument,
      strategy,
      purpose,
      side,
      type,
      quantityLots: from.i53(),
      limitTicks: (flags & HAS_LIMIT) === 0 ? null : from.i53(),
      stopTicks: (flags & HAS_STOP) === 0 ? null : from.i53(),
      protectTicks: (flags & HAS_PROTECT) === 0 ? null : from.i53(),
      reduceOnly: (flags & REDUCE_ONLY) !== 0,
      timeInForce,
    };
    if ((flags & HAS_REPLACES) === 0) return { type: 'order.intended', order, marketMs: from.i53() };
    return { type: 'order.intended', order, replaces: from.name(), marketMs: from.i53() };
  },
};

export const ORDER_STATE_1: Layout<'order.state'> = {
  write: (to, { clientId, state, venueId, reason, marketMs }) => {
    to.byte(venueId === null ? 0 : 1);
    to.name(clientId);
    to.choice(STATES, state);
    if (venueId !== null) to.text(venueId);
    to.name(reason);
    to.i53(marketMs);
  },
  read: (from) => {
    const hasVenueId = from.byte() === 1;
    return {
      type: 'order.state',
      clientId: from.name(),
      state: from.choice(STATE_WORDS),
      venueId: hasVenueId ? from.text() : null,
      reason: from.name(),
      marketMs: from.i53(),
    };
  },
};
