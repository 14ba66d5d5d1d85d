/**
 * Runs strategies on a recorded past: what they ask for at each bar, given the journal's state at that time.
 * Nothing is sized, judged or recorded, so whatever they ask for, the past stays as it was.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { applyRecord } from '../apply-record.js';
import type { EngineConfig } from '../config.js';
import {
  type Core,
  createCore,
  progressAt,
  sessionsAt,
  setSlots,
  tradeProgressOf,
  withdrawExits,
} from '../core.js';
import type { BarEvent } from '../event.js';
import { lotsOfPart } from '../flow/exits.js';
import { beginStrategiesAnew } from '../flow/split.js';
import { mayReduce } from '../halts.js';
import type { EngineRecord } from '../record.js';
import { bringIntoForce } from '../settings/apply-settings.js';
import type { EngineState } from '../state.js';
import { isShared } from './enter.js';
import { contextOf, isEnabled, ownHolding } from './on-bar.js';
import type { EntryWish, StrategyContext } from './strategy.js';
import { buildSlots, type StrategySlot, shownOf } from './strategy-slot.js';

/** A finished bar without the stamps of its event. */
type PastBar = Pick<
  BarEvent,
  'instrument' | 'openMs' | 'spanMs' | 'openTicks' | 'highTicks' | 'lowTicks' | 'closeTicks' | 'volumeLots'
>;

/** What one strategy asked for at one bar. */
export interface Asked {
  readonly entries: readonly EntryWish[];
  /** Why it exits. Null: it does not, or is already about to. */
  readonly exit: string | null;
  /** It read the quote, which only stands in for the one at that moment. */
  readonly sawQuote: boolean;
  /** Why it would have been switched off. Null: it did not fail, or was off. */
  readonly failed: string | null;
}

const ASKED_NOTHING: Asked = { entries: [], exit: null, sawQuote: false, failed: null };

/** Requests in another leg are not judged. */
const unheard = (leg: StrategyContext): StrategyContext => ({
  ...leg,
  get mayAsk() {
    return leg.mayAsk;
  },
  get mayEnter() {
    return leg.mayEnter;
  },
  get session() {
    return leg.session;
  },
  leg: (place) => unheard(leg.leg(place)),
  enter: () => undefined,
  exit: () => undefined,
  adjust: () => undefined,
  cancel: () => undefined,
  change: () => undefined,
  enterOneOf: () => undefined,
  note: () => undefined,
  fail: () => undefined,
});

export class Hindsight {
  readonly #core: Core;

  /**
   * `settings`: whether it follows the settings that the records change, or keeps the given ones. Throws RangeError
   * like `createEngine`.
   */
  constructor(
    config: EngineConfig,
    private readonly settings: 'followed' | 'as-given' = 'followed',
  ) {
    this.#core = createCore(config);
    this.#core.begun = true;
  }

  get state(): EngineState {
    return this.#core.state;
  }

  /** Hash of the desk file with the settings that the records have changed so far. */
  get configHash(): string {
    return this.#core.config.configHash;
  }

  get slots(): readonly StrategySlot[] {
    return this.#core.slots;
  }

  /** Whether each strategy has a trade and entries of its own there, whatever the others do. */
  isShared(at: InstrumentId): boolean {
    return isShared(this.#core, at);
  }

  /** Throws RangeError if the record contradicts those before it. */
  apply(record: EngineRecord): void {
    applyRecord(this.#core.state, record);
    if (record.type === 'settings' && this.settings === 'followed')
      bringIntoForce(this.#core, record.changed);
    // As the live engine does when it raises a halt.
    if (record.type === 'halt' && record.halt.mode !== 'REDUCING') withdrawExits(this.#core);
  }

  /** A process began: strategies know nothing until they have seen bars again. */
  restart(): void {
    setSlots(this.#core, buildSlots(this.#core.config));
  }

  /** The instrument was split: strategies that see it are shown past bars again, in new shares. */
  beginAnew(at: InstrumentId): void {
    beginStrategiesAnew(this.#core, at);
  }

  /** Shows the bar as warm-up to strategies that have not seen it; they can't ask for anything. */
  warmUp(bar: PastBar): void {
    for (const slot of this.#slotsAt(bar)) this.#show(slot, bar, true);
  }

  /** `quote`: stands in for the quote of that moment. Null: this strategy is not shown the bar. */
  atBar(slot: StrategySlot, bar: PastBar, quote: { bidTicks: number; askTicks: number }): Asked | null {
    if (slot.leg !== null) return ASKED_NOTHING;
    if (!this.#slotsAt(bar).includes(slot)) return null;
    this.#core.market.quote(bar.instrument, quote.bidTicks, quote.askTicks, 0);
    return this.#show(slot, bar, false);
  }

  /** Leaves out other legs of a strategy, which are not judged. */
  #slotsAt({ instrument, openMs, spanMs }: PastBar): readonly StrategySlot[] {
    // Before its first record, and for an unknown instrument, a journal has no state.
    if (this.#core.state.positions[instrument] === undefined) return [];
    if (!sessionsAt(this.#core, instrument).calendar.opensWithin(openMs, openMs + spanMs)) return [];
    return this.#core.slots.filter(
      (slot) => slot.leg === null && slot.instrument.id === instrument && openMs > slot.lastOpenMs,
    );
  }

  #show(slot: StrategySlot, bar: PastBar, warmup: boolean): Asked {
    const core = this.#core;
    const atMs = bar.openMs + bar.spanMs;
    let isNews = true;
    const mayAsk = (): boolean => !warmup && slot.barsSeen >= slot.strategy.warmupBars;
    const mayEnter = (): boolean => mayAsk() && isNews && isEnabled(core, slot);
    const context = contextOf(core, slot, { atMs, warmup, late: false });
    const { instrument, positionLots, entryResting, shorting, stopLossPct } = context;
    const entries: EntryWish[] = [];
    let exit: string | null = null;
    let failed: string | null = null;
    let sawQuote = false;
    const progress = tradeProgressOf(core, bar.instrument, slot.name);
    if (positionLots === 0) {
      progress.exiting = null;
      // Its former trade may have been one of several; its next one starts afresh.
      progressAt(core, bar.instrument).trades.delete(slot.name);
    }
    const asking: StrategyContext = {
      ...{ instrument, positionLots, entryResting, shorting, stopLossPct },
      get mayAsk() {
        return mayAsk();
      },
      get mayEnter() {
        return mayEnter();
      },
      watched: (place) => context.watched(place),
      leg: (place) => (place === -1 ? asking : unheard(context.leg(place))),
      get session() {
        return context.session;
      },
      get lastQuote() {
        sawQuote = true;
        return context.lastQuote;
      },
      enter: (wish) => {
        if (!mayEnter()) return;
        // The entry is sent once the trade is closed, which no bar shows.
        if ('reverses' in wish && wish.reverses === true && positionLots !== 0) asking.exit(wish.because);
        else entries.push(wish);
      },
      exit: (because, partPpm) => {
        if (!mayAsk() || positionLots === 0 || progress.exiting !== null || !mayReduce(core)) return;
        const own = ownHolding(core, slot);
        if (partPpm !== undefined && (own === null || lotsOfPart(core, own, partPpm) === null)) return;
        exit = because;
        // A part is sold at once, so the next bar may ask for another.
        if (partPpm === undefined) progress.exiting = { because, why: null };
      },
      // Not judged: it depends on quotes.
      adjust: () => undefined,
      // The recorded past stays as it was.
      cancel: () => undefined,
      change: () => undefined,
      enterOneOf: (wishes) => {
        if (mayEnter()) entries.push(...wishes);
      },
      note: () => undefined,
      fail: (reason) => {
        if (!warmup && isEnabled(core, slot)) failed = reason;
      },
    };
    // Strategies decide by the bar; the stamps of its event are not shown.
    for (const { late = false, ...shown } of shownOf(slot, bar)) {
      isNews = !late;
      slot.strategy.onBar(asking, shown);
    }
    const unfit = slot.stream?.unfit ?? null;
    if (unfit !== null) asking.fail(unfit);
    return { entries, exit, sawQuote, failed };
  }
}

/** Whether a strategy is also shown events between bars, which a journal does not contain. */
export const decidesBetweenBars = ({ strategy }: StrategySlot): boolean =>
  strategy.onQuote !== undefined ||
  strategy.onTrade !== undefined ||
  strategy.onTimer !== undefined ||
  strategy.onFill !== undefined;
