/** `fermata/strategy`, version 1: what a strategy's file imports. Names are only added, never changed or removed. */
export { Atr, Donchian, EfficiencyRatio, Ema, Rsi, Sma, Vwap } from '../../engine/strategies/indicators.js';

interface AnyParameter {
  /** For people. */
  readonly meaning: string;
}

export interface NumberParameter extends AnyParameter {
  readonly type?: 'number';
  /** Only whole numbers. */
  readonly whole?: boolean;
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /**
   * The environment variable that overrides the desk file's value: at least two words, for example
   * STOP_POINTS. Default: none.
   */
  readonly environment?: string;
}

/** One of several words. */
export interface ChoiceParameter extends AnyParameter {
  readonly type: 'choice';
  /** At least two, all different. */
  readonly choices: readonly string[];
  readonly default: string;
}

export interface BooleanParameter extends AnyParameter {
  readonly type: 'boolean';
  readonly default: boolean;
}

/** A time of day. The strategy gets it as whole minutes since midnight, like `desk.session.minuteOfDay`. */
export interface TimeParameter extends AnyParameter {
  readonly type: 'time';
  /** HH:MM, from 00:00 to 23:59. */
  readonly default: string;
}

export interface TextParameter extends AnyParameter {
  readonly type: 'text';
  /** In characters; at most and by default 200. */
  readonly maxLength?: number;
  readonly default: string;
}

export type ParameterSpec =
  | NumberParameter
  | ChoiceParameter
  | BooleanParameter
  | TimeParameter
  | TextParameter;

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

/** The type of the parameter's value in the strategy. */
export type ParameterValue<S extends ParameterSpec> = S extends ChoiceParameter
  ? S['choices'][number]
  : S extends BooleanParameter
    ? boolean
    : S extends TextParameter
      ? string
      : number;

/**
 * How a strategy gets the content of a data file: parsed and frozen; as text; as bytes, a copy of its own. `DataView`
 * or `new Float32Array(bytes.buffer)` reads floating point numbers in bytes.
 */
export type ArtefactForm = 'json' | 'text' | 'bytes';

export type ArtefactForms = Readonly<Record<string, ArtefactForm>>;

export type ArtefactContent<F extends ArtefactForm> = F extends 'json'
  ? unknown
  : F extends 'text'
    ? string
    : Uint8Array<ArrayBuffer>;

/** A price that the strategy uses, drawn over the candles on the page and in a backtest's report. */
export interface StrategyLine {
  /** 1 to 40 characters. */
  readonly name: string;
  /** In ticks, fractions allowed; null: not known yet. */
  readonly ticks: number | null;
}

/** An instrument of the strategy. One strategy is created for each symbol or, with `legs`, one for all. */
export interface InstrumentFacts {
  /** BASE/QUOTE. */
  readonly symbol: string;
  readonly kind: string;
  /** Decimal text: the size of one tick and of one lot. */
  readonly tickSize: string;
  readonly lotSize: string;
  /** Decimal text, where the desk file has it: the step in which people count the prices of a currency pair. */
  readonly pip?: string;
  /** Decimal text, where the desk file has it: what one point of a contract is worth, or how much one lot is. */
  readonly multiplier?: string;
}

/** A finished bar. Prices are whole ticks. Each call reuses the object: copy its numbers, don't store it. */
export interface Bar {
  /** An instrument that the strategy trades, or one that it watches. */
  readonly symbol: string;
  /** 1 for a minute; otherwise the span requested in `bars`. */
  readonly spanMinutes: number;
  /** Milliseconds since 1970, UTC. */
  readonly openMs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  /** Traded volume in whole lots. NaN: the price source doesn't report it. */
  readonly volumeLots: number;
}

/** What closes the trade that an entry opens. Prices and distances in whole ticks. */
export interface Exits {
  /** Price of the protective stop, placed once the entry is filled. */
  readonly stop: { readonly ticks: number };
  /**
   * Nearest first, at most five. When the market reaches it, that part of the trade (0.5: half of it) is closed at the
   * market; the last may omit `part` and closes the rest.
   */
  readonly targets?: readonly { readonly ticks: number; readonly part?: number }[];
  /** The stop follows the market at this distance, and never moves back. */
  readonly trail?: { readonly ticks: number };
  /** When the market reaches this price, the stop moves to the average entry price. */
  readonly breakEvenAt?: { readonly ticks: number };
  /** Closes the trade this many minutes after the minute of its entry. */
  readonly maxBars?: number;
  /** Closes the trade 60 to 3,600 s before its session ends. Refused if the market never closes. */
  readonly sessionEnd?: { readonly leadSeconds: number };
}

/** A change of the exits of an open trade. Omitted members stay as they are; null removes one. */
export interface ExitsChange {
  /** Nearer to the market than it is now. */
  readonly stop?: { readonly ticks: number };
  /** Replaces the remaining targets; parts are of the current position. Null or an empty list: none. */
  readonly targets?: Exits['targets'] | null;
  readonly trail?: { readonly ticks: number } | null;
  readonly breakEvenAt?: { readonly ticks: number } | null;
  /** Still counted from the entry. */
  readonly maxBars?: number | null;
  readonly sessionEnd?: { readonly leadSeconds: number } | null;
  /** The reason in one line, for people. */
  readonly because: string;
}

/** A change of an entry that rests, or waits in the desk. Omitted members stay as they are. */
export interface EntryChange {
  /** Which entry, if the strategy has one on each side. */
  readonly side?: 'buy' | 'sell';
  /** Its limit, trigger, or price to be touched; `slippage` and `limit` keep their distance from it. */
  readonly ticks?: number;
  /** Replaces all of its exits. */
  readonly exits?: Exits;
  /** The reason in one line, for people. */
  readonly because: string;
}

/** Size of one entry: one of the first four, as in the desk file. The desk file's own size and the limits bound it. */
export interface EntrySize {
  /** The loss at its stop, in percent of equity. */
  readonly riskPct?: number;
  /** Whole lots of the instrument. */
  readonly lots?: number;
  /** Its value, in percent of equity, whatever the position; above 100 for contracts on margin. */
  readonly equityPct?: number;
  /** What one standard deviation of a day's return may cost the strategy's position, in percent of equity. */
  readonly volatilityPct?: number;
  /** The most that the strategy may hold and have resting on the instrument, this entry included, in lots. */
  readonly maxLots?: number;
}

interface AnyEntry {
  readonly side: 'buy' | 'sell';
  readonly exits: Exits;
  /** Default: the desk file's size. */
  readonly size?: EntrySize;
  /** The reason in one line, for people. */
  readonly because: string;
}

interface AnyOrdered extends AnyEntry {
  /**
   * If the strategy holds the other side, its trade is closed at the market first, and this entry is sent
   * once none of it is left. Only if the account can be short. Default: such an entry is refused.
   */
  readonly reverses?: boolean;
}

export interface LimitEntry extends AnyOrdered {
  readonly type: 'limit';
  /** The limit price. */
  readonly ticks: number;
  /** Bars that it rests before it is cancelled. */
  readonly restBars: number;
  /** It may only rest: it is refused if it would be filled at once. Not every venue supports it. */
  readonly postOnly?: boolean;
  /** `day`: it rests no longer than the session, in a market that closes. */
  readonly timeInForce?: 'day';
  /** Rests at most until this market time, in milliseconds since 1970, UTC. */
  readonly until?: number;
}

/** A limit order that never rests. Quantity not filled at once is dropped. */
export interface TakingEntry extends AnyOrdered {
  readonly type: 'limit';
  /** The limit price. */
  readonly ticks: number;
  /** `fillOrKill`: all of it or nothing. Not every venue supports it. */
  readonly timeInForce: 'immediateOrCancel' | 'fillOrKill';
}

/**
 * Filled at once. Its size, stop and targets are computed at the worst price; quantity not available up to that price
 * is not bought.
 */
export interface MarketEntry extends AnyOrdered {
  readonly type: 'market';
  /** How far beyond the newest quote it may be filled, in whole ticks. */
  readonly slippage: { readonly ticks: number };
}

/**
 * Rests until the market reaches `ticks`, then is filled at the market. Its size, stop and targets are computed at the
 * worst price; after the trigger, quantity not available up to that price rests there as a limit order.
 */
export interface StopEntry extends AnyOrdered {
  readonly type: 'stop';
  /** Its trigger: above the ask for a buy, below the bid for a sell. */
  readonly ticks: number;
  /** How far beyond its trigger it may be filled, in whole ticks. */
  readonly slippage: { readonly ticks: number };
  /** Bars that it rests before it is cancelled, triggered or not. */
  readonly restBars: number;
}

interface AnyTouchedEntry extends AnyEntry {
  readonly type: 'ifTouched';
  /** Below the ask for a buy, above the bid for a sell. */
  readonly ticks: number;
  /** Bars after which it expires. */
  readonly restBars: number;
}

/**
 * Waits in the desk, not at the venue, until the market touches `ticks` from the better side: the ask comes
 * down to it, or the bid up to it. Then it is filled at once no worse than `slippage.ticks` beyond the quote,
 * or becomes a limit order for the remaining bars. It is sized, and checked against the limits, only then.
 */
export type TouchedEntry =
  | (AnyTouchedEntry & { readonly slippage: { readonly ticks: number }; readonly limit?: never })
  | (AnyTouchedEntry & { readonly limit: { readonly ticks: number }; readonly slippage?: never });

/**
 * Waits in the desk until the market turns: for a buy, until the ask has risen by `trail.ticks` from its
 * lowest during the wait; for a sell, until the bid has fallen that far from its highest. Then it is filled
 * at once, no worse than `slippage.ticks` beyond the quote. State its stop, targets and break-even as if the
 * market turned at once; they move with the lowest ask or the highest bid.
 */
export interface TrailingEntry extends AnyEntry {
  readonly type: 'trailingStop';
  readonly trail: { readonly ticks: number };
  readonly slippage: { readonly ticks: number };
  /** Bars after which it expires. */
  readonly restBars: number;
}

/**
 * Waits in the desk for the first quote of the next session, then is filled like a market entry. It is sized,
 * and checked against the limits, only then; its stop is a price, even after a gap. Refused if the market
 * never closes.
 */
export interface OpenEntry extends AnyEntry {
  readonly type: 'atOpen';
  readonly slippage: { readonly ticks: number };
}

/**
 * Like `OpenEntry`, for the first quote in the last `leadSeconds` of the session; while the market is closed,
 * of the next one.
 */
export interface CloseEntry extends AnyEntry {
  readonly type: 'atClose';
  readonly slippage: { readonly ticks: number };
  /** From 1 to 3,600. */
  readonly leadSeconds: number;
}

export type EntryWish =
  | LimitEntry
  | TakingEntry
  | MarketEntry
  | StopEntry
  | TouchedEntry
  | TrailingEntry
  | OpenEntry
  | CloseEntry;

/**
 * The time in the instrument's market: at the end of the bar, or at the quote between bars. Costs nothing if it isn't
 * read.
 */
export interface SessionView {
  /** At the last bar of a session the market has closed, so this is already false. */
  readonly open: boolean;
  /** Whole minutes since midnight in the market's time zone: 570 is 09:30. UTC if the desk file has no hours. */
  readonly minuteOfDay: number;
  /** For example `2026-11-27`, in the market's time zone. */
  readonly date: string;
  readonly weekday: 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
  /** 0 while the market is closed, Infinity if it never closes. */
  readonly minutesToClose: number;
}

/** An instrument that the strategy watches. Numbers are NaN before they are known. */
export interface WatchedView {
  readonly symbol: string;
  readonly bid: number;
  readonly ask: number;
  /** Its newest finished minute. */
  readonly openMs: number;
  readonly volumeLots: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
}

/** The strategy's position in an instrument, and what it may request there. */
interface TradedView {
  /** The strategy's position: long is positive. */
  readonly lots: number;
  /** An entry on this instrument is not final yet, or waits in the desk. */
  readonly entryResting: boolean;
  /** Sized by the desk file (`size`) or by the wish; the limits decide. */
  enter(wish: EntryWish): void;
  /**
   * Closes the strategy's own position at the market, or a part of it (0.5: half); does nothing without a
   * position. Also works while the strategy is off.
   */
  exit(because: string, options?: { readonly part?: number }): void;
  /** Changes the exits of its open trade; does nothing without one. Also works while the strategy is off. */
  adjust(change: ExitsChange): void;
  /** Two resting entries as alternatives: the first fill of one cancels the other. Both are sent, or none. */
  enterOneOf(one: LimitEntry | StopEntry, other: LimitEntry | StopEntry): void;
  /** Changes its one resting or waiting entry. The limits judge it again; if they refuse, it stays. */
  change(change: EntryChange): void;
  /**
   * Cancels the strategy's own entries, both resting and waiting in the desk; its stops and exits stay. Also
   * works while the strategy is off.
   */
  cancel(because: string): void;
}

/** One of the instruments that the strategy trades as one. Requests here concern only this instrument. */
export interface LegView extends WatchedView, TradedView {}

/**
 * The same object in each call. During warm-up wishes have no effect; while the strategy is off, `enter` has none.
 * What would have no effect is not looked at, so it may have prices that are NaN.
 */
export interface DeskView extends TradedView {
  /** Whole ticks; NaN before the first quote. */
  readonly bid: number;
  readonly ask: number;
  /** The venue allows selling short. */
  readonly shorting: boolean;
  /** The farthest stop that the desk allows, in percent of the price. */
  readonly stopLossPct: number;
  readonly session: SessionView;
  /** A watched instrument or another leg; its numbers are read when used. Throws for any other symbol. */
  of(symbol: string): WatchedView;
  /** One of the instruments that it trades, its own included. Throws for any other symbol. */
  leg(symbol: string): LegView;
  /** Notes one line for people. */
  note(text: string): void;
}

/** A fill of one of the strategy's orders: of an entry, or of an order that closes its trade. */
export interface OwnFill {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  /** Whole lots of this fill. */
  readonly lots: number;
  readonly ticks: number;
  /** True for an entry; false for a stop, a target or another exit. */
  readonly opens: boolean;
}

/** A trade in the market. */
export interface MarketTrade {
  readonly symbol: string;
  /** Its price, in whole ticks. */
  readonly ticks: number;
  readonly lots: number;
  /** Who crossed the spread; null if the price source doesn't say. */
  readonly taker: 'buy' | 'sell' | null;
}

/** A signal from outside the desk, or a revision of one that was not entered yet. Prices in whole ticks. */
export interface ExternalSignal {
  readonly symbol: string;
  readonly source: string;
  readonly id: string;
  readonly revision: number;
  /** `close`: closes the strategy's position; it has no prices. */
  readonly action: 'buy' | 'sell' | 'close';
  /** The worst price of the entry; null: at the market. */
  readonly entry: number | null;
  readonly stop: number | null;
  /** Nearest first. */
  readonly targets: readonly number[];
  /** Market time since its original time. */
  readonly ageSeconds: number;
}

export interface Strategy {
  /**
   * Bars needed before the first decision, at most 5,000; wishes have no effect until the last of them. With
   * `bars`: bars of the longest span, at most 50,000 minutes in total.
   */
  readonly warmupBars: number;
  /**
   * Spans of the bars that it is shown: `15m`, `4h`, `1d`, up to six, each of which divides a day. They are
   * built from minutes. Default: each minute.
   */
  readonly bars?: readonly string[];
  /**
   * Called for each finished bar, in order; of several that end at the same time, the shortest first. Wishes
   * are carried out after it returns.
   */
  onBar(desk: DeskView, bar: Bar): void;
  /**
   * Called for each fill of its own orders, partial fills included, once it has warmed up; `desk.lots` is the position
   * after it.
   */
  onFill?(desk: DeskView, fill: OwnFill): void;
  /**
   * Called for each quote of its instrument, and of its other legs, while the market is open, once it has
   * warmed up. `symbol`: whose quote; `desk.bid` and `desk.ask` are always those of its own instrument.
   * Between two bars, `onQuote`, `onTrade`, `onTimer` and `onFill` together may make one `enter` in each leg.
   * Past quotes are never repeated after a start.
   */
  onQuote?(desk: DeskView, symbol: string): void;
  /**
   * Called for each trade of its instruments while the market is open, once it has warmed up. Requires prices
   * with trades, such as the simulated market's or a recording of trades; otherwise the status says that it
   * waits for trades.
   */
  onTrade?(desk: DeskView, trade: MarketTrade): void;
  /**
   * Called at its own instrument's first quote at or after each whole multiple of `timerSeconds` since 1970,
   * by market time. `dueMs`: the newest multiple, in milliseconds since 1970, UTC.
   */
  onTimer?(desk: DeskView, dueMs: number): void;
  /**
   * Called for each signal of its instruments that the desk may act on, once it has warmed up and while it is
   * on (`close` also while it is off). One call may make one `enter` in the signal's instrument; that entry
   * rests at most until the signal expires or is withdrawn. Returns why it doesn't follow the signal, or
   * nothing.
   */
  onSignal?(desk: DeskView, signal: ExternalSignal): string | undefined;
  /** For `onTimer`: whole seconds from 1 to 86,400. */
  readonly timerSeconds?: number;
  /**
   * Why it doesn't enter now, in plain words: "no dip below the average yet". Called once after `create` and after each
   * bar.
   */
  state(): string;
  /**
   * At most ten, the same names in the same order each time. Called once after `create` and after each bar. Default:
   * none.
   */
  lines?(): readonly StrategyLine[];
}

export interface StrategyDefinition<P extends ParameterSpecs, A extends ArtefactForms> {
  /** The market regime that it is made for. */
  readonly suits: 'trending' | 'ranging';
  readonly parameters: P;
  /** The entry types that it uses; default: only limit orders. Not every venue supports each of them. */
  readonly enters?: readonly EntryWish['type'][];
  /**
   * Which of these terms its limit entries have; default: any. If stated, a desk file whose venue doesn't
   * support them is refused when it is read, instead of each entry.
   */
  readonly terms?: readonly ('postOnly' | 'fillOrKill')[];
  /**
   * It tells bars of other instruments apart (`bar.symbol`), so the desk file may let it watch some. Default: it may
   * not.
   */
  readonly watches?: true;
  /**
   * It trades all symbols of the desk file as one, each of them a leg (`desk.leg`): how many there must be,
   * from 2 to 20, or true for any such number. Default: one strategy is created for each symbol, which knows
   * nothing of the others.
   */
  readonly legs?: true | number;
  /** The data files that the desk file names for it (`artefacts`), each with its SHA-256. Default: none. */
  readonly artefacts?: A;
  create(setup: {
    readonly parameters: { readonly [name in keyof P]: ParameterValue<P[name]> };
    /** Its own instrument; with `legs`, the first of them. */
    readonly instrument: InstrumentFacts;
    /** All that it trades, in the order of the desk file's `symbols`; without `legs`, only its own. */
    readonly legs: readonly InstrumentFacts[];
    /** The instruments that it watches, as listed in the desk file, without its own. */
    readonly watches: readonly InstrumentFacts[];
    readonly artefacts: { readonly [name in keyof A]: ArtefactContent<A[name]> };
  }): Strategy;
}

/** The default export of a file in `strategies/`. */
export function strategy<
  const P extends ParameterSpecs,
  const A extends ArtefactForms = Record<never, never>,
>(definition: StrategyDefinition<P, A>): StrategyDefinition<P, A> & { readonly kind: 'strategy' } {
  return { ...definition, kind: 'strategy' };
}
