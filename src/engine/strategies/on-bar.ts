/**
 * Finished bars: entries that have rested long enough are cancelled, then every strategy of the instrument decides.
 */

import type { SignalName } from '../../domain/signal.js';
import { restingEntryLots } from '../account-view.js';
import {
  type Core,
  note as coreNote,
  exitNote,
  liveOrders,
  partNote,
  positionAt,
  sessionsAt,
  touch,
  tradeWorkAt,
  tradeWorkOf,
} from '../core.js';
import type { BarEvent } from '../event.js';
import { isDust, isDustOf } from '../flow/dust.js';
import { lotsOfPart } from '../flow/exits.js';
import { mayReduce } from '../halts/mode.js';
import { cancelOrder } from '../orders/cancel-order.js';
import { type Holding, holdingsOf } from '../state.js';
import { NOBODY, ownerOf } from '../trades/trade.js';
import { adjustExits } from './adjust-exits.js';
import { enter, isShared } from './enter.js';
import type { StrategyContext } from './strategy.js';
import { type Allowance, betweenBars, type StrategySlot, shownOf, shownOfWatched } from './strategy-slot.js';
import { switchStrategy } from './switch-strategy.js';

/** Why an entry that no bar has filled is cancelled. */
export const RESTED = 'it rested as long as its strategy lets it';

export function onBar(core: Core, bar: BarEvent): void {
  if (core.work[bar.instrument] === undefined) return;
  // Quotes while the market is closed are not trading: neither strategies nor measures see them.
  if (!sessionsAt(core, bar.instrument).calendar.opensWithin(bar.openMs, bar.openMs + bar.spanMs)) return;
  if (!bar.warmup) ageEntries(core, bar);
  core.guard.closedAt(bar.instrument, bar.closeTicks);
  core.regimes[bar.instrument]?.update(bar.openMs, bar.closeTicks);
  core.returns[bar.instrument]?.update(bar.openMs, bar.closeTicks);
  core.dayVolatility[bar.instrument]?.update(bar.openMs, bar.spanMs, bar.closeTicks);
  for (const slot of core.slots) {
    if (slot.watched.length > 0 && slot.instrument.id !== bar.instrument) showWatched(core, slot, bar);
    if (slot.instrument.id !== bar.instrument || bar.openMs <= slot.lastOpenMs) continue;
    slot.allowance = betweenBars();
    if (slot.stream !== null || slot.watched.length > 0) {
      showSpans(core, slot, bar);
      continue;
    }
    slot.lastOpenMs = bar.openMs;
    slot.barsSeen += 1;
    const { openMs, spanMs, warmup, late = false } = bar;
    slot.strategy.onBar(contextOf(core, slot, { atMs: openMs + spanMs, warmup, late }), bar);
  }
  if (!bar.warmup) touch(core, bar.instrument);
}

/** The clocks are those of the moment, also for a longer bar that had ended before. */
function showSpans(core: Core, slot: StrategySlot, bar: BarEvent): void {
  const { openMs, spanMs, warmup, late = false } = bar;
  const atMs = openMs + spanMs;
  for (const shown of shownOf(slot, bar)) {
    const context = contextOf(core, slot, { atMs, warmup, late: late || shown.late === true });
    slot.strategy.onBar(context, shown);
  }
  const unfit = slot.stream?.unfit ?? null;
  if (unfit !== null) contextOf(core, slot, { atMs, warmup, late }).fail(unfit);
}

/** What it asks for is about the instrument that it trades. */
function showWatched(core: Core, slot: StrategySlot, bar: BarEvent): void {
  const place = slot.watched.findIndex(({ instrument }) => instrument.id === bar.instrument);
  const watched = slot.watched[place];
  if (watched === undefined) return;
  const { openMs, spanMs, warmup, late = false } = bar;
  const atMs = openMs + spanMs;
  for (const shown of shownOfWatched(slot, watched, bar)) {
    const context = contextOf(core, slot, { atMs, warmup, late: late || shown.late === true });
    slot.strategy.onBar(context, shown, place);
  }
  const unfit = watched.stream?.unfit ?? null;
  if (unfit !== null) contextOf(core, slot, { atMs, warmup, late }).fail(unfit);
  if (!warmup) touch(core, slot.instrument.id);
}

function ageEntries(core: Core, bar: BarEvent): void {
  for (const entry of liveOrders(core, bar.instrument)) {
    const watch = core.watches.get(entry.intent.clientId);
    if (entry.intent.purpose !== 'entry' || watch === undefined || watch.barsLeft === null) continue;
    watch.barsLeft -= 1;
    if (watch.barsLeft <= 0) cancelOrder(core, entry, RESTED);
  }
}

export function isEnabled(core: Core, slot: StrategySlot): boolean {
  return core.state.toggles.get(slot.name) ?? slot.enabledByFile;
}

/** The occasion on which a strategy is shown something. */
interface Occasion {
  /** Market time that the strategy's session clock shows. */
  readonly atMs: number;
  readonly warmup: boolean;
  readonly late: boolean;
  /** The signal that its entries follow. Left out: none. */
  readonly signal?: SignalName;
}

/** At a bar it may ask for as much as it likes. */
const unbounded = (): Allowance => ({
  entries: Number.POSITIVE_INFINITY,
  notes: Number.POSITIVE_INFINITY,
  changes: Number.POSITIVE_INFINITY,
});

export function contextOf(
  core: Core,
  slot: StrategySlot,
  { atMs, warmup, late, signal }: Occasion,
  allowance = unbounded(),
): StrategyContext {
  const { instrument } = slot;
  const live = !warmup && core.begun;
  const trading = live && slot.barsSeen >= slot.strategy.warmupBars;
  const isNews = !late;
  const at = instrument.id;
  const note = (text: string) => {
    if (allowance.notes > 0) coreNote(core, 'info', text, at, slot.name);
    allowance.notes -= 1;
  };
  return {
    instrument,
    positionLots: ownLots(core, slot),
    entryResting: restingEntryLots(core, at, isShared(core, at) ? slot.name : undefined) > 0,
    lastQuote: lastQuoteOf(core, at),
    shorting: core.config.capabilities.shorting,
    stopLossPct: core.config.risk.stopLossPct,
    get session() {
      return sessionsAt(core, at).calendar.readingAt(atMs);
    },
    watched: (place) => {
      const watched = slot.watched[place];
      if (watched === undefined) throw new RangeError(`${slot.name} watches no instrument ${place}`);
      return { lastQuote: lastQuoteOf(core, watched.instrument.id), lastBar: watched.lastBar };
    },
    enter: (wish) => {
      const isHeard = trading && isNews && allowance.entries > 0;
      if (isHeard) allowance.entries -= 1;
      if (isHeard && isEnabled(core, slot)) enter(core, slot, wish, note, signal);
    },
    exit: (because, partPpm) => {
      const work = tradeWorkOf(core, at, slot.name);
      if (!trading || ownLots(core, slot) === 0 || work.exiting !== null || !mayReduce(core)) return;
      const own = ownHolding(core, slot);
      if (partPpm !== undefined && own !== null && closePart(core, own, { because, partPpm }, note)) return;
      note(exitNote(because));
      work.exiting = { because, why: null };
    },
    adjust: (wish) => {
      const isHeard = trading && ownLots(core, slot) !== 0 && allowance.changes > 0;
      if (isHeard) allowance.changes -= 1;
      if (isHeard) adjustExits(core, slot, wish, note);
    },
    note: (text) => {
      if (trading) note(text);
    },
    fail: (reason) => {
      if (!live || !isEnabled(core, slot)) return;
      const off = { strategy: slot.name, enabled: false, automatic: false, by: 'fermata', reason };
      switchStrategy(core, off);
      coreNote(core, 'alarm', `${slot.name} was switched off: ${reason}`, at);
    },
  };
}

/** False: the rest would be too small at its stop, so the whole position is closed. */
export function closePart(
  core: Core,
  holding: Holding,
  { because, partPpm }: { readonly because: string; readonly partPpm: number },
  note: (text: string) => void,
): boolean {
  const work = tradeWorkAt(core, holding);
  const { trade, quantityLots } = holding;
  if (work.parting !== null || trade === null) return true;
  const lots = lotsOfPart(core, holding, partPpm);
  if (lots !== null && lots >= Math.abs(quantityLots)) return false;
  if (lots === null) note(`${because}: the part is too small for an order, and stays`);
  else {
    note(partNote(because));
    work.parting = { because, trade: trade.id, untilLots: trade.exitLots + lots };
  }
  return true;
}

function lastQuoteOf({ market }: Core, at: number): StrategyContext['lastQuote'] {
  if (!market.hasQuote(at)) return null;
  return { bidTicks: market.bidTicks[at] as number, askTicks: market.askTicks[at] as number };
}

const ownLots = (core: Core, slot: StrategySlot): number => ownHolding(core, slot)?.quantityLots ?? 0;

/** Another strategy's position is not this one's to close, and dust belongs to none. Null: it holds nothing. */
export function ownHolding(core: Core, slot: StrategySlot): Holding | null {
  const at = slot.instrument.id;
  const position = positionAt(core, at);
  const own = holdingsOf(position).find((holding) => ownerOf(holding) === slot.name);
  if (own !== undefined) return isDustOf(core, own) ? null : own;
  // What nobody owns is the strategy's to close where it is the only one.
  const isOnly = position.parts.length === 0 && !isShared(core, at) && ownerOf(position) === NOBODY;
  return isOnly && !isDust(core, at) ? position : null;
}
