/** `fermata/strategy`, version 1: what a strategy's file imports. A name is only added, never changed or taken away. */
export { Atr, Donchian, EfficiencyRatio, Ema, Rsi } from '../../engine/strategies/indicators.js';

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
  /** The environment variable that stands above the desk file's value, two words at least, such as STOP_POINTS. Left out: none. */
  readonly environment?: string;
}

/** One of some words. */
export interface ChoiceParameter extends AnyParameter {
  readonly type: 'choice';
  /** Two at least, each once. */
  readonly choices: readonly string[];
  readonly default: string;
}

export interface BooleanParameter extends AnyParameter {
  readonly type: 'boolean';
  readonly default: boolean;
}

/** A time of day. The strategy gets it as whole minutes since midnight, as `desk.session.minuteOfDay` counts them. */
export interface TimeParameter extends AnyParameter {
  readonly type: 'time';
  /** HH:MM, from 00:00 to 23:59. */
  readonly default: string;
}

export interface TextParameter extends AnyParameter {
  readonly type: 'text';
  /** Characters, 200 at most; left out: 200. */
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

/** What the strategy gets for it. */
export type ParameterValue<S extends ParameterSpec> = S extends ChoiceParameter
  ? S['choices'][number]
  : S extends BooleanParameter
    ? boolean
    : S extends TextParameter
      ? string
      : number;

/** A price that the strategy goes by, drawn over the candles of the page and of a backtest's report. */
export interface StrategyLine {
  /** 1 to 40 characters. */
  readonly name: string;
  /** In ticks and parts of one; null: not known yet. */
  readonly ticks: number | null;
}

/** What the strategy trades; one is made for each of its symbols. */
export interface InstrumentFacts {
  /** BASE/QUOTE. */
  readonly symbol: string;
  readonly kind: string;
  /** Decimal text: what one tick and one lot are. */
  readonly tickSize: string;
  readonly lotSize: string;
}

/** A finished minute. Prices are whole ticks. The same object at each call: keep numbers of it, not it. */
export interface Bar {
  /** Milliseconds since 1970, UTC. */
  readonly openMs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
}

/** What closes the trade that an entry opens. Prices and distances in whole ticks. */
export interface Exits {
  /** Where the protective stop goes once the entry is filled. */
  readonly stop: { readonly ticks: number };
  /**
   * The nearest first, five at most. Once the market is there, that part of the trade (0.5: half of it) is closed at the
   * market; the last may leave `part` out and closes what is left.
   */
  readonly targets?: readonly { readonly ticks: number; readonly part?: number }[];
  /** The stop follows the market at this distance, and never goes back. */
  readonly trail?: { readonly ticks: number };
  /** Once the market is at this price, the stop goes to the average price of the entry. */
  readonly breakEvenAt?: { readonly ticks: number };
  /** The trade is closed once so many minutes have passed after the one in which it was entered. */
  readonly maxBars?: number;
}

/** How large one entry is: one of the first three, as in the desk file. The desk file's own size and the limits bound it. */
export interface EntrySize {
  /** What its stop may lose, percent of equity. */
  readonly riskPct?: number;
  /** Whole lots of the instrument. */
  readonly lots?: number;
  /** What it may be worth, percent of equity. */
  readonly equityPct?: number;
  /** Never more than that. */
  readonly maxLots?: number;
}

interface AnyEntry {
  readonly side: 'buy' | 'sell';
  readonly exits: Exits;
  /** Left out: as the desk file says. */
  readonly size?: EntrySize;
  /** Why, in one line: people read it. */
  readonly because: string;
}

export interface LimitEntry extends AnyEntry {
  readonly type: 'limit';
  /** Of the limit. */
  readonly ticks: number;
  /** Bars that it rests before it is cancelled. */
  readonly restBars: number;
}

/** At once. Sized, and its stop and targets judged, at the worst price; what is not offered up to there is not bought. */
export interface MarketEntry extends AnyEntry {
  readonly type: 'market';
  /** How far beyond the newest quote it may be filled, whole ticks. */
  readonly slippage: { readonly ticks: number };
}

/**
 * Rests until the market reaches `ticks`, then is filled at the market. Sized, and its stop and targets judged, at the worst
 * price; from the trigger on what is not offered up to there rests at it as a limit order.
 */
export interface StopEntry extends AnyEntry {
  readonly type: 'stop';
  /** Its trigger: above the ask for a purchase, below the bid for a sale. */
  readonly ticks: number;
  /** How far beyond its trigger it may be filled, whole ticks. */
  readonly slippage: { readonly ticks: number };
  /** Bars that it rests before it is cancelled, whether it was triggered or not. */
  readonly restBars: number;
}

export type EntryWish = LimitEntry | MarketEntry | StopEntry;

/** What the clocks of the instrument's market show where the bar ended, between bars at the quote. Costs nothing where it is not read. */
export interface SessionView {
  /** The last bar of a session ends when the market has closed: there it is false already. */
  readonly open: boolean;
  /** Whole minutes since midnight in the market's time zone: 570 is 09:30. UTC where the desk file gives no hours. */
  readonly minuteOfDay: number;
  /** `2026-11-27`, in the market's time zone. */
  readonly date: string;
  readonly weekday: 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
  /** 0 while the market is closed, Infinity where it never closes. */
  readonly minutesToClose: number;
}

/** The same object at each call. During warm-up wishes do nothing; while the strategy is off, `enter` does nothing. */
export interface DeskView {
  /** What the strategy holds: long is positive. */
  readonly lots: number;
  /** An entry of this instrument is not final yet. */
  readonly entryResting: boolean;
  /** Whole ticks; NaN before the first quote. */
  readonly bid: number;
  readonly ask: number;
  /** The venue can sell what is not held. */
  readonly shorting: boolean;
  /** The farthest stop that the desk allows, percent of the price. */
  readonly stopLossPct: number;
  readonly session: SessionView;
  /** As large as the desk file says (`size`) or the wish; the limits decide. */
  enter(wish: EntryWish): void;
  /** Closes the strategy's own position at the market; nothing where it holds none. Also while it is off. */
  exit(because: string): void;
  /** One line for people. */
  note(text: string): void;
}

/** A fill of an order of the strategy: of its entry, or of what closes its trade. */
export interface OwnFill {
  readonly side: 'buy' | 'sell';
  /** Whole lots of this fill. */
  readonly lots: number;
  readonly ticks: number;
  /** Of an entry; else of a stop, a target or another exit. */
  readonly opens: boolean;
}

/** What somebody traded at the market. */
export interface MarketTrade {
  /** Its price, in whole ticks. */
  readonly ticks: number;
  readonly lots: number;
  /** Who crossed the spread; null where the source of the prices does not tell. */
  readonly taker: 'buy' | 'sell' | null;
}

/** A signal from outside the desk, or an edit of one that was not entered yet. Prices in whole ticks. */
export interface ExternalSignal {
  readonly source: string;
  readonly id: string;
  readonly revision: number;
  /** `close`: what the strategy holds; it brings no prices. */
  readonly action: 'buy' | 'sell' | 'close';
  /** The worst price of the entry; null: at the market. */
  readonly entry: number | null;
  readonly stop: number | null;
  /** The nearest first. */
  readonly targets: readonly number[];
  /** Market time since its original time. */
  readonly ageSeconds: number;
}

export interface Strategy {
  /** Bars that it needs before its first decision, 5,000 at most: before the last of them, nothing that it asks for is done. */
  readonly warmupBars: number;
  /** Each finished minute, in order. What it asks for is done when it has returned. */
  onBar(desk: DeskView, bar: Bar): void;
  /** Each fill of its own orders, part by part, once it has warmed up; what it holds now is `desk.lots`. */
  onFill?(desk: DeskView, fill: OwnFill): void;
  /**
   * Each quote of its instrument while its market is open, once it has warmed up; `desk.bid` and `desk.ask` are it. Between
   * two bars one `enter` of `onQuote`, `onTrade`, `onTimer` and `onFill` together is heard. Past quotes are never shown after a start.
   */
  onQuote?(desk: DeskView): void;
  /**
   * Each trade of its instrument at the market while that is open, once it has warmed up. Told where
   * the prices have trades, as the simulated market's and a recording's of trades; else the status says that it waits for them.
   */
  onTrade?(desk: DeskView, trade: MarketTrade): void;
  /**
   * At the first quote at or after each whole multiple of `timerSeconds` since 1970, by the market's time. `dueMs`: the
   * newest multiple, milliseconds since 1970, UTC.
   */
  onTimer?(desk: DeskView, dueMs: number): void;
  /**
   * Each signal of its instrument that the desk may act on, once it has warmed up and while it is on (`close` also while it is
   * off). Of one call one `enter` is heard, and what it enters rests until the signal expires or is withdrawn, at the longest.
   * Answers with why it does not follow the signal, or with nothing.
   */
  onSignal?(desk: DeskView, signal: ExternalSignal): string | undefined;
  /** Of `onTimer`: whole seconds from 1 to 86,400. */
  readonly timerSeconds?: number;
  /** Why it does not enter now, in plain words: "no dip below the average yet". Called once after `create` and after each bar. */
  state(): string;
  /** Ten at most, the same names in the same order each time. Called once after `create` and after each bar. Left out: there are none. */
  lines?(): readonly StrategyLine[];
}

export interface StrategyDefinition<P extends ParameterSpecs> {
  /** The market that it is made for. */
  readonly suits: 'trending' | 'ranging';
  readonly parameters: P;
  /** What `enter` is called with; left out: limit orders alone. Not every venue takes each of them. */
  readonly enters?: readonly EntryWish['type'][];
  create(setup: {
    readonly parameters: { readonly [name in keyof P]: ParameterValue<P[name]> };
    readonly instrument: InstrumentFacts;
  }): Strategy;
}

/** The default export of a file in `strategies/`. */
export function strategy<const P extends ParameterSpecs>(
  definition: StrategyDefinition<P>,
): StrategyDefinition<P> & { readonly kind: 'strategy' } {
  return { ...definition, kind: 'strategy' };
}
