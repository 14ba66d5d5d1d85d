/**
 * Finished bars: entries that have rested long enough are cancelled, then every strategy of the instrument decides.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import type { SignalName } from '../../domain/signal.js';
import { restingEntryLots } from '../account-view.js';
import {
  type Core,
  capabilitiesAt,
  note as coreNote,
  exitNote,
  liveOrders,
  markChanged,
  partNote,
  positionAt,
  sessionsAt,
  tradeProgressAt,
  tradeProgressOf,
} from '../core.js';
import type { BarEvent } from '../event.js';
import { isDust, isDustOf } from '../flow/dust.js';
import { lotsOfPart } from '../flow/exits.js';
import { mayReduce } from '../halts.js';
import { cancelOrder } from '../orders/change-order.js';
import { isAnyWaiting } from '../orders/end-waiting.js';
import type { Holding } from '../state.js';
import { holdingOf, NOBODY, ownerOf } from '../trades/trade.js';
import { adjustExits } from './adjust-exits.js';
import { changeEntry, enterOneOf, withdrawEntries } from './change-entries.js';
import { enter, isShared } from './enter.js';
import {
  type EntryChange,
  type EntryWish,
  type ExitsWish,
  isWaiting,
  type RestingWish,
  type StrategyContext,
} from './strategy.js';
import { type Allowance, betweenBars, type StrategySlot, shownOf, shownOfWatched } from './strategy-slot.js';
import { switchStrategy } from './tracker.js';
import { ageWaiting, waitToEnter, waitToReverse } from './waiting-entries.js';

/** Why an entry that no bar has filled in time is cancelled. */
export const RESTED = 'it rested as long as its strategy lets it';

export function onBar(core: Core, bar: BarEvent): void {
  if (core.progress[bar.instrument] === undefined) return;
  // Quotes while the market is closed are not trading: neither strategies nor meters see them.
  if (!sessionsAt(core, bar.instrument).calendar.opensWithin(bar.openMs, bar.openMs + bar.spanMs)) return;
  if (!bar.warmup) ageEntries(core, bar);
  core.guard.closedAt(bar.instrument, bar.closeTicks);
  core.regimes[bar.instrument]?.update(bar.openMs, bar.closeTicks);
  core.returns[bar.instrument]?.update(bar.openMs, bar.closeTicks);
  core.dayVolatility[bar.instrument]?.update(bar.openMs, bar.spanMs, bar.closeTicks);
  for (const slot of core.slotsAt.shown[bar.instrument] ?? []) {
    if (slot.watched.length > 0 && slot.instrument.id !== bar.instrument) showWatched(core, slot, bar);
    if (slot.instrument.id !== bar.instrument || bar.openMs <= slot.lastOpenMs) continue;
    slot.allowance = betweenBars();
    if (slot.stream !== null || slot.watched.length > 0) {
      showSpans(core, slot, bar);
      continue;
    }
    slot.lastOpenMs = bar.openMs;
    slot.lastBar = bar;
    slot.barsSeen += 1;
    const { openMs, spanMs, warmup, late = false } = bar;
    slot.strategy.onBar(contextOf(core, slot, { atMs: openMs + spanMs, warmup, late }), bar);
  }
  if (!bar.warmup) markChanged(core, bar.instrument);
}

/** The clocks show the present moment, even for a longer bar that ended earlier. */
function showSpans(core: Core, slot: StrategySlot, bar: BarEvent): void {
  const { openMs, spanMs, warmup, late = false } = bar;
  const atMs = openMs + spanMs;
  for (const shown of shownOf(slot, bar)) {
    const context = contextOf(core, slot, { atMs, warmup, late: late || shown.late === true });
    slot.strategy.onBar(context, shown);
  }
  const unfit = slot.stream?.unfit ?? null;
  if (unfit !== null) contextOf(core, slot, { atMs, warmup, late }).fail(unfit);
  if (!warmup) markLegs(core, slot);
}

/** Its requests may concern any of its legs. */
export function markLegs(core: Core, { instrument, legs }: StrategySlot): void {
  markChanged(core, instrument.id);
  for (const leg of legs) markChanged(core, leg.instrument.id);
}

function showWatched(core: Core, slot: StrategySlot, bar: BarEvent): void {
  const place = slot.watched.findIndex(({ instrument }) => instrument.id === bar.instrument);
  const watched = slot.watched[place];
  if (watched === undefined) return;
  const { openMs, spanMs, warmup, late = false } = bar;
  const leg = slot.legs[place];
  if (leg !== undefined && openMs > (watched.lastBar?.openMs ?? Number.NEGATIVE_INFINITY))
    leg.allowance = betweenBars();
  const atMs = openMs + spanMs;
  for (const shown of shownOfWatched(slot, watched, bar)) {
    const context = contextOf(core, slot, { atMs, warmup, late: late || shown.late === true });
    slot.strategy.onBar(context, shown, place);
  }
  const unfit = watched.stream?.unfit ?? null;
  if (unfit !== null) contextOf(core, slot, { atMs, warmup, late }).fail(unfit);
  if (!warmup) markLegs(core, slot);
}

function ageEntries(core: Core, bar: BarEvent): void {
  ageWaiting(core, bar.instrument);
  if (core.state.live[bar.instrument]?.length === 0) return;
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
  /** The signal that its entries in the instrument `of` follow. Left out: none. */
  readonly signal?: SignalName & { readonly of: InstrumentId };
}

/** At a bar it may ask for as much as it likes: infinity less anything is still infinity. */
const UNBOUNDED: Allowance = {
  entries: Number.POSITIVE_INFINITY,
  notes: Number.POSITIVE_INFINITY,
  changes: Number.POSITIVE_INFINITY,
};
const unbounded = (): Allowance => UNBOUNDED;

/** `allowanceOf`: what it may ask for in each of its legs. */
export function contextOf(
  core: Core,
  slot: StrategySlot,
  occasion: Occasion,
  allowanceOf: (slot: StrategySlot) => Allowance = unbounded,
): StrategyContext {
  return new ShownContext(core, slot, occasion, allowanceOf);
}

/**
 * A class, since one is made at each bar: an object literal with its getter costs more than most strategies.
 */
class ShownContext implements StrategyContext {
  readonly instrument: StrategyContext['instrument'];
  readonly positionLots: number;
  readonly entryResting: boolean;
  readonly lastQuote: StrategyContext['lastQuote'];
  readonly shorting: boolean;
  readonly stopLossPct: number;
  readonly #core: Core;
  readonly #slot: StrategySlot;
  readonly #occasion: Occasion;
  readonly #allowanceOf: (slot: StrategySlot) => Allowance;
  readonly #allowance: Allowance;
  /** Legs asked for so far: they don't change while the strategy is being shown something. */
  #legs: ShownContext[] | undefined;
  readonly #live: boolean;
  readonly #trading: boolean;

  constructor(
    core: Core,
    slot: StrategySlot,
    occasion: Occasion,
    allowanceOf: (slot: StrategySlot) => Allowance,
  ) {
    const { instrument, barsSeen, strategy, name } = slot;
    const at = instrument.id;
    const { config } = core;
    this.#core = core;
    this.#slot = slot;
    this.#occasion = occasion;
    this.#allowanceOf = allowanceOf;
    this.#allowance = allowanceOf(slot);
    this.#live = !occasion.warmup && core.begun;
    this.#trading = this.#live && barsSeen >= strategy.warmupBars;
    this.instrument = instrument;
    this.positionLots = ownLots(core, slot);
    const whose = isShared(core, at) ? name : undefined;
    this.entryResting = restingEntryLots(core, at, whose) > 0 || isAnyWaiting(core, at, whose);
    this.lastQuote = lastQuoteOf(core, at);
    this.shorting = capabilitiesAt(core, at).shorting;
    this.stopLossPct = config.risk.stopLossPct;
  }

  get mayAsk(): boolean {
    return this.#trading;
  }

  get mayEnter(): boolean {
    return this.#trading && !this.#occasion.late && isEnabled(this.#core, this.#slot);
  }

  get session(): StrategyContext['session'] {
    return sessionsAt(this.#core, this.instrument.id).calendar.readingAt(this.#occasion.atMs);
  }

  watched(place: number): ReturnType<StrategyContext['watched']> {
    const watched = place === -1 ? this.#slot : this.#slot.watched[place];
    if (watched === undefined) throw new RangeError(`${this.#slot.name} watches no instrument ${place}`);
    return { lastQuote: lastQuoteOf(this.#core, watched.instrument.id), lastBar: watched.lastBar };
  }

  leg(place: number): ShownContext {
    if (place === -1) return this;
    const known = this.#legs?.[place];
    if (known !== undefined) return known;
    const leg = this.#slot.legs[place];
    if (leg === undefined) throw new RangeError(`${this.#slot.name} has no other leg ${place}`);
    this.#legs ??= [];
    this.#legs[place] = new ShownContext(this.#core, leg, this.#occasion, this.#allowanceOf);
    return this.#legs[place];
  }

  enter(wish: EntryWish): void {
    if (this.#takeEntry()) this.#enter(wish);
  }

  /** False: it has asked for as many as it may. */
  #takeEntry(): boolean {
    if (!this.mayEnter || this.#allowance.entries <= 0) return false;
    this.#allowance.entries -= 1;
    return true;
  }

  #signal(): SignalName | undefined {
    const { signal } = this.#occasion;
    if (signal === undefined || signal.of !== this.instrument.id) return undefined;
    const { of: _of, ...name } = signal;
    return name;
  }

  #enter(wish: EntryWish): void {
    const signal = this.#signal();
    const own = ownLots(this.#core, this.#slot);
    if (isWaiting(wish)) waitToEnter(this.#core, this.#slot, wish, signal);
    else if (wish.reverses === true && own !== 0) {
      if (waitToReverse(this.#core, this.#slot, { wish, ownLots: own }, signal)) this.exit(wish.because);
    } else
      enter(
        this.#core,
        this.#slot,
        wish,
        (text) => this.#write(text),
        signal === undefined ? {} : { signal },
      );
  }

  exit(because: string, partPpm?: number): void {
    const core = this.#core;
    const progress = tradeProgressOf(core, this.instrument.id, this.#slot.name);
    if (!this.#trading || progress.exiting !== null || !mayReduce(core)) return;
    const own = ownHolding(core, this.#slot);
    if (own === null || own.quantityLots === 0) return;
    const asked = partPpm === undefined ? null : { because, partPpm };
    if (asked !== null && closePart(core, own, asked, (text) => this.#write(text))) return;
    this.#write(exitNote(because));
    progress.exiting = { because, why: null };
  }

  adjust(wish: ExitsWish): void {
    const isHeard = this.#trading && ownLots(this.#core, this.#slot) !== 0 && this.#allowance.changes > 0;
    if (isHeard) this.#allowance.changes -= 1;
    if (isHeard) adjustExits(this.#core, this.#slot, wish, (text) => this.#write(text));
  }

  cancel(because: string): void {
    if (this.#trading) withdrawEntries(this.#core, this.#slot, because);
  }

  change(wish: EntryChange): void {
    if (!this.mayEnter || this.#allowance.changes <= 0) return;
    this.#allowance.changes -= 1;
    changeEntry(this.#core, this.#slot, wish);
  }

  enterOneOf(wishes: readonly [RestingWish, RestingWish]): void {
    if (!this.#takeEntry()) return;
    const signal = this.#signal();
    enterOneOf(
      this.#core,
      this.#slot,
      wishes,
      (text) => this.#write(text),
      signal === undefined ? {} : { signal },
    );
  }

  note(text: string): void {
    if (this.#trading) this.#write(text);
  }

  fail(reason: string): void {
    if (!this.#live || !isEnabled(this.#core, this.#slot)) return;
    const { name } = this.#slot;
    const off = { strategy: name, enabled: false, automatic: false, by: 'fermata', reason };
    switchStrategy(this.#core, off);
    coreNote(this.#core, 'alarm', `${name} was switched off: ${reason}`, this.instrument.id);
  }

  #write(text: string): void {
    if (this.#allowance.notes > 0) coreNote(this.#core, 'info', text, this.instrument.id, this.#slot.name);
    this.#allowance.notes -= 1;
  }
}

/** False: the rest would be too small at its stop, so the whole position is closed. */
export function closePart(
  core: Core,
  holding: Holding,
  { because, partPpm }: { readonly because: string; readonly partPpm: number },
  note: (text: string) => void,
): boolean {
  const progress = tradeProgressAt(core, holding);
  const { trade, quantityLots } = holding;
  if (progress.parting !== null || trade === null) return true;
  const lots = lotsOfPart(core, holding, partPpm);
  if (lots !== null && lots >= Math.abs(quantityLots)) return false;
  if (lots === null) note(`${because}: the part is too small for an order, and stays`);
  else {
    note(partNote(because));
    progress.parting = { because, trade: trade.id, untilLots: trade.exitLots + lots };
  }
  return true;
}

export function lastQuoteOf({ market }: Core, at: number): StrategyContext['lastQuote'] {
  if (!market.hasQuote(at)) return null;
  return { bidTicks: market.bidTicks[at] as number, askTicks: market.askTicks[at] as number };
}

const ownLots = (core: Core, slot: StrategySlot): number => ownHolding(core, slot)?.quantityLots ?? 0;

/** Another strategy's position is not this one's to close, and dust belongs to none. Null: it holds nothing. */
export function ownHolding(core: Core, slot: StrategySlot): Holding | null {
  const at = slot.instrument.id;
  const position = positionAt(core, at);
  const own = holdingOf(position, slot.name);
  if (own !== undefined) return isDustOf(core, own) ? null : own;
  // A position that is nobody's is the strategy's to close where a position has one trade.
  const isOnly = position.parts.length === 0 && !isShared(core, at) && ownerOf(position) === NOBODY;
  return isOnly && !isDust(core, at) ? position : null;
}
