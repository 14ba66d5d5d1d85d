/**
 * Repeats a past day. Applying its records again moves the state along. At its bars the strategies decide
 * again, and their decisions are compared with those in the journal. The journal contains no quotes. The
 * quote that strategies were shown may be stored with the bar. If not, one around the bar's close stands in:
 * differing prices are then counted as not judged, and a differing decision says that it depended on a quote.
 */
import type { MarketBar, SeenBar } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { moment } from '../../domain/moment.js';
import { formatMoney, formatUnits, parseUnits, writeUnits } from '../../domain/money.js';
import { cashUnits } from '../../engine/books.js';
import type { EngineConfig } from '../../engine/config.js';
import type { EngineRecord } from '../../engine/record.js';
import { holdingsOf } from '../../engine/state.js';
import { stateHash } from '../../engine/state-hash.js';
import { decidesBetweenBars, Hindsight } from '../../engine/strategies/hindsight.js';
import { RESTED } from '../../engine/strategies/on-bar.js';
import { warmupMinutes } from '../../engine/strategies/strategy.js';
import type { StrategySlot } from '../../engine/strategies/strategy-slot.js';
import { splitBar, warmUpBars } from '../../trader/warm-up.js';
import { bidBelow } from '../../venue/bar-path.js';
import {
  actAlike,
  type Choice,
  choiceOf,
  chosenBy,
  entryOf,
  inWords,
  isEntry,
  isNothing,
  leavesBy,
  priceAlike,
  together,
} from './choices.js';
import { isStart, type RecordedDay, type TimedRecord, timedRecords } from './read-days.js';

export interface PastDaySetting {
  readonly journal: string;
  readonly day: RecordedDay;
  /** The desk by its file as it is now. */
  readonly config: EngineConfig;
  /** The same with a different strategy or parameter. Null: the decisions of that day are verified. */
  readonly changed: EngineConfig | null;
  /** The strategy of the desk that `changed` is judged by. Left out: all that it has. */
  readonly only?: string | undefined;
  /** Of all instruments, sorted by end; those before the day are for warm-up. */
  readonly bars: readonly SeenBar[];
  /** The spread of the stand-in quote, by instrument. */
  readonly spreadTicks: readonly number[];
}

/** A decision that differs from the journal's. */
export interface Difference {
  /** Market milliseconds of the bar's end. */
  readonly marketMs: number;
  readonly symbol: string;
  /** In words. */
  readonly was: string;
  readonly now: string;
  /** Client ids of that day's orders. Empty: nothing was decided. */
  readonly orders: readonly string[];
  /** A strategy used a quote, and the quote of that moment is not stored. */
  readonly byQuote: boolean;
}

/** A strategy failed, and would have been switched off. */
interface StrategyFailed {
  /** Market milliseconds of the bar's end. */
  readonly marketMs: number;
  readonly symbol: string;
  readonly strategy: string;
  /** What it threw, with its line. */
  readonly reason: string;
}

interface NotJudged {
  readonly why: string;
  readonly count: number;
}

export interface Judged {
  /** Bars at which strategies decided again, counted for each instrument. */
  readonly bars: number;
  /** Decisions that are the same then and now. */
  readonly same: number;
  readonly differ: number;
  readonly notJudged: readonly NotJudged[];
  /** Why no bar was judged. Null: some were. */
  readonly without: string | null;
  /** How many of the same decisions have other prices now, because the stand-in quote differs. */
  readonly otherPrices: number;
  readonly first: Difference | null;
  /** The first failure of each strategy, except one that was recorded then. */
  readonly failures: readonly StrategyFailed[];
}

/** The outcome of the day according to its records. */
export interface DayResult {
  readonly trades: number;
  /** Result of closed trades after fees; exact decimal text. */
  readonly result: string;
  /**
   * `from`: first recorded. `to`: at the start of the next day, or last recorded if none has begun. Decimal
   * text. Null: none is recorded.
   */
  readonly equity: { readonly from: string; readonly to: string } | null;
}

export interface DayAgain {
  readonly result: DayResult;
  /** Hashes of the state before the day's first record and after its last one. */
  readonly state: { readonly before: string; readonly after: string };
  readonly records: number;
  /** How many figures in the day's records were computed again and match. */
  readonly checked: { readonly closedTrades: number; readonly cash: number };
  readonly decisions: Judged;
  /** Bars of the day after its last record, at which no trader may have run: none is judged. */
  readonly barsLeft: number;
  /** For `changed`, up to its first decision that differs. Null: `changed` was not given. */
  readonly changed: Judged | null;
}

/** A record contradicts the sum of the records before it. */
class RecordContradicts extends Error {
  override readonly name = 'RecordContradicts';
  readonly keptSafe = 'the journal was only read';
  readonly doThis =
    'compare with the build that wrote it; where that one contradicts it, too, restore the journal from a backup';

  constructor(
    readonly sequence: number,
    readonly marketMs: number,
    readonly type: EngineRecord['type'],
    readonly why: string,
  ) {
    super(
      `entry ${sequence} of the journal (${type}, ${moment(marketMs)}) does not follow from those before it: ${why}`,
    );
  }
}

/** Throws `RecordContradicts`, `JournalCorrupt`, `JournalTooNew`. */
export function decideAgain(setting: PastDaySetting): DayAgain {
  return new PastDay(setting).again();
}

type SplitRecord = Extract<EngineRecord, { readonly type: 'split' }>;

/** A bar of one instrument, and the journal's records about it. */
interface DueBar {
  readonly bar: SeenBar;
  readonly endMs: number;
  /** Indexes of the day's records that only this bar can have caused. */
  readonly caused: readonly number[];
  /** Index of the day's record before which the bar came. */
  readonly place: number;
}

class PastDay {
  readonly #then: Hindsight;
  readonly #changed: Hindsight | null;
  readonly #entries: TimedRecord[] = [];
  readonly #tally = new Tally();
  readonly #changedTally = new Tally();
  /** Failures in the records, by strategy and minute. */
  readonly #failedThen = new Set<string>();
  #before = '';
  #next = 0;
  #closedTrades = 0;
  /** Units of 10^-`RESULT_PLACES`. */
  #result = 0n;
  readonly #equities: number[] = [];
  /** Equity at the start of the next day. Null: none has begun. */
  #closing: number | null = null;
  /** Market time of the trader's latest start. */
  #startedMs: number | null = null;
  readonly #splits: { readonly record: SplitRecord; readonly marketMs: number }[] = [];

  constructor(private readonly setting: PastDaySetting) {
    this.#then = new Hindsight(setting.config);
    this.#changed = setting.changed === null ? null : new Hindsight(setting.changed, 'as-given');
  }

  again(): DayAgain {
    const { journal, day } = this.setting;
    for (const entry of timedRecords(journal)) {
      if (entry.sequence > day.last) {
        if (entry.record.type !== 'day') continue;
        this.#closing = entry.record.startEquity;
        break;
      }
      if (entry.sequence >= day.first) this.#entries.push(entry);
      else {
        this.#apply(entry);
        if (isStart(entry.record)) this.#startedMs = entry.marketMs;
      }
    }
    for (const { record, marketMs } of this.#entries)
      if (isFailure(record)) this.#failedThen.add(failureKey(record.strategy, marketMs));
    this.#before = stateHash(this.#then.state);
    const due = this.#dueBars();
    this.#warmUpBefore(Math.min(this.#entries[0]!.marketMs, ...due.map(({ endMs }) => endMs)));
    for (const one of due) this.#judge(one);
    this.#advance(this.#entries.length);
    this.#countWithoutBar(due);
    return {
      state: { before: this.#before, after: stateHash(this.#then.state) },
      records: this.#entries.length,
      checked: { closedTrades: this.#closedTrades, cash: this.#equities.length },
      result: this.#dayResult(),
      decisions: this.#tally.judged(),
      barsLeft: this.#barsLeft(),
      changed: this.#changed === null ? null : this.#changedTally.judged(),
    };
  }

  #dayResult(): DayResult {
    const [from, to] = [this.#equities[0], this.#closing ?? this.#equities.at(-1)];
    return {
      trades: this.#closedTrades,
      result: formatUnits(this.#result, RESULT_PLACES).replace(/\.?0+$/, ''),
      equity:
        from === undefined || to === undefined ? null : { from: formatMoney(from), to: formatMoney(to) },
    };
  }

  #apply({ sequence, marketMs, record }: TimedRecord): void {
    const { state } = this.#then;
    try {
      this.#then.apply(record);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new RecordContradicts(sequence, marketMs, record.type, error.message);
    }
    this.#changed?.apply(record);
    if (record.type === 'split') this.#splits.push({ record, marketMs });
    if (record.type !== 'equity') return;
    const ours = String(writeUnits(cashUnits(state)));
    if (ours !== String(record.cash))
      throw new RecordContradicts(sequence, marketMs, 'equity', `cash ${record.cash}, now ${ours}`);
  }

  /** Applies the day's records before index `to`. */
  #advance(to: number): void {
    for (; this.#next < to; this.#next += 1) {
      const entry = this.#entries[this.#next]!;
      const { record, marketMs } = entry;
      this.#apply(entry);
      if (record.type === 'equity') this.#equities.push(record.equity);
      if (record.type === 'trade.closed') {
        this.#closedTrades += 1;
        this.#result += parseUnits(record.result, RESULT_PLACES);
      }
      if (isStart(record)) {
        this.#startedMs = marketMs;
        this.#start(marketMs);
      }
      // A strategy with changed parameters has restarted; the others have seen these bars.
      if (record.type === 'settings') this.#show(this.#endedBy(marketMs));
      if (record.type === 'split') {
        for (const desk of this.#desks()) desk.beginAnew(record.instrument);
        this.#warmUp(marketMs);
      }
    }
  }

  #start(marketMs: number): void {
    for (const desk of this.#desks()) desk.restart();
    this.#warmUp(marketMs);
  }

  /** Shows restarted strategies the bars that a trader shows at its start. */
  #warmUp(marketMs: number): void {
    for (const desk of this.#desks()) {
      const wanted = warmUpBars(
        desk.slots.map(({ strategy }) => ({ warmupMinutes: warmupMinutes(strategy) })),
      );
      const ended = this.#endedBy(marketMs);
      for (const { id } of this.setting.config.instruments)
        for (const bar of ended.filter(({ instrument }) => instrument === id).slice(-wanted))
          desk.warmUp(bar);
    }
  }

  /** A trader that was running when the day began had seen all bars since its start. */
  #warmUpBefore(firstMs: number): void {
    const startedMs = this.#startedMs ?? Number.NEGATIVE_INFINITY;
    if (this.#endedBy(startedMs).length > 0) this.#start(startedMs);
    this.#show(this.#inNewShares((bar) => endOf(bar) > startedMs && endOf(bar) < firstMs));
  }

  #show(bars: readonly MarketBar[]): void {
    for (const desk of this.#desks()) for (const bar of bars) desk.warmUp(bar);
  }

  #endedBy(marketMs: number): readonly MarketBar[] {
    return this.#inNewShares((bar) => endOf(bar) <= marketMs);
  }

  /** Bars from before a split are in new shares, as in the trader after the split. */
  #inNewShares(which: (bar: MarketBar) => boolean): readonly MarketBar[] {
    const bars = this.setting.bars.filter(which);
    if (this.#splits.length === 0) return bars;
    return bars.map((bar) =>
      this.#splits
        .filter(({ record, marketMs }) => record.instrument === bar.instrument && bar.openMs < marketMs)
        .reduce((changed, { record }) => splitBar(changed, record), bar),
    );
  }

  #desks(): readonly Hindsight[] {
    return this.#changed === null ? [this.#then] : [this.#then, this.#changed];
  }

  #barsLeft(): number {
    const { bars, day } = this.setting;
    const { slots } = this.#then;
    return bars
      .filter((bar) => endOf(bar) > day.toMs && endOf(bar) <= day.endMs)
      .filter((bar) => slots.some(({ instrument }) => instrument.id === bar.instrument)).length;
  }

  /** The day's bars, each at its place between the records. */
  #dueBars(): readonly DueBar[] {
    const { config, bars, day } = this.setting;
    const entries = this.#entries;
    const [first, last] = [entries[0]!, entries[entries.length - 1]!];
    const fromMs = Math.max(config.dayStartMs(last.marketMs), day.first === 1 ? first.marketMs + 1 : 0);
    const caused = this.#causedByBars();
    let behind = 0;
    const due = bars
      .filter((bar) => endOf(bar) >= fromMs && endOf(bar) <= day.toMs)
      .map((bar): DueBar => {
        const endMs = endOf(bar);
        while (behind < entries.length && entries[behind]!.marketMs <= endMs) behind += 1;
        const own = caused.get(minuteKey(bar.instrument, endMs)) ?? [];
        // What lacks something may have acted later in the minute, after other records.
        const first = own.find((place) => !this.#lacksAt(bar, strategyOf(entries[place]!.record)));
        return { bar, endMs, caused: own, place: first ?? behind };
      });
    return due.sort((a, b) => a.place - b.place || a.endMs - b.endMs);
  }

  /**
   * By instrument and minute: indexes of the strategies' entries and notes, and of entries cancelled because
   * they rested as long as their strategy lets them.
   */
  #causedByBars(): ReadonlyMap<string, readonly number[]> {
    const { instruments } = this.setting.config;
    const byOrder = new Map<string, number>();
    for (const { intent } of this.#then.state.orders.values())
      byOrder.set(intent.clientId, intent.instrument);
    const caused = new Map<string, number[]>();
    this.#entries.forEach(({ record, marketMs }, place) => {
      if (record.type === 'order.intended') byOrder.set(record.order.clientId, record.order.instrument);
      const instrument = isEntry(record)
        ? record.order.instrument
        : record.type === 'note' && record.strategy !== null
          ? instruments.findIndex(({ symbol }) => symbol === record.symbol)
          : record.type === 'order.state' && record.reason === RESTED
            ? (byOrder.get(record.clientId) ?? -1)
            : -1;
      if (instrument < 0) return;
      const key = minuteKey(instrument, marketMs);
      caused.set(key, [...(caused.get(key) ?? []), place]);
    });
    return caused;
  }

  #judge(due: DueBar): void {
    const { bar, endMs, caused, place } = due;
    const { config, spreadTicks } = this.setting;
    const spread = spreadTicks[bar.instrument] ?? 1;
    const bidTicks = bidBelow(bar.closeTicks, spread);
    const quote = bar.quote ?? { bidTicks, askTicks: bidTicks + spread };
    this.#advance(place);
    const changed = this.#changed === null ? null : askAll(this.#changed, bar, quote, this.#asksChanged);
    const then = this.#recorded(caused);
    const now = askAll(this.#then, bar, quote, (slot) => {
      if (whatItLacks(slot) === null) this.#advance(this.#placeOf(slot, caused));
      return true;
    });
    // No strategy that has not seen the bar decides at it.
    if (now.length === 0 && (changed ?? []).length === 0 && isNothing(then)) return;
    const { symbol } = config.instruments[bar.instrument]!;
    for (const failed of failuresOf(now))
      if (!this.#failedThen.has(failureKey(failed.slot.name, endMs)))
        this.#tally.fails(failed, { marketMs: endMs, symbol });
    this.#judgeNow(due, then, now);
    if (changed !== null) this.#judgeChanged(due, then, now, changed);
  }

  readonly #asksChanged = ({ name }: StrategySlot): boolean =>
    this.setting.only === undefined || name === this.setting.only;

  #judgeNow(due: DueBar, then: Choice, now: AskedAtBar): void {
    if (this.#then.configHash !== this.#then.state.config?.configHash) {
      this.#tally.leaveOut(then, choiceIn(now), OTHER_FILE);
      return;
    }
    const judged = this.#judgedAt(due, this.#tally, then, now);
    if (judged === null) return;
    const { was, is, usedStandIn } = judged;
    const sameAct = actAlike(was, is, true);
    const samePrices = sameAct && priceAlike(was, is);
    if (sameAct && (samePrices || usedStandIn)) this.#tally.isSame(was, samePrices);
    else this.#tally.differs(this.#difference(due, judged));
  }

  #judgeChanged(due: DueBar, then: Choice, now: AskedAtBar, changed: AskedAtBar): void {
    const tally = this.#changedTally;
    const { only } = this.setting;
    const own = only === undefined ? then : chosenBy(then, (strategy) => strategy === only);
    // Bars of instruments that it does not trade are not its own.
    if (tally.isOver || (changed.length === 0 && isNothing(own))) return;
    const { symbol } = this.setting.config.instruments[due.bar.instrument]!;
    for (const failed of failuresOf(changed)) tally.fails(failed, { marketMs: due.endMs, symbol });
    if (tally.isOver) return;
    const judged = this.#judgedAt(due, tally, own, changed);
    if (judged === null) return;
    const { was, is, isJudged } = judged;
    const asItIs = chosenBy(
      choiceIn(now),
      (strategy) => isJudged(strategy) && (only === undefined || strategy === only),
    );
    // Both take their prices from the same stand-in quote; the prices of that day came from another quote.
    const isAlike = actAlike(was, is, false) && (!actAlike(was, asItIs, true) || priceAlike(asItIs, is));
    if (isAlike) tally.isSame(was, true);
    else tally.differs(this.#difference(due, judged));
  }

  #difference({ bar, endMs }: DueBar, { was, is, usedStandIn }: JudgedAtBar): Difference {
    const instrument = this.setting.config.instruments[bar.instrument]!;
    return {
      ...{ marketMs: endMs, symbol: instrument.symbol, byQuote: usedStandIn },
      was: inWords(was, instrument),
      now: inWords(is, instrument),
      orders: was.entries.flatMap(({ clientId }) => clientId ?? []),
    };
  }

  /** What can be judged at this bar; the rest is counted, each strategy by itself. Null: nothing. */
  #judgedAt(due: DueBar, tally: Tally, then: Choice, asked: AskedAtBar): JudgedAtBar | null {
    const unfit = new Set<string>();
    for (const { slot, choice } of asked) {
      const why = this.#whyUnfit(slot, due);
      if (why === null) continue;
      unfit.add(slot.name);
      tally.leaveOut(this.#comparedWith(slot, then), choice, why);
    }
    const fit = asked.filter(({ slot }) => !unfit.has(slot.name));
    if (fit.length === 0 && asked.length > 0) return null;
    const isJudged = (strategy: string): boolean => !unfit.has(strategy);
    const usedStandIn = due.bar.quote === undefined && fit.some(({ sawQuote }) => sawQuote);
    const judged = { was: chosenBy(then, isJudged), is: choiceIn(fit), usedStandIn, isJudged };
    const why = this.#whyNotJudged(due, judged);
    if (why === null) return judged;
    tally.leaveOut(judged.was, judged.is, why);
    return null;
  }

  /** What was decided then by this strategy. One that the desk does not have stands in for all of its strategies. */
  #comparedWith({ name }: StrategySlot, then: Choice): Choice {
    const isOfDesk = this.#then.slots.some((slot) => slot.name === name);
    return isOfDesk ? chosenBy(then, (strategy) => strategy === name) : then;
  }

  /** The decisions of this instrument's strategies then. */
  #recorded(caused: readonly number[]): Choice {
    const { positions } = this.#then.state;
    const records = caused.map((place) => this.#entries[place]!.record);
    const hasExits = (record: EngineRecord): boolean =>
      record.type === 'note' &&
      positions
        .filter(({ instrument }) => this.setting.config.instruments[instrument]?.symbol === record.symbol)
        .flatMap(holdingsOf)
        .some(({ trade }) => trade?.exits !== undefined && trade.strategy === record.strategy);
    return {
      entries: records.filter(isEntry).map(entryOf),
      leaves: records.flatMap((record) =>
        leavesBy(record, hasExits(record)) && record.type === 'note' ? (record.strategy ?? []) : [],
      ),
    };
  }

  /** Index of the first record that this strategy caused; earlier records existed when it decided. */
  #placeOf({ name }: StrategySlot, caused: readonly number[]): number {
    return caused.find((place) => strategyOf(this.#entries[place]!.record) === name) ?? this.#next;
  }

  /** Why what this strategy decides at the bar can't be judged. Null: it can. */
  #whyUnfit(slot: StrategySlot, due: DueBar): string | null {
    const { name, barsSeen, strategy } = slot;
    const lacking = whatItLacks(slot);
    if (lacking !== null) return `${name} ${lacking}`;
    if (barsSeen < strategy.warmupBars)
      return `too few bars before it are stored for ${name} to have warmed up`;
    return this.#whyUnordered(slot, due);
  }

  /** Each strategy's own trade and entries are known whatever the others do. A shared position is not. */
  #whyUnordered({ name }: StrategySlot, { bar, caused }: DueBar): string | null {
    if (this.#then.isShared(bar.instrument)) return null;
    const acted = caused.map((place) => strategyOf(this.#entries[place]!.record));
    const other = acted.find((strategy) => this.#lacksAt(bar, strategy));
    if (other === undefined || acted.includes(name)) return null;
    return `${other} acted in the same minute on the position that ${name} shares with it: ${NO_MOMENT}`;
  }

  /** Whether this strategy of the bar's instrument decides by what a journal does not have. */
  #lacksAt({ instrument: at }: SeenBar, strategy: string | null): boolean {
    return this.#then.slots.some(
      (slot) => slot.instrument.id === at && slot.name === strategy && whatItLacks(slot) !== null,
    );
  }

  /** Null: it can be judged. */
  #whyNotJudged({ endMs }: DueBar, { was, is, usedStandIn }: JudgedAtBar): string | null {
    if (!isNothing(was) || isNothing(is)) return null;
    if (this.#mayNotHaveRun()) return NOT_RUNNING;
    const isFirst = this.#startedMs !== null && endMs - this.#startedMs < MINUTE_MS;
    return isFirst && usedStandIn ? NO_QUOTE_YET : null;
  }

  /** True if the next records are the start of a trader: the previous trader may have ended long before. */
  #mayNotHaveRun(): boolean {
    const next = this.#entries.slice(this.#next);
    const begins = next.findIndex(({ record }) => isStart(record));
    return begins >= 0 && next[0]!.marketMs === next[begins]!.marketMs;
  }

  #countWithoutBar(due: readonly DueBar[]): void {
    const judged = new Set(due.flatMap(({ caused }) => caused));
    this.#entries.forEach(({ record }, place) => {
      if (judged.has(place)) return;
      if (isEntry(record)) this.#tally.leaveOut({ entries: [entryOf(record)], leaves: [] }, NOTHING, NO_BAR);
      if (record.type === 'note' && leavesBy(record, true))
        this.#tally.leaveOut({ entries: [], leaves: [record.strategy ?? ''] }, NOTHING, NO_BAR);
    });
  }
}

/** No currency's books have more places. */
const RESULT_PLACES = 24;
const NOTHING: Choice = { entries: [], leaves: [] };
const NO_QUOTES = 'quotes are not recorded';
const NO_ORDER = 'the order in which bars of the same minute came is not recorded';
const NO_MOMENT = 'whether before or after its bar is not recorded';
const OTHER_FILE = 'the desk file or its settings were others then';
const NOT_RUNNING = 'no trader may have run then: nothing is recorded up to the next start';
const NO_QUOTE_YET = 'the trader had just started, and a quote may not have come yet';
const ONLY_WARM_UP =
  'none that is stored ended while the desk ran on it; those before it only warm its strategies up';
const NO_BAR = 'the bar that it was made at is not stored';

type Toggled = Extract<EngineRecord, { readonly type: 'strategy.toggled' }>;

/** It threw, or could not run on these prices. */
const isFailure = (record: EngineRecord): record is Toggled =>
  record.type === 'strategy.toggled' && !record.enabled && !record.automatic && record.by === 'fermata';

const failureKey = (strategy: string, marketMs: number): string =>
  `${strategy}/${Math.floor(marketMs / MINUTE_MS)}`;

/** What it decides by that a journal does not have. Null: bars of its instrument are enough. */
function whatItLacks(slot: StrategySlot): string | null {
  if (decidesBetweenBars(slot)) return `decides between bars, too: ${NO_QUOTES}`;
  if (slot.watched.length > 0 || slot.leg !== null)
    return `also decides by bars of other instruments: ${NO_ORDER}`;
  return null;
}

const endOf = ({ openMs, spanMs }: MarketBar): number => openMs + spanMs;

/** A bar is shown within the minute after its end; later it counts as late. */
const minuteKey = (instrument: number, marketMs: number): string =>
  `${instrument}/${Math.floor(marketMs / MINUTE_MS)}`;

/** What one strategy of the bar's instrument decides at it. */
interface AskedOfSlot {
  readonly slot: StrategySlot;
  readonly choice: Choice;
  readonly sawQuote: boolean;
  /** Why it failed. Null: it did not. */
  readonly failed: string | null;
}

type AskedAtBar = readonly AskedOfSlot[];

interface JudgedAtBar {
  readonly was: Choice;
  readonly is: Choice;
  /** A strategy used the stand-in quote. */
  readonly usedStandIn: boolean;
  readonly isJudged: (strategy: string) => boolean;
}

interface SlotFailed {
  readonly slot: StrategySlot;
  readonly reason: string;
}

const choiceIn = (asked: AskedAtBar): Choice => together(asked.map(({ choice }) => choice));

const failuresOf = (asked: AskedAtBar): readonly SlotFailed[] =>
  asked.flatMap(({ slot, failed }) => (failed === null ? [] : { slot, reason: failed }));

/** Null: no strategy's. */
const strategyOf = (record: EngineRecord): string | null =>
  isEntry(record) ? record.order.strategy : record.type === 'note' ? record.strategy : null;

/** Asks each strategy of the bar's instrument, in order. Calls `before` ahead of each; false: it is not asked. */
function askAll(
  desk: Hindsight,
  bar: SeenBar,
  quote: { readonly bidTicks: number; readonly askTicks: number },
  before: (slot: StrategySlot) => boolean,
): AskedAtBar {
  return desk.slots
    .filter(({ instrument }) => instrument.id === bar.instrument)
    .flatMap((slot) => {
      const answer = before(slot) ? desk.atBar(slot, bar, quote) : null;
      if (answer === null) return [];
      const { sawQuote, failed } = answer;
      return { slot, choice: choiceOf(slot.name, answer), sawQuote, failed };
    });
}

class Tally {
  #bars = 0;
  #same = 0;
  #differ = 0;
  #otherPrices = 0;
  #first: Difference | null = null;
  readonly #notJudged = new Map<string, number>();
  #leftOut: string | null = null;

  readonly #failures: StrategyFailed[] = [];

  /** From here on the day would have been another. */
  get isOver(): boolean {
    return this.#first !== null || this.#failures.length > 0;
  }

  fails({ slot, reason }: SlotFailed, at: Pick<StrategyFailed, 'marketMs' | 'symbol'>): void {
    const strategy = slot.name;
    const lacking = whatItLacks(slot);
    // It fails again at each bar.
    if (lacking !== null) this.#notJudged.set(`${strategy} failed (${reason}), and ${lacking}`, 1);
    else if (!this.#failures.some((one) => one.strategy === strategy))
      this.#failures.push({ ...at, strategy, reason });
  }

  /** Two empty choices are not a decision, and two equal ones count once. */
  isSame(then: Choice, samePrices: boolean): void {
    this.#bars += 1;
    if (!isNothing(then)) this.#same += 1;
    if (!samePrices) this.#otherPrices += 1;
  }

  differs(difference: Difference): void {
    this.#bars += 1;
    this.#differ += 1;
    this.#first ??= difference;
  }

  leaveOut(then: Choice, now: Choice, why: string): void {
    this.#leftOut ??= why;
    if (!isNothing(then) || !isNothing(now)) this.#notJudged.set(why, (this.#notJudged.get(why) ?? 0) + 1);
  }

  judged(): Judged {
    const notJudged = [...this.#notJudged].map(([why, count]) => ({ why, count }));
    return {
      ...{ bars: this.#bars, same: this.#same, differ: this.#differ, otherPrices: this.#otherPrices },
      ...{ notJudged, first: this.#first, failures: this.#failures },
      without: this.#bars > 0 ? null : (this.#leftOut ?? ONLY_WARM_UP),
    };
  }
}
