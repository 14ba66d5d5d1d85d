/**
 * Strategies on a past that its records tell: what they ask for at each bar, on the state that the journal had then.
 * Nothing is sized, judged or recorded, so that whatever they ask for, the past stays what it was.
 */
import { applyRecord } from '../apply-record.js';
import type { EngineConfig } from '../config.js';
import { type Core, createCore, sessionsAt, workAt } from '../core.js';
import type { BarEvent } from '../event.js';
import { mayReduce } from '../halts/mode.js';
import type { EngineRecord } from '../record.js';
import { bringIntoForce } from '../settings/apply-settings.js';
import type { EngineState } from '../state.js';
import { contextOf, isEnabled } from './on-bar.js';
import type { EntryWish } from './strategy.js';
import { buildSlots, type StrategySlot } from './strategy-slot.js';

/** A finished bar, without the stamps of the event that brought it. */
export type PastBar = Pick<
  BarEvent,
  'instrument' | 'openMs' | 'spanMs' | 'openTicks' | 'highTicks' | 'lowTicks' | 'closeTicks'
>;

/** What one strategy asked for at one bar. */
export interface Asked {
  readonly entries: readonly EntryWish[];
  /** Why it leaves; null: it does not, or is about to already. */
  readonly exit: string | null;
  /** It looked at the quote, which is never the very one of that moment. */
  readonly sawQuote: boolean;
}

export class Hindsight {
  readonly #core: Core;

  /**
   * `settings`: whether it follows those that the records change, or keeps to what it was given. Throws RangeError as
   * `createEngine`.
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

  /** Of the desk file with the settings that the records have changed since. */
  get configHash(): string {
    return this.#core.config.configHash;
  }

  get slots(): readonly StrategySlot[] {
    return this.#core.slots;
  }

  /** Throws RangeError where it contradicts the records before it. */
  apply(record: EngineRecord): void {
    applyRecord(this.#core.state, record);
    if (record.type === 'settings' && this.settings === 'followed')
      bringIntoForce(this.#core, record.changed);
    // As a halt does where it is raised.
    if (record.type === 'halt' && record.halt.mode !== 'REDUCING')
      for (const work of this.#core.work) work.exiting = null;
  }

  /** A process began: strategies know nothing until they have seen bars again. */
  restart(): void {
    this.#core.slots = buildSlots(this.#core.config);
  }

  /** Whoever has not seen this bar sees it, and can ask for nothing. */
  warmUp(bar: PastBar): void {
    for (const slot of this.#slotsAt(bar)) this.#show(slot, bar, true);
  }

  /** `quote`: that stands in for the one of that moment. Null: this strategy is not shown the bar. */
  atBar(slot: StrategySlot, bar: PastBar, quote: { bidTicks: number; askTicks: number }): Asked | null {
    if (!this.#slotsAt(bar).includes(slot)) return null;
    this.#core.market.quote(bar.instrument, quote.bidTicks, quote.askTicks, 0);
    return this.#show(slot, bar, false);
  }

  #slotsAt({ instrument, openMs, spanMs }: PastBar): readonly StrategySlot[] {
    // Before its first record, and of an instrument that it does not have, a journal tells no state.
    if (this.#core.state.positions[instrument] === undefined) return [];
    if (!sessionsAt(this.#core, instrument).calendar.opensWithin(openMs, openMs + spanMs)) return [];
    return this.#core.slots.filter((slot) => slot.instrument.id === instrument && openMs > slot.lastOpenMs);
  }

  #show(slot: StrategySlot, bar: PastBar, warmup: boolean): Asked {
    const core = this.#core;
    const atMs = bar.openMs + bar.spanMs;
    slot.lastOpenMs = bar.openMs;
    slot.barsSeen += 1;
    const mayAsk = !warmup && slot.barsSeen >= slot.strategy.warmupBars;
    const context = contextOf(core, slot, { atMs, warmup, late: false });
    const entries: EntryWish[] = [];
    let exit: string | null = null;
    let sawQuote = false;
    const work = workAt(core, bar.instrument);
    if (context.positionLots === 0) work.exiting = null;
    slot.strategy.onBar(
      {
        ...context,
        get lastQuote() {
          sawQuote = true;
          return context.lastQuote;
        },
        enter: (wish) => {
          if (mayAsk && isEnabled(core, slot)) entries.push(wish);
        },
        exit: (because) => {
          if (!mayAsk || context.positionLots === 0 || work.exiting !== null || !mayReduce(core)) return;
          exit = because;
          work.exiting = { because, why: null };
        },
        note: () => undefined,
        fail: () => undefined,
      },
      // Strategies go by the bar: what its event was stamped with is nothing that they may use.
      { kind: 'bar', ...bar, warmup, wallMs: atMs, marketMs: atMs, monotonicMs: 0 },
    );
    return { entries, exit, sawQuote };
  }
}

/** Whether a strategy is shown things between bars, too, of which a journal has nothing. */
export const decidesBetweenBars = ({ strategy }: StrategySlot): boolean =>
  strategy.onQuote !== undefined ||
  strategy.onTrade !== undefined ||
  strategy.onTimer !== undefined ||
  strategy.onFill !== undefined;
