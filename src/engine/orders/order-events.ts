/** The venue's reports about one order, requested or not, and the engine's reactions. */
import { FINAL_ORDER_STATES, isDoneAtOnce, POST_ONLY_REFUSED } from '../../domain/order.js';
import { whyNotSent } from '../../domain/order-words.js';
import type { VenueOrder } from '../../domain/venue.js';
import {
  type Core,
  markChanged,
  note,
  type OrderWatch,
  progressAt,
  progressOfOrder,
  wantSnapshot,
} from '../core.js';
import type { EngineEvent } from '../event.js';
import { onStopRefused } from '../flow/change-stop.js';
import { secureTrade } from '../flow/secure.js';
import { isClosing } from '../halts.js';
import type { OrderEntry } from '../state.js';
import { readSoon } from '../sync/request-snapshot.js';
import { CONFIRM_AFTER_MS, MISSING_FILL_ROUNDS_MAX, retryDelayMs } from '../timing.js';
import { noteSmaller, onAmended, onAmendRefused, otherTerms } from './amend-order.js';
import { changeOrder, endReplaced, sendCancel, sendLookup } from './change-order.js';
import { takeOthersOff } from './linked-orders.js';
import { lookupFailed, lookupFoundNothing } from './lookup-order.js';
import { NEVER_NAMED } from './order-table.js';
import { earliest, noteRests, watchOf } from './order-watch.js';

type OrderAnswer = Extract<EngineEvent, { readonly clientId: string }>;
type Answer<K extends OrderAnswer['kind']> = Extract<OrderAnswer, { readonly kind: K }>;

export function onOrderAnswer(core: Core, event: OrderAnswer): void {
  const entry = core.state.orders.get(event.clientId);
  if (entry === undefined) return;
  answer(core, entry, event);
  markChanged(core, entry.intent.instrument);
}

/**
 * Handles a report from the venue's stream. Orders that we don't know are left to the next reconciliation.
 */
export function onOrderUpdate(core: Core, order: VenueOrder): void {
  const entry = core.state.orders.get(order.clientId);
  if (entry === undefined) {
    wantSnapshot(core);
    return;
  }
  observeOrder(core, entry, order);
  // A reading shows whether that is so.
  if (otherTerms(core, entry, order) !== null) wantSnapshot(core);
  markChanged(core, entry.intent.instrument);
}

function answer(core: Core, entry: OrderEntry, event: OrderAnswer): void {
  switch (event.kind) {
    case 'order.accepted':
      onAccepted(core, entry, event.venueId);
      return;
    case 'order.rejected':
      if (event.wouldTake === true) onWouldTake(core, entry, `${event.code}: ${event.text}`);
      else onRejected(core, entry, `${event.code}: ${event.text}`);
      if (event.wouldTrigger === true) onWouldTrigger(core, entry);
      return;
    case 'order.sendUnknown':
      onUnanswered(core, entry, event.cause);
      return;
    case 'order.lookup':
      onLookedUp(core, entry, event.found);
      return;
    case 'order.lookupFailed':
      lookupFailed(core, entry);
      return;
    case 'order.cancelled':
      changeOrder(core, entry, 'cancelled', 'the venue cancelled it');
      return;
    case 'order.cancelRejected':
      onCancelRefused(core, entry, `${event.code}: ${event.text}`);
      return;
    case 'order.amended':
      onAmended(core, entry, event.quantityLots);
      return;
    case 'order.amendRejected':
      onAmendRefused(core, entry);
      return;
    case 'order.replaced':
      onAccepted(core, entry, event.venueId);
      return;
    case 'order.replaceRejected':
      onReplaceRefused(core, entry, event);
      return;
  }
}

/** An accepted market order must be filled soon; a resting one may wait. */
function onAccepted(core: Core, entry: OrderEntry, venueId: string): void {
  endReplaced(core, entry);
  changeOrder(core, entry, 'accepted', '', venueId);
  noteRests(core, entry);
  const watch = core.watches.get(entry.intent.clientId);
  if (watch === undefined) return;
  watch.firstAbsentMs = null;
  watch.cancelRefused = false;
  if (entry.state === 'cancelling') {
    if (watch.answerByMs === null) sendCancel(core, entry);
    return;
  }
  watch.lookupAtMs = null;
  watch.lookupByMs = null;
  const filledSoon = isDoneAtOnce(entry.intent);
  watch.answerByMs = filledSoon ? core.monotonicMs + core.config.closeAll.answerTimeoutMs : null;
}

/** If the order was to replace another, the fate of the other is unknown too. */
export function onUnanswered(core: Core, entry: OrderEntry, cause: string): void {
  if (!changeOrder(core, entry, 'unanswered', cause)) return;
  const old = entry.replaces === null ? undefined : core.state.orders.get(entry.replaces);
  if (old !== undefined && !FINAL_ORDER_STATES.has(old.state)) sendLookup(core, old);
}

function onCancelRefused(core: Core, entry: OrderEntry, reason: string): void {
  if (changeOrder(core, entry, 'cancelRefused', reason))
    watchOf(core, entry.intent.clientId).cancelRefused = true;
}

function onRejected(core: Core, entry: OrderEntry, reason: string): void {
  const isLate = FINAL_ORDER_STATES.has(entry.state);
  if (!changeOrder(core, entry, 'rejected', reason)) return;
  const { instrument, purpose } = entry.intent;
  const order = `${/^[aeiou]/.test(purpose) ? 'an' : 'a'} ${purpose} order`;
  const notSent = whyNotSent(reason);
  const text =
    notSent === null ? `the venue refused ${order}: ${reason}` : `${order} was not sent: ${notSent}`;
  note(core, purpose === 'entry' ? 'info' : 'warn', text, instrument);
  const { closeRefusals, stopRefusals } = progressOfOrder(core, entry.intent);
  // If our books may be wrong, read the snapshot well before the next attempt: a snapshot that overlaps an
  // order proves nothing.
  const differs = core.sync.state === 'pending';
  const delayMs = differs ? CONFIRM_AFTER_MS : retryDelayMs(Math.max(closeRefusals, stopRefusals));
  if (purpose !== 'entry') readSoon(core, delayMs);
  // If the order's fate was decided earlier, the next stop may be under way, and this refusal says nothing
  // about it.
  if (purpose === 'protective' && !isLate) onStopRefused(core, entry);
}

/** The refusal that a post-only entry asks for: the market has reached its price in the meantime. */
function onWouldTake(core: Core, entry: OrderEntry, said: string): void {
  const { instrument, strategy } = entry.intent;
  if (!changeOrder(core, entry, 'rejected', `${POST_ONLY_REFUSED} (${said})`)) return;
  note(
    core,
    'info',
    `a post-only entry was not made: it would have been filled at once`,
    instrument,
    strategy,
  );
}

function onReplaceRefused(core: Core, entry: OrderEntry, event: Answer<'order.replaceRejected'>): void {
  const { replaced, code, text, wouldTrigger, tooMany } = event;
  const old = core.state.orders.get(replaced);
  if (tooMany === true && old !== undefined && !FINAL_ORDER_STATES.has(old.state))
    watchOf(core, replaced).replaceRefused = true;
  if (old !== undefined && event.old === 'cancelled')
    changeOrder(core, old, 'cancelled', 'cancelled for another that the venue refused');
  if (old !== undefined && event.old === 'notOpen') {
    // The old order ended by itself, whether we have heard of it or not, so there is nothing to restore.
    progressOfOrder(core, old.intent).formerStop = null;
    if (!FINAL_ORDER_STATES.has(old.state)) {
      watchOf(core, replaced).cancelRefused = true;
      sendLookup(core, old);
    }
  }
  onRejected(core, entry, `${code}: ${text}`);
  if (wouldTrigger === true) onWouldTrigger(core, entry);
}

/** The market has passed the stop's price, so the trade is closed now, as the stop would have done. */
function onWouldTrigger(core: Core, { intent }: OrderEntry): void {
  if (intent.purpose !== 'protective' || isClosing(core)) return;
  secureTrade(
    core,
    intent.instrument,
    intent.strategy,
    'passed',
    'the market has already passed the price of its protective stop',
  );
}

function onLookedUp(core: Core, entry: OrderEntry, found: VenueOrder | null): void {
  const watch = core.watches.get(entry.intent.clientId);
  if (found === null) {
    if (watch !== undefined) lookupFoundNothing(core, entry);
    return;
  }
  if (watch !== undefined) {
    watch.lookupByMs = null;
    watch.amendByMs = null;
    watch.firstAbsentMs = null;
    if (entry.state === 'cancelling') cancelAgainSoon(core, watch);
  }
  observeOrder(core, entry, found);
}

/**
 * The cancel had no effect or is still on its way. A second one does no harm, so it is sent before the
 * deadline.
 */
function cancelAgainSoon(core: Core, watch: OrderWatch): void {
  watch.answerByMs = earliest(watch.answerByMs, core.monotonicMs + retryDelayMs(watch.cancelsUnanswered));
  watch.cancelsUnanswered += 1;
}

/** Takes over what the venue reports, except that an order ends only once all its fills are known. */
export function observeOrder(core: Core, entry: OrderEntry, found: VenueOrder): void {
  noteSmaller(core, entry, found);
  if (found.state !== 'rejected') endReplaced(core, entry);
  const missing = found.filledLots - entry.filledLots;
  if (missing > 0 && fetchMissingFills(core, entry, found)) return;
  switch (found.state) {
    case 'working':
    case 'partlyFilled':
      onAccepted(core, entry, found.venueId);
      return;
    case 'rejected':
      onRejected(core, entry, found.reason ?? 'the venue reported it, without a reason');
      return;
    case 'expired':
      changeOrder(core, entry, 'expired', 'it expired at the venue', found.venueId);
      return;
    case 'cancelled':
      changeOrder(core, entry, 'cancelled', 'the venue cancelled it', found.venueId);
      return;
    case 'filled':
      if (missing <= 0) {
        // The order was reduced at the venue and filled while nobody listened: all its fills are known, and
        // no further one will end it.
        if (!FINAL_ORDER_STATES.has(entry.state))
          changeOrder(core, entry, 'completingFill', 'filled, as small as the venue held it', found.venueId);
        return;
      }
      takeOthersOff(core, entry);
      if (entry.intent.side === 'buy') progressAt(core, entry.intent.instrument).unnamedLots += missing;
      if (entry.intent.purpose !== 'entry') awaitPosition(core, entry);
      changeOrder(core, entry, 'expired', NEVER_NAMED, found.venueId);
  }
}

/**
 * The position is probably closed, and what would protect or close it would open another. Any position that the
 * venue shows from now on counts, also one that was held before a recent fill.
 */
function awaitPosition(core: Core, { intent: { instrument } }: OrderEntry): void {
  Object.assign(progressAt(core, instrument), { mayBeClosed: true, heldBefore: [] });
  wantSnapshot(core);
}

/** False after enough attempts: then the venue's position counts and the order ends. */
function fetchMissingFills(core: Core, entry: OrderEntry, found: VenueOrder): boolean {
  const isOver = found.state !== 'working' && found.state !== 'partlyFilled';
  const dueAtMs = core.watches.get(entry.intent.clientId)?.lookupAtMs ?? null; // `accepted` clears it
  if (isOver) changeOrder(core, entry, 'accepted', '', found.venueId);
  else onAccepted(core, entry, found.venueId);
  const watch = core.watches.get(entry.intent.clientId);
  if (watch === undefined) {
    wantSnapshot(core);
    return true;
  }
  // Otherwise a cancel would be refused, looked up and repeated as fast as the venue answers.
  if (isOver) watch.cancelRefused = true;
  const { readings } = core.sync;
  // A venue that counts each part before it names it has named those before: it leaves none out.
  if (entry.filledLots > watch.namedLots)
    Object.assign(watch, { namedLots: entry.filledLots, missingFillRounds: 0, missingAtReading: null });
  // Only a snapshot that omits the fills counts as a round, however often the venue counts them.
  if (watch.missingAtReading !== null && readings > watch.missingAtReading) watch.missingFillRounds += 1;
  watch.missingAtReading = readings;
  if (watch.missingFillRounds > MISSING_FILL_ROUNDS_MAX) return false;
  watch.answerByMs = null;
  // A lookup that is already due is not postponed, however often the venue repeats its report.
  watch.lookupAtMs = earliest(dueAtMs, core.monotonicMs + core.config.closeAll.answerTimeoutMs);
  wantSnapshot(core);
  return true;
}
