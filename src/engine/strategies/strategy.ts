/** What a strategy is: parameters with bounds, and one function that sees finished bars. */
import { minuteOfDay } from '../../domain/civil-date.js';
import {
  type ChoiceRange,
  type DeclaredValue,
  isWithin,
  type NumberRange,
  rangeText,
  type TextRange,
  valueText,
} from '../../domain/declared-value.js';
import type { ExitPlan } from '../../domain/exit-plan.js';
import type { Instrument } from '../../domain/instrument.js';
import type { EntryType, Fill, OrderIntent, Side } from '../../domain/order.js';
import type { SessionReading } from '../../domain/sessions/session-calendar.js';
import type { Signal } from '../../domain/signal.js';
import type { BarEvent, TradeEvent } from '../event.js';
import type { StrategySize } from './size-entry.js';

interface Named {
  readonly name: string;
  readonly meaning: string;
  /** The environment variable that stands above the desk file's value; of numbers alone. Left out: none. */
  readonly environment?: string;
}

/** The default is within the range, in the form in which the desk file writes it. */
export type ParameterSpec = Named &
  (
    | (NumberRange & { readonly default: number })
    | ((ChoiceRange | TextRange) & { readonly default: string })
    | { readonly type: 'time'; readonly default: string }
    | { readonly type: 'boolean'; readonly default: boolean }
  );

interface AnyEntry {
  readonly side: Side;
  /** Where the protective stop goes once it is filled. */
  readonly protectTicks: number;
  /** What else closes the trade; left out: nothing does. */
  readonly exits?: ExitPlan;
  /** Of this entry alone, no more than the desk file's; left out: as the desk file says. */
  readonly size?: StrategySize;
  /** One line of plain words: why. */
  readonly because: string;
}

export interface LimitEntry extends AnyEntry {
  readonly type?: 'limit';
  readonly limitTicks: number;
  /** Bars that the order rests before it is cancelled. */
  readonly restBars: number;
}

export interface MarketEntry extends AnyEntry {
  readonly type: 'market';
  /** How far beyond the newest quote it may be filled. */
  readonly slippageTicks: number;
}

export interface StopEntry extends AnyEntry {
  readonly type: 'stop';
  /** Its trigger: above the ask for a purchase, below the bid for a sale. */
  readonly stopTicks: number;
  /** How far beyond its trigger it may be filled. */
  readonly slippageTicks: number;
  /** Bars that it rests before it is cancelled, whether it was triggered or not. */
  readonly restBars: number;
}

export type EntryWish = LimitEntry | MarketEntry | StopEntry;

/** Past bars that a strategy can be shown at most. */
export const WARMUP_BARS_MAX = 5000;

/** Lines of one strategy on one instrument. */
export const LINES_MAX = 10;

/** The world as a strategy may see it, and what it may ask for once it has warmed up. Everything else is not its business. */
export interface StrategyContext {
  readonly instrument: Instrument;
  /** Signed lots: long is positive. */
  readonly positionLots: number;
  /** An entry of this instrument is not final yet. */
  readonly entryResting: boolean;
  /** Null before the first quote. */
  readonly lastQuote: { readonly bidTicks: number; readonly askTicks: number } | null;
  /** The venue can sell what is not held. */
  readonly shorting: boolean;
  /** Percent of the price; the desk file's. */
  readonly stopLossPct: number;
  /** The clocks of the market where the bar ended, between bars at the quote; worked out when it is read. */
  readonly session: SessionReading;
  /** The risk gate decides. */
  enter(wish: EntryWish): void;
  /** Closes its own position at the market, in every mode that allows it, and while it is switched off. */
  exit(because: string): void;
  note(text: string): void;
  /** It can't go on: switched off until a person switches it on again. Positions keep their stops. */
  fail(reason: string): void;
}

/** A fill of a strategy's own order: of its entry, or of what closes its trade. */
export type OwnFill = Pick<Fill, 'side' | 'quantityLots' | 'priceTicks'> & Pick<OrderIntent, 'purpose'>;

/** What somebody traded at the market. `taker`: who crossed the spread; null: it was not told. */
export type MarketTrade = Pick<TradeEvent, 'priceTicks' | 'quantityLots' | 'taker'>;

/** Why a signal is not followed; counted by `limit`. */
export interface SignalRefusal {
  readonly limit: string;
  readonly reason: string;
}

/** A value that a strategy goes by, drawn beside the candles. */
export interface StrategyLine {
  readonly name: string;
  /** A price, in ticks and parts of one; null: not known yet. */
  readonly ticks: number | null;
}

export interface Strategy {
  /** Bars needed before the first decision; it is made at the last of them. At most `WARMUP_BARS_MAX`. */
  readonly warmupBars: number;
  /** Called for each finished bar of its instrument, in order; during warm-up it can't order anything. */
  onBar(context: StrategyContext, bar: BarEvent): void;
  /** Called for each fill of its own orders, once it has warmed up; fills from before a start are not shown. */
  onFill?(context: StrategyContext, fill: OwnFill): void;
  /**
   * Called for each believed quote of its instrument while its market is open, once it has warmed up. Past quotes are never
   * shown: what it knows from them is gone after a start.
   */
  onQuote?(context: StrategyContext): void;
  /**
   * Called for each trade of its instrument at the market while that is open and has a believed price, once it has warmed up.
   * Not every source of prices tells of them, and past ones are never shown.
   */
  onTrade?(context: StrategyContext, trade: MarketTrade): void;
  /**
   * Called at the first such quote at or after each whole multiple of `timerMs` since 1970, market time; `dueMs`: the newest
   * multiple. Of several that passed without a quote it is told the newest alone.
   */
  onTimer?(context: StrategyContext, dueMs: number): void;
  /**
   * Called for each signal of its instrument that the desk may act on, and for each edit of one that was not entered yet, once
   * it has warmed up. `ageMs`: market time since the signal's original time. One entry is heard, and ends with the signal.
   */
  onSignal?(context: StrategyContext, signal: Signal, ageMs: number): SignalRefusal | null;
  /** Of `onTimer`. */
  readonly timerMs?: number;
  /** Why it does not enter now, in plain words; empty: no more than that no signal has come. */
  state(): string;
  /** After the newest bar: the same names in the same order each time. Left out by a strategy that goes by none. */
  lines?(): readonly StrategyLine[];
}

/** What a strategy is made with: a time of day is whole minutes since midnight. */
export type ParameterValues = Readonly<Record<string, DeclaredValue>>;

/** What can be known of a strategy without its code. */
export interface DeclaredStrategy {
  readonly kind: string;
  /** The market that it is made for. */
  readonly suits: 'trending' | 'ranging';
  readonly parameters: readonly ParameterSpec[];
  /** What it may ask for; left out: limit orders alone. */
  readonly enters?: readonly EntryType[];
}

export interface StrategyDefinition extends DeclaredStrategy {
  create(parameters: ParameterValues, instrument: Instrument): Strategy;
}

/** The values of the desk file with defaults filled in, as a strategy is made with them, or every problem with them in words. */
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
