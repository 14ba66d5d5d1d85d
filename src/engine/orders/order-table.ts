/**
 * The order state machine: state × event → next state, and what the core does about it. Every cell is tested,
 * and every state is reachable from `intended`.
 */
import type { SentState } from '../../domain/order.js';

export type OrderEvent =
  /** The venue says that it has the order, or a lookup finds it. */
  | 'accepted'
  | 'rejected'
  /** The send got no answer, or none that can be trusted. */
  | 'unanswered'
  /** Enough lookups found nothing: the venue never had the order. */
  | 'foundAbsent'
  | 'cancelRequested'
  | 'cancelled'
  /** The venue has no such open order, or refused to cancel it. */
  | 'cancelRefused'
  | 'expired'
  | 'partialFill'
  | 'completingFill';

/** The effects of a step, apart from its record. A replay repeats none of them. */
export type OrderEffect =
  /** Queries the venue about the order. */
  | 'lookUp'
  /** Sends the cancel. */
  | 'sendCancel'
  /** Nothing more is expected of the order. */
  | 'endWatch'
  /** If the order had no fill, the next one for the same purpose waits a little. */
  | 'pauseNext'
  /** The rest of the order is cancelled at the next bar. */
  | 'restNoLonger'
  /** Order and account are read again. The caller tells people and halts the desk, in its own words. */
  | 'contradict';

export interface OrderStep {
  /** `ignored`: late or repeated, changes nothing. `illegal`: contradicts what we know. */
  readonly to: SentState | 'ignored' | 'illegal';
  readonly effects: readonly OrderEffect[];
}

/** The reason of an order that is given up: the venue says that it was filled, and not in which trades. */
export const NEVER_NAMED = 'filled at the venue, which never named the fills';

type Row = Readonly<Record<OrderEvent, OrderStep>>;

const to = (state: OrderStep['to'], ...effects: readonly OrderEffect[]): OrderStep => ({
  to: state,
  effects,
});

const IGNORED = to('ignored');
const ILLEGAL = to('illegal', 'contradict');

/** Handed to the runner, no answer yet: anything can still arrive, in any order. */
const inFlight: Row = {
  accepted: to('working'),
  rejected: to('rejected', 'endWatch', 'pauseNext'),
  unanswered: to('unknown', 'lookUp'),
  foundAbsent: to('absent', 'endWatch', 'pauseNext'),
  cancelRequested: to('cancelling', 'sendCancel'),
  cancelled: to('cancelled', 'endWatch', 'pauseNext'),
  cancelRefused: IGNORED,
  expired: to('expired', 'endWatch', 'pauseNext'),
  partialFill: to('partlyFilled'),
  completingFill: to('filled', 'endWatch'),
};

/** At the venue, where it may rest, be filled or be cancelled. */
const resting: Row = {
  ...inFlight,
  accepted: IGNORED,
  rejected: ILLEGAL,
  unanswered: IGNORED,
  /** The venue acknowledged the order and now says that it never existed. */
  foundAbsent: ILLEGAL,
};

/** Ended: late answers are ignored, and a further fill contradicts what we know. */
const over: Row = {
  accepted: IGNORED,
  rejected: IGNORED,
  unanswered: IGNORED,
  foundAbsent: IGNORED,
  cancelRequested: IGNORED,
  cancelled: IGNORED,
  cancelRefused: IGNORED,
  expired: IGNORED,
  partialFill: to('illegal', 'endWatch', 'contradict'),
  completingFill: to('illegal', 'endWatch', 'contradict'),
};

/** Ended before it was completely filled: late fills still count, late answers don't. */
const ended = (state: 'cancelled' | 'expired'): Row => ({
  ...over,
  partialFill: to(state, 'endWatch'),
  completingFill: to('filled', 'endWatch'),
});

export const ORDER_TABLE: Readonly<Record<SentState, Row>> = {
  intended: inFlight,
  /** No answer: only a lookup, a late answer or a fill resolves it; it is never sent again. */
  unknown: { ...inFlight, unanswered: IGNORED },
  /** Some venues accept an order and reject it a moment later. */
  working: { ...resting, rejected: inFlight.rejected },
  partlyFilled: resting,
  cancelling: {
    ...inFlight,
    accepted: IGNORED,
    unanswered: IGNORED,
    /** A repeated cancel changes nothing. */
    cancelRequested: IGNORED,
    /** Filled, cancelled earlier, or not there yet: only a lookup can tell. */
    cancelRefused: to('unknown', 'lookUp'),
    partialFill: to('cancelling'),
  },
  /** A cancel may have crossed the fill. A fill beyond the ordered quantity counts, and the desk halts. */
  filled: { ...over, rejected: ILLEGAL, foundAbsent: ILLEGAL },
  cancelled: ended('cancelled'),
  expired: ended('expired'),
  rejected: { ...over, accepted: ILLEGAL },
  /**
   * Our conclusion, not the venue's word: whatever the venue says later is right. Giving up the order has
   * already postponed the next one, and nobody waits for a late answer.
   */
  absent: {
    ...over,
    accepted: to('working', 'restNoLonger'),
    rejected: to('rejected', 'endWatch'),
    cancelled: to('cancelled', 'endWatch'),
    expired: to('expired', 'endWatch'),
    partialFill: to('partlyFilled', 'restNoLonger'),
    completingFill: to('filled', 'endWatch'),
  },
};

export function orderStep(state: SentState, event: OrderEvent): OrderStep {
  return ORDER_TABLE[state][event];
}

/** The order event of a fill. `filledLots`: this fill included. */
export function fillEvent(filledLots: number, orderedLots: number): OrderEvent {
  return filledLots >= orderedLots ? 'completingFill' : 'partialFill';
}
