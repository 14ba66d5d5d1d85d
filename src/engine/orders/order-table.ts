/**
 * The order state machine: state × event → next state. Every cell is tested, and every state is reached from
 * `intended`.
 */
import type { SentState } from '../../domain/order.js';

export type OrderEvent =
  /** The venue says that it has the order, or a lookup found it. */
  | 'accepted'
  | 'rejected'
  /** The send got no answer, or none that can be trusted. */
  | 'unanswered'
  /** Looked up often enough: the venue never had the order. */
  | 'foundAbsent'
  | 'cancelRequested'
  | 'cancelled'
  /** The venue has no such open order, or refused to cancel it. */
  | 'cancelRefused'
  | 'expired'
  | 'partialFill'
  | 'completingFill';

/** `ignored`: late or repeated, changes nothing. `illegal`: contradicts what we know; halts and reconciles. */
export type OrderTransition = SentState | 'ignored' | 'illegal';

type Row = Readonly<Record<OrderEvent, OrderTransition>>;

/** Handed to the runner, no answer yet: anything can still arrive, in any order. */
const inFlight: Row = {
  accepted: 'working',
  rejected: 'rejected',
  unanswered: 'unknown',
  foundAbsent: 'absent',
  cancelRequested: 'cancelling',
  cancelled: 'cancelled',
  cancelRefused: 'ignored',
  expired: 'expired',
  partialFill: 'partlyFilled',
  completingFill: 'filled',
};

/** At the venue, where it may rest, be filled or be cancelled. */
const resting: Row = {
  accepted: 'ignored',
  rejected: 'illegal',
  unanswered: 'ignored',
  /** It was acknowledged, and now the venue says that it never existed. */
  foundAbsent: 'illegal',
  cancelRequested: 'cancelling',
  cancelled: 'cancelled',
  cancelRefused: 'ignored',
  expired: 'expired',
  partialFill: 'partlyFilled',
  completingFill: 'filled',
};

/** Ended: late answers are ignored, and a further fill contradicts what we know. */
const over: Row = {
  accepted: 'ignored',
  rejected: 'ignored',
  unanswered: 'ignored',
  foundAbsent: 'ignored',
  cancelRequested: 'ignored',
  cancelled: 'ignored',
  cancelRefused: 'ignored',
  expired: 'ignored',
  partialFill: 'illegal',
  completingFill: 'illegal',
};

/** Ended before it was completely filled: late fills still count, late answers don't. */
const ended = (state: 'cancelled' | 'expired'): Row => ({
  ...over,
  partialFill: state,
  completingFill: 'filled',
});

export const ORDER_TABLE: Readonly<Record<SentState, Row>> = {
  intended: inFlight,
  /** No answer: only a lookup, a late answer or a fill resolves it; it is never sent again. */
  unknown: { ...inFlight, unanswered: 'ignored' },
  /** Some venues accept an order and reject it a moment later. */
  working: { ...resting, rejected: 'rejected' },
  partlyFilled: resting,
  cancelling: {
    accepted: 'ignored',
    rejected: 'rejected',
    unanswered: 'ignored',
    foundAbsent: 'absent',
    /** A repeated cancel changes nothing. */
    cancelRequested: 'ignored',
    cancelled: 'cancelled',
    /** Filled, cancelled before, or not there yet: only a lookup can tell. */
    cancelRefused: 'unknown',
    expired: 'expired',
    partialFill: 'cancelling',
    completingFill: 'filled',
  },
  /** A cancel may have crossed the fill. A fill beyond the ordered quantity counts, and the desk halts. */
  filled: { ...over, rejected: 'illegal', foundAbsent: 'illegal' },
  cancelled: ended('cancelled'),
  expired: ended('expired'),
  rejected: { ...over, accepted: 'illegal' },
  /** Our conclusion, not the venue's word: whatever the venue says later is right. */
  absent: {
    accepted: 'working',
    rejected: 'rejected',
    unanswered: 'ignored',
    foundAbsent: 'ignored',
    cancelRequested: 'ignored',
    cancelled: 'cancelled',
    cancelRefused: 'ignored',
    expired: 'expired',
    partialFill: 'partlyFilled',
    completingFill: 'filled',
  },
};

export function orderTransition(state: SentState, event: OrderEvent): OrderTransition {
  return ORDER_TABLE[state][event];
}
