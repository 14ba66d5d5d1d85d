/** The trading hours of an instrument: a closed market is not stale, and nothing is entered in it. */
import { MINUTE_MS } from '../../domain/civil-date.js';
import { type ExitPlan, PLAN_EXITS } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import {
  beforeCloseWords,
  closedWords,
  momentWords,
  type SessionCalendar,
} from '../../domain/sessions/session-calendar.js';
import {
  type Core,
  exitNote,
  instrumentAt,
  liveOrders,
  note,
  ordersFor,
  positionAt,
  progressAt,
  sessionsAt,
  tradeProgressAt,
} from '../core.js';
import { isClosing, mayReduce } from '../halts.js';
import { type Holding, holdingsOf, openLots } from '../state.js';
import { openingMsOf, VENUE_BACK_BEFORE_OPEN_MARKET_MS } from '../timing.js';
import { isDust, isDustOf } from './dust.js';
import { expiryReason } from './expiry.js';

export const isMarketOpen = (core: Core, at: InstrumentId): boolean =>
  sessionsAt(core, at).calendar.isOpen(core.marketMs);

/**
 * Why trading hours or the end of the contract allow no entry now, in words for people. Null: they allow one.
 */
export function noEntryReason(core: Core, at: InstrumentId): string | null {
  const ending = expiryReason(core, at);
  if (ending !== null) return ending.reason;
  const { calendar, noEntriesBeforeCloseMs = 0, flatBeforeCloseMs = 0 } = sessionsAt(core, at);
  const { open, untilMs } = calendar.phaseAt(core.marketMs);
  if (!open) return closedWords(calendar, core.marketMs);
  const beforeMs = Math.max(noEntriesBeforeCloseMs, flatBeforeCloseMs);
  if (untilMs - core.marketMs > beforeMs) return null;
  return beforeCloseWords(calendar, core.marketMs, beforeMs);
}

/** Whether the market is open, and its session ends within this time. */
export function closesWithin(core: Core, at: InstrumentId, beforeMs: number): boolean {
  const { open, untilMs } = sessionsAt(core, at).calendar.phaseAt(core.marketMs);
  return open && untilMs - core.marketMs <= beforeMs;
}

/** `the session ends Mon 13:00 New York`, of the session that runs. */
export function sessionEndWords(core: Core, at: InstrumentId): string {
  const { calendar } = sessionsAt(core, at);
  const { untilMs } = calendar.phaseAt(core.marketMs);
  return PLAN_EXITS.sessionEnd(momentWords(calendar, untilMs, core.marketMs));
}

/** Why a trade in this instrument can't have this exit. Null: it can. */
export function wrongBeforeClose(
  core: Core,
  at: InstrumentId,
  { beforeCloseMs }: Pick<ExitPlan, 'beforeCloseMs'>,
): string | null {
  if (beforeCloseMs === undefined) return null;
  const { calendar } = sessionsAt(core, at);
  const { open, untilMs } = calendar.phaseAt(core.marketMs);
  if (!(open && untilMs === Number.POSITIVE_INFINITY)) return null;
  return 'this market never closes: a trade in it has no session to end with';
}

/** How long before the close parts of the position must be closed. Empty: all of it may be held over. */
function leadsOf(core: Core, at: InstrumentId): readonly number[] {
  const { flatBeforeCloseMs } = sessionsAt(core, at);
  const leads = flatBeforeCloseMs === undefined ? [] : [flatBeforeCloseMs];
  for (const holding of holdingsOf(positionAt(core, at))) {
    const { beforeCloseMs } = holding.trade?.exits?.plan ?? {};
    // Dust is held over, whatever its plan says.
    if (beforeCloseMs !== undefined && !isDustOf(core, holding)) leads.push(beforeCloseMs);
  }
  return leads;
}

/**
 * Stores when the next close is due, so it doesn't wait for a price. Called once the closes already due have
 * begun.
 */
export function watchClose(core: Core, at: InstrumentId): void {
  let nextMs = Number.POSITIVE_INFINITY;
  const leads = isHeld(core, at) ? leadsOf(core, at) : [];
  if (leads.length > 0) {
    const { open, untilMs } = sessionsAt(core, at).calendar.phaseAt(core.marketMs);
    const ahead = leads.map((leadMs) => untilMs - leadMs).filter((dueMs) => open && dueMs > core.marketMs);
    nextMs = Math.min(nextMs, ...ahead);
  }
  core.market.flatAtMs[at] = nextMs;
}

/** Market time of the next close before the end of a session, over all positions. Infinity: none is ahead. */
export function nextFlatMs({ market, marketMs }: Core): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const dueMs of market.flatAtMs) if (dueMs > marketMs && dueMs < nextMs) nextMs = dueMs;
  return nextMs;
}

/**
 * Closes positions before the close if the desk file says so; like a strategy's exit, only in modes that
 * allow one.
 */
export function leaveBeforeClose(core: Core, at: InstrumentId): void {
  const { calendar, flatBeforeCloseMs } = sessionsAt(core, at);
  if (!mayReduce(core) && isHeld(core, at)) tellClosesNothing(core, at);
  if (flatBeforeCloseMs === undefined || !isHeld(core, at) || !mayReduce(core)) return;
  const staying = holdingsOf(positionAt(core, at))
    // One of several trades may be too small to sell.
    .filter((holding) => !isDustOf(core, holding))
    .map((holding) => tradeProgressAt(core, holding))
    .filter(({ exiting }) => exiting === null);
  if (staying.length === 0) return;
  const { untilMs } = calendar.phaseAt(core.marketMs);
  if (untilMs - core.marketMs > flatBeforeCloseMs) return;
  const because = sessionEndWords(core, at);
  note(core, 'info', exitNote(because), at);
  for (const progress of staying) progress.exiting = { because, why: 'sessionEnd' };
}

/** Called while there is still time to close the position by hand. */
function tellClosesNothing(core: Core, at: InstrumentId): void {
  const leads = leadsOf(core, at);
  if (leads.length === 0) return;
  const { calendar, flatBeforeCloseMs } = sessionsAt(core, at);
  const progress = progressAt(core, at);
  const { untilMs } = calendar.phaseAt(core.marketMs);
  const isAhead = untilMs - core.marketMs > Math.max(...leads);
  if (isAhead || progress.haltedCloseMs === untilMs || isClosing(core)) return;
  progress.haltedCloseMs = untilMs;
  const { symbol } = instrumentAt(core, at);
  const what =
    flatBeforeCloseMs === undefined ? 'a trade is to end with it' : 'nothing is to be held over it';
  const text =
    `${symbol}: ${sessionEndWords(core, at)} and ${what}, ` +
    `but a halted desk closes nothing by itself: fermata position close ${symbol} does`;
  note(core, 'alarm', text, at);
}

const isHeld = (core: Core, at: InstrumentId): boolean =>
  openLots(positionAt(core, at)) !== 0 && !isDust(core, at);

/**
 * The desk is halted or no fill came in time: people must know that the position is held over the close after
 * all.
 */
function tellHeldOver(core: Core, at: InstrumentId): void {
  if (!isHeld(core, at) || leadsOf(core, at).length === 0) return;
  const { symbol } = instrumentAt(core, at);
  const held = holdingsOf(positionAt(core, at)).filter((holding) => !isDustOf(core, holding));
  const bare = held.filter((holding) => !hasStop(core, holding));
  const part = bare.length < held.length ? 'a part of it' : 'it';
  const protectedBy = bare.length === 0 ? 'its stop stays' : `no stop rests for ${part}`;
  note(core, 'alarm', `${symbol}: the market has closed and the position is still open; ${protectedBy}`, at);
}

/** Whether a stop rests for the trade, also one that is filled in part. */
const hasStop = (core: Core, holding: Holding): boolean =>
  ordersFor(core, holding).some(
    ({ intent, state }) =>
      intent.purpose === 'protective' && (state === 'working' || state === 'partlyFilled'),
  );

/**
 * Called at the start and at every tick: remembers since when, by monotonic time, each market has been open.
 */
export function watchSessions(core: Core): void {
  for (let at = 0; at < core.progress.length; at += 1) {
    const progress = progressAt(core, at);
    if (isMarketOpen(core, at)) {
      progress.openSinceMs ??= core.monotonicMs;
      continue;
    }
    if (progress.openSinceMs !== null) tellHeldOver(core, at);
    progress.openSinceMs = null;
  }
}

/**
 * In words, until when a venue that is down halts nobody: every market is closed, and as a reading has shown
 * nothing is held and no order rests. Null: one that is down halts.
 */
export function venueHaltWaitsUntil(core: Core): string | null {
  const { config, marketMs, sync } = core;
  let first: SessionCalendar | null = null;
  let opensMs = Number.POSITIVE_INFINITY;
  for (const { id } of config.instruments) {
    const { calendar } = sessionsAt(core, id);
    const { open, untilMs } = calendar.phaseAt(marketMs);
    if (open || !isKnownIdle(core, id)) return null;
    if (untilMs >= opensMs) continue;
    first = calendar;
    opensMs = untilMs;
  }
  const utcMs = opensMs - VENUE_BACK_BEFORE_OPEN_MARKET_MS;
  if (first === null || sync.suspected.size > 0 || isClosing(core) || marketMs >= utcMs) return null;
  const minutes = VENUE_BACK_BEFORE_OPEN_MARKET_MS / MINUTE_MS;
  return `${momentWords(first, utcMs, marketMs)}, ${minutes} min before the market opens`;
}

/** No lots, not even dust or a trade's that another one balances, and no order that may be at the venue. */
export function isKnownIdle(core: Core, at: InstrumentId): boolean {
  return (
    core.sync.borneOut.has(at) &&
    !progressAt(core, at).mayBeClosed &&
    liveOrders(core, at).length === 0 &&
    holdingsOf(positionAt(core, at)).every(({ quantityLots }) => quantityLots === 0)
  );
}

/** Whether silence means a late price: the market is open and has been for a while. */
export function isPriceDue(core: Core, at: InstrumentId): boolean {
  const { openSinceMs } = progressAt(core, at);
  const silentForMs = openingMsOf(core.config.risk);
  return openSinceMs !== null && core.monotonicMs - openSinceMs > silentForMs && isMarketOpen(core, at);
}
