/**
 * What strategies are shown between bars: quotes, if they listen to them or have a timer; market trades, if
 * they listen to them; and fills of their own orders. Market time comes from the quotes, so the same
 * recording triggers each timer at the same price.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, markChanged, setTime } from '../core.js';
import type { QuoteEvent, TradeEvent } from '../event.js';
import { isMarketOpen } from '../flow/session.js';
import { contextOf, markLegs } from './on-bar.js';
import type { OwnFill, StrategyContext } from './strategy.js';
import type { StrategySlot } from './strategy-slot.js';

/** Called once the quote has become the price. True if a strategy may have been shown it. */
export function showQuote(core: Core, event: QuoteEvent): boolean {
  const at = event.instrument;
  // For an unknown instrument there is no such time; undefined compares as false.
  if (!(event.marketMs >= (core.shownFromMs[at] as number)) || !core.begun) return false;
  setTime(core, event);
  if (!core.market.isPrice(at, event.bidTicks, event.askTicks) || !isMarketOpen(core, at)) return false;
  for (const slot of core.slotsAt.trading[at] ?? [])
    if (show(core, slot, event.marketMs)) markLegs(core, leadOf(slot));
  watchQuotes(core);
  markChanged(core, at);
  return true;
}

/**
 * True if a strategy was shown it. Nothing is shown before the first believed quote, nor anything that can't be a
 * trade.
 */
export function showTrade(core: Core, event: TradeEvent): boolean {
  const { instrument: at, priceTicks, quantityLots } = event;
  const listening = core.slots.filter(
    ({ instrument, strategy, barsSeen }) =>
      instrument.id === at && strategy.onTrade !== undefined && barsSeen >= strategy.warmupBars,
  );
  if (listening.length === 0 || !core.begun || !(priceTicks > 0 && quantityLots > 0)) return false;
  setTime(core, event);
  const { bidTicks, askTicks } = core.market;
  if (!core.market.isPrice(at, bidTicks[at] as number, askTicks[at] as number) || !isMarketOpen(core, at))
    return false;
  for (const slot of listening) {
    slot.strategy.onTrade?.(contextNow(core, slot), event, slot.leg?.place);
    markLegs(core, leadOf(slot));
  }
  return true;
}

/**
 * Sets, by instrument, the market time from which any strategy is shown quotes, so all others cost nothing.
 */
export function watchQuotes(core: Core): void {
  core.shownFromMs.fill(Number.POSITIVE_INFINITY);
  for (const { instrument, strategy, timerMs, leg } of core.slots) {
    const hasTimer = strategy.timerMs !== undefined && leg === null;
    if (strategy.onQuote === undefined && !hasTimer) continue;
    const nextMs =
      strategy.onQuote === undefined ? timerMs + (strategy.timerMs ?? 0) : Number.NEGATIVE_INFINITY;
    core.shownFromMs[instrument.id] = Math.min(core.shownFromMs[instrument.id] as number, nextMs);
  }
}

/** Market time of an instrument's next timer, due at the first quote from then on. Infinity: none is known. */
export function nextTimerMs(core: Core, at: InstrumentId): number {
  let nextMs = Number.POSITIVE_INFINITY;
  if (core.shownFromMs[at] === nextMs) return nextMs;
  for (const { strategy, timerMs, leg, barsSeen } of core.slotsAt.trading[at] ?? []) {
    if (leg !== null || barsSeen < strategy.warmupBars) continue;
    const dueMs = timerMs + (strategy.timerMs ?? Number.POSITIVE_INFINITY);
    // Before its first quote it counts from nowhere.
    if (dueMs > Number.NEGATIVE_INFINITY) nextMs = Math.min(nextMs, dueMs);
  }
  return nextMs;
}

/** True if it was called. */
function show(core: Core, slot: StrategySlot, marketMs: number): boolean {
  const { strategy } = slot;
  if (slot.barsSeen < strategy.warmupBars) return false;
  let isShown = strategy.onQuote !== undefined;
  const context = () => contextNow(core, slot);
  const { timerMs } = strategy;
  if (timerMs !== undefined && slot.leg === null) {
    const dueMs = Math.floor(marketMs / timerMs) * timerMs;
    const isFirst = slot.timerMs === Number.NEGATIVE_INFINITY;
    const isDue = dueMs > slot.timerMs;
    if (isDue) slot.timerMs = dueMs;
    if (isDue && !isFirst) strategy.onTimer?.(context(), dueMs);
    isShown ||= isDue && !isFirst;
  }
  strategy.onQuote?.(context(), slot.leg?.place);
  return isShown;
}

const leadOf = (slot: StrategySlot): StrategySlot => slot.leg?.lead ?? slot;

const contextNow = (core: Core, slot: StrategySlot): StrategyContext =>
  contextOf(
    core,
    leadOf(slot),
    { atMs: core.marketMs, warmup: false, late: false },
    ({ allowance }) => allowance,
  );

interface FillToShow {
  readonly slot: StrategySlot;
  readonly fill: OwnFill;
}

const NONE: readonly FillToShow[] = [];

/** Takes the fills since the last call whose strategies listen to fills. */
export function takeFillsToShow(core: Core): readonly FillToShow[] {
  if (core.unshownFills.length === 0) return NONE;
  const fills = core.unshownFills;
  core.unshownFills = [];
  const shown: FillToShow[] = [];
  for (const { strategy, instrument, fill } of fills) {
    const slot = core.slots.find(({ name, instrument: { id } }) => name === strategy && id === instrument);
    if (slot?.strategy.onFill === undefined) continue;
    if (core.begun && slot.barsSeen >= slot.strategy.warmupBars) shown.push({ slot, fill });
  }
  return shown;
}

/** Called once their event has been fully processed: an exit that is done no longer cancels an entry. */
export function showFills(core: Core, fills: readonly FillToShow[]): void {
  for (const { slot, fill } of fills) {
    slot.strategy.onFill?.(contextNow(core, slot), fill, slot.leg?.place);
    markLegs(core, leadOf(slot));
  }
}
