/** What all parts of the engine share: the durable state, and what is known only since this start. */
import { afterCapital, isCapital } from '../domain/cash-and-coins.js';
import type { ExitReason, StopGapCause } from '../domain/exits.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Units } from '../domain/money.js';
import type { OrderIntent, Side } from '../domain/order.js';
import { capabilitiesIn, type OrderCapabilities } from '../domain/order-bounds.js';
import { alwaysOpen, type SessionCalendar } from '../domain/sessions/session-calendar.js';
import { type CashMovement, CLOSED_BREAKER, type FixedOrders, type VenueBreaker } from '../domain/venue.js';
import { buildLimits, type LossLimits, setFloors } from '../limits/loss-floors.js';
import { measuresReturns, watchesQuotes } from '../limits/registry.js';
import { applyRecord } from './apply-record.js';
import { fundsOf, heldPositions } from './books.js';
import type { EngineConfig, InstrumentSessions } from './config.js';
import type { Effect } from './effect.js';
import type { Stamp } from './event.js';
import { MarketBook } from './market-book.js';
import { incarnationOf } from './orders/client-id.js';
import { QuoteChanges } from './quote-changes.js';
import { QuoteGuard } from './quote-guard.js';
import type { EngineRecord } from './record.js';
import {
  createState,
  type EngineState,
  type Holding,
  holdingsOf,
  type OrderEntry,
  type PositionEntry,
} from './state.js';
import { DayVolatility, RegimeMeter, ReturnMeter } from './strategies/market-meters.js';
import type { OwnFill } from './strategies/strategy.js';
import { buildSlots, type SlotsAt, type StrategySlot, slotsAt } from './strategies/strategy-slot.js';
import { ownerOf, tradeClosed } from './trades/trade.js';

/** Deadlines of one order, in monotonic time. Null: nothing is awaited. */
export interface OrderWatch {
  /** The answer to a send or a cancel is late after this. */
  answerByMs: number | null;
  lookupAtMs: number | null;
  /** A lookup was sent; its answer is late after this. */
  lookupByMs: number | null;
  lookupAttempts: number;
  firstAbsentMs: number | null;
  /** Readings of the venue, fills included, that still counted fills the venue had not named. */
  missingFillRounds: number;
  /** The last reading counted in `missingFillRounds`. Null: no fill is missing so far. */
  missingAtReading: number | null;
  /** Lots that the venue had named when one was last missing: `missingFillRounds` starts anew once there are more. */
  namedLots: number;
  /** Of a stop that replaced another, for everything that was held when it was sent: when that was. Null: it is none. */
  coversFromMs: number | null;
  /** The venue refused to cancel it. No other cancel is sent until a lookup has shown why. */
  cancelRefused: boolean;
  /** Cancels after which a lookup still found the order open. */
  cancelsUnanswered: number;
  /** Its quantity is being reduced; the answer is late after this. */
  amendByMs: number | null;
  /** The venue refused to reduce its quantity, so it is replaced instead. */
  amendRefused: boolean;
  /** The venue had no room for another beside it, so it is cancelled first. */
  replaceRefused: boolean;
  /** Bars for which an entry may still rest. Null: no limit. */
  barsLeft: number | null;
}

interface FormerStop {
  readonly side: Side;
  readonly stopTicks: number | null;
  readonly lots: number;
  /** What had moved the stop to this price. Null: nothing had. */
  readonly why: ExitReason | null;
  /** Monotonic time from which it may be gone at the venue. */
  readonly sinceMs: number;
  /** The stop meant to replace it was refused, so this one must be restored. */
  due: boolean;
}

/** In-memory state of the orders that protect and close one trade. Not durable. */
export interface TradeProgress {
  /**
   * Set while the position is being closed outside a close-all: by its strategy, by its exit plan, or by a
   * person (`why: 'person'`, allowed in every mode). A halt other than REDUCING withdraws it; a stop then
   * protects the position.
   */
  exiting: { readonly because: string; readonly why: ExitReason | null } | null;
  /**
   * A partial close that the strategy asked for, until `untilLots` of its trade are closed in all. A halt
   * withdraws it as it does `exiting`.
   */
  parting: { readonly because: string; readonly trade: string; readonly untilLots: number } | null;
  closeRefusals: number;
  closeAtMs: number;
  /** Those that the venue accepted and then ended without being asked count, too. */
  stopRefusals: number;
  stopAtMs: number;
  unprotectedSinceMs: number | null;
  /** The stop that rested before it was cancelled to make way for another. */
  formerStop: FormerStop | null;
  /** Since when no resting stop covers the whole position. Null: one does, or there is nothing to protect. */
  stopGap: { readonly sinceMs: number; readonly why: StopGapCause } | null;
  /** A stop has rested for this position before. */
  hadStop: boolean;
  /** Until then its exit waits to be crossed with an opposite trade's. Null: it does not wait. */
  crossByMs: number | null;
}

/**
 * In-memory state of one instrument: deadlines, retries, what is under way. Not durable. The members of a
 * trade are those of the whole position; where it is in parts, each trade has its own in `trades`.
 */
export interface InstrumentProgress extends TradeProgress {
  /** By strategy. Empty: the position is whole. */
  readonly trades: Map<string, TradeProgress>;
  /**
   * Set while the position is being closed, in any mode, because no stop can protect it: the venue says that the
   * stop's price has passed (`passed`), a resting stop did not fire (`overrun`), or the venue takes no stop
   * (`refused`).
   */
  securing: 'passed' | 'overrun' | 'refused' | null;
  /** Since when the market has been beyond a stop that still rests. Null: it is not. */
  overrunSinceMs: number | null;
  /**
   * Lots of orders that the venue filled without ever naming the fills. If the venue holds that much more
   * than our books, it is the desk's.
   */
  unnamedLots: number;
  /**
   * An order that closes was filled, and the venue never named the fills: what is left is not known, and nothing
   * protects or closes it, until a reading has shown it.
   */
  mayBeClosed: boolean;
  /** People were told that an entry filled while no trader ran. */
  enteredUnseen: boolean;
  /** Monotonic time before which no target is placed alongside the stop. */
  targetAtMs: number;
  /** How often the venue has ended the target of this trade without being asked. */
  targetEnds: number;
  /**
   * Group of a target that has ended. The venue may have ended the group's stop too, so it is queried before
   * another target joins the stop. Null: no target has ended, or the venue was queried.
   */
  endedGroup: string | null;
  /** The nearest stop of the desk that was found at the venue and not in the journal, until a trade takes it over. */
  foundStop: { readonly side: Side; readonly stopTicks: number } | null;
  /**
   * Group of which the desk has ended one order: the venue ends the other with it, which counts for nothing until then
   * (monotonic; infinite until the venue has said that the other rests). Null: there is none, or another target has
   * joined it.
   */
  endedHere: { readonly group: string; readonly untilMs: number } | null;
  /**
   * Since when the stop and target linked at the venue have had different quantities. Null: they agree, or
   * one is missing.
   */
  unlikeSinceMs: number | null;
  /**
   * A broker has ended the stop of shares, as it does for a split: another one waits for a reading that is newer than
   * this request, but no longer than until then (monotonic). Null: none does.
   */
  readFirst: { readonly request: number; readonly untilMs: number } | null;
  /** An entry was filled, and the venue's own list has not shown the stop and target of the position yet. */
  unverified: boolean;
  /** Monotonic time at which the market was seen to open. Null: it is closed. */
  openSinceMs: number | null;
  /**
   * Market time of the close for which people were notified that a halted desk closes nothing. Null: none.
   */
  haltedCloseMs: number | null;
  /** Monotonic time of the last warning that a contract ends while it is held. Null: none was given. */
  expiryToldMs: number | null;
  /** Counts everything that can change the position. A snapshot during which it changed proves nothing. */
  activity: number;
  /** Lots held before each of the newest fills, oldest first: a list of the venue may still show them. */
  heldBefore: HeldBefore[];
  /** Market time at which the last adopted position was first read: it includes earlier fills. */
  adoptedMarketMs: number;
  /** Monotonic time of the last message about an implausible quote. */
  doubtSaidMs: number | null;
  doubtsUnsaid: number;
  /** Set by `markChanged`: `finishEvent` advances its orders before the event is done. */
  changed: boolean;
}

export interface HeldBefore {
  /** Null: unknown, since the trader was started after the fill. */
  readonly lots: number | null;
  /** Monotonic time until which the venue may show it. */
  readonly untilMs: number;
}

export interface SnapshotRequest {
  readonly requestId: number;
  readonly byMs: number;
  /** Market time of the newest fill known when the snapshot was requested. */
  readonly newestFillMs: number;
  readonly activity: readonly number[];
  /** Also requests the venue's list of cash movements. */
  readonly asksMovements: boolean;
  /** Requested to prove flat. */
  readonly isProof: boolean;
}

/** Cash at the venue compared with ours. */
interface CashProgress {
  /** A difference that was seen but not confirmed yet: money units, and the monotonic time of its first reading. */
  suspected: { readonly difference: Units; readonly atMs: number } | null;
  /** A confirmed difference, in money units, that nobody has explained. */
  unexplained: Units | null;
  /** What the venue listed then and is not booked, oldest first: it explains the difference, but for a rest. */
  listed: readonly CashMovement[];
  /**
   * Worth of positions adopted since cash last agreed, in money units. They were valued at the last price but
   * traded at another, so cash may still differ by the rest.
   */
  adopted: number;
  /** Number of fills when cash last agreed: each one since may have been rounded. */
  fillsAgreed: number;
  /** By `feeIdOf`: fees booked as expected that the venue has told since the start. */
  readonly feesTold: Set<string>;
  /** Monotonic time since which cash has differed while a fee was not told yet. Null: it agrees. */
  feeAwaitedSinceMs: number | null;
}

/**
 * A position of the venue that differs from ours, with the monotonic and market time of its first reading.
 */
interface Suspected {
  readonly lots: number;
  readonly atMs: number;
  readonly marketMs: number;
}

interface SyncProgress {
  lastRequestId: number;
  /** A new snapshot is wanted; it is requested at the end of this event. */
  wanted: boolean;
  outstanding: SnapshotRequest | null;
  attempts: number;
  /** Snapshots that the venue has answered. */
  readings: number;
  /** Instruments whose position a snapshot has confirmed or corrected since the start. */
  readonly borneOut: Set<InstrumentId>;
  /** Instruments for which a snapshot has shown more than our books, confirmed or not. */
  readonly surplus: Set<InstrumentId>;
  /** Snapshots in a row that left something unexplained. */
  unsettledRounds: number;
  /** Monotonic time of the newest snapshot that was taken, or is due, because of foreign fills. */
  foreignReadMs: number;
  /** When the next snapshot is due. */
  dueAtMs: number | null;
  state: 'pending' | 'clean' | 'differences' | 'failed';
  /** Since when no snapshot has agreed (monotonic), and why; `told`: people know. Null: the newest one did. */
  unsettled: { readonly sinceMs: number; readonly why: string; readonly told?: true } | null;
  atWallMs: number | null;
  readonly cash: CashProgress;
  /** Position differences seen once: the venue's quantity, and when it was read. */
  readonly suspected: Map<InstrumentId, Suspected>;
  /** The venue's quantity where it looks like a split, until a person says whether it is one. */
  readonly splits: Map<InstrumentId, { readonly lots: number; readonly isNone: boolean }>;
}

interface ClosingProgress {
  begunAtMs: number;
  deadlineMs: number | null;
  /** Snapshots from this request on can prove flat. Null: some positions are not closed yet. */
  proofFromRequest: number | null;
  /** When the next attempt is due after a snapshot that proved nothing. */
  proofAtMs: number;
  proofAttempts: number;
}

/** A fill not yet shown to its strategy. */
interface UnshownFill {
  readonly strategy: string;
  readonly instrument: InstrumentId;
  readonly fill: OwnFill;
}

/** Before both times a tick has nothing to do, unless the market passes a stop of these instruments. */
export interface Calm {
  readonly monotonicMs: number;
  readonly marketMs: number;
  /** What `nextWakeMs` returns while it is calm. */
  readonly wakeMs: number | null;
  readonly withOrders: readonly InstrumentId[];
}

export interface Core {
  /** The configuration as in the desk file. */
  readonly base: EngineConfig;
  /** The configuration that the desk trades by: `base` with the settings changed since. */
  config: EngineConfig;
  /** As configured, with the quantity bounds of the venue once it has reported them. */
  readonly instruments: Instrument[];
  readonly state: EngineState;
  readonly market: MarketBook;
  /** Holds back implausible quotes. */
  readonly guard: QuoteGuard;
  /** Null: no limit uses it. */
  readonly quoteChanges: QuoteChanges | null;
  /** Subjects of blocking limits that people were notified of. */
  limitsTold: ReadonlySet<string>;
  /** Ids of orphaned trades that people were notified of. */
  readonly orphansTold: Set<string>;
  limits: LossLimits;
  readonly watches: Map<string, OrderWatch>;
  /** By client id: bars for which an entry may still wait for its price. */
  readonly waitingBars: Map<string, number>;
  /** By client id: the best price so far of an entry that waits for the market to turn. */
  readonly bestTicks: Map<string, number>;
  readonly progress: readonly InstrumentProgress[];
  /** No instrument before `from`, and none from `until` on, has changed: of a hundred, an event concerns one. */
  readonly changed: { from: number; until: number };
  readonly sync: SyncProgress;
  readonly closing: ClosingProgress;
  /** Set by `setSlots`. */
  slots: readonly StrategySlot[];
  slotsAt: SlotsAt;
  /** Fills of this event, and exits crossed inside the desk, that strategies have not been shown yet. */
  unshownFills: UnshownFill[];
  /**
   * By `signalKey`: signals whose newest revision is shown once the entry on the previous revision is final.
   */
  readonly editedSignals: Set<string>;
  /** By instrument: market time from which strategies are shown its quotes. Infinity: they are shown none. */
  readonly shownFromMs: Float64Array;
  begun: boolean;
  /** Monotonic time. */
  begunAtMs: number;
  wallMs: number;
  marketMs: number;
  /** Every deadline is counted in this time. */
  monotonicMs: number;
  venueDownSinceMs: number | null;
  /** In the venue's own words. The venue may answer and still take no orders from this desk. */
  venueDownWhy: string;
  /** People were told that the halt for it waits, since every market is closed (`flow/session.ts`). */
  venueHaltWaits: boolean;
  venueBreaker: VenueBreaker;
  /** By instrument. */
  readonly regimes: RegimeMeter[];
  /** By instrument. Empty if no limit uses them. */
  readonly returns: ReturnMeter[];
  /** By instrument. Empty if no strategy can size its entries by it. */
  readonly dayVolatility: DayVolatility[];
  feedEnded: boolean;
  /** By asset: since when a fee in it has no value (monotonic); infinite once people were told. */
  readonly openFeesSinceMs: Map<string, number>;
  /** People were notified that equity is below the maintenance margin on paper (`flow/equity.ts`). */
  belowMaintenance: boolean;
  /**
   * Why nothing can be recorded any more, and so no order can be sent; only a restart helps. Null: recording works.
   */
  journalFault: string | null;
  /** The newest point of the equity curve. NaN: none since the start. */
  equityShown: number;
  /** Market time at which the day's boundary and the next point of the curve are due. */
  nextMinuteMs: number;
  /** By instrument. */
  readonly sessions: readonly InstrumentSessions[];
  /** By instrument: why the venue takes no entry. Instruments open to entries are left out. */
  closed: ReadonlyMap<InstrumentId, string>;
  /**
   * By instrument: what the venue can do to its resting orders, if that is less than its capabilities say.
   */
  fixedOrders: ReadonlyMap<InstrumentId, FixedOrders>;
  /** Null: must be computed again, after anything but an ordinary quote or a bar without effects. */
  calm: Calm | null;
  /** What `nextDueMs` returned last, while that holds: until the same, or until then. Otherwise earlier than any time. */
  knownDueMs: number;
  /** Filled while the current event is processed. */
  effects: Effect[];
}

/** `slots`: of this configuration's strategies, which were shown nothing yet. Left out: they are built here. */
export function createCore(config: EngineConfig, slots = buildSlots(config)): Core {
  return {
    base: config,
    config,
    instruments: [...config.instruments],
    state: createState(),
    market: new MarketBook(config.instruments),
    guard: new QuoteGuard(config.quotes, config.instruments.length, config.quotesFromBars),
    quoteChanges: watchesQuotes(config.risk) ? new QuoteChanges(config.instruments.length) : null,
    limitsTold: new Set(),
    orphansTold: new Set(),
    limits: buildLimits(config.risk),
    watches: new Map(),
    waitingBars: new Map(),
    bestTicks: new Map(),
    progress: config.instruments.map(newProgress),
    changed: { from: config.instruments.length, until: 0 },
    sync: {
      lastRequestId: 0,
      wanted: false,
      outstanding: null,
      attempts: 0,
      readings: 0,
      borneOut: new Set(),
      surplus: new Set(),
      unsettledRounds: 0,
      foreignReadMs: Number.NEGATIVE_INFINITY,
      dueAtMs: null,
      state: 'pending',
      unsettled: null,
      atWallMs: null,
      cash: {
        ...{ suspected: null, unexplained: null, listed: [], adopted: 0, fillsAgreed: 0 },
        ...{ feesTold: new Set(), feeAwaitedSinceMs: null },
      },
      suspected: new Map(),
      splits: new Map(),
    },
    closing: { begunAtMs: 0, deadlineMs: null, proofFromRequest: null, proofAtMs: 0, proofAttempts: 0 },
    slots,
    slotsAt: slotsAt(slots, config.instruments),
    unshownFills: [],
    editedSignals: new Set(),
    shownFromMs: new Float64Array(config.instruments.length).fill(Number.POSITIVE_INFINITY),
    begun: false,
    begunAtMs: 0,
    wallMs: 0,
    marketMs: 0,
    monotonicMs: 0,
    openFeesSinceMs: new Map(),
    venueDownSinceMs: null,
    venueDownWhy: '',
    venueHaltWaits: false,
    venueBreaker: CLOSED_BREAKER,
    regimes: config.instruments.map(() => new RegimeMeter()),
    returns: measuresReturns(config.risk) ? config.instruments.map(() => new ReturnMeter()) : [],
    dayVolatility: sizesByVolatility(config)
      ? config.instruments.map(({ id }) => new DayVolatility(calendarAt(config, id)))
      : [],
    feedEnded: false,
    belowMaintenance: false,
    journalFault: null,
    equityShown: Number.NaN,
    nextMinuteMs: 0,
    sessions: config.sessions ?? config.instruments.map(() => ({ calendar: alwaysOpen() })),
    closed: new Map(),
    fixedOrders: new Map(),
    calm: null,
    knownDueMs: Number.NEGATIVE_INFINITY,
    effects: [],
  };
}

/** A desk's own strategies may ask for it with any entry. */
const sizesByVolatility = ({ strategies }: EngineConfig): boolean =>
  strategies.some(({ size, own }) => own !== undefined || size?.volatilityPct !== undefined);

const calendarAt = ({ sessions }: EngineConfig, id: InstrumentId): SessionCalendar =>
  sessions?.[id]?.calendar ?? alwaysOpen();

function newTradeProgress(): TradeProgress {
  return {
    exiting: null,
    parting: null,
    closeRefusals: 0,
    closeAtMs: 0,
    stopRefusals: 0,
    stopAtMs: 0,
    unprotectedSinceMs: null,
    formerStop: null,
    stopGap: null,
    hadStop: false,
    crossByMs: null,
  };
}

function newProgress(): InstrumentProgress {
  return {
    ...newTradeProgress(),
    trades: new Map(),
    unnamedLots: 0,
    mayBeClosed: false,
    enteredUnseen: false,
    securing: null,
    overrunSinceMs: null,
    targetAtMs: 0,
    targetEnds: 0,
    endedGroup: null,
    endedHere: null,
    foundStop: null,
    unlikeSinceMs: null,
    readFirst: null,
    unverified: false,
    openSinceMs: Number.NEGATIVE_INFINITY,
    haltedCloseMs: null,
    expiryToldMs: null,
    activity: 0,
    heldBefore: [],
    adoptedMarketMs: 0,
    doubtSaidMs: null,
    doubtsUnsaid: 0,
    changed: false,
  };
}

const LEAVING = ': closing the position';
const MOVES_MONEY: ReadonlySet<EngineRecord['type']> = new Set([
  'fill',
  'fee.valued',
  'cash',
  'position.adopted',
  'coins.claimed',
  'split',
  'dividend',
  'config',
]);

/** Applies a record to the state and hands it to the journal. The only way to change durable state. */
export function commit(core: Core, record: EngineRecord): void {
  applyRecord(core.state, record);
  core.effects.push({ kind: 'record', record });
  if (record.type === 'cash' && isCapital(record.kind))
    core.limits.peak = Math.max(0, afterCapital(core.limits.peak, Number(record.amount), record.equity));
  if (MOVES_MONEY.has(record.type)) core.market.hold(heldPositions(core.state), fundsOf(core.state));
  if (
    record.type === 'halt' ||
    record.type === 'cash' ||
    record.type === 'armed' ||
    record.type === 'day' ||
    record.type === 'equity'
  ) {
    watchLosses(core);
  }
  tellClosedTrades(core);
}

/** Before capital moves. Left out while a position has no price: its cost is not equity. */
export const equityKnown = ({ market }: Core): { readonly equity?: number } =>
  market.isPriced ? { equity: market.equity } : {};

/**
 * Also needed at a start: the journal may end before the `trade.closed` record of a trade that its last record
 * closed.
 */
export function tellClosedTrades(core: Core): void {
  const [closed] = core.state.tradesToTell;
  if (closed !== undefined) commit(core, tradeClosed(core.state, closed));
}

/** Loss limits halt only while the desk can still lose by trading. */
export function watchLosses(core: Core): void {
  const { state, market, limits } = core;
  const watching = state.mode === 'ACTIVE' || state.mode === 'REDUCING';
  setFloors(limits, state.day?.startEquity ?? market.equity, Math.max(state.peak, limits.peak), watching);
}

export function setSlots(core: Core, slots: readonly StrategySlot[]): void {
  core.slots = slots;
  core.slotsAt = slotsAt(slots, core.config.instruments);
}

/** Marks an instrument: its orders are advanced before the event is done. */
export function markChanged(core: Core, id: InstrumentId): void {
  progressAt(core, id).changed = true;
  core.changed.from = Math.min(core.changed.from, id);
  core.changed.until = Math.max(core.changed.until, id + 1);
}

export function markAllChanged(core: Core): void {
  for (const progress of core.progress) progress.changed = true;
  core.changed.from = 0;
  core.changed.until = core.progress.length;
}

/** Requests a snapshot of the venue as soon as the one under way has ended; several requests share one. */
export function wantSnapshot(core: Core): void {
  core.sync.wanted = true;
}

/** Requests a snapshot at once. One already under way then counts only for its fills. */
export function wantFreshSnapshot(core: Core): void {
  core.sync.outstanding = null;
  core.sync.wanted = true;
}

export function setTime(core: Core, stamp: Stamp): void {
  setTimes(core, stamp.wallMs, stamp.marketMs, stamp.monotonicMs);
}

export function setTimes(core: Core, wallMs: number, marketMs: number, monotonicMs: number): void {
  core.wallMs = wallMs;
  core.marketMs = marketMs;
  core.monotonicMs = monotonicMs;
}

export function instrumentAt(core: Core, id: InstrumentId): Instrument {
  return required(core.instruments[id], id);
}

/** What the venue can do in it: as declared, and as it has told of its resting orders. */
export function capabilitiesAt(core: Core, at: InstrumentId): OrderCapabilities {
  const declared = capabilitiesIn(core.config.capabilities, instrumentAt(core, at));
  const fixed = core.fixedOrders.get(at);
  if (fixed === undefined) return declared;
  return {
    ...declared,
    amends: declared.amends && fixed.amends,
    replaces: declared.replaces && fixed.replaces,
  };
}

export function sessionsAt(core: Core, id: InstrumentId): InstrumentSessions {
  return required(core.sessions[id], id);
}

export function positionAt(core: Core, id: InstrumentId): PositionEntry {
  return required(core.state.positions[id], id);
}

export function progressAt(core: Core, id: InstrumentId): InstrumentProgress {
  return required(core.progress[id], id);
}

/** Each strategy has its own trades there, even against each other, and the venue holds their sum. */
export function isSideBySide(core: Core, at: InstrumentId): boolean {
  return instrumentAt(core, at).sideBySide === true;
}

/**
 * As on spot: a trade is closed once its stop is cancelled, and no order is cut to what the net would allow.
 */
const OF_EACH_TRADE = { stopLocksBalance: true, reduceOnly: false } as const;

/** How the stops and exits of an instrument's trades are handled. */
export function exitRules(
  core: Core,
  at: InstrumentId,
): Pick<OrderCapabilities, 'stopLocksBalance' | 'reduceOnly'> {
  return isSideBySide(core, at) ? OF_EACH_TRADE : capabilitiesAt(core, at);
}

/** Progress of the trade; for a whole position, of its instrument. */
export function tradeProgressAt(core: Core, holding: Holding): TradeProgress {
  if (isWhole(core, holding)) return progressAt(core, holding.instrument);
  return tradeProgressOf(core, holding.instrument, ownerOf(holding));
}

/** Whether this is the whole position and not the part of one trade. */
export function isWhole(core: Core, holding: Holding): boolean {
  return holding === positionAt(core, holding.instrument);
}

export function tradeProgressOf(core: Core, at: InstrumentId, strategy: string): TradeProgress {
  const progress = progressAt(core, at);
  if (positionAt(core, at).parts.length === 0) return progress;
  // The first call after the position was taken apart, whichever trade it concerns.
  if (progress.trades.size === 0)
    progress.trades.set(ownerOf(holdingsOf(positionAt(core, at))[0]), takeProgress(progress));
  const known = progress.trades.get(strategy);
  if (known !== undefined) return known;
  const created = newTradeProgress();
  progress.trades.set(strategy, created);
  return created;
}

/**
 * The position has just been taken apart: what was under way for the whole continues for its oldest trade. A
 * person's close stays with the position.
 */
function takeProgress(progress: InstrumentProgress): TradeProgress {
  const fresh = newTradeProgress();
  const taken = { ...fresh };
  for (const key of Object.keys(fresh) as (keyof TradeProgress)[]) {
    if (key === 'exiting' && progress.exiting?.why === 'person') continue;
    Object.assign(taken, { [key]: progress[key] });
    Object.assign(progress, { [key]: fresh[key] });
  }
  return taken;
}

/** Progress of the order's trade; a close concerns the whole position. */
export function progressOfOrder(core: Core, { instrument, purpose, strategy }: OrderIntent): TradeProgress {
  return purpose === 'close' ? progressAt(core, instrument) : tradeProgressOf(core, instrument, strategy);
}

/** Progress of the position and of each of its trades. */
export function allProgress(progress: InstrumentProgress): TradeProgress[] {
  return [progress, ...progress.trades.values()];
}

/** Withdraws every exit outside a close-all, including a person's. */
export function withdrawExits({ progress }: Core): void {
  for (const held of progress.flatMap(allProgress)) held.exiting = held.parting = null;
}

/**
 * Live orders that concern the holding: those of the part's strategy, and those that close the whole
 * position.
 */
export function ordersFor(core: Core, holding: Holding): readonly OrderEntry[] {
  const orders = liveOrders(core, holding.instrument);
  if (isWhole(core, holding)) return orders;
  const owner = ownerOf(holding);
  return orders.filter(({ intent }) => intent.strategy === owner || intent.purpose === 'close');
}

/** A person asked to close this position, which is allowed in every mode. */
export function isClosedByPerson(core: Core, id: InstrumentId): boolean {
  return progressAt(core, id).exiting?.why === 'person';
}

/**
 * The venue has what looks like a split of our shares, and nobody has said yet what it was. Whatever the desk
 * sent by itself would be in old shares, at prices in old shares.
 */
export const isSplitAsked = ({ sync }: Core, id: InstrumentId): boolean =>
  sync.splits.get(id)?.isNone === false;

export function liveOrders(core: Core, id: InstrumentId): readonly OrderEntry[] {
  return required(core.state.live[id], id);
}

/** Whether the entry descends from the order with this client id, in one change or several. */
export function isChangedFrom(
  { state }: Core,
  { changes }: { readonly changes?: string },
  clientId: string,
): boolean {
  let former = changes;
  while (former !== undefined && former !== clientId) former = state.orders.get(former)?.intent.changes;
  return former !== undefined;
}

/** Decided by the client id only, whether or not the order is still in the state. */
export function isOurs(core: Core, clientId: string): boolean {
  const incarnation = incarnationOf(clientId);
  if (incarnation === null) return false;
  return incarnation === core.config.incarnation || core.state.incarnations.has(incarnation);
}

export function remainingLots(entry: OrderEntry): number {
  return Math.max(0, entry.intent.quantityLots - entry.filledLots);
}

/** Writes one line to the activity list. */
export function note(
  core: Core,
  level: 'info' | 'warn' | 'alarm',
  text: string,
  at?: InstrumentId,
  strategy: string | null = null,
): void {
  const symbol = at === undefined ? null : (core.config.instruments[at]?.symbol ?? null);
  commit(core, { type: 'note', level, text, strategy, symbol, marketMs: core.marketMs });
}

/** The line that says why a position is closed. */
export const exitNote = (because: string): string => `${because}${LEAVING}`;

const PARTING = ': closing a part of the position';

/** The same for a part of it. */
export const partNote = (because: string): string => `${because}${PARTING}`;

export const partBecause = (text: string): string | null =>
  text.endsWith(PARTING) ? text.slice(0, -PARTING.length) : null;

/** The reason in such a line. Null: the line is not about an exit. */
export const exitBecause = (text: string): string | null =>
  text.endsWith(LEAVING) ? text.slice(0, -LEAVING.length) : null;

function required<T>(value: T | undefined, id: InstrumentId): T {
  if (value === undefined) throw new RangeError(`no instrument ${id} in this desk`);
  return value;
}
