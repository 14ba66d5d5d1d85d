/** What an answer means for an order: this table decides whether it is accepted, rejected or unknown. */
import type { OrderIntent } from '../../domain/order.js';
import { NOT_SENT } from '../../domain/order-words.js';
import type { CancelOutcome, SendOutcome, VenueOrder } from '../../domain/venue.js';
import type { Answer } from './answer.js';
import { fieldsOf, textField, Unbelievable, wholeField } from './decode.js';
import type { BinanceMarket } from './market.js';
import { readOrder, sentType } from './orders.js';

const FILTER_FAILURE = -1013;
export const INVALID_SYMBOL = -1121;
const NEW_ORDER_REJECTED = -2010;
const WOULD_TRIGGER = -2021;
const CANCEL_REJECTED = -2011;
const NO_SUCH_ORDER = -2013;

/**
 * A duplicate id is not a rejection: only we make these ids, so the order already exists (an answer was
 * lost). Its outcome is unknown, and the lookup finds it.
 */
function isDuplicate(code: number, text: string): boolean {
  return code === NEW_ORDER_REJECTED && /duplicate/i.test(text);
}

/** Spot uses one code for many refusals, so the text decides; futures have a code for it. */
export function wouldTrigger(code: number, text: string): boolean {
  return code === WOULD_TRIGGER || (code === NEW_ORDER_REJECTED && /trigger immediately/i.test(text));
}

/** `LIMIT_MAKER`: the market has reached its price. */
function wouldTake(code: number, text: string): boolean {
  return code === NEW_ORDER_REJECTED && /match and take/i.test(text);
}

/**
 * A quantity or price that the exchange no longer accepts, or a symbol that is halted ("Market is closed.") or
 * delisted.
 */
export function isFilterFailure(answer: Answer): boolean {
  if (answer.kind !== 'refused') return false;
  const { code, text } = answer;
  return code === FILTER_FAILURE || code === INVALID_SYMBOL || /market is closed/i.test(text);
}

const SIGNATURE_INVALID = -1022;
const KEY_MALFORMED = -2014;
const KEY_REFUSED = -2015;

/** Nothing can be sent with this key: it is deleted, lacks a permission or is used from an address that it is not for. */
export function isKeyRefused(answer: Answer): answer is Extract<Answer, { kind: 'refused' }> {
  if (answer.kind !== 'refused') return false;
  const { status, code } = answer;
  return status === 401 || code === KEY_REFUSED || code === KEY_MALFORMED || code === SIGNATURE_INVALID;
}

export function sendOutcome(answer: Answer, order: OrderIntent, market: BinanceMarket): SendOutcome {
  switch (answer.kind) {
    case 'answered':
      return acceptedOutcome(answer.body, order, market);
    case 'refused':
      return isDuplicate(answer.code, answer.text)
        ? { kind: 'unknown', cause: 'the venue already has an order of this id' }
        : {
            kind: 'rejected',
            code: String(answer.code),
            text: answer.text,
            wouldTrigger: wouldTrigger(answer.code, answer.text),
            ...(wouldTake(answer.code, answer.text) ? { wouldTake: true } : {}),
          };
    case 'unanswered':
      return { kind: 'unknown', cause: answer.cause };
    case 'notSent':
      return { kind: 'rejected', code: NOT_SENT, text: `Not sent: ${answer.cause}.` };
  }
}

/** An answer is believed only if it names our own order with our own terms. */
function acceptedOutcome(body: unknown, order: OrderIntent, market: BinanceMarket): SendOutcome {
  try {
    const found = readOrder(body, market);
    const same =
      found.clientId === order.clientId &&
      found.side === order.side &&
      found.type === sentType(order) &&
      found.quantityLots === order.quantityLots &&
      (order.limitTicks === null || found.limitTicks === order.limitTicks) &&
      (order.type !== 'stop' || found.stopTicks === order.stopTicks);
    if (!same) return { kind: 'unknown', cause: 'the answer is about another order than the one sent' };
    if (found.state === 'rejected')
      return { kind: 'rejected', code: 'REJECTED', text: 'Rejected by the venue.' };
    return { kind: 'accepted', venueId: found.venueId };
  } catch (error) {
    return { kind: 'unknown', cause: believableCause(error) };
  }
}

/** An order that is looked up, and ends once its fills are known. */
export const PARTLY_FILLED = 'it was cancelled after a part of it was filled';

export function cancelOutcome(answer: Answer, clientId: string, market: BinanceMarket): CancelOutcome {
  switch (answer.kind) {
    case 'answered':
      return cancelledOutcome(answer.body, clientId, market);
    case 'refused':
      return answer.code === CANCEL_REJECTED || answer.code === NO_SUCH_ORDER
        ? { kind: 'notOpen', code: String(answer.code), text: answer.text }
        : { kind: 'unknown', cause: `${answer.code} ${answer.text}` };
    case 'unanswered':
      return { kind: 'unknown', cause: answer.cause };
    case 'notSent':
      return { kind: 'unknown', cause: `not sent: ${answer.cause}` };
  }
}

function cancelledOutcome(body: unknown, clientId: string, market: BinanceMarket): CancelOutcome {
  try {
    const fields = fieldsOf(body, 'cancelled order');
    wholeField(fields, 'orderId', 'cancelled order');
    const status = textField(fields, 'status', 'cancelled order');
    if (fields.symbol === market.symbol && fields.origClientOrderId === clientId && status === 'CANCELED') {
      // The fill may be reported later, and whoever sells the rest would sell it twice.
      return Number(textField(fields, 'executedQty', 'cancelled order')) === 0
        ? { kind: 'cancelled' }
        : { kind: 'unknown', cause: PARTLY_FILLED };
    }
    return { kind: 'unknown', cause: 'the answer is not about a cancelled order of this id' };
  } catch (error) {
    return { kind: 'unknown', cause: believableCause(error) };
  }
}

/** The order; null if the venue says that it has none; or why that is unknown. */
type Lookup =
  | { readonly kind: 'found'; readonly order: VenueOrder | null }
  | { readonly kind: 'unavailable'; readonly cause: string };

export function lookupOutcome(answer: Answer, clientId: string, market: BinanceMarket): Lookup {
  // A delisted symbol has no orders either.
  if (answer.kind === 'refused' && (answer.code === NO_SUCH_ORDER || answer.code === INVALID_SYMBOL))
    return { kind: 'found', order: null };
  if (answer.kind !== 'answered') return { kind: 'unavailable', cause: whyNot(answer) };
  try {
    const order = readOrder(answer.body, market);
    if (order.clientId !== clientId)
      return { kind: 'unavailable', cause: 'the answer is about another order' };
    return { kind: 'found', order };
  } catch (error) {
    return { kind: 'unavailable', cause: believableCause(error) };
  }
}

export function whyNot(answer: Exclude<Answer, { kind: 'answered' }>): string {
  return answer.kind === 'refused' ? `${answer.code} ${answer.text}` : answer.cause;
}

/** Bugs are rethrown; only a wrong answer from the venue becomes a cause. */
function believableCause(error: unknown): string {
  if (error instanceof Unbelievable) return error.message;
  throw error;
}
