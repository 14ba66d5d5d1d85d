/**
 * Until when a tick is a no-op, and which quotes only mark positions, so a backtest passes over nearly all of its prices.
 * If you add a step to `onTick`, to `onQuote` or to anything they call, say here when it is a no-op;
 * `test/backtest/shortcuts.test.ts` compares both.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { type QuoteColumns, TICK_DUE, TICK_TAKEN } from '../../domain/quote-columns.js';
import { limitsToTell } from '../../limits/registry.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { unchangedQuotes } from '../account-view.js';
import { type Calm, type Core, positionAt, progressAt, sessionsAt, setTime, setTimes } from '../core.js';
import type { BarEvent, Stamp, TickEvent } from '../event.js';
import { earliest } from '../orders/order-watch.js';
import { openingMsOf } from '../timing.js';
import { restsUntilMs } from './advance.js';
import { isDustAt, knownTicks } from './dust.js';
import { isPassableMinute, minuteAfter, PEAK_STEP } from './equity.js';
import { nextDueMs } from './exits.js';
import { nextWakeMs } from './on-tick.js';
import { isBeyondAStop } from './secure.js';

/**
 * Whether a tick at this moment would change and send nothing but the time, which is set in any case. The
 * conditions are checked once; until something other than an ordinary quote happens, the answer holds up to
 * the first deadline.
 */
export function passesTick(core: Core, stamp: Stamp): boolean {
  setTime(core, stamp);
  return passesTickNow(core);
}

/** The same at the time that the core has. */
function passesTickNow(core: Core): boolean {
  const { market, limits, marketMs } = core;
  if (!isCalmUntil(core, core.monotonicMs, marketMs) || !isTickQuiet(core)) return false;
  if (marketMs < core.nextMinuteMs) return true;
  if (!isPassableMinute(core, marketMs)) return false;
  limits.peak = Math.max(limits.peak, market.equity);
  core.nextMinuteMs = minuteAfter(marketMs);
  return true;
}

/**
 * How many of these quotes, from the first on, would only mark positions, which is then done. The one after them must be
 * processed. A bar among them is, and so is a tick at which a calm ends, as for a reading of the account: `process` says
 * whether those behind it may still pass.
 */
export function passesQuotes(
  core: Core,
  quotes: QuoteColumns,
  process: (event: BarEvent | TickEvent, place: number) => boolean,
): number {
  const { market, limits, guard, state, quoteChanges, shownFromMs } = core;
  const { surelyAbove, surelyBelow } = guard;
  endBeforeExits(core, quotes);
  const { from, until } = quotes;
  for (let place = from; place < until; place += 1) {
    const marketMs = quotes.marketMs[place] as number;
    const monotonicMs = quotes.wallMs[place] as number;
    let isCalmNow = false;
    if (quotes.tick[place] === TICK_DUE) {
      setTimes(core, monotonicMs, marketMs, monotonicMs);
      isCalmNow = passesTickNow(core);
      if (!isCalmNow) {
        // A strategy's timer may be due on the way to this price, before the tick.
        const isTimed =
          !quotes.isBar(place) && marketMs >= (shownFromMs[quotes.instrument[place] as number] as number);
        if (core.calm === NOT_CALM || isTimed) return place - from;
        quotes.tick[place] = TICK_TAKEN;
        if (!process(tickAt(quotes, place), place)) return place - from;
      }
    }
    if (!isCalmNow && !isCalmUntil(core, monotonicMs, marketMs)) return place - from;
    if (quotes.isBar(place)) {
      if (!process(barAt(quotes, place), place)) return place + 1 - from;
      continue;
    }
    const at = quotes.instrument[place] as number;
    const bidTicks = quotes.bidTicks[place] as number;
    const askTicks = quotes.askTicks[place] as number;
    const isPlain =
      marketMs < core.nextMinuteMs &&
      marketMs < (shownFromMs[at] as number) &&
      bidTicks > (surelyAbove[at] as number) &&
      askTicks < (surelyBelow[at] as number);
    if (!isPlain) return place - from;
    const equity = market.equityAt(at, bidTicks, askTicks);
    if (!(equity > limits.watchedFloor && equity < state.peak * PEAK_STEP)) return place - from;
    if (equity > limits.peak) limits.peak = equity;
    market.quote(at, bidTicks, askTicks, monotonicMs);
    if (quoteChanges !== null)
      quoteChanges.see(
        at,
        bidTicks,
        askTicks,
        quotes.bidLots[place] as number,
        quotes.askLots[place] as number,
        monotonicMs,
      );
  }
  return Math.max(0, until - from);
}

function tickAt(quotes: QuoteColumns, place: number): TickEvent {
  const [marketMs, wallMs] = [quotes.marketMs[place] as number, quotes.wallMs[place] as number];
  return { kind: 'tick', wallMs, marketMs, monotonicMs: wallMs };
}

/** The bar that ends at this place, as an event. */
export function barAt(quotes: QuoteColumns, place: number): BarEvent {
  const [marketMs, wallMs] = [quotes.marketMs[place] as number, quotes.wallMs[place] as number];
  const spanMs = quotes.spanMs[place] as number;
  return {
    kind: 'bar',
    instrument: quotes.instrument[place] as number,
    openMs: marketMs - spanMs,
    spanMs,
    openTicks: quotes.openTicks[place] as number,
    highTicks: quotes.highTicks[place] as number,
    lowTicks: quotes.lowTicks[place] as number,
    closeTicks: quotes.closeTicks[place] as number,
    volumeLots: quotes.volumeLots[place] as number,
    warmup: false,
    late: false,
    wallMs,
    marketMs,
    monotonicMs: wallMs,
  };
}

/** None reaches an exit of a trade, nor does one on its way. */
function endBeforeExits({ market: { exitAboveTicks, exitBelowTicks } }: Core, quotes: QuoteColumns): void {
  const { instrument, bidTicks, askTicks } = quotes;
  for (let place = quotes.from; place < quotes.seen; place += 1) {
    const at = instrument[place] as number;
    const isAtExit =
      (bidTicks[place] as number) >= (exitAboveTicks[at] as number) ||
      (askTicks[place] as number) <= (exitBelowTicks[at] as number);
    if (isAtExit) quotes.endBefore(place);
  }
}

/** Until this moment, no deadline passes. */
function isCalmUntil(core: Core, monotonicMs: number, marketMs: number): boolean {
  core.calm ??= calmOf(core);
  if (monotonicMs < core.calm.monotonicMs && marketMs < core.calm.marketMs) return true;
  // Quotes since then may have put off the deadline for their silence.
  if (core.calm === NOT_CALM) return false;
  core.calm = calmOf(core);
  return monotonicMs < core.calm.monotonicMs && marketMs < core.calm.marketMs;
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

const NOT_CALM: Calm = {
  ...{ monotonicMs: Number.NEGATIVE_INFINITY, marketMs: Number.NEGATIVE_INFINITY },
  ...{ wakeMs: null, withOrders: [] },
};

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
    if ((core.state.live[id]?.length ?? 0) > 0) withOrders.push(id);
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

/** Like `nextWakeMs` and `nextDueMs`, but without a full scan while it is calm, or nothing has happened since. */
export const nextWakeKnownMs = (core: Core): number | null =>
  core.calm === null || core.calm === NOT_CALM ? nextWakeMs(core) : core.calm.wakeMs;

export const nextDueKnownMs = (core: Core): number => {
  const { marketMs, config } = core;
  if (core.knownDueMs <= marketMs || config.takesNoShortcut === true) core.knownDueMs = nextDueMs(core);
  return core.knownDueMs;
};

/** From when silence of this instrument could mean a stale price. */
function staleFromMs(core: Core, at: InstrumentId, openSinceMs: number): number {
  const { risk } = core.config;
  const staleMs = staleMsOf(risk);
  // Open since ever and stale never would add up to no number.
  if (staleMs === Number.POSITIVE_INFINITY) return staleMs;
  const quotedMs = core.market.quotedMonotonicMs[at] as number;
  return Math.max(quotedMs + staleMs, openSinceMs + openingMsOf(risk));
}
