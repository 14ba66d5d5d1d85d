/** "Why is it not trading?": every reason, and what each waits for. */
import { formatDecimal } from '../domain/decimal.js';
import type { InstrumentId } from '../domain/instrument.js';
import { type Halt, REPAIR_DISK } from '../domain/mode.js';
import { moment } from '../domain/moment.js';
import { NO_SIGNAL, priceWords, WARMING_UP, waitingWords } from '../domain/order-words.js';
import { momentWords } from '../domain/sessions/session-calendar.js';
import type { WaitingReason } from '../limits/limit.js';
import { limitsInTheWay } from '../limits/registry.js';
import { staleMsOf } from '../limits/stale-data.js';
import { entryView, restingEntryLots } from './account-view.js';
import { armingObstacle, CANCEL_FOREIGN, needs } from './commands/arm.js';
import { type Core, liveOrders, positionAt, sessionsAt } from './core.js';
import { isTradable } from './flow/dust.js';
import { expiryReason } from './flow/expiry.js';
import { noEntryReason, venueHaltWaitsUntil } from './flow/session.js';
import { unconvertedReason } from './flow/stale-data.js';
import { GO_LIVE_NEEDED, goLiveReason, needsGoLive } from './halts.js';
import { openFeeReason } from './orders/fee-value.js';
import { haltsNow, openLots } from './state.js';
import { spanText } from './strategies/bar-stream.js';
import { isEnabled } from './strategies/on-bar.js';
import { orphanReasons } from './strategies/orphaned-trades.js';
import type { StrategySlot } from './strategies/strategy-slot.js';
import { nextReviewMs } from './strategies/tracker.js';
import { waitingNow } from './strategies/waiting-entries.js';
import { foreignOrders } from './sync/reconcile-orders.js';

/**
 * Empty only if nothing is in the way and each strategy's instrument has a position or a resting entry
 * without a trigger.
 */
export function whyNotTrading(core: Core): WaitingReason[] {
  return [
    ...deskReasons(core),
    ...orphanReasons(core),
    ...limitsInTheWay(entryView(core), core.config.risk),
    ...priceReasons(core),
    ...core.slots.flatMap((slot) => slotReasons(core, slot)),
  ];
}

/** No resumption and no go-live lasts while somebody else's order rests: the next comparison halts again. */
function haltWaitsFor(core: Core, halt: Halt): string {
  // No check notices that the disk is in order again: only a trader that starts tries it.
  if (halt.cause === 'journal-fault' && core.journalFault !== null) return REPAIR_DISK;
  const then = needsGoLive(core) ? GO_LIVE_NEEDED : needs(halt);
  return halt.cause === 'reconciliation' && foreignOrders(core) !== null
    ? `${CANCEL_FOREIGN}, then ${then}`
    : then;
}

function deskReasons(core: Core): WaitingReason[] {
  if (!core.begun) {
    return [{ subject: 'desk', reason: 'the engine has not begun', waitsFor: 'the start to be finished' }];
  }
  // The obstacle to arming already says that a recording has ended, and what helps.
  const halts = haltsNow(core.state).filter(({ cause }) => !(core.feedEnded && cause === 'recording-ended'));
  const reasons = halts.map((halt) => ({
    subject: 'desk',
    reason: `${halt.mode}: ${halt.reason}`,
    waitsFor: haltWaitsFor(core, halt),
  }));
  reasons.push(...goLiveReason(core));
  const obstacle = core.state.mode === 'ACTIVE' ? null : armingObstacle(core);
  if (obstacle !== null)
    reasons.push({ subject: 'desk', reason: obstacle.message, waitsFor: obstacle.doThis });
  const until = core.venueHaltWaits ? venueHaltWaitsUntil(core) : null;
  if (until !== null)
    reasons.push({
      subject: 'desk',
      reason: `the venue is down while the market is closed: ${core.venueDownWhy}`,
      waitsFor: `the venue; the desk halts ${until}, if it is not back`,
    });
  const fees = openFeeReason(core);
  if (fees !== null) reasons.push({ subject: 'desk', reason: fees, waitsFor: 'a value for every fee' });
  return reasons;
}

function priceReasons(core: Core): WaitingReason[] {
  if (core.feedEnded) return [];
  return core.config.instruments.flatMap(({ id, symbol }) => {
    const closed = core.closed.get(id);
    if (closed !== undefined)
      return [{ subject: symbol, reason: closed, waitsFor: 'the venue to take orders in it' }];
    const ending = expiryReason(core, id);
    if (ending !== null) return [{ subject: symbol, ...ending }];
    const session = noEntryReason(core, id);
    if (session !== null) return [{ subject: symbol, reason: session, waitsFor: 'the next session' }];
    const unconverted = unconvertedReason(core, id);
    if (unconverted !== null)
      return [{ subject: symbol, reason: unconverted, waitsFor: 'a fresh price that converts' }];
    const age = core.market.quoteAgeMs(id, core.monotonicMs);
    if (age !== null && age <= staleMsOf(core.config.risk)) return [];
    const reason = age === null ? 'no price yet' : `the last price is ${Math.round(age / 1000)} s old`;
    return [{ subject: symbol, reason, waitsFor: 'a fresh price' }];
  });
}

function slotReasons(core: Core, slot: StrategySlot): WaitingReason[] {
  const subject = `${slot.name} ${slot.instrument.symbol}`;
  if (!isEnabled(core, slot)) return [switchedOff(core, slot, subject)];
  const missing = slot.strategy.warmupBars - slot.barsSeen;
  if (missing > 0) {
    const { stream } = slot;
    const bars = stream === null ? 'bars' : `bars of ${spanText(stream.longestMs)}`;
    const reason = `${WARMING_UP}: ${slot.barsSeen} of ${slot.strategy.warmupBars} ${bars} seen`;
    return [{ subject, reason, waitsFor: `${missing} more finished ${bars}` }];
  }
  const waiting = waitingReason(core, slot, subject);
  if (waiting !== null) return [waiting];
  const resting = stopEntryReason(core, slot, subject);
  if (resting !== null) return [resting];
  if (isInTheMarket(core, slot.instrument.id)) return [];
  // A desk's own strategy may not describe its state.
  const reason = slot.strategy.state() || NO_SIGNAL;
  return [{ subject, reason, waitsFor: 'its next entry signal' }];
}

/** What an entry that takes the place of something else waits for. */
const FOLLOWS = {
  reversal: 'its trade to be closed',
  change: 'the order that it changes to come off the book',
} as const;

/** An entry that waits in the core, unknown to the venue. */
function waitingReason(
  core: Core,
  { name, instrument }: StrategySlot,
  subject: string,
): WaitingReason | null {
  for (const one of core.state.waiting.values()) {
    const entry = waitingNow(core, one);
    if (entry.strategy !== name || entry.instrument !== instrument.id) continue;
    const words = waitingWords(entry, (ticks) => formatDecimal(ticks, instrument.tickSize));
    const { calendar } = sessionsAt(core, instrument.id);
    const waitsFor =
      entry.type === 'reversal' || entry.type === 'change'
        ? FOLLOWS[entry.type]
        : entry.trail !== undefined
          ? 'the market to turn'
          : entry.fromMs === null
            ? `the ${entry.side === 'buy' ? 'ask' : 'bid'} to come to its price`
            : `the first price from ${momentWords(calendar, entry.fromMs, core.marketMs)} on`;
    return { subject, reason: `an entry waits in the desk, not at the venue: ${words}`, waitsFor };
  }
  return null;
}

/** A stop entry may rest for long: it waits for its trigger, not for a signal. */
function stopEntryReason(
  core: Core,
  { name, instrument }: StrategySlot,
  subject: string,
): WaitingReason | null {
  const entry = liveOrders(core, instrument.id).find(
    ({ intent }) => intent.purpose === 'entry' && intent.type === 'stop' && intent.strategy === name,
  );
  if (entry === undefined || entry.filledLots > 0) return null;
  const { intent } = entry;
  const words = priceWords(intent, (ticks) => formatDecimal(ticks, instrument.tickSize));
  const reason = `an entry rests: ${intent.side}${words}`;
  return { subject, reason, waitsFor: `the ${intent.side === 'buy' ? 'ask' : 'bid'} to reach its trigger` };
}

function switchedOff(core: Core, slot: StrategySlot, subject: string): WaitingReason {
  const off = core.state.tracks.get(slot.name)?.off ?? null;
  const reviewMs = nextReviewMs(core, slot.name);
  const again = reviewMs === null ? '' : `${moment(reviewMs)} by market time, or `;
  return {
    subject,
    reason: off === null ? 'switched off' : `switched off by ${off.by}: ${off.reason}`,
    waitsFor: `${again}a person who switches it on`,
  };
}

function isInTheMarket(core: Core, at: InstrumentId): boolean {
  return isTradable(core, at, openLots(positionAt(core, at))) || restingEntryLots(core, at) > 0;
}
