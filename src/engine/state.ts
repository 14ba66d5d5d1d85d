/** The engine's durable state: exactly what a replay of the journal gives. Changed only by `applyRecord`. */

import type { BookSteps, Scales } from '../domain/book-steps.js';
import type { OthersCoins } from '../domain/coins.js';
import type { DeclaredValue } from '../domain/declared-value.js';
import type { ExitPlan, StopMover } from '../domain/exit-plan.js';
import type { ExitReason } from '../domain/exit-reason.js';
import type { GoLiveGrant } from '../domain/go-live.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Halt, Mode } from '../domain/mode.js';
import type { Units } from '../domain/money.js';
import type { OrderIntent, OrderState } from '../domain/order.js';
import type { Signal } from '../domain/signal.js';
import type { StopGapCause, StopGaps } from '../domain/stop-gap.js';
import { FULL_SIZE_PPM } from '../limits/size-factor.js';
import type { Difference } from './record.js';

export interface OrderEntry {
  /** Its quantity follows what the venue holds. */
  intent: OrderIntent;
  /** Client id of the order that it takes the place of; null: none. */
  readonly replaces: string | null;
  /** The venue holds it with another quantity than it was sent with. */
  amended: boolean;
  state: OrderState;
  venueId: string | null;
  filledLots: number;
  reason: string;
  /** How many its fills have opened. */
  trades: number;
  readonly intendedMarketMs: number;
}

/** The exits that a trade's entry asked for, and how far they have come. */
export interface TradeExits {
  /** Client id of that entry: its later fills begin nothing anew. */
  readonly entry: string;
  readonly plan: ExitPlan;
  /** Market time of the first fill of that entry. */
  readonly openedMs: number;
  /** Lots that the trade had sold before it: its parts are of what came after. */
  readonly soldBefore: number;
  /** Targets that the market has reached. */
  reached: number;
  /** What moved the stop last; null: it is where the entry wanted it. */
  movedBy: StopMover | null;
}

/** What one strategy opened on one instrument, until no whole lot of it is left. */
export interface TradeEntry {
  readonly id: string;
  /** Whose entry opened it; `fermata` where the venue's quantity was adopted. */
  readonly strategy: string;
  readonly side: 'long' | 'short';
  readonly openedMs: number;
  /** What the desk traded by when it was opened. */
  readonly configHash: string;
  entryLots: number;
  /** Sum of lots × price over the fills that opened it. */
  entryTickLots: bigint;
  exitLots: number;
  exitTickLots: bigint;
  /** Units of the quote currency's books, as everything below. */
  fees: Units;
  /** Of what is closed, after all fees. */
  result: Units;
  /** What the first stops would have lost; null: a part of it was bought without one. */
  risk: Units | null;
  /** Where its protective stop belongs; null: derived from the average price. */
  protectTicks: number | null;
  /** Left out where no entry asked for any. */
  exits?: TradeExits;
}

export interface ClosedTrade extends TradeEntry {
  readonly instrument: number;
  readonly why: ExitReason;
  readonly closedMs: number;
}

export interface PositionEntry {
  readonly instrument: InstrumentId;
  /** Signed: long is positive. */
  quantityLots: number;
  /** What is left of the coin below a lot, units of its books: a fee taken in coins leaves it, the next purchase adds to it. */
  remainder: Units;
  /** Cost of what is held, units of the quote currency's books, signed like the quantity. */
  cost: Units;
  /** Gross result of everything closed, in the same units. */
  realised: Units;
  /** Whose it is, with its own fills, fees and result; null: no whole lot is held. */
  trade: TradeEntry | null;
  /** What a fee in coins earned or paid while no trade was open, same units: the next trade's. */
  carried: Units;
}

/** Closed round trips of one strategy on one instrument; `realised` is after fees, units of the quote currency's books. */
export interface TripTotals {
  readonly strategy: string;
  readonly instrument: InstrumentId;
  trades: number;
  wins: number;
  realised: Units;
}

/** A fee whose worth nobody knows yet. */
export interface UnvaluedFee {
  readonly instrument: InstrumentId;
  readonly strategy: string;
  readonly asset: string;
  /** Decimal text. */
  readonly amount: string;
}

/** What was changed while the desk ran. */
export interface SettingsState {
  /** Counts every change; 0: as the desk file says. */
  readonly version: number;
  readonly changed: Readonly<Record<string, DeclaredValue>>;
  readonly fileValues: Readonly<Record<string, DeclaredValue>>;
}

/** What the tracker knows of one strategy. */
export interface StrategyTrack {
  /** Closed round trips with a net loss since the last profit, or since it was switched on. */
  lossesInARow: number;
  /** Why it is off; null: nobody switched it off since it was last on. */
  off: {
    readonly automatic: boolean;
    readonly by: string;
    readonly reason: string;
    readonly atMarketMs: number;
  } | null;
}

/** One signal with all its revisions, kept for a while after its expiry so that a repetition is known. */
export interface SignalEntry {
  /** Its newest revision; null: it was withdrawn before it came. */
  signal: Signal | null;
  withdrawn: boolean;
  /** Market time from which on nothing is entered on it. */
  expiresMs: number;
  /** Why nothing was entered on its newest revision; null: nothing spoke against it. */
  refused: { readonly limit: string; readonly reason: string } | null;
  /** An entry of it was filled, if only in part: it is used up. */
  filled: boolean;
}

export type CloseAllState = 'idle' | 'running' | 'flat' | 'escalated';

export interface EngineState {
  config: {
    readonly desk: string;
    readonly configHash: string;
    readonly symbols: readonly string[];
    readonly instruments: readonly Instrument[];
    readonly startingCash: Units;
    readonly account: string;
    /** The venue's own id of it; null: it has not said it yet. */
    readonly accountId: string | null;
  } | null;
  /** Of the books, by currency. */
  scales: Scales;
  /** By instrument. */
  steps: readonly BookSteps[];
  settings: SettingsState;
  /** The permission to trade real money; null: none is in force. */
  goLive: GoLiveGrant | null;
  /** Every order that is not final, and the newest final ones. */
  readonly orders: Map<string, OrderEntry>;
  /** Orders that are not final, by instrument. */
  live: Map<string, OrderEntry>[];
  /** Client ids of retained final orders, oldest first. */
  readonly finals: Set<string>;
  positions: PositionEntry[];
  /** Trade ids applied, with their market time, by instrument. */
  fillsSeen: Map<string, number>[];
  /** Fills before this market time are all known and no longer listed: an older one is a repetition. */
  fillHorizonMs: number;
  readonly trips: Map<string, TripTotals>;
  /** Closed by the newest record, their own records are written next. */
  tradesToTell: ClosedTrade[];
  /** How many were opened by no order of ours. */
  adoptedTrades: number;
  /** Cash by currency, units of its books; an asset kept for fees counts what was taken from it, below zero. */
  readonly balances: Map<string, Units>;
  /** Cash in and out since the journal began that is no result, money units. */
  capitalMoved: Units;
  /** Ids of the venue's movements that are booked. */
  readonly movementsBooked: Set<string>;
  /** Market time of the first reading with the difference in cash that stands. Null: none stands. */
  cashDiffersSinceMs: number | null;
  /** What persons said that cash was, money units, and since when it differed: the venue may list it later. */
  cashExplained: readonly { readonly units: Units; readonly marketMs: number }[];
  /** Market time of the journal's first record: what moved before is part of the starting cash. */
  beganMs: number;
  /** Worth of the fees that were paid from such assets, units of the desk's currency. */
  feesElsewhere: Units;
  /** Oldest first. */
  unvaluedFees: UnvaluedFee[];
  /** Newest last. */
  halts: Halt[];
  mode: Mode;
  closeAll: CloseAllState;
  day: { readonly startMs: number; readonly startEquity: number } | null;
  /** Highest equity recorded; 0 before the first. */
  peak: number;
  lastEquity: { readonly equity: number; readonly marketMs: number } | null;
  /** Coins of the account that are not the desk's, in lots, by symbol. */
  readonly coins: Map<string, OthersCoins>;
  readonly toggles: Map<string, boolean>;
  readonly tracks: Map<string, StrategyTrack>;
  /** Trades of all strategies that lost, one after the other, since the day began. */
  lossesInARow: number;
  /** Parts per million of the desk file's position size. */
  sizeFactorPpm: number;
  /** In client order ids: a journal that was set back goes on under a new one, and its older orders are ours still. */
  readonly incarnations: Set<string>;
  /** Highest sequence in any client order id. */
  clientSequence: number;
  /** Market time of the newest fill. */
  newestFillMs: number;
  /** Fills up to this market time are known: the next reading of the venue's fills begins here. */
  fillsThroughMs: number;
  lastDifferences: readonly Difference[];
  /** Instruments of a journal that was put back, until the account was read: it does not know what was traded since. */
  readonly putBack: Set<InstrumentId>;
  readonly stopGaps: Map<StopGapCause, StopGaps>;
  /** By `signalKey`, the oldest first. */
  readonly signals: Map<string, SignalEntry>;
  /** How many came to nothing, by what refused them. */
  readonly signalsRefused: Map<string, number>;
  readonly counters: {
    fills: number;
    intended: number;
    denied: number;
    halts: number;
    armed: number;
    commands: number;
  };
}

export function createState(): EngineState {
  return {
    config: null,
    scales: new Map(),
    steps: [],
    settings: { version: 0, changed: {}, fileValues: {} },
    goLive: null,
    orders: new Map(),
    live: [],
    finals: new Set(),
    positions: [],
    fillsSeen: [],
    fillHorizonMs: 0,
    trips: new Map(),
    tradesToTell: [],
    adoptedTrades: 0,
    balances: new Map(),
    capitalMoved: 0n,
    movementsBooked: new Set(),
    cashDiffersSinceMs: null,
    cashExplained: [],
    beganMs: 0,
    feesElsewhere: 0n,
    unvaluedFees: [],
    halts: [],
    mode: 'ACTIVE',
    closeAll: 'idle',
    day: null,
    peak: 0,
    lastEquity: null,
    coins: new Map(),
    toggles: new Map(),
    tracks: new Map(),
    lossesInARow: 0,
    sizeFactorPpm: FULL_SIZE_PPM,
    incarnations: new Set(),
    clientSequence: 0,
    newestFillMs: 0,
    fillsThroughMs: 0,
    lastDifferences: [],
    putBack: new Set(),
    stopGaps: new Map(),
    signals: new Map(),
    signalsRefused: new Map(),
    counters: { fills: 0, intended: 0, denied: 0, halts: 0, armed: 0, commands: 0 },
  };
}

export function trackOf(state: EngineState, strategy: string): StrategyTrack {
  const known = state.tracks.get(strategy);
  if (known !== undefined) return known;
  const created: StrategyTrack = { lossesInARow: 0, off: null };
  state.tracks.set(strategy, created);
  return created;
}

export function emptyPosition(instrument: InstrumentId): PositionEntry {
  return {
    instrument,
    quantityLots: 0,
    remainder: 0n,
    cost: 0n,
    realised: 0n,
    trade: null,
    carried: 0n,
  };
}

/** The halt whose id arming must quote; null while nothing halts the desk. */
export function newestDeskHalt(state: EngineState): Halt | null {
  for (let at = state.halts.length - 1; at >= 0; at -= 1) {
    const halt = state.halts[at];
    if (halt?.scope.kind === 'desk') return halt;
  }
  return null;
}
