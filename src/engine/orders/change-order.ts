/**
 * One step of the order state machine: consults the table, records the change, and does what the table says.
 * Cancels leave at once, without waiting for the journal.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { FINAL_ORDER_STATES, isRestingTarget } from '../../domain/order.js';
import { stopEndedNote } from '../../domain/order-words.js';
import {
  type Core,
  commit,
  instrumentAt,
  liveOrders,
  markChanged,
  note,
  positionAt,
  progressAt,
  progressOfOrder,
  wantSnapshot,
} from '../core.js';
import { raiseFault } from '../halts.js';
import { type OrderEntry, openLots } from '../state.js';
import {
  ESCALATED_RETRY_MS,
  REFUSALS_BEFORE_RESTORE,
  REFUSED_RETRY_MS,
  retryDelayMs,
  TARGET_AGAIN_MS,
  TARGET_ENDS_MAX,
  TARGET_RETRY_MS,
} from '../timing.js';
import { endWaiting } from './end-waiting.js';
import { type OrderEffect, type OrderEvent, orderStep } from './order-table.js';
import { isEndAsked, othersEndToo, readBeforeNext, restNoLonger, watchOf } from './order-watch.js';

/**
 * An order event by itself never moves money: fills are records of their own and don't come through here.
 * `completingFill`: the recorded fills are all there is.
 */
type AnswerEvent = Exclude<OrderEvent, 'partialFill'>;

/** True if the order's state changed. */
export function changeOrder(
  core: Core,
  entry: OrderEntry,
  event: AnswerEvent,
  reason: string,
  venueId: string | null = null,
): boolean {
  const { clientId, instrument } = entry.intent;
  const { to, effects } = orderStep(entry.state, endOfRest(entry, event));
  const changes = to !== 'ignored' && to !== 'illegal';
  const learnsVenueId = to !== 'illegal' && venueId !== null && entry.venueId !== venueId;
  if (to === 'illegal') sayContradiction(core, entry, event, reason);
  const isAsked = effects.includes('pauseNext') && isEndAsked(core, entry);
  if (changes || learnsVenueId) {
    const state = changes ? to : entry.state;
    commit(core, { type: 'order.state', clientId, state, venueId, reason, marketMs: core.marketMs });
    progressAt(core, instrument).activity += 1;
    markChanged(core, instrument);
  }
  if (isAsked) othersEndToo(core, entry);
  for (const effect of effects) carryOut(core, entry, effect, isAsked);
  return changes;
}

/** What is left of an order may be rejected as well, also while its end is asked for: it ends with what was filled. */
function endOfRest({ state, filledLots }: OrderEntry, event: AnswerEvent): AnswerEvent {
  return event === 'rejected' && filledLots > 0 && state !== 'filled' ? 'cancelled' : event;
}

/** Carries out an effect of a step, once the step is recorded. `isAsked`: the desk asked for the order's end. */
export function carryOut(core: Core, entry: OrderEntry, effect: OrderEffect, isAsked = false): void {
  const { clientId } = entry.intent;
  switch (effect) {
    case 'lookUp':
      watchOf(core, clientId).answerByMs = null;
      sendLookup(core, entry);
      return;
    case 'sendCancel':
      // After a refused cancel, the order is looked up before the next one is sent; otherwise cancels and
      // refusals would chase each other.
      if (core.watches.get(clientId)?.cancelRefused !== true) sendCancel(core, entry);
      return;
    case 'endWatch':
      core.watches.delete(clientId);
      return;
    case 'pauseNext':
      pauseNext(core, entry, isAsked);
      return;
    case 'restNoLonger':
      restNoLonger(core, entry);
      return;
    case 'contradict':
      if (!FINAL_ORDER_STATES.has(entry.state)) watchOf(core, clientId).lookupAtMs = core.monotonicMs;
      wantSnapshot(core);
  }
}

/** Queries the venue by the order's client id, unless an answer is already due. */
export function sendLookup(core: Core, entry: OrderEntry): void {
  const { clientId, instrument } = entry.intent;
  const watch = watchOf(core, clientId);
  watch.lookupAtMs = null;
  if (watch.lookupByMs !== null && core.monotonicMs < watch.lookupByMs) return;
  watch.lookupByMs = core.monotonicMs + core.config.closeAll.answerTimeoutMs;
  core.effects.push({ kind: 'lookup', clientId, instrument });
}

/** A repeated cancel does no harm. */
export function sendCancel(core: Core, entry: OrderEntry): void {
  const { clientId, instrument } = entry.intent;
  watchOf(core, clientId).answerByMs = core.monotonicMs + core.config.closeAll.answerTimeoutMs;
  core.effects.push({ kind: 'cancel', clientId, instrument });
}

/**
 * Sends one cancel. A cancel under way is repeated by its deadline, not here; after a refused one, the next
 * waits until a lookup has shown why.
 */
export function cancelOrder(core: Core, entry: OrderEntry, reason: string): void {
  if (entry.state === 'cancelling') return;
  if (entry.state === 'unknown' && core.watches.get(entry.intent.clientId)?.cancelRefused === true) return;
  changeOrder(core, entry, 'cancelRequested', reason);
}

/**
 * The same for an entry that is not queried again: if the venue refuses, the next bar cancels it once more.
 */
export function takeEntryOff(core: Core, entry: OrderEntry, reason: string): void {
  cancelOrder(core, entry, reason);
  restNoLonger(core, entry);
}

/** Cancels the entries, waiting ones included, of all strategies or of one. Returns how many were live. */
export function cancelEntries(core: Core, at: InstrumentId, reason: string, strategy?: string): number {
  endWaiting(
    core,
    reason,
    (entry) => entry.instrument === at && entry.strategy === (strategy ?? entry.strategy),
  );
  return cancelEntryOrders(core, at, reason, strategy);
}

/** The same without the waiting entries. */
export function cancelEntryOrders(core: Core, at: InstrumentId, reason: string, strategy?: string): number {
  let entries = 0;
  for (const entry of liveOrders(core, at)) {
    const { intent } = entry;
    if (intent.purpose !== 'entry' || intent.strategy !== (strategy ?? intent.strategy)) continue;
    entries += 1;
    cancelOrder(core, entry, reason);
  }
  return entries;
}

/**
 * The venue has an order that replaces another, so the other is gone, whoever reported the new one and
 * however late. The old one protects nothing next to its replacement.
 */
export function endReplaced(core: Core, { replaces, intent }: OrderEntry): void {
  const old = replaces === null ? undefined : core.state.orders.get(replaces);
  if (old !== undefined) changeOrder(core, old, 'cancelled', `replaced by ${intent.clientId}`);
}

/** The venue contradicts itself. It is read again; until then the desk opens nothing new. */
function sayContradiction(core: Core, entry: OrderEntry, event: AnswerEvent, reason: string): void {
  const { clientId, instrument } = entry.intent;
  const text = `order ${clientId} is ${entry.state}, and the venue reports it as ${event} (${reason})`;
  note(core, 'alarm', text, instrument);
  raiseFault(core, 'reconciliation', text);
}

/**
 * Called when an order has ended. A protective stop that we cancelled ourselves ended as intended and
 * postpones nothing; one that the venue accepted and then ended counts as refused.
 */
function pauseNext(core: Core, entry: OrderEntry, isAsked: boolean): void {
  const { instrument, purpose } = entry.intent;
  if (purpose === 'protective' && !isAsked) readBeforeNext(core, entry);
  if (entry.filledLots > 0) return;
  if (isRestingTarget(entry.intent)) {
    const progress = progressAt(core, instrument);
    const hadRested = entry.state === 'cancelled' || entry.state === 'expired';
    progress.targetAtMs = core.monotonicMs + (hadRested ? TARGET_AGAIN_MS : TARGET_RETRY_MS);
    if (hadRested) progress.endedGroup = entry.intent.group ?? null;
    // A stop that is moved takes its target with it.
    if (hadRested && !isAsked && progress.formerStop === null) countTargetEnd(core, entry);
    return;
  }
  const progress = progressOfOrder(core, entry.intent);
  if (purpose === 'protective' && entry.state !== 'cancelled') {
    progress.stopAtMs = core.monotonicMs + retryDelayMs(progress.stopRefusals);
    progress.stopRefusals += 1;
  } else if (purpose === 'protective') {
    if (!isAsked) onStopEnded(core, entry);
  } else if (purpose === 'close' || purpose === 'exit') {
    progress.closeRefusals += 1;
    progress.closeAtMs = core.monotonicMs + closeDelayMs(core, progress.closeRefusals);
  }
}

/**
 * The venue ended a stop that nobody here cancelled. The first is replaced at once, since it may have been lost by
 * accident; a venue that goes on ending them would otherwise be sent one after the other.
 */
function onStopEnded(core: Core, entry: OrderEntry): void {
  const { instrument, group } = entry.intent;
  const closing = liveOrders(core, instrument).filter(
    ({ intent: { purpose } }) => purpose === 'close' || purpose === 'exit',
  );
  // What closes the position may have ended its stop, too.
  if (openLots(positionAt(core, instrument)) === 0) return;
  if (closing.some(({ intent }) => !isRestingTarget(intent))) return;
  const progress = progressOfOrder(core, entry.intent);
  const { stopRefusals } = progress;
  progress.stopAtMs = core.monotonicMs + (stopRefusals === 0 ? 0 : retryDelayMs(stopRefusals));
  progress.stopRefusals += 1;
  const target = closing.find(({ intent }) => group !== undefined && intent.group === group);
  // The target may have been filled and be what ended the stop; if not, neither of them was kept.
  if (target !== undefined) {
    countTargetEnd(core, target);
    return;
  }
  const level = progress.stopRefusals === REFUSALS_BEFORE_RESTORE ? 'alarm' : 'warn';
  const { symbol } = instrumentAt(core, instrument);
  const isRead = core.sync.atWallMs !== null && progressAt(core, instrument).readFirst === null;
  const next = `another one is sent${isRead ? '' : ' once the account has been read, if the position is still there'}`;
  note(core, level, stopEndedNote(symbol, next), instrument);
}

/** The venue ended a target that nobody here cancelled, and perhaps its stop with it. */
function countTargetEnd(core: Core, { intent: { instrument } }: OrderEntry): void {
  const progress = progressAt(core, instrument);
  progress.targetEnds += 1;
  if (progress.targetEnds !== TARGET_ENDS_MAX || openLots(positionAt(core, instrument)) === 0) return;
  const { symbol } = instrumentAt(core, instrument);
  const text = `${symbol}: the venue has ended the target beside the stop ${TARGET_ENDS_MAX} times; the desk holds it until the trade is closed`;
  note(core, 'warn', text, instrument);
}

function closeDelayMs(core: Core, refusals: number): number {
  if (core.state.closeAll === 'escalated') return ESCALATED_RETRY_MS;
  return refusals < REFUSALS_BEFORE_RESTORE ? retryDelayMs(refusals - 1) : REFUSED_RETRY_MS;
}
