/**
 * Makes an open order smaller in place, or exchanges it for another in one request. Each ends in one of the port's
 * outcomes.
 */
import { formatDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent } from '../../domain/order.js';
import { NOT_SENT } from '../../domain/order-words.js';
import type { AmendOutcome, ReplaceOutcome } from '../../domain/venue.js';
import type { Approved } from '../../limits/gate.js';
import type { Answer } from './answer.js';
import { type Fields, fieldsOf, stepsField, textField, Unbelievable } from './decode.js';
import type { BinanceMarket } from './market.js';
import { orderParameters } from './orders.js';
import { isFilterFailure, sendOutcome, whyNot, wouldTrigger } from './outcomes.js';
import type { TradingContext } from './trading.js';

const CANCEL_REJECTED = -2011;
const NO_SUCH_ORDER = -2013;
const PARTLY_FAILED = -2021;
const FAILED = -2022;
const AMEND_REJECTED = -2038;
/** Filters that count open orders: the old one still counts when the new one is judged. */
const TOO_MANY = /^Filter failure: (EXCHANGE_)?MAX_NUM_/;

export interface Changes {
  amendQuantity(clientId: string, instrument: InstrumentId, quantityLots: number): Promise<AmendOutcome>;
  replace(clientId: string, order: Approved<OrderIntent>): Promise<ReplaceOutcome>;
}

export function createChanges(context: TradingContext): Changes {
  return {
    amendQuantity: (clientId, instrument, quantityLots) =>
      amendQuantity(context, context.marketOf(instrument), clientId, quantityLots),
    replace: (clientId, order) => replace(context, clientId, order),
  };
}

/** Resends the client id; otherwise the venue would give the order a new one. */
async function amendQuantity(
  { connection: { requests, reader } }: TradingContext,
  market: BinanceMarket,
  clientId: string,
  quantityLots: number,
): Promise<AmendOutcome> {
  const parameters = {
    symbol: market.symbol,
    origClientOrderId: clientId,
    newClientOrderId: clientId,
    newQty: formatDecimal(quantityLots, market.instrument.lotSize),
  };
  const answer = await requests.ask({
    name: 'PUT order amend',
    weight: 4,
    urgency: 'urgent',
    safeToRepeat: false,
    // The library has no method for this request.
    send: (ccxt) => ccxt.request('order/amend/keepPriority', 'private', 'PUT', parameters),
  });
  const outcome = amendOutcome(answer, market, clientId, quantityLots);
  if (answer.kind === 'answered' && outcome.kind === 'unknown') reader.note('PUT order amend', outcome.cause);
  return outcome;
}

function amendOutcome(
  answer: Answer,
  market: BinanceMarket,
  clientId: string,
  quantityLots: number,
): AmendOutcome {
  switch (answer.kind) {
    case 'answered':
      return believed(() => {
        const order = fieldsOf(fieldsOf(answer.body, 'amended order').amendedOrder, 'amended order');
        const quantity = stepsField(order, 'qty', market.lot, 'amended order');
        const same =
          order.symbol === market.symbol && order.clientOrderId === clientId && quantity === quantityLots;
        if (!same) throw new Unbelievable('the answer is about another order or quantity than asked for');
        return { kind: 'amended', quantityLots };
      });
    case 'refused': {
      const refused = { code: String(answer.code), text: answer.text };
      return isUnknownOrder(answer.code, answer.text)
        ? { kind: 'notOpen', ...refused }
        : { kind: 'rejected', ...refused };
    }
    case 'unanswered':
      return { kind: 'unknown', cause: answer.cause };
    case 'notSent':
      return { kind: 'rejected', code: NOT_SENT, text: `Not sent: ${answer.cause}.` };
  }
}

function isUnknownOrder(code: number, text: string): boolean {
  if (code === CANCEL_REJECTED || code === NO_SUCH_ORDER) return true;
  return code === AMEND_REJECTED && /unknown order/i.test(text);
}

async function replace(
  context: TradingContext,
  clientId: string,
  order: Approved<OrderIntent>,
): Promise<ReplaceOutcome> {
  const { connection, executions } = context;
  const market = context.marketOf(order.instrument);
  const price = order.type === 'limit' ? order.limitTicks : order.stopTicks;
  if (order.type !== 'market' && price === null) {
    return { kind: 'rejected', code: NOT_SENT, text: `Not sent: a ${order.type} order without its price.` };
  }
  const answer = await connection.requests.ask({
    name: 'POST cancelReplace',
    weight: 1,
    urgency: 'urgent',
    countsAsOrder: true,
    safeToRepeat: false,
    send: (ccxt) =>
      ccxt.privatePostOrderCancelReplace({
        ...orderParameters(order, market),
        cancelReplaceMode: 'STOP_ON_FAILURE',
        cancelOrigClientOrderId: clientId,
      }),
  });
  if (isFilterFailure(answer)) context.onFilterFailure();
  const outcome = replaceOutcome(answer, clientId, order, market);
  if (answer.kind === 'answered') {
    if (outcome.kind === 'replaced')
      executions.onPlaced(fieldsOf(answer.body, 'replaced order').newOrderResponse, order, market);
    if (outcome.kind === 'unknown') connection.reader.note('POST cancelReplace', outcome.cause);
  }
  return outcome;
}

function replaceOutcome(
  answer: Answer,
  clientId: string,
  order: OrderIntent,
  market: BinanceMarket,
): ReplaceOutcome {
  if (answer.kind === 'unanswered') return { kind: 'unknown', cause: answer.cause };
  if (answer.kind === 'notSent') {
    return { kind: 'rejected', code: NOT_SENT, text: `Not sent: ${answer.cause}.` };
  }
  return believed(() => {
    if (answer.kind === 'answered') {
      const body = fieldsOf(answer.body, 'replaced order');
      checkCancelled(body, clientId);
      const placed = sendOutcome({ kind: 'answered', body: body.newOrderResponse }, order, market);
      return placed.kind === 'accepted'
        ? { kind: 'replaced', venueId: placed.venueId }
        : { kind: 'unknown', cause: placed.kind === 'unknown' ? placed.cause : placed.text };
    }
    // Refused as a whole, before either half: filters and the order count are checked first.
    if (answer.code !== PARTLY_FAILED && answer.code !== FAILED) {
      const { code, text } = answer;
      const tooMany = TOO_MANY.test(text) ? { tooMany: true } : {};
      return {
        kind: 'rejected',
        code: String(code),
        text,
        wouldTrigger: wouldTrigger(code, text),
        ...tooMany,
      };
    }
    return halvesOutcome(fieldsOf(answer.data, 'cancel and replace'), clientId, whyNot(answer));
  });
}

/** Which half was refused, and why. */
function halvesOutcome(data: Fields, clientId: string, cause: string): ReplaceOutcome {
  const { cancelResult, newOrderResult } = data;
  if (cancelResult === 'SUCCESS' && newOrderResult === 'FAILURE') {
    checkCancelled(data, clientId);
    const { code, text } = refusalOf(data.newOrderResponse);
    // Only we make these ids: a duplicate means that the order already exists.
    if (/duplicate/i.test(text))
      return { kind: 'unknown', cause: 'the venue already has an order of this id' };
    return { kind: 'cancelledOnly', code: String(code), text, wouldTrigger: wouldTrigger(code, text) };
  }
  if (cancelResult === 'FAILURE' && newOrderResult === 'NOT_ATTEMPTED') {
    const { code, text } = refusalOf(data.cancelResponse);
    return isUnknownOrder(code, text)
      ? { kind: 'notOpen', code: String(code), text }
      : { kind: 'unknown', cause: `${code} ${text}` };
  }
  return { kind: 'unknown', cause };
}

function refusalOf(value: unknown): { readonly code: number; readonly text: string } {
  const fields = fieldsOf(value, 'refusal');
  const { code } = fields;
  if (typeof code !== 'number') throw new Unbelievable('refusal: without a code');
  return { code, text: textField(fields, 'msg', 'refusal') };
}

/** Throws `Unbelievable` if the answer says that another order was cancelled. */
function checkCancelled(body: Fields, clientId: string): void {
  const cancelled = fieldsOf(body.cancelResponse, 'cancelled order');
  if (cancelled.origClientOrderId !== clientId || cancelled.status !== 'CANCELED')
    throw new Unbelievable('the answer is not about a cancelled order of this id');
}

function believed<T>(read: () => T): T | { readonly kind: 'unknown'; readonly cause: string } {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unbelievable)) throw error;
    return { kind: 'unknown', cause: error.message };
  }
}
