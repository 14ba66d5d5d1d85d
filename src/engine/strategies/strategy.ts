/** Defines a strategy: parameters with bounds, and functions that see bars and what happens between them. */
import { MINUTE_MS, minuteOfDay } from '../../domain/civil-date.js';
import {
  type ChoiceRange,
  type DeclaredValue,
  isWithin,
  type NumberRange,
  rangeText,
  type TextRange,
  valueText,
} from '../../domain/declared-value.js';
import type { ExitPlan, ExitTarget } from '../../domain/exits.js';
import type { Instrument } from '../../domain/instrument.js';
import {
  type EntryTerm,
  type Fill,
  type OrderIntent,
  type Side,
  WAITING_TYPES,
  type WishType,
} from '../../domain/order.js';
import type { FinishedBar } from '../../domain/quote-columns.js';
import type { SessionReading } from '../../domain/sessions/session-calendar.js';
import type { Signal } from '../../domain/signal.js';
import type { TradeEvent } from '../event.js';
import type { StrategySize } from './size-entry.js';

interface Named {
  readonly name: string;
  readonly meaning: string;
  /** The environment variable that overrides the desk file's value; numbers only. Left out: none. */
  readonly environment?: string;
}

/** The default is within the range, written as in the desk file. */
export type ParameterSpec = Named &
  (
    | (NumberRange & { readonly default: number })
    | ((ChoiceRange | TextRange) & { readonly default: string })
    | { readonly type: 'time'; readonly default: string }
    | { readonly type: 'boolean'; readonly default: boolean }
  );

interface AnyEntry {
  readonly side: Side;
  /** Where the protective stop goes once the entry is filled. */
  readonly protectTicks: number;
  /** Other exits of the trade. Left out: none. */
  readonly exits?: ExitPlan;
  /** Size of this entry only, at most the desk file's. Left out: as in the desk file. */
  readonly size?: StrategySize;
  /** Why, in one line of plain words. */
  readonly because: string;
}

interface AnyOrdered extends AnyEntry {
  /** Its strategy's own trade on the other side is closed first. Left out: such an entry is refused. */
  readonly reverses?: boolean;
}

export interface LimitEntry extends AnyOrdered {
  readonly type?: 'limit';
  readonly limitTicks: number;
  /** Bars for which the order rests before it is cancelled; one that is done at once doesn't rest. */
  readonly restBars: number;
  /** It may only add to the book: refused if it would be filled at once. */
  readonly postOnly?: boolean;
  /**
   * `IOC`: it takes what the market offers at once. `FOK`: it is filled in full at once, or not at all. Left
   * out: it rests.
   */
  readonly timeInForce?: 'IOC' | 'FOK';
  /** It rests no longer than the session. */
  readonly day?: boolean;
  /** Market time until which it may rest. */
  readonly untilMs?: number;
}

export interface MarketEntry extends AnyOrdered {
  readonly type: 'market';
  /** How far beyond the newest quote it may be filled. */
  readonly slippageTicks: number;
}

export interface StopEntry extends AnyOrdered {
  readonly type: 'stop';
  /** The trigger: above the ask for a purchase, below the bid for a sale. */
  readonly stopTicks: number;
  /** How far beyond its trigger it may be filled. */
  readonly slippageTicks: number;
  /** Bars for which it rests before it is cancelled, triggered or not. */
  readonly restBars: number;
}

/**
 * Waits in the core until the market touches a price from the better side: the ask falls to it, or the bid
 * rises to it.
 */
export interface TouchedEntry extends AnyEntry {
  readonly type: 'ifTouched';
  /** Below the ask for a purchase, above the bid for a sale. */
  readonly touchTicks: number;
  /**
   * The limit order that it becomes. Null: it takes what the market offers at once, within `slippageTicks`.
   */
  readonly limitTicks: number | null;
  /** How far beyond the quote that touched it may be filled. Null: it becomes a limit order. */
  readonly slippageTicks: number | null;
  /** Bars after which it expires; its limit order rests for those that are left. */
  readonly restBars: number;
}

/**
 * Waits in the core until the market turns: the ask has risen from its lowest since the wait began, or the
 * bid has fallen from its highest. The stop and the exits are prices for an immediate turn, and follow the
 * market until it turns.
 */
export interface TrailingEntry extends AnyEntry {
  readonly type: 'trailingStop';
  /** How far the market must turn. */
  readonly trailTicks: number;
  /** How far beyond the quote of the turn it may be filled. */
  readonly slippageTicks: number;
  /** Bars after which it expires. */
  readonly restBars: number;
}

/** Waits in the core for the first quote of the next session. */
export interface OpenEntry extends AnyEntry {
  readonly type: 'atOpen';
  readonly slippageTicks: number;
}

/**
 * Waits in the core for the first quote in the last part of the session, or of the next one while the market
 * is closed.
 */
export interface CloseEntry extends AnyEntry {
  readonly type: 'atClose';
  /** How long before the close that part begins. */
  readonly leadMs: number;
  readonly slippageTicks: number;
}

export type WaitingWish = TouchedEntry | TrailingEntry | OpenEntry | CloseEntry;

export type EntryWish = LimitEntry | MarketEntry | StopEntry | WaitingWish;

export type OrderedWish = Exclude<EntryWish, WaitingWish>;

export const isWaiting = (wish: EntryWish): wish is WaitingWish =>
  WAITING_TYPES.some((type) => type === wish.type);

/** A change to the exits of an open trade. A member that is left out stays as it is. */
export interface ExitsWish {
  readonly stopTicks?: number;
  /** For what is left of the trade now. Empty: none. */
  readonly targets?: readonly ExitTarget[];
  /** Null, here and below: it no longer applies. */
  readonly trailTicks?: number | null;
  readonly breakEvenAtTicks?: number | null;
  readonly maxBars?: number | null;
  readonly beforeCloseMs?: number | null;
  /** Why, in one line of plain words. */
  readonly because: string;
}

/** A change to its one entry that rests or waits. A member that is left out stays as it is. */
export interface EntryChange {
  /** Which one, if it has one on each side. */
  readonly side?: Side;
  /** The limit, the trigger of a stop, or the price to be touched; a worst price or a limit beyond it moves along. */
  readonly ticks?: number;
  readonly protectTicks?: number;
  /** Everything that closes its trade apart from the stop. */
  readonly exits?: ExitPlan;
  /** Why, in one line of plain words. */
  readonly because: string;
}

/** An order that rests. */
export type RestingWish = LimitEntry | StopEntry;

/** Most past bars that a strategy can be warmed up with. */
export const WARMUP_BARS_MAX = 5000;

/** Most minutes that these bars may span together, if each is longer than a minute. */
export const WARMUP_MINUTES_MAX = 50_000;

/** Most lines of one strategy on one instrument. */
export const LINES_MAX = 10;

/** The world as a strategy sees it, and what it may ask for once it has warmed up. Nothing else is its concern. */
export interface StrategyContext {
  readonly instrument: Instrument;
  /** Signed lots: long is positive. */
  readonly positionLots: number;
  /** The instrument has a live entry, or one that waits in the core. */
  readonly entryResting: boolean;
  /** Null: no quote yet. */
  readonly lastQuote: { readonly bidTicks: number; readonly askTicks: number } | null;
  /** Whether the venue can sell short. */
  readonly shorting: boolean;
  /** The desk file's stop-loss, in percent of the price. */
  readonly stopLossPct: number;
  /** Whether it may ask for anything now: it has warmed up. Computed when it is read. */
  readonly mayAsk: boolean;
  /** Whether it may also ask for an entry or change one: it is on, and the bar is not late. */
  readonly mayEnter: boolean;
  /** The market's session clock: at the end of the bar, or at the quote between bars. Computed when it is read. */
  readonly session: SessionReading;
  /** The other instrument at this place, its other legs first; -1: its own. */
  watched(place: number): WatchedInstrument;
  /** The same for the other leg at this place: what it holds there and may ask for there. -1: this one. */
  leg(place: number): StrategyContext;
  /** Asks for an entry; the risk gate decides. */
  enter(wish: EntryWish): void;
  /**
   * Closes the strategy's own position at the market, in every mode that allows it, even while the strategy
   * is off. `partPpm`: only that part of it, in parts per million.
   */
  exit(because: string, partPpm?: number): void;
  /** Changes the exits of its open trade, in every mode, even while the strategy is off. */
  adjust(wish: ExitsWish): void;
  /**
   * Withdraws its own entries on its instrument, those that rest and those that wait in the core, in every
   * mode, even while the strategy is off. Exits and stops stay.
   */
  cancel(because: string): void;
  /** Changes its one entry; the gate judges it again. Like `enter`, not while the strategy is off. */
  change(wish: EntryChange): void;
  /** Asks for two entries that rest; the first fill of either takes the other one off. Counts as one entry. */
  enterOneOf(wishes: readonly [RestingWish, RestingWish]): void;
  note(text: string): void;
  /**
   * The strategy can't continue: it is off until a person switches it on again. Positions keep their stops.
   */
  fail(reason: string): void;
}

/** What a strategy sees of one of its instruments. */
interface WatchedInstrument {
  /** Null: no quote yet. */
  readonly lastQuote: { readonly bidTicks: number; readonly askTicks: number } | null;
  /** The newest finished bar, as it arrived. Null: none yet. */
  readonly lastBar: FinishedBar | null;
}

/** A fill of a strategy's own order: of its entry, or of an order that closes its trade. */
export type OwnFill = Pick<Fill, 'side' | 'quantityLots' | 'priceTicks'> & Pick<OrderIntent, 'purpose'>;

/** Someone else's trade in the market. `taker`: who crossed the spread; null: unknown. */
export type MarketTrade = Pick<TradeEvent, 'priceTicks' | 'quantityLots' | 'taker'>;

/** Why a signal is not followed; counted by `limit`. */
export interface SignalRefusal {
  readonly limit: string;
  readonly reason: string;
}

/** A value that a strategy decides by, drawn with the candles. */
export interface StrategyLine {
  readonly name: string;
  /** A price in ticks, not rounded. Null: not known yet. */
  readonly ticks: number | null;
}

export interface Strategy {
  /**
   * Bars needed before the first decision, which is made at the last of them; bars of the longest span. At most
   * `WARMUP_BARS_MAX`.
   */
  readonly warmupBars: number;
  /** Spans of the bars that it is shown, shortest first. Left out: bars as they arrive, which are minutes. */
  readonly spansMs?: readonly number[];
  /**
   * Called for each finished bar of its instrument and its other instruments, in order. During warm-up it
   * can't order anything. Here and below, `place` is the instrument's place among the others, as in
   * `watched`; left out for its own.
   */
  onBar(context: StrategyContext, bar: FinishedBar, place?: number): void;
  /** Called for each fill of its own orders, once it has warmed up. Fills from before a start are not shown. */
  onFill?(context: StrategyContext, fill: OwnFill, place?: number): void;
  /**
   * Called for each believed quote of its instrument, and of its other legs, while the market is open, once
   * it has warmed up. Past quotes are never shown, so anything learned from them is lost after a start.
   */
  onQuote?(context: StrategyContext, place?: number): void;
  /**
   * Called for each market trade in its instrument and its other legs while the market is open and has a
   * believed price, once it has warmed up. Not every source of prices reports trades, and past ones are never
   * shown.
   */
  onTrade?(context: StrategyContext, trade: MarketTrade, place?: number): void;
  /**
   * Called at the first quote at or after each whole multiple of `timerMs` since 1970, in market time; only
   * quotes of its instrument that `onQuote` would be called for count. `dueMs`: the newest multiple. If
   * several passed without a quote, it is called only for the newest.
   */
  onTimer?(context: StrategyContext, dueMs: number): void;
  /**
   * Called for each signal in its instrument and its other legs that the desk may act on, and for each edit
   * of one that was not entered yet, once it has warmed up. `ageMs`: market time since the signal's original
   * time. It may ask for one entry in the signal's instrument, which ends with the signal.
   */
  onSignal?(context: StrategyContext, signal: Signal, ageMs: number, place?: number): SignalRefusal | null;
  /** Interval of `onTimer`. */
  readonly timerMs?: number;
  /** Why it does not enter now, in plain words. Empty: there is no entry signal. */
  state(): string;
  /**
   * Values after the newest bar, with the same names in the same order each time. Left out by a strategy that has
   * none.
   */
  lines?(): readonly StrategyLine[];
}

/**
 * Minutes that a strategy's warm-up spans: one extra longer bar, since the first may be seen only in part.
 */
export function warmupMinutes({ warmupBars, spansMs }: Pick<Strategy, 'warmupBars' | 'spansMs'>): number {
  const longestMs = spansMs?.at(-1);
  return longestMs === undefined ? warmupBars : ((warmupBars + 1) * longestMs) / MINUTE_MS;
}

/** The values a strategy is created with. A time of day is in whole minutes since midnight. */
export type ParameterValues = Readonly<Record<string, DeclaredValue>>;

/** What is known of a strategy without its code. */
export interface DeclaredStrategy {
  readonly kind: string;
  /** The market regime that it is made for. */
  readonly suits: 'trending' | 'ranging';
  readonly parameters: readonly ParameterSpec[];
  /** Entry types that it may ask for. Left out: limit orders only. */
  readonly enters?: readonly WishType[];
  /** Those of its limit entries' terms that not every venue takes. Left out: it doesn't say. */
  readonly terms?: readonly EntryTerm[];
  /** It can handle bars of other instruments. Left out: it can't watch any. */
  readonly watches?: true;
  /**
   * It trades all of its symbols as one, each of them a leg: the number required, or true for any number
   * above one. Left out: each symbol is traded on its own.
   */
  readonly legs?: true | number;
}

/** Most legs of one strategy. */
export const LEGS_MAX = 20;

/** Whether it can trade this many symbols as one. Also true for a strategy that trades each on its own. */
export const hasLegs = ({ legs }: Pick<DeclaredStrategy, 'legs'>, symbols: number): boolean =>
  legs === undefined || (legs === true ? symbols > 1 && symbols <= LEGS_MAX : symbols === legs);

/** Its requirement for the desk file's symbols, in words for people. */
export const legsText = ({ legs }: Pick<DeclaredStrategy, 'legs'>): string =>
  typeof legs === 'number' ? `it trades ${legs} as one` : `it trades several as one, at most ${LEGS_MAX}`;

/** The instruments of a strategy other than its own. */
export interface Beside {
  /** Its other legs. */
  readonly legs: readonly Instrument[];
  /** Those that it only watches. */
  readonly watched: readonly Instrument[];
}

export interface StrategyDefinition extends DeclaredStrategy {
  create(parameters: ParameterValues, instrument: Instrument, beside?: Beside): Strategy;
}

/**
 * The desk file's values with defaults filled in, in the form that a strategy is created with, or every
 * problem with them in words.
 */
export function readParameters(
  definition: Pick<DeclaredStrategy, 'parameters'>,
  given: Readonly<Record<string, DeclaredValue>>,
): { readonly values: ParameterValues; readonly problems: readonly string[] } {
  const values: Record<string, DeclaredValue> = {};
  const problems: string[] = [];
  for (const spec of definition.parameters) {
    const value = given[spec.name] ?? spec.default;
    values[spec.name] = spec.type === 'time' ? minuteOfDay(String(value)) : value;
    if (!isWithin(spec, value))
      problems.push(`${spec.name}: expected ${rangeText(spec)}, found ${valueText(value)}`);
  }
  const known = definition.parameters.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) problems.push(`${name}: no such parameter; there are ${known.join(', ')}`);
  }
  return { values, problems };
}
