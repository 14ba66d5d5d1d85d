/** Turns a strategy's wish into an order: price, size, and the gate's verdict. */
import type { InstrumentId } from '../../domain/instrument.js';
import { isDoneAtOnce, type OrderDraft, type OrderIntent, type Waited } from '../../domain/order.js';
import { hasTradeOfEach } from '../../domain/order-bounds.js';
import type { SignalName } from '../../domain/signal.js';
import type { Denial } from '../../limits/limit.js';
import { restingEntryLots } from '../account-view.js';
import {
  type Core,
  capabilitiesAt,
  instrumentAt,
  isSideBySide,
  liveOrders,
  positionAt,
  sessionsAt,
} from '../core.js';
import { isDust, isDustOf } from '../flow/dust.js';
import { closesWithin, wrongBeforeClose } from '../flow/session.js';
import { unconvertedReason, valuedNow } from '../flow/stale-data.js';
import { isAnyWaiting } from '../orders/end-waiting.js';
import { denyOrder, nextClientId, placeOrder, whyNotPlace } from '../orders/place-order.js';
import { lotsOn, openLots } from '../state.js';
import { holdingOf, NOBODY, ownerOf } from '../trades/trade.js';
import { isNearer } from '../trades/trade-exits.js';
import { whyOrphaned } from './orphaned-trades.js';
import { type EntryToSize, type SizedEntry, sizeEntry } from './size-entry.js';
import type { OrderedWish } from './strategy.js';
import type { StrategySlot } from './strategy-slot.js';

/** A market order is done on arrival; if the venue says otherwise, it gets no longer than this. */
const MARKET_REST_BARS = 1;
/** Signals and the moments of waiting entries come at any time: the current bar may end before the order arrives. */
const BETWEEN_BARS_REST = MARKET_REST_BARS + 1;

/** Where an entry comes from, besides its strategy's wish. */
export interface EntryOrigin {
  /** The signal that the strategy follows with it. Left out: none. */
  readonly signal?: SignalName;
  /** It waited in the core, under the client id of its order. Left out: it did not. */
  readonly waited?: { readonly clientId: string; readonly type: Waited };
  /** As in the order. */
  readonly changes?: string | undefined;
  readonly oneOf?: string | undefined;
  /** Lots left of the entry that it changes. Left out: it changes none. */
  readonly leftLots?: number | undefined;
}

/** True if its order was handed over; a refusal is recorded with its reason. */
export function enter(
  core: Core,
  slot: StrategySlot,
  wish: OrderedWish,
  note: (text: string) => void,
  origin: EntryOrigin = {},
): boolean {
  const { order, denial } = orderOf(core, slot, wish, origin);
  if (denial !== null) {
    denyOrder(core, order, denial);
    return false;
  }
  const isBetweenBars = origin.signal !== undefined || origin.waited !== undefined;
  const marketBars = isBetweenBars ? BETWEEN_BARS_REST : MARKET_REST_BARS;
  const restBars = wish.type === 'market' || isDoneAtOnce(order) ? marketBars : wish.restBars;
  const isPlaced = placeOrder(core, order, restBars);
  if (isPlaced) note(wish.because);
  return isPlaced;
}

/** True if the entry would be made now; a refusal is recorded as for the entry itself. */
export function wouldEnter(core: Core, slot: StrategySlot, wish: OrderedWish, origin: EntryOrigin): boolean {
  const { order, denial } = orderOf(core, slot, wish, origin);
  const refusal = denial ?? whyNotPlace(core, order);
  if (refusal !== null) denyOrder(core, order, refusal);
  return refusal === null;
}

/** `denial`: why it is refused before it reaches the gate. */
function orderOf(
  core: Core,
  slot: StrategySlot,
  wish: OrderedWish,
  { signal, waited, changes, oneOf, leftLots }: EntryOrigin,
): { readonly order: OrderIntent; readonly denial: Denial | null } {
  const at = slot.instrument.id;
  const { type = 'limit' } = wish;
  const limitTicks = worstTicks(core, at, wish);
  const terms = termsOf(core, at, wish);
  const unpriced = limitTicks === null ? 'there is no price yet to enter at' : unconvertedReason(core, at);
  const { lots, why } =
    limitTicks === null || unpriced !== null
      ? { lots: 0, why: unpriced ?? '' }
      : lotsOf(slot, wish, entryToSize(core, slot, limitTicks, wish, changes), leftLots);
  // Added one by one: copying what there is of each takes longer than all the rest of an order.
  const order: OrderDraft = {
    clientId: waited?.clientId ?? nextClientId(core),
    instrument: at,
    strategy: slot.name,
    purpose: 'entry',
    side: wish.side,
    type,
    quantityLots: lots,
    limitTicks,
    stopTicks: wish.type === 'stop' ? wish.stopTicks : null,
    protectTicks: wish.protectTicks,
    reduceOnly: false,
    timeInForce: terms.timeInForce,
  };
  if (terms.postOnly !== undefined) order.postOnly = terms.postOnly;
  if (terms.untilMs !== undefined) order.untilMs = terms.untilMs;
  if (wish.exits !== undefined) {
    order.exits = wish.exits;
    order.keepsExits = true;
  }
  if (signal !== undefined) order.signal = signal;
  if (waited !== undefined) order.waited = waited.type;
  if (changes !== undefined) order.changes = changes;
  if (oneOf !== undefined) order.oneOf = oneOf;
  const restOf = besideRestOf(core, slot);
  if (restOf !== undefined) order.besideRestOf = restOf;
  if (!isOnlyEntry(core, at)) order.keepsStop = true;
  if (isShared(core, at)) order.ownTrade = true;
  if (slot.leg !== null || slot.legs.length > 0) order.leg = true;
  const wrong = besideOwn(core, slot, wish) ?? besideAnother(core, slot);
  if (wrong !== null) return { order, denial: wrong };
  const unfit = whyNoSessionEnd(core, at, wish);
  if (unfit !== null) return { order, denial: { limit: 'exits', reason: unfit } };
  const tooLate = whyOver(core, at, wish, order);
  if (tooLate !== null) return { order, denial: { limit: 'time-in-force', reason: tooLate } };
  return { order, denial: lots === 0 ? { limit: 'size', reason: why } : null };
}

/** Why its trade can't be closed before the end of the session. Null: it can, or need not be. */
export function whyNoSessionEnd(core: Core, at: InstrumentId, { exits = {} }: OrderedWish): string | null {
  const { beforeCloseMs } = exits;
  if (beforeCloseMs === undefined) return null;
  if (closesWithin(core, at, beforeCloseMs))
    return 'the session ends so soon that its trade would be closed again at once';
  return wrongBeforeClose(core, at, exits);
}

type Terms = Pick<OrderIntent, 'timeInForce' | 'postOnly' | 'untilMs'>;

/**
 * How long it may rest, and whether it may be filled at once. An order without such terms has none of these
 * members.
 */
function termsOf(core: Core, at: InstrumentId, wish: OrderedWish): Terms {
  if (wish.type === 'market') return { timeInForce: 'IOC' };
  const { beforeCloseMs } = wish.exits ?? {};
  // A trade that must be closed before the end of its session is not opened after that point.
  const flatMs = beforeCloseMs === undefined ? Number.POSITIVE_INFINITY : closeMs(core, at) - beforeCloseMs;
  if (wish.type === 'stop')
    return { timeInForce: 'GTC', ...(Number.isFinite(flatMs) ? { untilMs: flatMs } : {}) };
  const { timeInForce = 'GTC', postOnly = false, day = false, untilMs = Number.POSITIVE_INFINITY } = wish;
  const endMs = Math.min(untilMs, flatMs, day ? closeMs(core, at) : Number.POSITIVE_INFINITY);
  const rests = timeInForce === 'GTC' && Number.isFinite(endMs);
  return {
    timeInForce,
    ...(postOnly ? { postOnly } : {}),
    ...(rests ? { untilMs: endMs } : {}),
  };
}

/** Why no entry can rest that long. Null: it can. */
function whyOver(core: Core, at: InstrumentId, wish: OrderedWish, { untilMs }: Terms): string | null {
  if ((wish.type ?? 'limit') !== 'limit') return null;
  if ('day' in wish && wish.day === true && !Number.isFinite(closeMs(core, at)))
    return 'an entry for the session only needs a market that closes, and this one never does: say until when instead';
  if (untilMs === undefined || untilMs > core.marketMs) return null;
  return 'the time until which this entry may rest is over';
}

/** The end of the session that is open now; infinite if the market never closes, or is closed. */
function closeMs(core: Core, at: InstrumentId): number {
  const { open, untilMs } = sessionsAt(core, at).calendar.phaseAt(core.marketMs);
  return open ? untilMs : Number.POSITIVE_INFINITY;
}

/**
 * An entry alongside an open trade of its own strategy adds to it and sets the stop of the whole trade, which
 * never moves away from the market. An entry on the other side would close the trade while its stop still
 * rests. Null: nothing is in its way.
 */
function besideOwn(
  core: Core,
  { name, instrument }: StrategySlot,
  wish: OrderedWish,
): { readonly limit: string; readonly reason: string } | null {
  const own = holdingOf(positionAt(core, instrument.id), name);
  if (own === undefined || own.trade === null || own.quantityLots === 0 || isDustOf(core, own)) return null;
  const { trade } = own;
  const { side, protectTicks } = trade;
  if (wish.side === (side === 'long' ? 'sell' : 'buy')) {
    const reason = `its trade is ${side}: it has to be closed before the other side is entered`;
    return capabilitiesAt(core, instrument.id).shorting ? { limit: 'reverses', reason } : null;
  }
  return protectTicks !== null && isNearer(side, protectTicks, wish.protectTicks)
    ? { limit: 'exits', reason: 'the stop of the trade that it adds to would go back' }
    : null;
}

/**
 * Where a position has one trade, another strategy's entry would join that trade and move its stop, or close
 * it. Null: nothing is in its way.
 */
function besideAnother(
  core: Core,
  { name, instrument: { id: at } }: StrategySlot,
): { readonly limit: string; readonly reason: string } | null {
  if (isShared(core, at)) return null;
  const position = positionAt(core, at);
  const holder = ownerOf(position);
  const isHeld = position.quantityLots !== 0 && ![name, NOBODY].includes(holder) && !isDust(core, at);
  const resting = liveOrders(core, at).find(
    ({ intent: { purpose, strategy } }) => purpose === 'entry' && ![name, NOBODY].includes(strategy),
  );
  if (!isHeld && resting === undefined) return null;
  const whose = isHeld ? `${holder} holds a trade` : `an entry of ${resting?.intent.strategy} rests`;
  const orphaned = isHeld ? whyOrphaned(core, at, holder) : null;
  const why = orphaned === null ? '' : ` (${orphaned})`;
  return { limit: 'taken', reason: `${whose} here${why}, and a position has one trade on this account` };
}

/**
 * Whether a holding is dust depends on the venue, which may change its bounds. The journal records what
 * applied when the entry was made.
 */
function besideRestOf(core: Core, { name, instrument: { id: at } }: StrategySlot): string | undefined {
  const position = positionAt(core, at);
  const held = position.parts.find((part) => ownerOf(part) === name) ?? position;
  const exits = held.trade?.exits;
  return exits !== undefined && isDustOf(core, held) ? exits.entry : undefined;
}

/** At most dust is held, and no other entry may be filled before or after it. */
function isOnlyEntry(core: Core, at: InstrumentId): boolean {
  const isFlat = openLots(positionAt(core, at)) === 0 || isDust(core, at);
  return (
    isFlat &&
    !isAnyWaiting(core, at) &&
    liveOrders(core, at).every(({ intent }) => intent.purpose !== 'entry')
  );
}

/**
 * Several strategies trade the instrument, or have trades open in it: each entry opens a trade of its own.
 * Only where the venue allows it, or the desk file says so.
 */
export function isShared(core: Core, at: InstrumentId): boolean {
  if (positionAt(core, at).parts.length > 0 || isSideBySide(core, at)) return true;
  if (!hasTradeOfEach(capabilitiesAt(core, at), instrumentAt(core, at))) return false;
  return (core.slotsAt.trading[at]?.length ?? 0) > 1;
}

/** The worst price: the entry is judged and sized by it, and the venue fills no worse. Null: no quote yet. */
function worstTicks({ market }: Core, at: InstrumentId, wish: OrderedWish): number | null {
  switch (wish.type) {
    case 'market': {
      const { side, slippageTicks } = wish;
      if (!market.hasQuote(at)) return null;
      const [bidTicks, askTicks] = [market.bidTicks[at] as number, market.askTicks[at] as number];
      return side === 'buy' ? askTicks + slippageTicks : Math.max(1, bidTicks - slippageTicks);
    }
    case 'stop': {
      const { side, stopTicks, slippageTicks } = wish;
      return side === 'buy' ? stopTicks + slippageTicks : Math.max(1, stopTicks - slippageTicks);
    }
    default:
      return wish.limitTicks;
  }
}

/**
 * The size that the entry asks for, at most what the desk file allows and what is left of the changed entry.
 */
function lotsOf(
  { size }: StrategySlot,
  wish: OrderedWish,
  entry: EntryToSize,
  leftLots = Number.POSITIVE_INFINITY,
): SizedEntry {
  const byDesk = sizeEntry(size ?? {}, entry);
  const asked = wish.size === undefined ? byDesk : sizeEntry(wish.size, entry);
  const sized = asked.lots < byDesk.lots ? asked : byDesk;
  return { ...sized, lots: Math.min(sized.lots, leftLots) };
}

function entryToSize(
  core: Core,
  { name, instrument: { id: at } }: StrategySlot,
  limitTicks: number,
  { side, protectTicks }: OrderedWish,
  changes: string | undefined,
): EntryToSize {
  const position = positionAt(core, at);
  // Where a position has one trade, the entry joins it, whoever opened it.
  const own = isShared(core, at) ? holdingOf(position, name) : position;
  return {
    instrument: valuedNow(core, at),
    limitTicks,
    protectTicks,
    bidTicks: core.market.bidTicks[at] as number,
    heldLots: isSideBySide(core, at) ? lotsOn(position, side) : Math.abs(position.quantityLots),
    ownLots: Math.abs(own?.quantityLots ?? 0),
    ownRestingLots: restingEntryLots(core, at, name, side, changes),
    equity: core.market.equity,
    maxPositionSizePct: core.config.risk.maxPositionSizePct,
    sizeFactorPpm: core.state.sizeFactorPpm,
    dayVolatility: core.dayVolatility[at]?.ofDay ?? null,
    returnsSeen: core.dayVolatility[at]?.seen ?? 0,
  };
}
