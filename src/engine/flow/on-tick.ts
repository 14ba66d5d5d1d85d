/** Deadlines: everything that is late, stale or due again. */
import { limitsToTell } from '../../limits/registry.js';
import { unchangedQuotes } from '../account-view.js';
import {
  type Core,
  markAllChanged,
  note,
  type OrderWatch,
  progressAt,
  type TradeProgress,
  tradeProgressAt,
  wantSnapshot,
} from '../core.js';
import { isClosing, raiseFault } from '../halts.js';
import { cancelOrder, sendCancel, sendLookup } from '../orders/change-order.js';
import { endOverdue } from '../orders/end-waiting.js';
import { tellOpenFees } from '../orders/fee-value.js';
import { lookupFailed } from '../orders/lookup-order.js';
import { onUnanswered } from '../orders/order-events.js';
import { earliest, watchDueMs } from '../orders/order-watch.js';
import { type Holding, holdingsOf, type OrderEntry, openLots } from '../state.js';
import { endExpiredSignals } from '../strategies/show-signal.js';
import { snapshotFailed } from '../sync/request-snapshot.js';
import { UNPROTECTED_MAX_MS, UNSETTLED_MAX_MS, VENUE_DOWN_MAX_MS } from '../timing.js';
import { onMinute } from './equity.js';
import { escalateCloseAll } from './prove-flat.js';
import { believeWhatStands, standsAtMs } from './quote.js';
import { checkRefusals, checkStops } from './secure.js';
import { isKnownIdle, nextFlatMs, venueHaltWaitsUntil, watchSessions } from './session.js';
import { staleSymbols } from './stale-data.js';
import { closingUnderWay } from './wanted-stop.js';

export function onTick(core: Core): void {
  if (!core.begun) return;
  watchSessions(core);
  believeWhatStands(core);
  tellLimits(core);
  tellOpenFees(core);
  if (core.marketMs >= core.nextMinuteMs) onMinute(core);
  for (const [clientId, watch] of core.watches) {
    const entry = core.state.orders.get(clientId);
    if (entry === undefined) core.watches.delete(clientId);
    else checkOrder(core, entry, watch);
  }
  endExpiredSignals(core);
  endOverdue(core);
  checkSnapshot(core);
  markAllChanged(core);
  checkStops(core);
  checkProtection(core);
  checkFaults(core);
  const { deadlineMs } = core.closing;
  if (isClosing(core) && deadlineMs !== null && core.monotonicMs >= deadlineMs) escalateCloseAll(core);
}

/** Tells people of limits that block every entry, once each as it begins. */
function tellLimits(core: Core): void {
  const reasons = limitsToTell({ unchangedQuotes: () => unchangedQuotes(core) }, core.config.risk);
  if (reasons.length === 0 && core.limitsTold.size === 0) return;
  const before = core.limitsTold;
  core.limitsTold = new Set(reasons.map(({ subject }) => subject));
  for (const { subject, reason, waitsFor } of reasons) {
    if (before.has(subject)) continue;
    const at = core.config.instruments.find(({ symbol }) => symbol === subject)?.id;
    const text = `${subject}: ${reason}. An entry waits for ${waitsFor}; exits and stops are not touched`;
    note(core, 'warn', text, at);
  }
}

function checkOrder(core: Core, entry: OrderEntry, watch: OrderWatch): void {
  const { purpose, untilMs } = entry.intent;
  if (purpose === 'entry' && untilMs !== undefined && core.marketMs >= untilMs)
    cancelOrder(core, entry, 'the time until which it may rest is over');
  if (isPast(core, watch.answerByMs)) {
    watch.answerByMs = null;
    answerIsLate(core, entry, watch);
  }
  if (isPast(core, watch.amendByMs)) {
    watch.amendByMs = null;
    sendLookup(core, entry);
  }
  if (isPast(core, watch.lookupByMs)) lookupFailed(core, entry);
  if (isPast(core, watch.lookupAtMs)) sendLookup(core, entry);
}

function answerIsLate(core: Core, entry: OrderEntry, watch: OrderWatch): void {
  if (entry.state === 'cancelling') {
    sendCancel(core, entry);
  } else if (entry.state === 'intended') {
    onUnanswered(core, entry, `no answer within ${core.config.closeAll.answerTimeoutMs} ms`);
  } else if (watch.lookupByMs === null) {
    sendLookup(core, entry);
  }
}

function checkSnapshot(core: Core): void {
  const { outstanding, dueAtMs } = core.sync;
  if (outstanding !== null && core.monotonicMs >= outstanding.byMs)
    snapshotFailed(core, outstanding.requestId, 'no answer in time');
  if (core.sync.outstanding === null && isPast(core, dueAtMs)) wantSnapshot(core);
}

function checkProtection(core: Core): void {
  for (const position of core.state.positions) {
    const holdings = holdingsOf(position);
    checkProtectionOf(core, position);
    for (const holding of holdings) if (holding !== position) checkProtectionOf(core, holding);
  }
}

function checkProtectionOf(core: Core, holding: Holding): void {
  const since = tradeProgressAt(core, holding).unprotectedSinceMs;
  if (since === null || isClosing(core)) return;
  if (core.config.waitsForVolume === true && closingUnderWay(core, holding)) return;
  const isRefused = checkRefusals(core, holding);
  const isLong = core.monotonicMs - since >= UNPROTECTED_MAX_MS;
  if (!isRefused && !isLong) return;
  const symbol = core.config.instruments[holding.instrument]?.symbol ?? '?';
  const what = isLong ? 'no confirmed protective stop' : 'the venue keeps no protective stop';
  const why = isLong ? ` for ${UNPROTECTED_MAX_MS / 1000} s` : '';
  raiseFault(core, 'protection-missing', `${symbol}: ${what}${why}`);
}

function checkFaults(core: Core): void {
  const { state } = core;
  if (isVenueAway(core)) return;
  if (state.mode !== 'ACTIVE' && state.mode !== 'REDUCING') {
    tellUnread(core);
    return;
  }
  checkReadings(core);
  const stale = staleSymbols(core);
  if (stale.length === 0) return;
  raiseFault(
    core,
    'stale-data',
    `no fresh price for ${core.config.risk.staleDataSeconds} s: ${stale.join(', ')}`,
  );
}

/** True while the halt for it waits; nothing can be read of the account until then. */
function isVenueAway(core: Core): boolean {
  const { venueDownSinceMs, venueDownWhy } = core;
  const isDown = venueDownSinceMs !== null && core.monotonicMs - venueDownSinceMs >= VENUE_DOWN_MAX_MS;
  if (!isDown) return false;
  const until = venueHaltWaitsUntil(core);
  if (until === null) {
    const reason = core.venueHaltWaits
      ? `the venue is still down, after the market was closed: ${venueDownWhy}`
      : `the venue has been down for ${VENUE_DOWN_MAX_MS / 1000} s: ${venueDownWhy}`;
    raiseFault(core, 'venue', reason);
    return false;
  }
  if (!core.venueHaltWaits)
    note(
      core,
      'warn',
      `the venue is down while the market is closed (${venueDownWhy}); nothing is held and no order rests: the desk halts ${until}, if it is not back`,
    );
  core.venueHaltWaits = true;
  return true;
}

/**
 * Halts if no snapshot has agreed for too long: a key that lost its rights, unreadable answers, or endless
 * foreign trading. Nobody then knows what the desk holds.
 */
function checkReadings(core: Core): void {
  const reason = overdueReading(core);
  if (reason === null) return;
  tellOnce(core);
  raiseFault(core, 'reconciliation', reason);
}

/** Where a halt stands already, another one says nothing new; but what the desk holds is out of its sight. */
function tellUnread(core: Core): void {
  const { sync, venueDownSinceMs, venueBreaker } = core;
  if (sync.unsettled === null) return;
  // A venue that is away is told by itself; the time counts from when it is back.
  if (venueDownSinceMs !== null || venueBreaker.state !== 'closed')
    sync.unsettled = { ...sync.unsettled, sinceMs: core.monotonicMs };
  const reason = overdueReading(core);
  if (reason === null || core.config.instruments.every(({ id }) => isKnownIdle(core, id))) return;
  tellOnce(core);
  note(
    core,
    'alarm',
    `${reason}; until one does, nobody here sees what becomes of positions and stops: look at them at the venue`,
  );
}

/** Null: a reading has agreed lately, or people know that none has. */
function overdueReading({ sync: { unsettled }, monotonicMs }: Core): string | null {
  if (unsettled === null || unsettled.told || monotonicMs - unsettled.sinceMs < UNSETTLED_MAX_MS) return null;
  return `no reading of the account has agreed for ${UNSETTLED_MAX_MS / 1000} s: ${unsettled.why}`;
}

function tellOnce({ sync }: Core): void {
  if (sync.unsettled !== null) sync.unsettled = { ...sync.unsettled, told: true };
}

function isPast(core: Core, atMs: number | null): boolean {
  return atMs !== null && core.monotonicMs >= atMs;
}

/** When the next step to protect or close a trade is due. Null: none is, or it is already late. */
function tradeDueMs({ monotonicMs }: Core, progress: TradeProgress): number | null {
  const { closeAtMs, stopAtMs, crossByMs, unprotectedSinceMs } = progress;
  let due = closeAtMs > monotonicMs ? closeAtMs : null;
  if (stopAtMs > monotonicMs) due = earliest(due, stopAtMs);
  if (crossByMs !== null && crossByMs > monotonicMs) due = earliest(due, crossByMs);
  const haltAtMs = unprotectedSinceMs === null ? monotonicMs : unprotectedSinceMs + UNPROTECTED_MAX_MS;
  return haltAtMs > monotonicMs ? earliest(due, haltAtMs) : due;
}

/** Monotonic time by which the next tick is needed. Null: nothing waits for the clock. */
export function nextWakeMs(core: Core): number | null {
  if (!core.begun) return null;
  let due = core.sync.outstanding === null ? core.sync.dueAtMs : core.sync.outstanding.byMs;
  due = earliest(due, standsAtMs(core));
  const flatMs = nextFlatMs(core);
  if (flatMs !== Number.POSITIVE_INFINITY) due = earliest(due, core.monotonicMs + (flatMs - core.marketMs));
  for (const watch of core.watches.values()) due = earliest(due, watchDueMs(watch));
  for (let at = 0; at < core.progress.length; at += 1) {
    const position = core.state.positions[at];
    if (position !== undefined && openLots(position) === 0) continue;
    const progress = progressAt(core, at);
    due = earliest(due, tradeDueMs(core, progress));
    for (const ofTrade of progress.trades.values()) due = earliest(due, tradeDueMs(core, ofTrade));
  }
  if (isClosing(core)) {
    due = earliest(due, core.closing.deadlineMs);
    if (core.closing.proofAtMs > core.monotonicMs) due = earliest(due, core.closing.proofAtMs);
  }
  return due;
}
