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
  positionAt,
  sessionsAt,
  touch,
  tradeWorkOf,
} from '../core.js';
import type { BarEvent } from '../event.js';
import { isDust, isDustOf } from '../flow/dust.js';
import { mayReduce } from '../halts/mode.js';
import { cancelOrder } from '../orders/cancel-order.js';
import { holdingsOf } from '../state.js';
import { NOBODY, ownerOf } from '../trades/trade.js';
import { enter, isShared } from './enter.js';
import type { StrategyContext } from './strategy.js';
import { type Allowance, betweenBars, type StrategySlot } from './strategy-slot.js';
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
  for (const slot of core.slots) {
    if (slot.instrument.id !== bar.instrument || bar.openMs <= slot.lastOpenMs) continue;
    slot.lastOpenMs = bar.openMs;
    slot.barsSeen += 1;
    slot.allowance = betweenBars();
    const { openMs, spanMs, warmup, late = false } = bar;
    slot.strategy.onBar(contextOf(core, slot, { atMs: openMs + spanMs, warmup, late }), bar);
  }
  if (!bar.warmup) touch(core, bar.instrument);
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
const unbounded = (): Allowance => ({ entries: Number.POSITIVE_INFINITY, notes: Number.POSITIVE_INFINITY });

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
  const { bidTicks, askTicks } = core.market;
  const note = (text: string) => {
    if (allowance.notes > 0) coreNote(core, 'info', text, at, slot.name);
    allowance.notes -= 1;
  };
  return {
    instrument,
    positionLots: ownLots(core, slot),
    entryResting: restingEntryLots(core, at, isShared(core, at) ? slot.name : undefined) > 0,
    lastQuote: core.market.hasQuote(at)
      ? { bidTicks: bidTicks[at] as number, askTicks: askTicks[at] as number }
      : null,
    shorting: core.config.capabilities.shorting,
    stopLossPct: core.config.risk.stopLossPct,
    get session() {
      return sessionsAt(core, at).calendar.readingAt(atMs);
    },
    enter: (wish) => {
      const isHeard = trading && isNews && allowance.entries > 0;
      if (isHeard) allowance.entries -= 1;
      if (isHeard && isEnabled(core, slot)) enter(core, slot, wish, note, signal);
    },
    exit: (because) => {
      const work = tradeWorkOf(core, at, slot.name);
      if (!trading || ownLots(core, slot) === 0 || work.exiting !== null || !mayReduce(core)) return;
      note(exitNote(because));
      work.exiting = { because, why: null };
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

/** Another strategy's position is not this one's to close, and dust belongs to none. */
function ownLots(core: Core, slot: StrategySlot): number {
  const at = slot.instrument.id;
  const position = positionAt(core, at);
  const own = holdingsOf(position).find((holding) => ownerOf(holding) === slot.name);
  if (own !== undefined) return isDustOf(core, own) ? 0 : own.quantityLots;
  // What nobody owns is the strategy's to close where it is the only one.
  const isOnly = position.parts.length === 0 && !isShared(core, at) && ownerOf(position) === NOBODY;
  return isOnly && !isDust(core, at) ? position.quantityLots : 0;
}
