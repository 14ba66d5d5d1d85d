/** Rules of the gate that do not depend on the numbers in the desk file. */
import { formatDecimal } from '../domain/decimal.js';
import { wrongExits } from '../domain/exits.js';
import type { Instrument } from '../domain/instrument.js';
import { ENTRY_TYPES, type OrderPurpose, wouldTake } from '../domain/order.js';
import { largestAtMarket, smallestOrder } from '../domain/order-bounds.js';
import { cheaperTicks, moneyText, notional, unitOf } from '../domain/value.js';
import type { Rule } from './limit.js';

const rule = (judge: Rule['judge']): Rule => ({ setting: null, judge });

const ALL: readonly OrderPurpose[] = ['entry', 'exit', 'close', 'protective'];
const REDUCING: readonly OrderPurpose[] = ['exit', 'close', 'protective'];
const CLOSING: readonly OrderPurpose[] = ['close', 'protective'];
const PROTECTING: readonly OrderPurpose[] = ['protective'];

/** The orders that each mode allows. */
export const modeRule: Rule = rule(({ intent, mode, closing }) => {
  const allowed = mode === 'ACTIVE' ? ALL : mode === 'REDUCING' ? REDUCING : closing ? CLOSING : PROTECTING;
  if (allowed.includes(intent.purpose)) return null;
  return { limit: 'mode', reason: `the desk is ${mode}: no ${intent.purpose} order leaves it` };
});

/** Real money is risked only while a go-live is in force. Orders that reduce a position always pass. */
export const goLiveRule: Rule = rule(({ intent, needsGoLive }) => {
  if (intent.purpose !== 'entry' || needsGoLive === false) return null;
  return { limit: 'go-live', reason: 'no go-live that people approved is in force' };
});

/**
 * An order that must reduce a position does: opposite side, at most the lots held, and on spot no purchase if
 * the venue can't short. There, an entry can't sell either.
 */
export const reducesRule: Rule = rule(({ intent, instrument, positionLots, capabilities }) => {
  if (!(Number.isSafeInteger(intent.quantityLots) && intent.quantityLots > 0)) {
    return { limit: 'order', reason: `an order of ${intent.quantityLots} lots can't be placed` };
  }
  if (intent.purpose === 'entry') {
    if (intent.side === 'buy' || capabilities.shorting) return null;
    return { limit: 'shorting', reason: 'this venue can only sell what is held' };
  }
  if (intent.side === 'buy' && instrument.kind === 'spot' && !capabilities.shorting) {
    return { limit: 'reduces', reason: 'coins can not be owed here: no purchase reduces a position' };
  }
  const closingSide = positionLots > 0 ? 'sell' : 'buy';
  if (positionLots !== 0 && intent.side === closingSide && intent.quantityLots <= Math.abs(positionLots))
    return null;
  return {
    limit: 'reduces',
    reason: `a ${intent.side} of ${intent.quantityLots} lots does not reduce a position of ${positionLots} lots`,
  };
});

/** The venue must take entries of this type. What waits in the core leaves it as a limit order. */
export const entryTypeRule: Rule = rule(({ intent, instrument: { symbol }, venue, capabilities }) => {
  const { purpose, type } = intent;
  const { entries = ENTRY_TYPES } = capabilities;
  if (purpose !== 'entry' || entries.includes(type)) return null;
  return {
    limit: 'entry-type',
    reason: `${venue} takes no ${type} entries in ${symbol}: let it enter by ${entries.join(' or ')} orders`,
  };
});

/**
 * A market entry needs a worst price beyond the newest quote, is judged by it like a limit order, and never
 * rests. A protective stop between the two prices would count as being on the losing side, yet fire as soon
 * as the entry is filled.
 */
export const marketEntryRule: Rule = rule(({ intent, bidTicks, askTicks }) => {
  const { side, limitTicks, protectTicks, timeInForce } = intent;
  // An entry that waited in the core also takes what the market offers, as a limit order at its worst price.
  const takes = intent.type === 'market' || (intent.waited !== undefined && timeInForce === 'IOC');
  if (intent.purpose !== 'entry' || !takes) return null;
  const reaches = limitTicks !== null && (side === 'buy' ? limitTicks >= askTicks : limitTicks <= bidTicks);
  if (!reaches || timeInForce !== 'IOC') {
    return {
      limit: 'market-entry',
      reason: 'an entry at the market needs a worst price that it takes, beyond the newest quote',
    };
  }
  const goesOff =
    protectTicks !== null && (side === 'buy' ? protectTicks >= bidTicks : protectTicks <= askTicks);
  if (!goesOff) return null;
  return {
    limit: 'market-entry',
    reason: 'the newest quote has reached the stop-loss of this entry already',
  };
});

/**
 * A stop entry needs a trigger that the market has yet to reach, and a worst price beyond it. The present
 * spread stands in for the one at that time: a protective stop within it would fire as soon as the entry is
 * filled.
 */
export const stopEntryRule: Rule = rule(({ intent, instrument, bidTicks, askTicks }) => {
  if (intent.purpose !== 'entry' || intent.type !== 'stop') return null;
  const refused = (reason: string) => ({ limit: 'stop-entry', reason });
  const { side, limitTicks, stopTicks, protectTicks, timeInForce } = intent;
  const buys = side === 'buy';
  const isBehind = (ticks: number, other: number) => (buys ? ticks < other : ticks > other);
  if (stopTicks === null || limitTicks === null || isBehind(limitTicks, stopTicks) || timeInForce !== 'GTC')
    return refused('an entry by a stop needs a trigger, and a worst price that is not before it');
  const price = (ticks: number) => formatDecimal(ticks, instrument.tickSize);
  const quoteTicks = buys ? askTicks : bidTicks;
  if (!isBehind(quoteTicks, stopTicks)) {
    const [from, quote] = buys ? ['a purchase above the ask', 'ask'] : ['a sale below the bid', 'bid'];
    return refused(
      `the trigger ${price(stopTicks)} is on the wrong side: a stop is for ${from}, and the ${quote} is ${price(quoteTicks)}`,
    );
  }
  const spreadTicks = askTicks - bidTicks;
  const filledAtTicks = buys ? stopTicks - spreadTicks : stopTicks + spreadTicks;
  if (protectTicks === null || isBehind(protectTicks, filledAtTicks)) return null;
  return refused('its stop-loss is so near its trigger that it would go off as the entry is filled');
});

/** The venue must know the terms of a limit entry, and the newest quote must allow them. */
export const limitEntryRule: Rule = rule(
  ({ intent, instrument, venue, capabilities, bidTicks, askTicks }) => {
    const { purpose, type, side, postOnly = false, timeInForce } = intent;
    if (purpose !== 'entry') return null;
    if (timeInForce === 'FOK' && (type !== 'limit' || capabilities.fillOrKill !== true))
      return {
        limit: 'fill-or-kill',
        reason: `${venue} takes no entry of this kind that is to be filled whole or not at all: let it take what is there at once (immediateOrCancel), or rest`,
      };
    if (!postOnly) return null;
    const refused = (reason: string) => ({ limit: 'post-only', reason });
    if (capabilities.postOnly !== true)
      return refused(`${venue} takes no post-only entries: let it enter by a limit without that`);
    if (type !== 'limit' || timeInForce !== 'GTC')
      return refused('only a limit entry that rests can be post-only');
    if (!wouldTake(intent, { bidTicks, askTicks })) return null;
    const [word, ticks] = side === 'buy' ? ['ask', askTicks] : ['bid', bidTicks];
    return refused(
      `it would be filled at once, and is post-only: the ${word} is ${formatDecimal(ticks, instrument.tickSize)}`,
    );
  },
);

/**
 * The market must be able to reach the plan's exits, and each must close a part of what those before it
 * leave.
 */
export const exitsRule: Rule = rule(({ intent }) => {
  if (intent.purpose !== 'entry' || intent.exits === undefined) return null;
  const wrong = wrongExits(intent.exits, intent.side, intent.limitTicks ?? Number.NaN);
  return wrong === null ? null : { limit: 'exits', reason: wrong };
});

/** Nothing is opened at a venue that did not answer, whatever the mode. */
export const venueBreakerRule: Rule = rule(({ intent, venueBreaker }) => {
  if (intent.purpose !== 'entry' || venueBreaker === 'closed') return null;
  return { limit: 'venue-breaker', reason: "the venue's API breaker is open: no new trade until it answers" };
});

/** Nothing is opened while trading hours, or the end of a contract, allow no entry. */
export const sessionRule: Rule = rule(({ intent, session }) => {
  if (intent.purpose !== 'entry' || session === null) return null;
  return { limit: 'session', reason: session };
});

/** Nothing is opened in an instrument that the venue has halted or does not list. */
export const closedInstrumentRule: Rule = rule(({ intent, closed }) => {
  if (intent.purpose !== 'entry' || closed === null) return null;
  return { limit: 'closed-instrument', reason: closed };
});

/** Nothing is entered while trading costs are unknown. */
export const feeValueRule: Rule = rule(({ intent, openFees }) => {
  if (intent.purpose !== 'entry' || openFees === null) return null;
  return { limit: 'fee-value', reason: openFees };
});

/** Nothing is entered while its worth to the account is unknown. */
export const conversionRule: Rule = rule(({ intent, unconverted }) => {
  if (intent.purpose !== 'entry' || unconverted === null) return null;
  return { limit: 'conversion', reason: unconverted };
});

/** No entry whose stop, or that itself as a stop, the venue would refuse for the number of those that rest. */
export const stopRoomRule: Rule = rule(({ intent, instrument: { symbol, maxStops }, stopsNeeded }) => {
  if (intent.purpose !== 'entry' || maxStops === undefined) return null;
  const needed = stopsNeeded();
  if (needed <= maxStops) return null;
  return {
    limit: 'stop-room',
    reason: `with it, trades and entries in ${symbol} would need ${needed} stop orders, and the venue takes ${maxStops} at a time`,
  };
});

const PPM = 1_000_000;

/** A stop that must be a limit order has its limit this much beyond its trigger, and is judged by it: 5 %. */
const BEYOND_TRIGGER_PPM = 50_000;

/**
 * The price in ticks, from a stop's trigger to its limit, at which the lots it closes are worth the least.
 */
export function leastAtStop(instrument: Instrument, isLong: boolean, stopTicks: number): number {
  const limitTicks = isLong
    ? Math.floor((stopTicks * (PPM - BEYOND_TRIGGER_PPM)) / PPM)
    : Math.ceil((stopTicks * (PPM + BEYOND_TRIGGER_PPM)) / PPM);
  return cheaperTicks(instrument, stopTicks, limitTicks);
}

/**
 * No entry that could not be protected and sold again: judged at its stop's price, after fees, for its own
 * quantity.
 */
export const protectableRule: Rule = rule(({ intent, instrument, positionLots, restingEntryLots }) => {
  if (intent.purpose !== 'entry' || intent.protectTicks === null) return null;
  const { minNotional, minQuantityLots, lotSize, kind, takerFeePpm } = instrument;
  const unit = unitOf(instrument);
  const most = largestAtMarket(instrument);
  const wholeLots = Math.abs(positionLots) + restingEntryLots + intent.quantityLots;
  if (wholeLots > most) {
    return {
      limit: 'protectable',
      reason:
        `the position would be ${formatDecimal(wholeLots, lotSize)} ${unit}, and the venue takes ` +
        `${formatDecimal(most, lotSize)} at most in one order at the market: one stop could not protect it`,
    };
  }
  // On spot, the venue may keep the fee of a purchase in the coin that was bought.
  const feePpm = kind === 'spot' && intent.side === 'buy' ? takerFeePpm : 0;
  const lots = Math.floor((intent.quantityLots * (PPM - feePpm)) / PPM);
  const worstTicks = leastAtStop(instrument, intent.side === 'buy', intent.protectTicks);
  const value = notional(instrument, lots, worstTicks);
  if (lots >= minQuantityLots && value >= minNotional) return null;
  return {
    limit: 'protectable',
    reason:
      `at its stop, after fees, the position would be ${formatDecimal(lots, lotSize)} ${unit} worth ` +
      `${moneyText(instrument, value)}, and the venue takes no order below ${smallestOrder(instrument)}: it could be neither protected nor sold`,
  };
});
