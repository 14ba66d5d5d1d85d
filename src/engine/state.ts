/** The engine's durable state: exactly what a replay of the journal yields. Only `applyRecord` changes it. */
import type { BookSteps, Scales } from '../domain/book-steps.js';
import type { OthersCoins } from '../domain/cash-and-coins.js';
import type { HandedAction } from '../domain/corporate-action.js';
import type { DeclaredValue } from '../domain/declared-value.js';
import type { ExitPlan, ExitReason, StopGapCause, StopGaps, StopMover } from '../domain/exits.js';
import type { GoLiveEnded, GoLiveGrant } from '../domain/go-live-terms.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Halt, Mode } from '../domain/mode.js';
import { momentToSecond } from '../domain/moment.js';
import type { Units } from '../domain/money.js';
import type { Fill, OrderIntent, SentState, Side } from '../domain/order.js';
import type { Volumes } from '../domain/order-fee.js';
import type { Signal } from '../domain/signal.js';
import { FULL_SIZE_PPM } from '../limits/size-factor.js';
import type { Difference, EngineRecord } from './record.js';
import type { WaitingEntry } from './waiting-entry.js';

export interface OrderEntry {
  /** The quantity follows what the venue holds. */
  intent: OrderIntent;
  /** Client id of the order that it replaced. Null: none. */
  readonly replaces: string | null;
  /** The venue holds it with a different quantity than was sent. */
  amended: boolean;
  state: SentState;
  venueId: string | null;
  filledLots: number;
  reason: string;
  /** How many trades its fills have opened. */
  trades: number;
  readonly intendedMarketMs: number;
}

/** The exits that a trade's entry asked for, and how far they have come. */
export interface TradeExits {
  /** Client id of the entry that asked for them: its later fills do not start the exits again. */
  readonly entry: string;
  readonly plan: ExitPlan;
  /** Market time of the first fill of that entry. */
  readonly openedMs: number;
  /** Lots that the trade had sold before; the targets' parts refer to what was bought afterwards. */
  readonly soldBefore: number;
  /**
   * When they were asked for, as a sequence of client ids: entries below it are older, and their fills bring no exits.
   * Left out: by an earlier build.
   */
  readonly askedAt?: number;
  /** Targets that the market has reached. */
  reached: number;
  /** What moved the stop last. Null: the stop is where the entry put it. */
  movedBy: StopMover | null;
}

/** What one strategy opened on one instrument, until no whole lot of it is left. */
export interface TradeEntry {
  readonly id: string;
  /** The strategy whose entry opened it; `fermata` if the venue's quantity was adopted. */
  readonly strategy: string;
  readonly side: 'long' | 'short';
  readonly openedMs: number;
  /** Configuration that the desk traded by when it was opened. */
  readonly configHash: string;
  entryLots: number;
  /** Basis of its average price, over the fills that opened it: for most kinds the sum of lots × price. */
  entryTickLots: bigint;
  exitLots: number;
  exitTickLots: bigint;
  /** Units of the settlement currency's books, as are the amounts below. */
  fees: Units;
  /** Result of what is closed, after all fees. */
  result: Units;
  /** What the first stops would have lost. Null: some of it was bought without a stop. */
  risk: Units | null;
  /** Where its protective stop belongs. Null: derived from the average price. */
  protectTicks: number | null;
  /** Left out: the entry asked for none. */
  exits?: TradeExits;
  /** A fill moves its stop only nearer to the market. Left out: that of the newest fill counts. */
  keepsStop?: true;
  /** It exists alongside the trades of other strategies. Left out: it takes every fill of its instrument. */
  readonly own?: true;
  /**
   * One of several legs that its strategy trades as one: a streak counts all as one. Left out: it is whole.
   */
  readonly leg?: true;
}

export interface ClosedTrade {
  readonly trade: TradeEntry;
  readonly instrument: number;
  readonly why: ExitReason;
  readonly closedMs: number;
  /** Its record, once it has been made. */
  told: Extract<EngineRecord, { readonly type: 'trade.closed' }> | null;
}

/** A position, or the part of one that belongs to one trade or to none. */
export interface Holding {
  readonly instrument: InstrumentId;
  /** Signed: long is positive. */
  quantityLots: number;
  /**
   * Coins below one lot, in units of the coin's books: a fee taken in coins leaves them, and the next purchase adds
   * to them.
   */
  remainder: Units;
  /**
   * Cost of the holding, in units of the settlement currency's books, signed like the quantity; where results
   * are converted, an amount of the quote currency in such units.
   */
  cost: Units;
  /** Gross result of everything closed, in units of the settlement currency's books. */
  realised: Units;
  /** The open trade, with its own fills, fees and result. Null: no whole lot is held. */
  trade: TradeEntry | null;
  /** What fees in coins earned or cost while no trade was open, in the same units; the next trade takes it over. */
  carried: Units;
}

/**
 * What the venue holds. Where several strategies trade the instrument, the position is in parts: one for each
 * trade (nobody's lots are a trade of `fermata`), and at most one without a trade, for the remainder below a
 * lot. All parts are on the side of the position, and their lots, remainders and costs add up to its own.
 * Each part then has its trade, and the position's own is null. No parts: the position is whole, with one
 * trade at most.
 *
 * Side by side, parts may be on both sides, and add up to the position in lots. Its cost and realised result
 * are then those of the net, as the venue counts them: what a trade has won or lost against another is in
 * neither.
 */
export interface PositionEntry extends Holding {
  parts: Holding[];
}

/**
 * Totals of one strategy's closed trades on one instrument. `realised`: after fees, in units of the
 * settlement currency's books.
 */
export interface TripTotals {
  readonly strategy: string;
  readonly instrument: InstrumentId;
  trades: number;
  wins: number;
  realised: Units;
}

/** A fee that could not be valued yet. */
export interface UnvaluedFee {
  /** Null: its symbol was taken out of the desk file, and the totals of that symbol with it. */
  readonly instrument: InstrumentId | null;
  readonly strategy: string;
  readonly asset: string;
  /** Decimal. */
  readonly amount: string;
}

/** A fee that was booked before the venue told it. Amounts in money units. */
export interface ExpectedFee {
  readonly symbol: string;
  readonly fee: number;
  /** What was booked afterwards: expected less told, signed as the balance changed. */
  readonly corrected: Units;
  /** Nothing more is booked for it: it was corrected, or a person has explained what cash differed by. */
  readonly over: boolean;
  /** Of the fill. */
  readonly marketMs: number;
}

/** Settings that were changed while the desk ran. */
export interface SettingsState {
  /** Counts the changes. 0: as in the desk file. */
  readonly version: number;
  readonly changed: Readonly<Record<string, DeclaredValue>>;
  readonly fileValues: Readonly<Record<string, DeclaredValue>>;
}

/** What the tracker knows about one strategy. */
export interface StrategyTrack {
  /**
   * Trades closed with a net loss in a row since the last profit, or since the strategy was switched on. All
   * legs traded as one count as one trade.
   */
  lossesInARow: number;
  /** Result of closed legs whose other legs are still held, in units of the books. 0: none. */
  legsResult: Units;
  /** Why it is off. Null: it has not been switched off since it was last on. */
  off: {
    readonly automatic: boolean;
    readonly by: string;
    readonly reason: string;
    readonly atMarketMs: number;
  } | null;
}

/** One signal with all its revisions. Remembered for a while after its expiry, to recognise a repetition. */
export interface SignalEntry {
  /** The newest revision. Null: it was withdrawn before it arrived. */
  signal: Signal | null;
  withdrawn: boolean;
  /** Market time from which it is no longer entered. */
  expiresMs: number;
  /** Why the newest revision was not entered. Null: it was not refused. */
  refused: { readonly limit: string; readonly reason: string } | null;
  /** An entry on it was filled, at least in part; it is used up. */
  filled: boolean;
}

interface FormerSignal {
  readonly entry: SignalEntry;
  /** What its number stood for. */
  readonly instrument: Instrument;
}

interface ActionTaken extends HandedAction {
  readonly marketMs: number;
  /** The venue booked it by itself, and is not notified of it. */
  readonly byVenue: boolean;
}

export type CloseAllState = 'idle' | 'running' | 'flat' | 'escalated';

/** Money units. */
interface DayState {
  readonly startMs: number;
  /** At its beginning, and the capital that moved since. */
  readonly firstEquity: number;
  /**
   * The daily loss counts from here: later than the beginning if a daily-loss halt was lifted on this day. In proportion
   * to capital that moved since.
   */
  readonly startEquity: number;
  /** The day's return counts from here: from the beginning, in proportion to capital that moved since. */
  readonly returnEquity: number;
}

export interface EngineState {
  config: {
    readonly desk: string;
    readonly configHash: string;
    readonly symbols: readonly string[];
    readonly instruments: readonly Instrument[];
    readonly startingCash: Units;
    readonly account: string;
    /** The venue's own id of the account. Null: the venue has not reported it yet. */
    readonly accountId: string | null;
  } | null;
  /** Scales of the books, by currency. */
  scales: Scales;
  /** By instrument. */
  steps: readonly BookSteps[];
  settings: SettingsState;
  /** The permission to trade real money; null: none is in force. */
  goLive: GoLiveGrant | null;
  /** The newest permission that ended; null: none ever did. */
  goLiveEnded: GoLiveEnded | null;
  /** All live orders, and the newest final ones. */
  readonly orders: Map<string, OrderEntry>;
  /** Live orders, by instrument; each list is replaced, never changed, so whoever goes through one sees it as it was. */
  live: (readonly OrderEntry[])[];
  /** Client ids of the final orders that are kept: a ring once it is full, the next one to be forgotten at `oldest`. */
  readonly finals: { ids: string[]; oldest: number };
  positions: PositionEntry[];
  /** By instrument: ids of the venue's trades already applied, with their market time. */
  fillsSeen: Map<string, number>[];
  /**
   * By symbol: the same from before it was taken out of the desk file; once it is back, the venue may list them
   * again. Kept apart: earlier builds booked them again then, and those journals replay as they were booked.
   */
  readonly formerFills: Map<string, Map<string, number>>;
  /** All fills before this market time are known and their ids forgotten: an older fill is a repetition. */
  fillHorizonMs: number;
  readonly trips: Map<string, TripTotals>;
  /** Trades that the newest record closed; their `trade.closed` records come next. */
  tradesToTell: ClosedTrade[];
  /** How many trades were opened by adoption, not by an order of ours. */
  adoptedTrades: number;
  /**
   * Cash by currency, in units of its books. For an asset kept for fees: what was taken from it, as a negative
   * amount.
   */
  readonly balances: Map<string, Units>;
  /** Net capital paid in since the journal began, in money units; not a result. */
  capitalMoved: Units;
  /** Ids of the venue's cash movements that are booked. */
  readonly movementsBooked: Set<string>;
  /** Market time of the first snapshot that showed the present difference in cash. Null: cash agrees. */
  cashDiffersSinceMs: number | null;
  /**
   * Differences in cash that people explained: money units, and since when cash had differed. The venue may
   * still list them later.
   */
  cashExplained: readonly { readonly units: Units; readonly marketMs: number }[];
  /** Of booked trades, in words for people, since somebody last explained a difference: they may be its cause. */
  corrections: readonly string[];
  /** Market time of the journal's first record; earlier cash movements are part of the starting cash. */
  beganMs: number;
  /** Value of the fees paid from assets kept for fees, in units of the desk's currency. */
  feesElsewhere: Units;
  /** Empty where no fees have tiers. */
  readonly volumes: Volumes;
  /** Oldest first. */
  unvaluedFees: UnvaluedFee[];
  /** By `feeIdOf`, oldest first: fees that were booked as expected. Empty where the venue tells each with its fill. */
  readonly feesExpected: Map<string, ExpectedFee>;
  /** Newest last. */
  halts: Halt[];
  mode: Mode;
  closeAll: CloseAllState;
  /** Market time at which the newest close-all was proven flat. Null: it is not, or nothing was closed. */
  flatMs: number | null;
  day: DayState | null;
  /** Highest equity recorded. 0: none recorded yet. */
  peak: number;
  /** Market time at which equity was last recorded. */
  equityMs: number | null;
  /** By symbol: coins in the account that are not the desk's, in lots. */
  readonly coins: Map<string, OthersCoins>;
  readonly toggles: Map<string, boolean>;
  readonly tracks: Map<string, StrategyTrack>;
  /**
   * Losing trades in a row, across all strategies, since the day began. A start at an earlier day ends no
   * streak.
   */
  lossesInARow: number;
  /** Parts per million of the full position size. */
  sizeFactorPpm: number;
  /**
   * All incarnations that client order ids may carry: a restored journal continues under a new one, and its older
   * orders are still ours.
   */
  readonly incarnations: Set<string>;
  /** Highest sequence used in a client order id. */
  clientSequence: number;
  /** Market time of the newest fill. */
  newestFillMs: number;
  /** Fills up to this market time are known; the next snapshot asks from `FILL_OVERLAP_MARKET_MS` before it. */
  fillsThroughMs: number;
  lastDifferences: readonly Difference[];
  /**
   * Instruments of a restored journal until the account has been read: the journal does not know what was
   * traded since the backup.
   */
  readonly putBack: Set<InstrumentId>;
  /**
   * Instruments with an order that closes and was given up as filled, its fills never named, until the account has been
   * read: their position may be gone.
   */
  readonly mayBeClosed: Set<InstrumentId>;
  readonly stopGaps: Map<StopGapCause, StopGaps>;
  /** By client id, oldest first. */
  readonly waiting: Map<string, WaitingEntry>;
  /** The newest corporate actions: after a restart they are sent to the venue again. */
  actions: readonly ActionTaken[];
  /** By `signalKey`, oldest first. */
  readonly signals: Map<string, SignalEntry>;
  /** The same of symbols that were taken out of the desk file: once back, a repetition must not be entered again. */
  readonly formerSignals: Map<string, FormerSignal>;
  /** How many signals were refused, by what refused them. */
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
    goLiveEnded: null,
    orders: new Map(),
    live: [],
    finals: { ids: [], oldest: 0 },
    positions: [],
    fillsSeen: [],
    formerFills: new Map(),
    fillHorizonMs: 0,
    trips: new Map(),
    tradesToTell: [],
    adoptedTrades: 0,
    balances: new Map(),
    capitalMoved: 0n,
    movementsBooked: new Set(),
    cashDiffersSinceMs: null,
    cashExplained: [],
    corrections: [],
    beganMs: 0,
    feesElsewhere: 0n,
    volumes: new Map(),
    unvaluedFees: [],
    feesExpected: new Map(),
    halts: [],
    mode: 'ACTIVE',
    closeAll: 'idle',
    flatMs: null,
    day: null,
    peak: 0,
    equityMs: null,
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
    mayBeClosed: new Set(),
    stopGaps: new Map(),
    waiting: new Map(),
    actions: [],
    signals: new Map(),
    formerSignals: new Map(),
    signalsRefused: new Map(),
    counters: { fills: 0, intended: 0, denied: 0, halts: 0, armed: 0, commands: 0 },
  };
}

/** The id of the cash movement that corrects the fee of a fill. */
export const feeIdOf = (symbol: string, { tradeId }: Pick<Fill, 'tradeId'>): string =>
  `fee of ${symbol} ${tradeId}`;

export function trackOf(state: EngineState, strategy: string): StrategyTrack {
  const known = state.tracks.get(strategy);
  if (known !== undefined) return known;
  const created: StrategyTrack = { lossesInARow: 0, legsResult: 0n, off: null };
  state.tracks.set(strategy, created);
  return created;
}

export function emptyPosition(instrument: InstrumentId): PositionEntry {
  return { ...emptyHolding(instrument), parts: [] };
}

export function emptyHolding(instrument: InstrumentId): Holding {
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

/** Lots held on one side, unsigned: all trades of that side together. */
export function lotsOn({ quantityLots, parts }: PositionEntry, side: Side): number {
  const sign = side === 'buy' ? 1 : -1;
  if (parts.length === 0) return Math.max(0, sign * quantityLots);
  return parts.reduce((lots, part) => lots + Math.max(0, sign * part.quantityLots), 0);
}

/**
 * Lots held on the larger side, signed: the most the position may become once the other side is closed. If
 * all trades are on one side, all of it.
 */
export function openLots(holding: Holding | PositionEntry): number {
  if (!('parts' in holding) || holding.parts.length === 0) return holding.quantityLots;
  const [long, short] = [lotsOn(holding, 'buy'), lotsOn(holding, 'sell')];
  return long >= short ? long : -short;
}

/** The holding of each trade of a position. A whole position is its only holding, even while flat. */
export function holdingsOf(position: PositionEntry): readonly Holding[] {
  return position.parts.length === 0 ? [position] : position.parts.filter(({ trade }) => trade !== null);
}

/** The end of a halt's reason while an unfinished close-all is under way. */
export const CLOSING_GOES_ON = '; closing goes on';

/** The halts in words that are true now: a close-all that missed its deadline may have ended since. */
export function haltsNow({
  halts,
  closeAll,
  flatMs,
}: Pick<EngineState, 'halts' | 'closeAll' | 'flatMs'>): readonly Halt[] {
  if (flatMs === null) return halts;
  // Coins that a person gave to the desk since are held.
  const isFlat = closeAll === 'flat' ? 'nothing is left open: ' : '';
  return halts.map((halt) => {
    if (halt.cause !== 'close-all-incomplete') return halt;
    const before = halt.reason.replace(CLOSING_GOES_ON, '');
    const reason = `${isFlat}flat was proven at ${momentToSecond(flatMs)} (at first ${before})`;
    return { ...halt, reason };
  });
}

/** The halt whose id arming must quote. Null: nothing halts the desk. */
export const newestHalt = (state: EngineState): Halt | null => haltsNow(state).at(-1) ?? null;
