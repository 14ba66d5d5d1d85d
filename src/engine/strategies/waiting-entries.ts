/**
 * Entries that wait in the core: for a price to be touched, a turn of the market, the next session's first
 * quote, the last part of a session, the close of their strategy's trade (a reversal), or their old order to
 * come off the book (a change). Except for these last two, only a quote makes them due, so the same prices
 * cause the same orders however often there are ticks. A waiting entry counts for no limit; once due, it
 * becomes an ordinary entry, sized and judged then.
 */
import { formatDecimal } from '../../domain/decimal.js';
import { movedExits, wrongExits } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { FINAL_ORDER_STATES, type OrderIntent, type Side } from '../../domain/order.js';
import type { SignalName } from '../../domain/signal.js';
import type { Denial } from '../../limits/limit.js';
import {
  type Core,
  capabilitiesAt,
  commit,
  instrumentAt,
  isSideBySide,
  liveOrders,
  markChanged,
  note,
  positionAt,
  remainingLots,
  sessionsAt,
  setTime,
} from '../core.js';
import type { QuoteEvent } from '../event.js';
import { isDustOf } from '../flow/dust.js';
import { expiryReason } from '../flow/expiry.js';
import { wrongBeforeClose } from '../flow/session.js';
import { mayEnter } from '../halts.js';
import { endWaiting, isOverdue, overdueReason, overWith } from '../orders/end-waiting.js';
import { denyOrder, nextClientId } from '../orders/place-order.js';
import type { OrderEntry } from '../state.js';
import { OPENING_MS, REVERSAL_MARKET_MS } from '../timing.js';
import { holdingOf } from '../trades/trade.js';
import type { WaitingEntry } from '../waiting-entry.js';
import { enter, whyNoSessionEnd } from './enter.js';
import type { OrderedWish, WaitingWish } from './strategy.js';
import type { StrategySlot } from './strategy-slot.js';

/** Per strategy and instrument: a wish at each bar must not fill the memory. */
const WAITING_MAX = 10;

export function waitToEnter(core: Core, slot: StrategySlot, wish: WaitingWish, signal?: SignalName): void {
  const entry = entryOf(core, slot, wish, signal);
  const denial = whyNotWait(core, slot, entry);
  if (denial !== null) {
    denyOrder(core, deniedOrder(entry), denial);
    return;
  }
  beginToWait(core, entry, entry.restBars);
}

function beginToWait(core: Core, entry: WaitingEntry, restBars: number | null): void {
  const { clientId, trail, instrument } = entry;
  if (restBars !== null) core.waitingBars.set(clientId, restBars);
  if (trail !== undefined) core.bestTicks.set(clientId, trail.bestTicks);
  commit(core, { type: 'entry.waits', entry, marketMs: core.marketMs });
  markChanged(core, instrument);
}

/** Replaces an entry that waits, which keeps waiting if the new one may not. */
export function waitInstead(
  core: Core,
  slot: StrategySlot,
  old: WaitingEntry,
  changed: Omit<WaitingEntry, 'clientId'>,
): void {
  const entry: WaitingEntry = { ...changed, clientId: nextClientId(core) };
  const denial = whyNotWait(core, slot, entry);
  if (denial !== null) {
    denyOrder(core, deniedOrder(entry), denial);
    return;
  }
  const barsLeft = core.waitingBars.get(old.clientId);
  overWith(core, old, 'dropped', `${slot.name} changed it: ${changed.because}`);
  beginToWait(core, entry, barsLeft ?? null);
}

/**
 * The order comes off the book first, so both never rest at once; the entry with its new prices waits for
 * that.
 */
export function waitToChange(
  core: Core,
  slot: StrategySlot,
  { intent }: OrderEntry,
  wish: OrderedWish,
): void {
  const { side, protectTicks, exits, because } = wish;
  const { clientId, signal, oneOf } = intent;
  const entry: WaitingEntry = {
    ...{ clientId: nextClientId(core), instrument: slot.instrument.id, strategy: slot.name },
    ...{ type: 'change', side, touchTicks: null, limitTicks: null, slippageTicks: null, restBars: null },
    ...{ fromMs: null, untilMs: core.marketMs + REVERSAL_MARKET_MS, protectTicks },
    ...(exits === undefined ? {} : { exits }),
    ...(signal === undefined ? {} : { signal }),
    ...(oneOf === undefined ? {} : { oneOf }),
    ...{ changes: clientId, because, wish },
  };
  commit(core, { type: 'entry.waits', entry, marketMs: core.marketMs });
  markChanged(core, entry.instrument);
}

/**
 * Called whenever `sendReversals` is. Lots filled by then are not entered again; if all were, or the order
 * ended other than by its cancel, nothing follows.
 */
export function sendChanges(core: Core): void {
  if (!mayEnter(core)) return;
  for (const entry of [...core.state.waiting.values()]) {
    if (entry.type !== 'change' || isOverdue(entry, core.marketMs)) continue;
    const old = core.state.orders.get(entry.changes ?? '');
    if (old !== undefined && !FINAL_ORDER_STATES.has(old.state)) continue;
    const left = old === undefined || old.state !== 'cancelled' ? 0 : remainingLots(old);
    if (left === 0)
      overWith(core, entry, 'dropped', `the order that it changes is ${old?.state ?? 'unknown'}`);
    else send(core, entry, left);
    markChanged(core, entry.instrument);
  }
}

interface Reversal {
  readonly wish: OrderedWish;
  /** Lots that its strategy holds, signed. */
  readonly ownLots: number;
}

/** True: the entry waits, and its strategy's trade must be closed now. */
export function waitToReverse(
  core: Core,
  slot: StrategySlot,
  { wish, ownLots }: Reversal,
  signal?: SignalName,
): boolean {
  const { side, protectTicks, exits, size, because } = wish;
  const entry: WaitingEntry = {
    ...{ clientId: nextClientId(core), instrument: slot.instrument.id, strategy: slot.name },
    ...{ type: 'reversal', side, touchTicks: null, limitTicks: null, slippageTicks: null, restBars: null },
    ...{ fromMs: null, untilMs: core.marketMs + REVERSAL_MARKET_MS, protectTicks },
    ...(exits === undefined ? {} : { exits }),
    ...(size === undefined ? {} : { size }),
    ...(signal === undefined ? {} : { signal }),
    because,
    wish,
  };
  const denial = whyNotReverse(core, slot, wish, ownLots);
  if (denial !== null) denyOrder(core, deniedOrder(entry), denial);
  else commit(core, { type: 'entry.waits', entry, marketMs: core.marketMs });
  if (denial === null) markChanged(core, entry.instrument);
  return denial === null;
}

function whyNotReverse(
  core: Core,
  { name, instrument: { id: at } }: StrategySlot,
  wish: OrderedWish,
  ownLots: number,
): Denial | null {
  const { side } = wish;
  if (!mayEnter(core))
    return { limit: 'mode', reason: `the desk is ${core.state.mode}: no trade is turned round in it` };
  if (!capabilitiesAt(core, at).shorting)
    return {
      limit: 'shorting',
      reason: 'this venue can only sell what is held: no trade is turned round here',
    };
  const held = ownLots > 0 ? 'long' : 'short';
  if (side === (ownLots > 0 ? 'buy' : 'sell'))
    return { limit: 'reverses', reason: `its trade is ${held}: an entry on that side turns nothing round` };
  const unfit = whyNoSessionEnd(core, at, wish);
  if (unfit !== null) return { limit: 'exits', reason: unfit };
  for (const { instrument, strategy, type } of core.state.waiting.values())
    if (instrument === at && strategy === name && type === 'reversal')
      return { limit: 'waiting', reason: `its ${held} trade is being closed for another entry already` };
  return null;
}

/**
 * Called at each event other than a quote, a market trade or a command. No order of the closed trade may
 * still rest: on an account that nets, its stop would open a position unknown to the new trade.
 */
export function sendReversals(core: Core): void {
  if (!mayEnter(core)) return;
  for (const entry of [...core.state.waiting.values()]) {
    const { type, instrument: at } = entry;
    if (type !== 'reversal' || isOverdue(entry, core.marketMs)) continue;
    const own = isSideBySide(core, at)
      ? holdingOf(positionAt(core, at), entry.strategy)
      : positionAt(core, at);
    const isHeld = own !== undefined && own.quantityLots !== 0 && !isDustOf(core, own);
    // Orders for an adopted position count too; they are nobody's. Side by side, other strategies' orders may rest.
    const rests = liveOrders(core, at).some(
      ({ intent: { purpose, strategy } }) =>
        purpose !== 'entry' &&
        (strategy === entry.strategy || purpose === 'close' || !isSideBySide(core, at)),
    );
    if (isHeld || rests) continue;
    send(core, entry);
    markChanged(core, at);
  }
}

function entryOf(core: Core, slot: StrategySlot, wish: WaitingWish, signal?: SignalName): WaitingEntry {
  const { side, protectTicks, exits, size, because } = wish;
  const isTouched = wish.type === 'ifTouched';
  const isTrailing = wish.type === 'trailingStop';
  return {
    clientId: nextClientId(core),
    instrument: slot.instrument.id,
    strategy: slot.name,
    type: wish.type,
    side,
    touchTicks: isTouched ? wish.touchTicks : null,
    limitTicks: isTouched ? wish.limitTicks : null,
    slippageTicks: wish.slippageTicks,
    restBars: isTouched || isTrailing ? wish.restBars : null,
    ...(isTrailing
      ? { trail: { ticks: wish.trailTicks, bestTicks: askedAt(core, slot.instrument.id, side) } }
      : {}),
    ...(timesOf(core, slot.instrument.id, wish) ?? { fromMs: null, untilMs: null }),
    protectTicks,
    ...(exits === undefined ? {} : { exits }),
    ...(size === undefined ? {} : { size }),
    ...(signal === undefined ? {} : { signal }),
    because,
  };
}

/** From when the next quote is its moment, and until when it waits. Null: this market has no such session. */
function timesOf(
  core: Core,
  at: InstrumentId,
  wish: WaitingWish,
): { readonly fromMs: number; readonly untilMs: number } | null {
  if (wish.type === 'ifTouched' || wish.type === 'trailingStop') return null;
  const { calendar, noEntriesBeforeCloseMs = 0, flatBeforeCloseMs = 0 } = sessionsAt(core, at);
  const now = calendar.phaseAt(core.marketMs);
  if (!Number.isFinite(now.untilMs)) return null;
  // `atClose` means the session that is open now, `atOpen` the next one; in a closed market both mean the next one.
  const isThisSession = wish.type === 'atClose' && now.open;
  const closed = isThisSession || !now.open ? now : calendar.phaseAt(now.untilMs);
  if (!Number.isFinite(closed.untilMs)) return null;
  const session = isThisSession ? now : calendar.phaseAt(closed.untilMs);
  if (wish.type === 'atOpen')
    return { fromMs: session.fromMs, untilMs: Math.min(session.fromMs + OPENING_MS, session.untilMs) };
  if (!Number.isFinite(session.untilMs)) return null;
  const { beforeCloseMs = 0 } = wish.exits ?? {};
  const lastMs = session.untilMs - Math.max(noEntriesBeforeCloseMs, flatBeforeCloseMs, beforeCloseMs);
  return { fromMs: Math.max(session.fromMs, session.untilMs - wish.leadMs), untilMs: lastMs };
}

/** Why it would fail whatever the market does until its moment. Null: it may wait. */
function whyNotWait(
  core: Core,
  { name, instrument: { id: at } }: StrategySlot,
  entry: WaitingEntry,
): Denial | null {
  const { fromMs, untilMs, type, side, touchTicks, trail, limitTicks, exits } = entry;
  const { mode } = core.state;
  if (!mayEnter(core)) return { limit: 'mode', reason: `the desk is ${mode}: no entry waits in it` };
  if (side === 'sell' && !capabilitiesAt(core, at).shorting)
    return { limit: 'shorting', reason: 'this venue can only sell what is held' };
  const ending = expiryReason(core, at);
  if (ending !== null) return { limit: 'session', reason: ending.reason };
  const unfit = wrongBeforeClose(core, at, exits ?? {});
  if (unfit !== null) return { limit: 'exits', reason: unfit };
  if (touchTicks !== null) {
    const reason = whyNotTouched(core, at, { ...entry, touchTicks });
    if (reason !== null) return { limit: 'if-touched', reason };
    const wrong = exits === undefined ? null : wrongExits(exits, side, limitTicks ?? touchTicks);
    if (wrong !== null) return { limit: 'exits', reason: wrong };
  } else if (trail !== undefined) {
    const reason = whyNotTrail(core, at, entry);
    if (reason !== null) return { limit: 'trailing-stop', reason };
    const wrong =
      exits === undefined ? null : wrongExits(exits, side, turnTicks(side, trail, trail.bestTicks));
    if (wrong !== null) return { limit: 'exits', reason: wrong };
  } else if (fromMs === null || untilMs === null) {
    const [limit, moment] = type === 'atOpen' ? ['at-open', 'opens'] : ['at-close', 'closes'];
    const reason = `this market never ${moment}: it has no hours in the desk file, or no session is ahead. Enter at the market instead`;
    return { limit, reason };
  } else if (fromMs >= untilMs || core.marketMs >= untilMs) {
    const reason =
      'nothing is entered so shortly before the close, by the desk file or by its own exits: let it lead the close by more';
    return { limit: 'at-close', reason };
  }
  let waiting = 0;
  for (const { instrument, strategy } of core.state.waiting.values())
    if (instrument === at && strategy === name) waiting += 1;
  if (waiting < WAITING_MAX) return null;
  return { limit: 'waiting', reason: `${WAITING_MAX} entries of ${name} wait here already, and no more do` };
}

function whyNotTouched(
  core: Core,
  at: InstrumentId,
  {
    side,
    touchTicks,
    protectTicks,
    limitTicks,
    slippageTicks,
  }: Omit<WaitingEntry, 'touchTicks'> & { readonly touchTicks: number },
): string | null {
  if (!core.market.hasQuote(at)) return 'there is no price yet that could come to it';
  if ((limitTicks === null) === (slippageTicks === null))
    return 'it needs either a limit or a slippage for the order that it becomes';
  const price = (ticks: number) => formatDecimal(ticks, instrumentAt(core, at).tickSize);
  if (isTouchedAt(core, at, side, touchTicks)) {
    const [from, quote] =
      side === 'buy' ? ['a purchase below the ask', 'ask'] : ['a sale above the bid', 'bid'];
    const now = price(askedAt(core, at, side));
    return `the market has touched ${price(touchTicks)} already: it is for ${from}, and the ${quote} is ${now}`;
  }
  return isBehind(side, protectTicks, touchTicks)
    ? null
    : 'its stop-loss is on the winning side of the price that it waits for';
}

/** The price that a purchase pays, or a sale brings, at the last quote. */
const askedAt = ({ market }: Core, at: InstrumentId, side: Side): number =>
  (side === 'buy' ? market.askTicks[at] : market.bidTicks[at]) as number;

/** Below the other price for a purchase, above it for a sale. */
const isBehind = (side: Side, ticks: number, other: number): boolean =>
  side === 'buy' ? ticks < other : ticks > other;

/** The price has come down to `ticks` for a purchase, up to it for a sale. */
const isTouchedAt = (core: Core, at: InstrumentId, side: Side, ticks: number): boolean =>
  !isBehind(side, ticks, askedAt(core, at, side));

function whyNotTrail(
  core: Core,
  at: InstrumentId,
  { side, trail, protectTicks }: WaitingEntry,
): string | null {
  if (!core.market.hasQuote(at) || trail === undefined) return 'there is no price yet that could turn';
  return isBehind(side, protectTicks, turnTicks(side, trail, trail.bestTicks))
    ? null
    : 'its stop-loss is on the winning side of the price at which the market would have turned';
}

type Trail = NonNullable<WaitingEntry['trail']>;

/** The price at which the market has turned. */
const turnTicks = (side: Side, { ticks }: Trail, bestTicks: number): number =>
  side === 'buy' ? bestTicks + ticks : bestTicks - ticks;

/** The lowest ask, or the highest bid, since it began to wait; the last quote counts. */
function bestOf(core: Core, { clientId, instrument, side }: WaitingEntry, trail: Trail): number {
  const best = side === 'buy' ? Math.min : Math.max;
  const bestTicks = best(core.bestTicks.get(clientId) ?? trail.bestTicks, askedAt(core, instrument, side));
  core.bestTicks.set(clientId, bestTicks);
  return bestTicks;
}

/** The price that the entry waits for: an ask for a purchase, a bid for a sale. Null: it waits for none. */
export function awaitedTicks(core: Core, { clientId, side, touchTicks, trail }: WaitingEntry): number | null {
  if (trail === undefined) return touchTicks;
  return turnTicks(side, trail, core.bestTicks.get(clientId) ?? trail.bestTicks);
}

/** Called once a believed quote is the price, before strategies are shown it. True if anything was recorded. */
export function sendDueEntries(core: Core, event: QuoteEvent): boolean {
  const { instrument: at, marketMs } = event;
  if (!core.begun || !mayEnter(core) || !core.market.isPrice(at, event.bidTicks, event.askTicks))
    return false;
  if (!sessionsAt(core, at).calendar.isOpen(marketMs)) return false;
  let recorded = false;
  for (const entry of [...core.state.waiting.values()]) {
    const isOver = isOverdue(entry, marketMs);
    if (entry.instrument !== at || !(isOver || isDue(core, entry, marketMs))) continue;
    if (!recorded) setTime(core, event);
    recorded = true;
    if (isOver) overWith(core, entry, 'dropped', overdueReason(entry));
    else send(core, entry);
  }
  if (recorded) markChanged(core, at);
  return recorded;
}

function isDue(core: Core, entry: WaitingEntry, marketMs: number): boolean {
  const { instrument, side, touchTicks, trail, fromMs } = entry;
  if (trail !== undefined) {
    const turn = turnTicks(side, trail, bestOf(core, entry, trail));
    const now = askedAt(core, instrument, side);
    return side === 'buy' ? now >= turn : now <= turn;
  }
  if (touchTicks !== null) return isTouchedAt(core, instrument, side, touchTicks);
  return fromMs !== null && marketMs >= fromMs;
}

const MOMENT = {
  ifTouched: 'the market touched its price',
  trailingStop: 'the market has turned',
  atOpen: 'the session has opened',
  atClose: 'the session is about to close',
  reversal: 'the trade that it turns round is closed',
  change: 'the order that it changes is off the book',
} as const;

/** The end of its wait is recorded first: wherever the journal is cut off, the entry is made at most once. */
function send(core: Core, entry: WaitingEntry, leftLots?: number): void {
  const { clientId, instrument: at, strategy, type, signal, changes, oneOf } = entry;
  const restBars = core.waitingBars.get(clientId) ?? 1;
  const asked = waitingNow(core, entry);
  overWith(core, entry, 'due', MOMENT[type]);
  const slot = core.slots.find(({ name, instrument }) => name === strategy && instrument.id === at);
  if (slot === undefined) return;
  enter(core, slot, orderedOf(core, asked, restBars), (text) => note(core, 'info', text, at, strategy), {
    ...(signal === undefined ? {} : { signal }),
    ...{ waited: { clientId, type }, changes, oneOf, leftLots },
  });
}

/**
 * The entry as it stands now. If it waits for the market to turn: with the best price so far, and with its
 * stop and exits at their original distance from the turn.
 */
export function waitingNow(core: Core, entry: WaitingEntry): WaitingEntry {
  const { clientId, trail, exits } = entry;
  if (trail === undefined) return entry;
  const bestTicks = core.bestTicks.get(clientId) ?? trail.bestTicks;
  const moved = bestTicks - trail.bestTicks;
  return {
    ...entry,
    trail: { ...trail, bestTicks },
    protectTicks: Math.max(1, entry.protectTicks + moved),
    ...(exits === undefined ? {} : { exits: movedExits(exits, moved) }),
  };
}

/**
 * With a slippage: a limit order at the worst price that takes what the market offers at once. Every venue
 * has it, and it fills like a market entry. With a limit: an order that rests there. For a reversal or a
 * change: the entry as requested.
 */
function orderedOf(core: Core, entry: WaitingEntry, restBars: number): OrderedWish {
  if (entry.wish !== undefined) return entry.wish;
  const { instrument: at, side, limitTicks, slippageTicks, protectTicks, exits, size, because } = entry;
  const wish = {
    ...{ side, protectTicks, because, restBars },
    ...(exits === undefined ? {} : { exits }),
    ...(size === undefined ? {} : { size }),
  };
  if (slippageTicks === null) return { ...wish, limitTicks: limitTicks ?? 0 };
  const asked = askedAt(core, at, side);
  const worstTicks = side === 'buy' ? asked + slippageTicks : Math.max(1, asked - slippageTicks);
  return { ...wish, limitTicks: worstTicks, timeInForce: 'IOC' };
}

/** Called for each finished bar of the instrument: ends the entries whose bars have run out. */
export function ageWaiting(core: Core, at: InstrumentId): void {
  if (core.waitingBars.size === 0) return;
  for (const { clientId, instrument } of core.state.waiting.values()) {
    const left = core.waitingBars.get(clientId);
    if (instrument === at && left !== undefined) core.waitingBars.set(clientId, left - 1);
  }
  endWaiting(
    core,
    'it waited as long as its strategy lets it',
    ({ clientId, instrument }) => instrument === at && (core.waitingBars.get(clientId) ?? 1) <= 0,
  );
}

/** The order for the record of a refusal: nothing is sized yet. */
function deniedOrder(entry: WaitingEntry): OrderIntent {
  const { wish } = entry;
  const { clientId, instrument, strategy, side, type, touchTicks, limitTicks, protectTicks } = entry;
  return {
    ...{ clientId, instrument, strategy, purpose: 'entry', side, type: 'limit', quantityLots: 0 },
    ...{ limitTicks: limitTicks ?? touchTicks, stopTicks: null, protectTicks, reduceOnly: false },
    timeInForce: limitTicks === null ? 'IOC' : 'GTC',
    ...(wish !== undefined && 'limitTicks' in wish ? { limitTicks: wish.limitTicks } : {}),
    ...(entry.exits === undefined ? {} : { exits: entry.exits }),
    ...(entry.signal === undefined ? {} : { signal: entry.signal }),
    waited: type,
  };
}
