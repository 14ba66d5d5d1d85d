/**
 * Runs a desk's own strategy in a separate context, one for each of its symbols, or one for all its legs. The
 * context is for determinism, not a defence against malice: people approve the code by its hash.
 */
import { constants, createContext, Script } from 'node:vm';
import type { StrategyModule } from '../../desk/own-code.js';
import type { Side, WishType } from '../../domain/order.js';
import { plainText } from '../../domain/plain-text.js';
import type { SignalAction } from '../../domain/signal.js';
import { COUNT_STEPS, type LASTS, PLACE_THROWS, STAND_BETWEEN, TAKE_AWAY } from './context-script.js';
import type { LegNumber, WatchedNumber } from './names.js';
import { PLACED, SCRIPT } from './names.js';
import { type SourcePlace, sourceLines } from './refused.js';

/** How long an entry rests; empty: until it is cancelled. */
export type TimeInForceName = '' | (typeof LASTS)[number];

/** Called from inside the context, with primitive values; none of these functions throws. */
export interface Wishes {
  /**
   * 0: not requested. `ticks`: the limit, the trigger, or the price to be touched. `limitTicks`: for an entry
   * that waits to be touched. `targets`: for each, nearest first, its ticks and the part closed by then, in
   * parts per million.
   */
  enter(
    side: 'buy' | 'sell',
    type: WishType,
    ticks: number,
    slippageTicks: number,
    stopTicks: number,
    restBars: number,
    postOnly: boolean,
    timeInForce: TimeInForceName,
    untilMs: number,
    limitTicks: number,
    leadSeconds: number,
    reverses: boolean,
    because: string,
    riskPct: number,
    lots: number,
    equityPct: number,
    maxLots: number,
    volatilityPct: number,
    trailTicks: number,
    breakEvenAtTicks: number,
    maxBars: number,
    leadSecondsOfExit: number,
    ...targets: readonly number[]
  ): void;
  /** `partPpm`: parts per million; 0: all of it. */
  exit(because: string, partPpm: number): void;
  /** 0: unchanged; -1: removed. `targets` as above, of what is left; unchanged if `hasTargets` is false. */
  adjust(
    stopTicks: number,
    trailTicks: number,
    breakEvenAtTicks: number,
    maxBars: number,
    leadSeconds: number,
    because: string,
    hasTargets: boolean,
    ...targets: readonly number[]
  ): void;
  cancel(because: string): void;
  /** 0: unchanged. Without `hasExits`, the arguments after it mean nothing. Empty `side`: the only entry. */
  change(
    side: 'buy' | 'sell' | '',
    ticks: number,
    because: string,
    hasExits: boolean,
    stopTicks: number,
    trailTicks: number,
    breakEvenAtTicks: number,
    maxBars: number,
    leadSeconds: number,
    ...targets: readonly number[]
  ): void;
  /**
   * Whether a wish would be heard now; one that would not is dropped unread. `opens`: one that enters or
   * changes an entry.
   */
  hears(opens: boolean): boolean;
  /** Whether one of its instruments has no price yet. */
  lacksPrice(): boolean;
  /** Later wishes are about the leg at this place; -1: the first leg. */
  turnTo(place: number): void;
  /** `open`: the next two entries are alternatives. */
  pair(open: boolean): void;
  note(text: string): void;
}

/** The market's clocks at the newest call: queried only when a strategy reads them, never at each bar. */
export interface Clocks {
  minuteOfDay(): number;
  minutesToClose(): number;
  date(): string;
  weekday(): string;
}

/**
 * Numbers of one of its instruments, queried only when a strategy reads them; NaN: not known yet. `place`:
 * among the instruments other than its own, which is -1. Only legs have `lots` and `entryResting` (1 or 0).
 */
export interface Watching {
  watched(place: number, what: WatchedNumber | LegNumber): number;
}

/** The content of its artefacts: as text, or with a character for each byte. */
export interface Artefacts {
  artefact(place: number): string;
}

/** Called for each line of a strategy, in order; NaN: not known yet. */
export interface Drawing {
  line(name: string, ticks: number): void;
}

export interface ContextStrategy {
  readonly warmupBars: number;
  /** Milliseconds, shortest first, separated by commas. Empty: bars as they come. */
  readonly spans: string;
  /** Sets the values of `desk`; called before each of the other functions. */
  show(
    lots: number,
    entryResting: boolean,
    bid: number,
    ask: number,
    shorting: boolean,
    stopLossPct: number,
  ): void;
  onBar(
    openMs: number,
    openTicks: number,
    highTicks: number,
    lowTicks: number,
    closeTicks: number,
    /** NaN: not known. */
    volumeLots: number,
    spanMinutes: number,
    /** -1: its own instrument; otherwise the place among the others. Here and below. */
    place: number,
  ): void;
  /** Null: it doesn't handle fills. */
  readonly onFill:
    | ((side: 'buy' | 'sell', lots: number, ticks: number, opens: boolean, place: number) => void)
    | null;
  /**
   * Returns why the signal is not followed; empty: it is followed. A price of 0 means none. Null: it doesn't handle
   * signals.
   */
  readonly onSignal:
    | ((
        source: string,
        id: string,
        revision: number,
        action: SignalAction,
        entryTicks: number,
        stopTicks: number,
        ageSeconds: number,
        place: number,
        ...targetTicks: readonly number[]
      ) => string)
    | null;
  /** Null: it doesn't handle quotes. */
  readonly onQuote: ((place: number) => void) | null;
  /** Null: it doesn't handle trades. */
  readonly onTrade: ((ticks: number, lots: number, taker: Side | null, place: number) => void) | null;
  /** Null: it has no timer. */
  readonly onTimer: ((dueMs: number) => void) | null;
  readonly timerSeconds: number;
  state(): string;
  /** Reports each line through `Drawing`; null: the strategy has none. */
  readonly lines: (() => void) | null;
}

interface StrategyContext {
  /** JSON: the file's declaration, unchecked. */
  declared(): string;
  /**
   * `parameters`, `instrument`, `legs` (its other ones), `watches`, `artefacts` (names and forms): JSON.
   * `takesAny`: any unknown symbol stands for the first of its other instruments. Throws what the strategy
   * throws.
   */
  create(
    host: Wishes & Clocks & Drawing & Watching & Artefacts,
    parameters: string,
    instrument: string,
    legs: string,
    watches: string,
    artefacts: string,
    takesAny: boolean,
  ): ContextStrategy;
}

/** Throws what the file throws while loading. */
export function openContext({ code }: StrategyModule): StrategyContext {
  const context = createContext(constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
  });
  new Script(TAKE_AWAY).runInContext(context);
  new Script(COUNT_STEPS).runInContext(context);
  new Script(PLACE_THROWS).runInContext(context);
  try {
    new Script(code, { filename: SCRIPT }).runInContext(context);
  } catch (thrown) {
    throw (new Script(PLACED).runInContext(context) as (thrown: unknown) => unknown)(thrown);
  }
  return new Script(STAND_BETWEEN).runInContext(context) as StrategyContext;
}

const PLACES = new RegExp(`${SCRIPT.replace('.', '\\.')}:(\\d+):(\\d+)`, 'g');
/** Other files of the script are ours: nobody can put those right. */
const OWN_FILES = 'strategies/';

/** In words, with the place of the error in the strategy's own files. */
export function whatItThrew(
  thrown: unknown,
  { map }: StrategyModule,
): { readonly place: SourcePlace | null; readonly text: string } {
  const { message, stack } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Partial<Error>;
  const text = plainText(String(message ?? thrown)).slice(0, 300);
  const placeOf = sourceLines(map);
  const place =
    [...String(stack ?? '').matchAll(PLACES)]
      .map(([, line, column]) => placeOf(Number(line), Number(column) - 1))
      .find((one) => one?.file.startsWith(OWN_FILES)) ?? null;
  return { place, text: place === null ? text : `${text} (${place.file}:${place.line})` };
}
