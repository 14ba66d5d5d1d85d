/**
 * Feeds prices to the instance and to its measure, for exactly the requested time. A backtest and a
 * validation are both runs of this kind; they differ in what they measure and store.
 */
import type { MarketBar, MarketEvent, MarketFeed, QuoteEvent } from '../contracts/market-feed.js';
import type { Desk } from '../desk/schema.js';
import { scalesFor, stepsOf } from '../domain/book-steps.js';
import { converterOf } from '../domain/build-instrument.js';
import { placesIn } from '../domain/figure-text.js';
import type { Instrument } from '../domain/instrument.js';
import { formatMoney } from '../domain/money.js';
import { QuoteColumns } from '../domain/quote-columns.js';
import { monthKey } from '../domain/settings-change.js';
import { isInCoin, isOwned } from '../domain/value.js';
import type { Engine } from '../engine/engine.js';
import type { BarEvent } from '../engine/event.js';
import { barAt } from '../engine/flow/passing.js';
import type { EngineRecord } from '../engine/record.js';
import { warmupMinutes } from '../engine/strategies/strategy.js';
import { buildSlots, type StrategySlot } from '../engine/strategies/strategy-slot.js';
import type { EngineView } from '../engine/view.js';
import type { MarketChoice } from '../home/runtime.js';
import { inDeskOrder } from '../market/recorded/check-recording.js';
import { warmUpBars } from '../trader/warm-up.js';
import { BarEnds, RunActions, type TimedAction } from './corporate-actions.js';
import {
  type InstanceSetting,
  instanceConfig,
  type OpenedInstance,
  openInstance,
  type TradingInstance,
} from './instance/trading-instance.js';
import { coinsDiffer } from './measure/coin-books.js';
import {
  type BarCoverage,
  type Coverage,
  coverageProblems,
  type DataProblem,
  untoldTrades,
} from './measure/data-problems.js';
import type { EquityMeter } from './measure/equity-meter.js';
import { heldOverRoll, LEFT_BEFORE_MS, type RunRolls, type TimedRoll } from './rolls.js';
import type { TimedSignal } from './signals-file.js';

const endOf = ({ openMs, spanMs }: MarketBar): number => openMs + spanMs;
const NO_SIGNALS: readonly TimedSignal[] = [];
const PROGRESS_EVERY_MS = 500;
/** Prices between two clock readings for progress, if they come as fast as they are processed. */
const PROGRESS_LOOK_EVENTS = 64;
const LOOK_EVERY_MS = 1000;
/** After the end of the run's time, live prices under way may still arrive for this long. */
const SILENCE_MS = 5000;

/** A record of this run differs from the one that an earlier start of the same run wrote in its place. */
export class NotRepeatable extends Error {
  override readonly name = 'NotRepeatable';
}

/** How far a run has got, for people waiting for it. */
export interface Progress {
  /** Market time reached so far. */
  readonly marketMs: number;
  /** From 0 to 1; 0 while the end of the prices is unknown. */
  readonly part: number;
  readonly trades: number;
  /** Decimal text. */
  readonly equity: string;
}

export type TimedEvent = Extract<MarketEvent, { readonly marketMs: number }>;

/** Measures a run as it goes. */
export interface Measure {
  readonly fromMs: number;
  /** Market time of the end. Infinity until `finish`, if the run ends with the last price. */
  readonly toMs: number;
  readonly equity: EquityMeter;
  readonly coverage: readonly BarCoverage[];
  readonly closedTrades: number;
  readonly fillCount: number;
  /** Called before the desk begins. `inTheWay`: what was last in the way of its start; empty: nothing. */
  onBegin?(inTheWay: () => string): void;
  /** Called before the engine sees the event. */
  onMarket(event: TimedEvent): void;
  /** The same of quotes from one place to another, at which nothing happened, and of a bar that comes after them. */
  onQuotes(quotes: QuoteColumns, from: number, until: number): void;
  onBar(bar: MarketBar): void;
  /** Called once the strategies have seen the bar. */
  afterBar?(bar: MarketBar, engine: Pick<Engine, 'strategyLines'>): void;
  onRecord(record: EngineRecord): void;
  /** Called for each dividend of the run, whether or not the desk held the share. */
  onDividend?(symbol: string, perShare: string): void;
  /** Called after the last event. */
  finish(): void;
}

/** Where the run's records go. Both throw `NotRepeatable`; `append` also if a record can't be written. */
export interface RunRecords {
  append(record: EngineRecord, wallMs: number, monotonicMs: number): void;
  finish(): void;
}

interface RunParts<Measured extends Measure> {
  readonly id: string;
  readonly configHash: string;
  /** Wall time at the start of the run. Null: the market time at which it begins. */
  readonly wallMs: number | null;
  /** Market time at which trading starts. Null: the first price. */
  readonly beginMs: number | null;
  /** The part of the desk that the run covers. */
  readonly desk: Desk;
  readonly instruments: readonly Instrument[];
  readonly feed: MarketFeed;
  readonly records: RunRecords;
  readonly fills?: InstanceSetting['fills'];
  readonly takesNoShortcut?: boolean;
  readonly waitsForAll?: InstanceSetting['waitsForAll'];
  /** Signals from outside the desk, by time of arrival. Left out: none. */
  readonly signals?: readonly TimedSignal[];
  /** Splits and dividends, by time. Left out: none. */
  readonly actions?: readonly TimedAction[];
  /** Left out: no instrument stands for a month. */
  readonly rolls?: RunRolls;
  readonly measureFrom: (beginMs: number) => Measured;
  /** Undefined if there is nothing to wait for. Left out: there never is. */
  readonly wait?: (marketMs: number) => Promise<void> | undefined;
  readonly signal: AbortSignal;
  readonly interrupted: () => Error;
  readonly onProgress: (progress: Progress) => void;
}

export class Run<Measured extends Measure> {
  readonly #parts: RunParts<Measured>;
  readonly #found: DataProblem[] = [];
  readonly #ends: BarEnds;
  /** Built for what they say of themselves; the desk begins with them. */
  #slots: StrategySlot[] = [];
  #past: readonly MarketBar[] = [];
  #actions: RunActions | null = null;
  #opened: OpenedInstance | null = null;
  #measure: Measured | null = null;
  #coverage: readonly Coverage[] = [];
  #sourceFailed = false;
  #over = false;
  #nextSignal = 0;
  #sent = 0;
  #rolls: readonly TimedRoll[];
  #rolled = 0;
  /** Rolls before which the market has closed, or would have: what is held then may be of two contracts. */
  readonly #closedOver = new Set<TimedRoll>();
  #saidAtMs = Number.NEGATIVE_INFINITY;
  readonly #alone = new QuoteColumns(1);
  /** By instrument: the price on whose way nothing waits, and what had happened and was to come by then. */
  readonly #nothingOnWayTo: QuoteEvent[] = [];
  readonly #askedAt: number[] = [];
  readonly #askedFor: number[] = [];
  #untold = 0;
  /** The place up to which the measure has followed the engine. */
  #followed = 0;
  #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | null = null;

  constructor(parts: RunParts<Measured>) {
    this.#parts = parts;
    this.#ends = new BarEnds(parts.instruments.length);
    this.#rolls = parts.rolls?.rolls ?? [];
  }

  /** Null until there is a price. */
  get measure(): Measured | null {
    return this.#measure;
  }

  get coverage(): readonly Coverage[] {
    return this.#coverage;
  }

  /** Null until there is a price. */
  get view(): EngineView | null {
    return this.#opened?.engine.view ?? null;
  }

  get stateHash(): string | null {
    return this.#opened?.engine.stateHash() ?? null;
  }

  /** How many signals arrived while there were prices. */
  get signalsSent(): number {
    return this.#sent;
  }

  /** Rejects if the run was interrupted, or if something failed that may work in a later attempt. */
  async toTheEnd(): Promise<void> {
    const { id, desk, configHash, feed, instruments, signal, interrupted } = this.#parts;
    const slots = buildSlots(instanceConfig({ id, desk, configHash, instruments }));
    this.#slots = slots;
    const wanted = warmUpBars(slots.map(({ strategy }) => ({ warmupMinutes: warmupMinutes(strategy) })));
    const { actions = [] } = this.#parts;
    if (actions.length > 0) this.#actions = new RunActions(actions, instruments, wanted, this.#ends);
    const listeners = slots.filter(({ strategy }) => strategy.onTrade !== undefined);
    if (!feed.tellsTrades)
      this.#found.push(...listeners.map(({ name, instrument }) => untoldTrades(name, instrument.symbol)));
    const pasts = await Promise.all(instruments.map((instrument) => feed.history(instrument.id, wanted)));
    this.#past = pasts.flat().sort((a, b) => endOf(a) - endOf(b) || a.instrument - b.instrument);
    const ended = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    if (signal.aborted) throw interrupted();
    const interrupt = (): void => this.#end(() => this.#settle?.reject(interrupted()));
    signal.addEventListener('abort', interrupt);
    feed.start((event) => this.#take(event), {
      trades: listeners.length > 0,
      between: (next, nowMs, momentMs) => this.#onTheWay(next, nowMs, momentMs),
      moments: {
        nextMs: () => this.#nextMomentMs(),
        pass: (marketMs) => this.#guarded(() => this.#pass(marketMs)),
      },
      passes: (quotes) => this.#guarded(() => this.#passes(quotes)) ?? 0,
      passesBars: this.#parts.wait === undefined,
    });
    const watch =
      feed.source.kind === 'live' ? setInterval(() => this.#endIfOver(), LOOK_EVERY_MS) : undefined;
    await ended.finally(() => {
      clearInterval(watch);
      // All runs of a sweep share one signal, which would keep each of them in memory.
      signal.removeEventListener('abort', interrupt);
    });
    this.#measure?.finish();
    const measure = this.#measure;
    this.#coverage = measure?.coverage.map((each) => each.result(measure.toMs)) ?? [];
  }

  /** Problems of the data; complete once the run has ended. */
  problems(): readonly DataProblem[] {
    const differing = this.#booksDiffer();
    return [
      ...this.#found,
      ...this.#coverage.flatMap(coverageProblems),
      ...(differing === null ? [] : [differing]),
    ];
  }

  /** None to a price behind the end, which is not taken: where that way begins was not, either. */
  #onTheWay(next: QuoteEvent, nowMs: number, momentMs: number): QuoteEvent | null {
    if (this.#over || this.#opened === null || next.marketMs > this.#measure!.toMs) return null;
    const { instance } = this.#opened;
    const { instrument } = next;
    const { happened } = instance;
    // The answer holds until something has happened: with many instruments, each price asks about all of them.
    const isKnown =
      this.#nothingOnWayTo[instrument] === next &&
      this.#askedAt[instrument] === happened &&
      this.#askedFor[instrument] === momentMs;
    if (isKnown && this.#parts.takesNoShortcut !== true) return null;
    const between = instance.onTheWay(next, nowMs, momentMs);
    if (between === null) {
      this.#nothingOnWayTo[instrument] = next;
      this.#askedAt[instrument] = happened;
      this.#askedFor[instrument] = momentMs;
    }
    return between;
  }

  /** None before a split or a dividend that waits for the next price: what follows it waits, too. */
  #nextMomentMs(): number {
    if (this.#over || this.#opened === null) return Number.POSITIVE_INFINITY;
    const signalMs = this.#parts.signals?.[this.#nextSignal]?.atMs ?? Number.POSITIVE_INFINITY;
    const nextMs = Math.min(this.#opened.instance.nextMomentMs(), signalMs);
    const lastMs = Math.min(this.#measure!.toMs, (this.#actions?.nextMs ?? Number.POSITIVE_INFINITY) - 1);
    return nextMs > lastMs ? Number.POSITIVE_INFINITY : nextMs;
  }

  #pass(marketMs: number): Promise<void> | undefined {
    const { instance, engine } = this.#opened!;
    if (this.#rolls.length > 0) this.#roll(instance, engine, marketMs);
    instance.advanceTo(marketMs);
    this.#signal(instance, marketMs + 1);
    instance.passMoment(marketMs);
    return this.#parts.wait?.(marketMs);
  }

  #take(event: MarketEvent): void | Promise<void> {
    return this.#guarded(() => {
      if ('marketMs' in event) return this.#takeTimed(event);
      if (event.kind === 'health') this.#sourceFailed = event.state === 'down';
      else this.#sourceEnded(event.detail);
      return undefined;
    });
  }

  #guarded<Result>(work: () => Result): Result | undefined {
    if (this.#over) return undefined;
    try {
      return work();
    } catch (error) {
      this.#broken(error);
      return undefined;
    }
  }

  #takeTimed(event: TimedEvent): Promise<void> | undefined {
    const { instance, engine } = this.#opened ?? this.#begin(this.#parts.beginMs ?? event.marketMs);
    const measure = this.#measure!;
    if (event.marketMs > measure.toMs) {
      this.#finish();
      return undefined;
    }
    if (event.marketMs === measure.toMs && this.#isOfLater(event)) return undefined;
    if (this.#rolls.length > 0) this.#roll(instance, engine, event.marketMs, event);
    if (event.kind === 'quote') {
      const { instrument, marketMs, bidTicks, askTicks, bidLots, askLots } = event;
      this.#alone.clear();
      this.#alone.add(instrument, marketMs, bidTicks, askTicks, bidLots, askLots);
      if (this.#passes(this.#alone, event) === 1) return this.#parts.wait?.(marketMs);
    }
    this.#actions?.take(
      instance,
      event,
      (atMs) => this.#signal(instance, atMs),
      (action) => {
        if (action.kind === 'dividend') measure.onDividend?.(action.symbol, action.perShare);
      },
    );
    this.#signal(instance, event.marketMs);
    instance.advanceTo(event.marketMs);
    if (event.kind === 'bar' && event.past === true && endOf(event.bar) <= measure.fromMs) {
      instance.warmUp(event.bar);
      return undefined;
    }
    measure.onMarket(event);
    instance.onMarket(event);
    if (event.kind === 'bar') measure.afterBar?.(event.bar, engine);
    this.#ends.note(event);
    this.#tellProgress(event.marketMs);
    return this.#parts.wait?.(event.marketMs);
  }

  /** At the end of a period of recorded bars: the open of the next one, which has that time too. */
  #isOfLater(event: TimedEvent): boolean {
    const { quotesFromBars = [] } = this.#parts.feed;
    return (
      event.kind === 'quote' && quotesFromBars.includes(event.instrument) && this.#ends.isFirstPrice(event)
    );
  }

  /**
   * Leaves a contract in time, and takes up the next one before its first price, as a person would have approved it. What
   * is still held then, as by a halted desk, waits for its end and is told. `event`: what comes at that time, if anything.
   */
  #roll(instance: TradingInstance, engine: Engine, marketMs: number, event?: TimedEvent): void {
    for (const roll of this.#rolls) {
      const { atMs, flatMs, instrument, symbol, from, to } = roll;
      if (flatMs >= marketMs) return;
      if (instance.marketMs < flatMs) {
        this.#signal(instance, flatMs);
        instance.advanceTo(flatMs);
      }
      const isHeld = (): boolean =>
        engine.view.positions.some((one) => one.instrument === instrument && one.quantityLots !== 0);
      const closeMs = flatMs + LEFT_BEFORE_MS;
      if (marketMs > closeMs && !this.#closedOver.has(roll)) {
        this.#closedOver.add(roll);
        // On bars that go on beyond the close, what was sent to leave has not arrived yet.
        if (instance.marketMs < closeMs) {
          this.#signal(instance, closeMs);
          instance.advanceTo(closeMs);
        }
        if (isHeld()) this.#found.push(heldOverRoll(roll));
      }
      const isFirst = event !== undefined && event.kind !== 'bar' && event.instrument === instrument;
      if (!(atMs < marketMs || (atMs === marketMs && isFirst && this.#ends.isFirstPrice(event)))) continue;
      if (isHeld()) continue;
      this.#signal(instance, atMs);
      instance.advanceTo(Math.max(atMs, instance.marketMs));
      this.#rolled += 1;
      instance.command({
        commandId: `roll-${this.#rolled}`,
        by: 'backtest',
        reason: `the roll of ${symbol} from ${from} to ${to}, as the desk file has it`,
        command: {
          name: 'reload',
          baseVersion: engine.view.settings.version,
          values: { [monthKey(symbol)]: to },
          approvedBy: ['backtest'],
        },
      });
      const now = engine.view.contracts.find((one) => one.symbol === symbol)?.month;
      if (now === to) this.#rolls = this.#rolls.filter((other) => other !== roll);
    }
  }

  /**
   * None that might be the end of the run, or of the period that follows it, or comes after a roll or a signal. `alone`: the
   * only one of them as it came, which may have a book.
   */
  #passes(quotes: QuoteColumns, alone?: QuoteEvent): number {
    if (this.#over || this.#opened === null || this.#actions !== null) return 0;
    const { from, marketMs } = quotes;
    const measure = this.#measure!;
    const rollMs = this.#rolls[0]?.flatMs ?? Number.POSITIVE_INFINITY;
    const signalMs = this.#parts.signals?.[this.#nextSignal]?.atMs ?? Number.POSITIVE_INFINITY;
    const isAfter = (atMs: number): boolean => atMs >= measure.toMs || atMs > rollMs || atMs > signalMs;
    while (quotes.until > from && isAfter(marketMs[quotes.until - 1] as number)) quotes.until -= 1;
    if (quotes.until === from) return 0;
    const { instance, engine } = this.#opened;
    this.#followed = from;
    const passed = instance.passes(quotes, alone, (bar, place) => {
      this.#follow(quotes, place, bar);
      measure.afterBar?.(bar, engine);
    });
    const last = from + passed - 1;
    if (this.#followed <= last && quotes.isBar(last)) {
      const bar = barAt(quotes, last);
      this.#follow(quotes, last, bar);
      instance.answer('bar');
      measure.afterBar?.(bar, engine);
    } else {
      this.#follow(quotes, last + 1);
      instance.answer('tick');
    }
    if (passed === 0) return 0;
    this.#tellProgress(marketMs[last] as number, passed);
    return passed;
  }

  /** `bar`: the one at the place `until`. */
  #follow(quotes: QuoteColumns, until: number, bar?: BarEvent): void {
    const measure = this.#measure!;
    measure.onQuotes(quotes, this.#followed, until);
    for (let place = this.#followed; place < until; place += 1)
      this.#ends.priced(quotes.instrument[place] as number, quotes.marketMs[place] as number);
    this.#followed = until;
    if (bar === undefined) return;
    measure.onBar(bar);
    this.#ends.ended(bar);
    this.#followed = until + 1;
  }

  /** Sends each signal at its own time, after the prices of that time. Skips signals from before the run. */
  #signal(instance: TradingInstance, untilMs: number): void {
    const { signals = NO_SIGNALS } = this.#parts;
    for (let next = signals[this.#nextSignal]; next !== undefined; next = signals[this.#nextSignal]) {
      if (next.atMs >= untilMs) return;
      this.#nextSignal += 1;
      const { atMs, file, line, command } = next;
      if (atMs < this.#measure!.fromMs) continue;
      this.#sent += 1;
      instance.advanceTo(Math.max(atMs, instance.marketMs));
      instance.command({
        commandId: `signal-${this.#sent}`,
        by: 'backtest',
        reason: `${file}:${line}`,
        command,
      });
    }
  }

  /** Live prices may fall silent for good; the feed's clock still goes on. */
  #endIfOver(): void {
    const toMs = this.#measure?.toMs ?? Number.POSITIVE_INFINITY;
    if (this.#over || this.#parts.feed.nowMs() < toMs + SILENCE_MS) return;
    try {
      this.#finish();
    } catch (error) {
      this.#broken(error);
    }
  }

  /** The requested time begins with the first price, or when the request says. */
  #begin(beginMs: number): OpenedInstance {
    const { id, configHash, desk, instruments, feed, records } = this.#parts;
    const measure = this.#parts.measureFrom(beginMs);
    const opened = openInstance({
      id,
      desk,
      configHash,
      instruments,
      slots: this.#slots,
      live: feed.source.kind === 'live',
      quotesFromBars: feed.quotesFromBars ?? [],
      showsBooks: feed.showsBooks === true,
      ...(this.#parts.rolls === undefined ? {} : { contracts: this.#parts.rolls.contracts }),
      beginMs,
      wallMs: this.#parts.wallMs ?? beginMs,
      ...(this.#parts.fills === undefined ? {} : { fills: this.#parts.fills }),
      takesNoShortcut: this.#parts.takesNoShortcut === true,
      waitsForAll: this.#parts.waitsForAll === true,
      onRecord: (record, wallMs) => {
        records.append(record, wallMs, wallMs); // the run has one clock for both times
        measure.onRecord(record);
      },
    });
    this.#measure = measure;
    this.#opened = opened;
    measure.onBegin?.(() => opened.instance.inTheWay);
    opened.instance.begin();
    for (const bar of this.#actions?.past(this.#past, beginMs) ?? this.#past) opened.instance.warmUp(bar);
    return opened;
  }

  #sourceEnded(detail: string): void {
    if (this.#sourceFailed) this.#found.push({ kind: 'damaged', symbol: null, text: detail });
    this.#finish();
  }

  #finish(): void {
    this.#parts.records.finish();
    this.#end(() => this.#settle?.resolve());
  }

  /** A run that can't be repeated can never be continued; that is its result. */
  #broken(error: unknown): void {
    if (error instanceof NotRepeatable) {
      this.#found.push({ kind: 'not-repeatable', symbol: null, text: error.message });
      this.#end(() => this.#settle?.resolve());
    } else this.#end(() => this.#settle?.reject(error));
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    settle();
  }

  #tellProgress(marketMs: number, events = 1): void {
    const { source, endMs = Number.POSITIVE_INFINITY } = this.#parts.feed;
    const { kind, speed } = source;
    this.#untold -= events;
    if (this.#untold > 0 && kind === 'recorded' && speed === null) return;
    this.#untold = PROGRESS_LOOK_EVENTS;
    const nowMs = performance.now();
    if (nowMs - this.#saidAtMs < PROGRESS_EVERY_MS) return;
    this.#saidAtMs = nowMs;
    const { fromMs, toMs, closedTrades, equity } = this.#measure!;
    const part = Math.min(1, (marketMs - fromMs) / (Math.min(toMs, endMs) - fromMs));
    this.#parts.onProgress({
      marketMs,
      part,
      trades: closedTrades,
      equity: formatMoney(equity.equity, placesIn(this.#parts.desk.paper.currency)),
    });
  }

  /** The engine, the paper venue and the measure are three books of the same trading. */
  #booksDiffer(): DataProblem | null {
    if (this.#opened === null || this.#measure === null) return null;
    const { engine, venue } = this.#opened;
    const { equity, cash, positions, heldBack } = engine.view;
    const { instruments, desk } = this.#parts;
    const positionsAgree = instruments.every(({ id, symbol }) => {
      const ours = positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0;
      return venue.positionLots(symbol) === ours;
    });
    const { feeStock = {}, currency } = desk.paper;
    const coins = coinsDiffer(engine.view.balances, venue.holdings(), feeStock, currency);
    const { cashApart, equityApart } = roundedApart(instruments, this.#measure.fillCount);
    // Prices may end with a recorded quote that nothing confirms any more: only the measure counts it.
    const equityAgrees = heldBack.length > 0 || Math.abs(this.#measure.equity.equity - equity) <= equityApart;
    const cashAgrees = Math.abs(venue.cash - cash) <= cashApart;
    if (positionsAgree && cashAgrees && coins === null && equityAgrees) return null;
    const text =
      `the books differ: equity ${equity} and ${this.#measure.equity.equity}, cash ${cash} and ${venue.cash} ` +
      `(units of 0.00000001)${coins === null ? '' : `; ${coins}`}`;
    return { kind: 'books-differ', symbol: null, text };
  }
}

/**
 * How far the three books may differ by rounding, in money units. 0, unless the desk's books are finer than
 * money units.
 *
 * - Cash: the paper venue, like a real one, moves whole money units. It rounds the cost of a fill, by up to a
 *   half, and for a contract also the part of the cost that the fill closes, by up to another half. The
 *   engine's cash is exact and cut to whole units. The engine books a difference that a snapshot finds as a
 *   `cash` correction, which the measure applies too; so only fills since then count, and never more than all
 *   fills. Inverse contracts are exact in both books.
 * - Equity: measure and engine have the same exact cash. For contracts, the engine rounds cash and the cost
 *   of each position separately, the measure their sum.
 */
function roundedApart(
  instruments: readonly Instrument[],
  fills: number,
): { readonly cashApart: number; readonly equityApart: number } {
  const scales = scalesFor(instruments, new Map());
  const finer = instruments.filter((one) => stepsOf(one, scales).perMoney > 1n);
  const roundsCash = finer.some((one) => !isInCoin(one) && !Number.isInteger(one.moneyPerTickLot));
  return {
    cashApart: roundsCash ? fills + 1 : 0,
    equityApart: finer.filter((one) => !isOwned(one)).length,
  };
}

export interface Scope {
  /** The desk with only these instruments and the strategies on them. */
  readonly desk: Desk;
  readonly symbols: readonly string[];
  /** Traded or watched by an enabled strategy, but without prices here. */
  readonly leftOut: readonly string[];
  /** Symbols whose missing prices leave out a strategy that has prices of another symbol. */
  readonly lacking: readonly string[];
}

/** The instrument whose price converts the results of `symbol`. Empty: paid in the desk's currency. */
export function convertersOf({ instruments, paper }: Desk, symbol: string): readonly string[] {
  const [, quote = ''] = symbol.split('/');
  return instruments
    .filter((one) => one.symbol === symbol)
    .flatMap(({ kind }) => converterOf({ kind, quote }, paper.currency, instruments)?.symbol ?? []);
}

/**
 * The part of the desk that a run covers: the instruments with prices, if what converts their results has
 * prices too. Recorded prices cover the instruments that have a file; every other source covers the whole
 * desk.
 */
export function scopeOf(desk: Desk, market: MarketChoice): Scope {
  const given = new Set(inDeskOrder(market.files, desk.instruments).map(({ symbol }) => symbol));
  const hasPrices = (symbol: string) => market.kind !== 'recorded' || given.has(symbol);
  const isCovered = (symbol: string) => [symbol, ...convertersOf(desk, symbol)].every(hasPrices);
  const instruments = desk.instruments.filter(({ symbol }) => isCovered(symbol));
  // Without prices of a leg or of a watched instrument, a strategy would wait for ever.
  const isWhole = ({ symbols, watches = [], own }: Desk['strategies'][number]): boolean =>
    watches.every(isCovered) && (own?.legs === undefined || symbols.every(isCovered));
  const strategies = desk.strategies
    .filter(isWhole)
    .map((strategy) => ({ ...strategy, symbols: strategy.symbols.filter(isCovered) }))
    .filter(({ symbols }) => symbols.length > 0);
  const traded = desk.strategies
    .filter(({ enabled }) => enabled)
    .flatMap(({ symbols, watches = [] }) => [...symbols, ...watches]);
  return {
    desk: { ...desk, instruments, strategies },
    symbols: instruments.map(({ symbol }) => symbol),
    leftOut: [...new Set(traded)].filter((symbol) => !isCovered(symbol)),
    lacking: desk.strategies
      .filter((one) => !isWhole(one) && one.symbols.some(isCovered))
      .flatMap(({ symbols, watches = [] }) => [...symbols, ...watches])
      .filter((symbol, at, all) => !isCovered(symbol) && all.indexOf(symbol) === at),
  };
}
