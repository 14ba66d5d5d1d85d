/**
 * Until when a tick is a no-op, and which quotes only mark positions, so a backtest passes over nearly all of its prices.
 * If you add a step to `onTick`, to `onQuote` or to anything they call, say here when it is a no-op;
 * `test/backtest/shortcuts.test.ts` compares both.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { limitsToTell } from '../../limits/registry.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { unchangedQuotes } from '../account-view.js';
import { type Calm, type Core, positionAt, progressAt, sessionsAt, setTime } from '../core.js';
import type { QuoteEvent, Stamp } from '../event.js';
import { earliest } from '../orders/order-watch.js';
import { openingMsOf } from '../timing.js';
import { restsUntilMs } from './advance.js';
import { isDustAt, knownTicks } from './dust.js';
import { isPassableMinute, minuteAfter, PEAK_STEP } from './equity.js';
import { nextWakeMs } from './on-tick.js';
import { isBeyondAStop } from './secure.js';
import { nextFlatMs } from './session.js';

/**
 * Whether a tick at this moment would change and send nothing but the time, which is set in any case. The
 * conditions are checked once; until something other than an ordinary quote happens, the answer holds up to
 * the first deadline.
 */
export function passesTick(core: Core, stamp: Stamp): boolean {
  setTime(core, stamp);
  const { market, limits } = core;
  if (!isCalmUntil(core, stamp) || !isTickQuiet(core)) return false;
  if (core.marketMs < core.nextMinuteMs) return true;
  if (!isPassableMinute(core, core.marketMs, market.equity, limits.peak)) return false;
  limits.peak = Math.max(limits.peak, market.equity);
  core.nextMinuteMs = minuteAfter(core.marketMs);
  return true;
}

/**
 * Whether these quotes of one instrument would only mark positions; if so, marks them. `withTick`: whether a tick is due
 * before each, and must pass too. All of them or none.
 */
export function passesQuotes(
  core: Core,
  quotes: readonly QuoteEvent[],
  withTick: readonly boolean[],
): boolean {
  const { market, limits, state, quoteChanges } = core;
  const first = quotes[0] as QuoteEvent;
  const last = quotes[quotes.length - 1] as QuoteEvent;
  const at = first.instrument;
  if (withTick[0] === true) setTime(core, first);
  if (!isCalmUntil(core, last)) return false;
  if (withTick.includes(true) && !isTickQuiet(core)) return false;
  if (!arePlain(core, quotes)) return false;
  let { nextMinuteMs } = core;
  let { peak } = limits;
  let { equity } = market;
  let ticked: QuoteEvent | null = null;
  for (let place = 0; place < quotes.length; place += 1) {
    const quote = quotes[place] as QuoteEvent;
    const { marketMs, bidTicks, askTicks } = quote;
    if (withTick[place] === true) {
      ticked = quote;
      if (marketMs >= nextMinuteMs) {
        if (!isPassableMinute(core, marketMs, equity, peak, quotes[place - 1])) return false;
        peak = Math.max(peak, equity);
        nextMinuteMs = minuteAfter(marketMs);
      }
    }
    if (marketMs >= nextMinuteMs) return false;
    equity = market.equityAt(at, bidTicks, askTicks);
    if (!(equity > limits.watchedFloor && equity < state.peak * PEAK_STEP)) return false;
    if (equity > peak) peak = equity;
  }
  if (ticked !== null) setTime(core, ticked);
  core.nextMinuteMs = nextMinuteMs;
  limits.peak = peak;
  market.quote(at, last.bidTicks, last.askTicks, last.monotonicMs);
  if (quoteChanges !== null) for (const quote of quotes) quoteChanges.see(quote, quote.monotonicMs);
  return true;
}

/** Until this moment, no deadline passes. */
function isCalmUntil(core: Core, stamp: Stamp): boolean {
  core.calm ??= calmOf(core);
  // Quotes since then may have put off the deadline for their silence.
  if (core.calm !== NOT_CALM && !isWithin(core.calm, stamp)) core.calm = calmOf(core);
  return isWithin(core.calm, stamp);
}

/** Neither the last quotes nor how long they have stood leave anything to do. */
function isTickQuiet(core: Core): boolean {
  const { market, quoteChanges } = core;
  for (const at of (core.calm as Calm).withOrders) {
    const isReached = isBeyondAStop(core, at, market.bidTicks[at] as number, market.askTicks[at] as number);
    if (isReached || market.isExitPrice(at)) return false;
  }
  if (quoteChanges?.hasRepeated !== true) return true;
  if (isAnyLimitToTell(core)) return false;
  quoteChanges.settle();
  return true;
}

/** No strategy waits for these quotes, none needs to be judged, and none reaches an exit or, before the last, a stop. */
function arePlain(core: Core, quotes: readonly QuoteEvent[]): boolean {
  const { market, guard, quoteChanges } = core;
  const last = quotes[quotes.length - 1] as QuoteEvent;
  const at = last.instrument;
  if (!(last.marketMs < (core.shownFromMs[at] as number))) return false;
  if (quoteChanges !== null && quotes.length > 1 && quoteChanges.repeats(quotes)) return false;
  let [lowBid, highBid, lowAsk, highAsk] = [last.bidTicks, last.bidTicks, last.askTicks, last.askTicks];
  for (const { bidTicks, askTicks } of quotes) {
    if (bidTicks < lowBid) lowBid = bidTicks;
    else if (bidTicks > highBid) highBid = bidTicks;
    if (askTicks < lowAsk) lowAsk = askTicks;
    else if (askTicks > highAsk) highAsk = askTicks;
  }
  if (!(lowBid > (guard.surelyAbove[at] as number) && highAsk < (guard.surelyBelow[at] as number)))
    return false;
  const { exitAboveTicks, exitBelowTicks } = market;
  if (highBid >= (exitAboveTicks[at] as number) || lowAsk <= (exitBelowTicks[at] as number)) return false;
  return quotes.length === 1 || !isBeyondAStop(core, at, lowBid, highAsk);
}

const NOT_CALM: Calm = {
  ...{ monotonicMs: Number.NEGATIVE_INFINITY, marketMs: Number.NEGATIVE_INFINITY },
  ...{ wakeMs: null, withOrders: [] },
};

const isWithin = (calm: Calm, { monotonicMs, marketMs }: Stamp): boolean =>
  monotonicMs < calm.monotonicMs && marketMs < calm.marketMs;

const isAnyLimitToTell = (core: Core): boolean =>
  limitsToTell({ unchangedQuotes: () => unchangedQuotes(core) }, core.config.risk).length > 0;

function calmOf(core: Core): Calm {
  if (!isCalm(core) || isAnyLimitToTell(core)) return NOT_CALM;
  const wakeMs = nextWakeMs(core);
  let monotonicMs = wakeMs;
  let marketMs = Number.POSITIVE_INFINITY;
  const withOrders: InstrumentId[] = [];
  for (const { id } of core.config.instruments) {
    const restsMs = calmUntilMs(core, id);
    if (restsMs === null) return NOT_CALM;
    marketMs = Math.min(marketMs, restsMs, sessionsAt(core, id).calendar.phaseAt(core.marketMs).untilMs);
    const { openSinceMs } = progressAt(core, id);
    if (openSinceMs !== null) monotonicMs = earliest(monotonicMs, staleFromMs(core, id, openSinceMs));
    if ((core.state.live[id]?.size ?? 0) > 0) withOrders.push(id);
  }
  return { monotonicMs: monotonicMs ?? Number.POSITIVE_INFINITY, marketMs, wakeMs, withOrders };
}

/** Market time up to which a tick finds nothing to do at this instrument. Null: it may now. */
function calmUntilMs(core: Core, at: InstrumentId): number | null {
  const { openSinceMs, overrunSinceMs } = progressAt(core, at);
  const isKnownOpen = openSinceMs !== null;
  if (sessionsAt(core, at).calendar.isOpen(core.marketMs) !== isKnownOpen) return null;
  return overrunSinceMs === null && !isNearlyDust(core, at) ? restsUntilMs(core, at) : null;
}

/** Nothing is under way or waiting that a tick might have to end, repeat or report. */
function isCalm(core: Core): boolean {
  const { state, sync } = core;
  return (
    core.begun &&
    state.unvaluedFees.length === 0 &&
    sync.unsettled === null &&
    !core.guard.holdsBack &&
    core.limitsTold.size === 0 &&
    core.venueDownSinceMs === null
  );
}

/**
 * Ordinary quotes stay within a third of the last judged one: so far from dust, none makes a position too
 * small to sell.
 */
const FAR = 4;

function isNearlyDust(core: Core, at: InstrumentId): boolean {
  const position = positionAt(core, at);
  const ticks = knownTicks(core, at);
  if (position.quantityLots === 0) return false;
  // Without a price, the position is not marked either.
  return ticks === null || isDustAt(core, position, ticks / FAR) || isDustAt(core, position, ticks * FAR);
}

/** Like `nextWakeMs` and `nextFlatMs` of the engine, but without a full scan while it is calm. */
export const nextWakeKnownMs = (core: Core): number | null =>
  core.calm === null || core.calm === NOT_CALM ? nextWakeMs(core) : core.calm.wakeMs;

export const nextFlatKnownMs = (core: Core): number =>
  core.calm === null || core.calm === NOT_CALM ? nextFlatMs(core) : Number.POSITIVE_INFINITY;

/** From when silence of this instrument could mean a stale price. */
function staleFromMs(core: Core, at: InstrumentId, openSinceMs: number): number {
  const { risk } = core.config;
  const staleMs = staleMsOf(risk);
  // Open since ever and stale never would add up to no number.
  if (staleMs === Number.POSITIVE_INFINITY) return staleMs;
  const quotedMs = core.market.quotedMonotonicMs[at] as number;
  return Math.max(quotedMs + staleMs, openSinceMs + openingMsOf(risk));
}
