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
  workAt,
} from '../core.js';
import type { BarEvent } from '../event.js';
import { isDust } from '../flow/dust.js';
import { mayReduce } from '../halts/mode.js';
import { cancelOrder } from '../orders/cancel-order.js';
import { ownerOf } from '../trades/trade.js';
import { enter } from './enter.js';
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
  occasion: Occasion,
  allowance = unbounded(),
): StrategyContext {
  return new ShownContext(core, slot, occasion, allowance);
}

/** A class, because one is made at each bar: an object written out with its getter costs more than most strategies. */
class ShownContext implements StrategyContext {
  readonly instrument: StrategyContext['instrument'];
  readonly positionLots: number;
  readonly entryResting: boolean;
  readonly lastQuote: StrategyContext['lastQuote'];
  readonly shorting: boolean;
  readonly stopLossPct: number;
  private readonly core: Core;
  private readonly slot: StrategySlot;
  private readonly occasion: Occasion;
  private readonly allowance: Allowance;
  private readonly live: boolean;
  private readonly trading: boolean;

  constructor(core: Core, slot: StrategySlot, occasion: Occasion, allowance: Allowance) {
    const { instrument, barsSeen, strategy } = slot;
    const at = instrument.id;
    const { market, config } = core;
    this.core = core;
    this.slot = slot;
    this.occasion = occasion;
    this.allowance = allowance;
    this.live = !occasion.warmup && core.begun;
    this.trading = this.live && barsSeen >= strategy.warmupBars;
    this.instrument = instrument;
    this.positionLots = ownLots(core, slot);
    this.entryResting = restingEntryLots(core, at) > 0;
    this.lastQuote = market.hasQuote(at)
      ? { bidTicks: market.bidTicks[at] as number, askTicks: market.askTicks[at] as number }
      : null;
    this.shorting = config.capabilities.shorting;
    this.stopLossPct = config.risk.stopLossPct;
  }

  get session(): StrategyContext['session'] {
    return sessionsAt(this.core, this.instrument.id).calendar.readingAt(this.occasion.atMs);
  }

  readonly enter: StrategyContext['enter'] = (wish) => {
    const isHeard = this.trading && !this.occasion.late && this.allowance.entries > 0;
    if (isHeard) this.allowance.entries -= 1;
    if (isHeard && isEnabled(this.core, this.slot))
      enter(this.core, this.slot, wish, (text) => this.write(text), this.occasion.signal);
  };

  readonly exit: StrategyContext['exit'] = (because) => {
    const work = workAt(this.core, this.instrument.id);
    if (!this.trading || work.exiting !== null || !mayReduce(this.core)) return;
    if (ownLots(this.core, this.slot) === 0) return;
    this.write(exitNote(because));
    work.exiting = { because, why: null };
  };

  readonly note: StrategyContext['note'] = (text) => {
    if (this.trading) this.write(text);
  };

  readonly fail: StrategyContext['fail'] = (reason) => {
    if (!this.live || !isEnabled(this.core, this.slot)) return;
    const { name } = this.slot;
    const off = { strategy: name, enabled: false, automatic: false, by: 'fermata', reason };
    switchStrategy(this.core, off);
    coreNote(this.core, 'alarm', `${name} was switched off: ${reason}`, this.instrument.id);
  };

  private write(text: string): void {
    if (this.allowance.notes > 0) coreNote(this.core, 'info', text, this.instrument.id, this.slot.name);
    this.allowance.notes -= 1;
  }
}

/** Another strategy's position is not this one's to close, and dust belongs to none. */
function ownLots(core: Core, slot: StrategySlot): number {
  const position = positionAt(core, slot.instrument.id);
  if (isDust(core, slot.instrument.id)) return 0;
  const owner = ownerOf(position);
  return owner === slot.name || owner === 'fermata' ? position.quantityLots : 0;
}
