/**
 * Fills are facts: each is applied once, whatever the state of its order. One that can't be applied is
 * reported.
 */

import { placesOf } from '../../domain/book-steps.js';
import { formatDecimal } from '../../domain/decimal.js';
import { lasted } from '../../domain/figure-text.js';
import type { InstrumentId } from '../../domain/instrument.js';
import type { Fill } from '../../domain/order.js';
import { isRestingTarget } from '../../domain/order.js';
import { isRate } from '../../domain/value.js';
import { stepsAt } from '../books.js';
import {
  type Core,
  commit,
  instrumentAt,
  isOurs,
  isSideBySide,
  markChanged,
  note,
  positionAt,
  progressAt,
  progressOfOrder,
  remainingLots,
  wantSnapshot,
} from '../core.js';
import { noteTargetFilled } from '../flow/keep-target.js';
import { raiseFault, raiseForeign } from '../halts.js';
import type { EngineState, OrderEntry } from '../state.js';
import { disableLosing } from '../strategies/tracker.js';
import { takeToldFee } from '../sync/reconcile-cash.js';
import { noteHeld } from '../sync/reconcile-positions.js';
import { readSoon } from '../sync/request-snapshot.js';
import { verifySoon } from '../sync/verify-exits.js';
import { FOREIGN_READ_EVERY_MS, UNPROTECTED_MAX_MS } from '../timing.js';
import { holdingOf, NOBODY } from '../trades/trade.js';
import { carryOut, endReplaced } from './change-order.js';
import { isSoundFee, tellOpenFees, withFeeValue } from './fee-value.js';
import { takeOthersOff } from './linked-orders.js';
import { fillEvent, type OrderStep, orderStep } from './order-table.js';

/** Number of fills newer than `marketMs` whose ids the journal still has, in one instrument or in all. */
export function fillsSince({ state }: Core, marketMs: number, at?: InstrumentId): number {
  const seen =
    at === undefined ? [...state.fillsSeen, ...state.formerFills.values()] : fillsSeenAt(state, at);
  return seen.reduce((sum, fills) => sum + [...fills.values()].filter((ms) => ms > marketMs).length, 0);
}

/** Includes those from before its symbol was out of the desk file. */
function fillsSeenAt(
  { config, fillsSeen, formerFills }: EngineState,
  at: InstrumentId,
): readonly ReadonlyMap<string, number>[] {
  const former = formerFills.get(config?.instruments[at]?.symbol ?? '');
  return [fillsSeen[at], former].filter((seen) => seen !== undefined);
}

function isSeen({ state }: Core, { instrument, tradeId, marketMs }: Fill): boolean {
  return marketMs < state.fillHorizonMs || fillsSeenAt(state, instrument).some((seen) => seen.has(tradeId));
}

/** True if the fill was new. */
export function takeFill(core: Core, reported: Fill): boolean {
  const seen = core.state.fillsSeen[reported.instrument];
  if (seen !== undefined && isOfAnotherHand(core, reported)) return takeForeign(core, reported);
  const fill = seen !== undefined && isSound(core, reported) ? withFeeValue(core, reported) : null;
  // A fee's value may be too large to represent even if its amount is not.
  if (seen === undefined || fill === null || !Number.isSafeInteger(fill.fee)) {
    const text = `the venue reported a fill that can't be (${reported.tradeId}); it was not applied`;
    raiseFault(core, 'reconciliation', text);
    return false;
  }
  takeToldFee(core, fill);
  if (isSeen(core, reported)) return false;
  const entry = core.state.orders.get(fill.clientId);
  const step = entry === undefined ? null : stepOf(entry, fill);
  const trouble = entry === undefined || step === null ? null : troubleWith(fill, entry, step);
  if (entry !== undefined && isRestingTarget(entry.intent) && remainingLots(entry) === fill.quantityLots)
    noteTargetFilled(core, entry, fill.priceTicks);
  const nobodysBefore = nobodysLots(core, fill.instrument);
  const lotsBefore = positionAt(core, fill.instrument).quantityLots;
  // Some venues report the time of a fill in whole seconds.
  if (fill.marketMs + 1_000 > progressAt(core, fill.instrument).adoptedMarketMs)
    noteHeld(core, fill.instrument, positionAt(core, fill.instrument).quantityLots);
  commit(core, { type: 'fill', fill });
  // Before the first snapshot, a fill may date from before the start.
  if (core.sync.readings > 0 && entry !== undefined) {
    const { side, quantityLots, priceTicks, instrument } = fill;
    const { strategy, purpose } = entry.intent;
    core.unshownFills.push({ strategy, instrument, fill: { side, quantityLots, priceTicks, purpose } });
  }
  const progress = progressAt(core, fill.instrument);
  progress.activity += 1;
  markChanged(core, fill.instrument);
  if (entry !== undefined) {
    endReplaced(core, entry);
    for (const effect of step?.effects ?? []) carryOut(core, entry, effect);
    if (entry.intent.purpose === 'entry') {
      verifySoon(core, fill.instrument);
      takeOthersOff(core, entry);
      noteUnseenEntry(core, fill);
    }
    if (entry.intent.purpose === 'close' || entry.intent.purpose === 'exit') {
      const closing = progressOfOrder(core, entry.intent);
      closing.closeRefusals = 0;
      closing.closeAtMs = 0;
    }
    // A stop that fired has ended by itself: the rest gets the stop that it needs now, not the old one again.
    if (entry.intent.purpose === 'protective' && entry.state === 'filled')
      progressOfOrder(core, entry.intent).formerStop = null;
  }
  if (trouble !== null) {
    note(core, 'alarm', trouble, fill.instrument);
    raiseFault(core, 'reconciliation', trouble);
  }
  tellOpenFees(core);
  if (entry === undefined) noteForeign(core, fill);
  else {
    noteBeyond(core, entry, nobodysBefore);
    haltIfTurnedRound(core, entry, lotsBefore);
  }
  disableLosing(core);
  return true;
}

/**
 * In an account at an exchange, coins are the desk's only if it bought them or a person assigned them to it.
 * Trades by others are a difference; snapshots of the account show what became of the coins, including ours.
 */
function isOfAnotherHand(core: Core, { clientId, instrument }: Fill): boolean {
  if (core.config.coinsNeedOwner !== true || instrumentAt(core, instrument).kind !== 'spot') return false;
  return !core.state.orders.has(clientId) && !isOurs(core, clientId);
}

/** Always false: the fill is not a new one of the desk. */
function takeForeign(core: Core, fill: Fill): false {
  if (isSeen(core, fill)) return false;
  commit(core, { type: 'fill.foreign', fill });
  progressAt(core, fill.instrument).activity += 1;
  markChanged(core, fill.instrument);
  noteForeign(core, fill);
  readForForeign(core);
  return false;
}

/**
 * Reads at once, then at most every `FOREIGN_READ_EVERY_MS`: others may trade many times a second, and each
 * snapshot uses up rate allowance.
 */
function readForForeign(core: Core): void {
  const { sync, monotonicMs } = core;
  if (sync.foreignReadMs <= monotonicMs)
    sync.foreignReadMs = Math.max(monotonicMs, sync.foreignReadMs + FOREIGN_READ_EVERY_MS);
  if (sync.foreignReadMs === monotonicMs) wantSnapshot(core);
  else readSoon(core, sync.foreignReadMs - monotonicMs);
}

function isSound(core: Core, fill: Fill): boolean {
  const instrument = instrumentAt(core, fill.instrument);
  const { perLot, base } = stepsAt(core.state, fill.instrument);
  return (
    Number.isSafeInteger(fill.quantityLots) &&
    fill.quantityLots > 0 &&
    Number.isSafeInteger(fill.priceTicks) &&
    fill.priceTicks > 0 &&
    Number.isSafeInteger(fill.fee) &&
    isSoundFee(fill, instrument, perLot, placesOf(core.state.scales, base)) &&
    isSoundFeeInCoins(fill) &&
    (instrument.conversion === undefined ? fill.rate === undefined : isRate(fill.rate ?? 0))
  );
}

/** Only a purchase can pay its fee in what it bought, and never more than that. */
function isSoundFeeInCoins({ feeLots = 0, quantityLots, side }: Fill): boolean {
  if (feeLots === 0) return true;
  return Number.isSafeInteger(feeLots) && feeLots > 0 && feeLots <= quantityLots && side === 'buy';
}

const stepOf = ({ state, filledLots, intent }: OrderEntry, fill: Fill): OrderStep =>
  orderStep(state, fillEvent(filledLots + fill.quantityLots, intent.quantityLots));

function troubleWith(
  fill: Fill,
  { intent, filledLots, state }: OrderEntry,
  { to }: OrderStep,
): string | null {
  const { clientId, quantityLots, side } = intent;
  const filledNow = filledLots + fill.quantityLots;
  if (filledNow > quantityLots)
    return `order ${clientId} was for ${quantityLots} lots and is filled with ${filledNow}`;
  if (fill.side !== side) return `order ${clientId} was a ${side} and is filled as a ${fill.side}`;
  return to === 'illegal' ? `order ${clientId} is ${state} and was filled all the same` : null;
}

/** People are told, once per instrument, what was entered while no trader of this journal ran: it may have no stop. */
function noteUnseenEntry(core: Core, { instrument: at, marketMs }: Fill): void {
  const agoMs = core.marketMs - marketMs;
  const progress = progressAt(core, at);
  if (core.sync.readings > 0 || agoMs < UNPROTECTED_MAX_MS || progress.enteredUnseen) return;
  progress.enteredUnseen = true;
  const { symbol } = instrumentAt(core, at);
  const unseen = core.state.putBack.has(at) ? 'after the backup that was put back' : 'while no trader ran';
  note(
    core,
    'alarm',
    `${symbol}: an entry filled ${lasted(agoMs)} ago, ${unseen}; it has had no stop since, unless one is found at the venue, and gets one now if the position is still there`,
    at,
  );
}

/** Nobody's lots, side by side, above zero. 0 elsewhere, where they are not told apart. */
const nobodysLots = (core: Core, at: InstrumentId): number =>
  isSideBySide(core, at) ? Math.abs(holdingOf(positionAt(core, at), NOBODY)?.quantityLots ?? 0) : 0;

/**
 * Side by side, lots that an order fills beyond the trade it closes belong to no strategy: people must close
 * them.
 */
function noteBeyond(core: Core, { intent }: OrderEntry, before: number): void {
  const { instrument: at, purpose, strategy } = intent;
  const lots = nobodysLots(core, at) - before;
  if (purpose === 'entry' || lots <= 0) return;
  const { symbol, lotSize } = instrumentAt(core, at);
  const brought = formatDecimal(lots, lotSize);
  const text = `${symbol}: a ${purpose} order of ${strategy} filled ${brought} beyond what it was to close; they are nobody's, with a stop of their own, until a person closes the position`;
  note(core, 'alarm', text, at);
}

/**
 * An order that was to close a position has opened the other side, which no strategy asked for. Side by side, lots
 * beyond a trade are nobody's (`noteBeyond`).
 */
function haltIfTurnedRound(core: Core, { intent }: OrderEntry, before: number): void {
  const { instrument: at, purpose, strategy } = intent;
  const { quantityLots } = positionAt(core, at);
  const isOtherSide = quantityLots !== 0 && Math.sign(quantityLots) !== Math.sign(before);
  if (purpose === 'entry' || isSideBySide(core, at) || !isOtherSide) return;
  const { symbol, lotSize } = instrumentAt(core, at);
  const held = `${quantityLots > 0 ? 'long' : 'short'} ${formatDecimal(Math.abs(quantityLots), lotSize)}`;
  const reason = `${symbol}: a ${purpose} order of ${strategy} filled beyond the position that it was to close, which is ${held} now; it gets a stop of its own, until a person closes it`;
  note(core, 'alarm', reason, at);
  raiseFault(core, 'reconciliation', reason);
}

/** A fill of an order that is not known: a second trader or a person trades in this account, or ours ended long ago. */
function noteForeign(core: Core, { clientId, instrument, side, quantityLots }: Fill): void {
  const { symbol, lotSize } = instrumentAt(core, instrument);
  if (!isOurs(core, clientId)) {
    const reason = `${symbol}: a fill of the order ${clientId}, which is not ours`;
    note(core, 'alarm', reason, instrument);
    raiseForeign(core, reason);
  } else if (!core.state.putBack.has(instrument)) {
    // A restored journal lacks the newest orders: reading the account shows what they filled.
    const text = `${symbol}: a ${side} of ${formatDecimal(quantityLots, lotSize)} came late, of our order ${clientId}, which ended long ago and is not known any more: no strategy owns it. Look at the position, and close what is not wanted`;
    note(core, 'alarm', text, instrument);
  }
}
