/** What the parts of the engine work on together: durable state, and what is only known since this start. */

import { isCapital } from '../domain/cash.js';
import type { ExitReason } from '../domain/exit-reason.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Units } from '../domain/money.js';
import type { Fill, Side } from '../domain/order.js';
import { alwaysOpen } from '../domain/sessions/session-calendar.js';
import type { StopGapCause } from '../domain/stop-gap.js';
import { CLOSED_BREAKER, type VenueBreaker } from '../domain/venue.js';
import { buildLimits, type LossLimits, setFloors } from '../limits/loss-floors.js';
import { measuresReturns } from '../limits/registry.js';
import { applyRecord } from './apply-record.js';
import { fundsOf, heldPositions } from './books.js';
import type { EngineConfig, InstrumentSessions } from './config.js';
import type { Effect } from './effect.js';
import type { Stamp } from './event.js';
import { MarketBook } from './market-book.js';
import { incarnationOf } from './orders/client-id.js';
import { QuoteGuard } from './quote-guard.js';
import type { EngineRecord } from './record.js';
import { createState, type EngineState, type OrderEntry, type PositionEntry } from './state.js';
import { RegimeMeter } from './strategies/regime.js';
import { ReturnMeter } from './strategies/returns.js';
import { buildSlots, type StrategySlot } from './strategies/strategy-slot.js';
import { tradeClosed } from './trades/trade.js';

/** Deadlines of one order. Monotonic times; null: not waiting for that. */
export interface OrderWatch {
  /** An answer to the send, or to the cancel, is late after this. */
  answerByMs: number | null;
  lookupAtMs: number | null;
  /** A lookup was sent and is late after this. */
  lookupByMs: number | null;
  lookupAttempts: number;
  firstAbsentMs: number | null;
  /** Readings of the venue, its fills among them, after which it still counted fills that it had not named. */
  missingFillRounds: number;
  /** The reading up to which these were counted; null: none is missing so far. */
  missingAtReading: number | null;
  /** The venue refused to cancel it; no other cancel is sent before a lookup has told why. */
  cancelRefused: boolean;
  /** Cancels after which a lookup still found it open. */
  cancelsUnanswered: number;
  /** It is being made smaller, and the answer is late after this. */
  amendByMs: number | null;
  /** The venue refused to make it smaller: it is exchanged for another. */
  amendRefused: boolean;
  /** Bars an entry may still rest; null: no limit. */
  barsLeft: number | null;
}

export interface FormerStop {
  readonly side: Side;
  readonly stopTicks: number | null;
  readonly lots: number;
  /** What had moved it there; null: nothing. */
  readonly why: ExitReason | null;
  /** Monotonic time from which on it may be gone. */
  readonly sinceMs: number;
  /** The one that was to take its place was refused: it is restored. */
  due: boolean;
}

/** What one instrument waits for. */
export interface InstrumentWork {
  /**
   * Its position is being closed although the desk is not closing all, by its strategy, by what its exits say, or because a
   * person asked for it (`why: 'person'`), which every mode allows; a halt takes it back, and a stop protects again; null: it isn't.
   */
  exiting: { readonly because: string; readonly why: ExitReason | null } | null;
  /**
   * It can't be protected and is closed whatever the mode: the venue says that the stop's price is passed, a stop that
   * rests did nothing, or the venue takes none.
   */
  securing: 'passed' | 'overrun' | 'refused' | null;
  /** Since when the market has been past its stop that still rests; null: it isn't. */
  overrunSinceMs: number | null;
  /** Lots of orders that the venue filled without ever naming the fills: what it has more of them is the desk's. */
  unnamedLots: number;
  closeRefusals: number;
  closeAtMs: number;
  stopRefusals: number;
  stopAtMs: number;
  unprotectedSinceMs: number | null;
  /** The stop that rested before it was taken away for another. */
  formerStop: FormerStop | null;
  /** Monotonic time before which no target is placed beside the stop. */
  targetAtMs: number;
  /**
   * The group of a target that has ended: the venue may have ended the stop in it too, and is asked before another target joins.
   * Null: none has, or it was asked.
   */
  endedGroup: string | null;
  /** Since when stop and target, which are linked, have not been for the same lots; null: they are, or there is one of them. */
  unlikeSinceMs: number | null;
  /** An entry has filled, and the venue's own list was not seen to have what was placed to close the position. */
  unverified: boolean;
  /** No stop for the whole position rests; null: one does, or there is nothing to protect. */
  stopGap: { readonly sinceMs: number; readonly why: StopGapCause } | null;
  /** A stop has rested for this position. */
  hadStop: boolean;
  /** Monotonic time at which its market was seen to open; null: it is closed. */
  openSinceMs: number | null;
  /** Counts everything that can change the position: a snapshot across a change proves nothing. */
  activity: number;
  /** Monotonic time at which an implausible quote was last said, and how many were since. */
  doubtSaidMs: number | null;
  doubtsUnsaid: number;
  /** Something changed: its orders are looked at again before this event is done. */
  touched: boolean;
}

export interface SnapshotRequest {
  readonly requestId: number;
  readonly byMs: number;
  /** Market time of the newest fill known then. */
  readonly newestFillMs: number;
  readonly activity: readonly number[];
  /** With what the venue lists of cash that moved. */
  readonly asksMovements: boolean;
  /** Asked for to prove flat. */
  readonly isProof: boolean;
}

/** Cash at the venue against ours. */
export interface CashWork {
  /** A difference seen and not yet believed; money units, with the monotonic time of its first reading. */
  suspected: { readonly difference: Units; readonly atMs: number } | null;
  /** Believed, and explained by nobody. */
  unexplained: Units | null;
  /** Worth of positions adopted since cash last agreed, money units: counted at the last price, traded at another. */
  adopted: number;
}

export interface SyncWork {
  lastRequestId: number;
  /** A new reading of the venue is wanted; asked for at the end of this event. */
  wanted: boolean;
  outstanding: SnapshotRequest | null;
  attempts: number;
  /** Questions that the venue has answered. */
  readings: number;
  /** Instruments whose position a reading has borne out since the start, or put right. */
  readonly borneOut: Set<InstrumentId>;
  /** Readings in a row that left something unexplained. */
  unsettledRounds: number;
  /** The newest reading for fills of another hand: made, or to come. */
  foreignReadMs: number;
  /** When the next snapshot is due. */
  dueAtMs: number | null;
  state: 'pending' | 'clean' | 'differences' | 'failed';
  /** Since when no reading has agreed, monotonic, and why; null: the newest one did. */
  unsettled: { readonly sinceMs: number; readonly why: string } | null;
  atWallMs: number | null;
  /** Position differences seen once: instrument → the venue's quantity and when it was read. */
  readonly cash: CashWork;
  readonly suspected: Map<InstrumentId, { readonly lots: number; readonly atMs: number }>;
}

export interface ClosingWork {
  begunAtMs: number;
  deadlineMs: number | null;
  /** Snapshots from this one on can prove flat; null: not all positions are closed yet. */
  proofFromRequest: number | null;
  /** A reading that proved nothing is followed by the next one after a while. */
  proofAtMs: number;
  proofAttempts: number;
}

export interface Core {
  /** As the desk file says. */
  readonly base: EngineConfig;
  /** With the settings that were changed since: what the desk trades by. */
  config: EngineConfig;
  /** As configured, with the quantities that the venue takes once it has named them. */
  readonly instruments: Instrument[];
  readonly state: EngineState;
  readonly market: MarketBook;
  /** Holds back quotes that can hardly be prices. */
  readonly guard: QuoteGuard;
  limits: LossLimits;
  readonly watches: Map<string, OrderWatch>;
  readonly work: readonly InstrumentWork[];
  readonly sync: SyncWork;
  readonly closing: ClosingWork;
  slots: readonly StrategySlot[];
  /** Of this event, not shown to strategies yet. */
  readonly unshownFills: Fill[];
  /** By `signalKey`: their newest revision is shown once the entry of the one before it is final. */
  readonly editedSignals: Set<string>;
  /** By instrument: market time from which a strategy is shown its quotes; Infinity: none is. */
  readonly shownFromMs: Float64Array;
  begun: boolean;
  /** Monotonic. */
  begunAtMs: number;
  wallMs: number;
  marketMs: number;
  /** What every deadline is counted in. */
  monotonicMs: number;
  venueDownSinceMs: number | null;
  /** In the venue's own words: it may answer, and take nothing of this desk. */
  venueDownWhy: string;
  venueBreaker: VenueBreaker;
  /** By instrument. */
  readonly regimes: readonly RegimeMeter[];
  /** By instrument; empty where no limit asks for them. */
  readonly returns: readonly ReturnMeter[];
  feedEnded: boolean;
  /** Why nothing can be recorded any more, and so no order sent; null: it can. Only a restart mends it. */
  journalFault: string | null;
  /** Market time at which the next equity sample and the day's boundary are looked at. */
  nextMinuteMs: number;
  /** By instrument. */
  readonly sessions: readonly InstrumentSessions[];
  /** Why the venue takes no entry, by instrument; those that it takes are left out. */
  closed: ReadonlyMap<InstrumentId, string>;
  /** Filled by the event that is being processed. */
  effects: Effect[];
}

export function createCore(config: EngineConfig): Core {
  return {
    base: config,
    config,
    instruments: [...config.instruments],
    state: createState(),
    market: new MarketBook(config.instruments),
    guard: new QuoteGuard(config.quotes, config.instruments.length),
    limits: buildLimits(config.risk),
    watches: new Map(),
    work: config.instruments.map(newWork),
    sync: {
      lastRequestId: 0,
      wanted: false,
      outstanding: null,
      attempts: 0,
      readings: 0,
      borneOut: new Set(),
      unsettledRounds: 0,
      foreignReadMs: Number.NEGATIVE_INFINITY,
      dueAtMs: null,
      state: 'pending',
      unsettled: null,
      atWallMs: null,
      cash: { suspected: null, unexplained: null, adopted: 0 },
      suspected: new Map(),
    },
    closing: { begunAtMs: 0, deadlineMs: null, proofFromRequest: null, proofAtMs: 0, proofAttempts: 0 },
    slots: buildSlots(config),
    unshownFills: [],
    editedSignals: new Set(),
    shownFromMs: new Float64Array(config.instruments.length).fill(Number.POSITIVE_INFINITY),
    begun: false,
    begunAtMs: 0,
    wallMs: 0,
    marketMs: 0,
    monotonicMs: 0,
    venueDownSinceMs: null,
    venueDownWhy: '',
    venueBreaker: CLOSED_BREAKER,
    regimes: config.instruments.map(() => new RegimeMeter()),
    returns: measuresReturns(config.risk) ? config.instruments.map(() => new ReturnMeter()) : [],
    feedEnded: false,
    journalFault: null,
    nextMinuteMs: 0,
    sessions: config.sessions ?? config.instruments.map(() => ({ calendar: alwaysOpen() })),
    closed: new Map(),
    effects: [],
  };
}

function newWork(): InstrumentWork {
  return {
    exiting: null,
    unnamedLots: 0,
    securing: null,
    overrunSinceMs: null,
    closeRefusals: 0,
    closeAtMs: 0,
    stopRefusals: 0,
    stopAtMs: 0,
    unprotectedSinceMs: null,
    formerStop: null,
    targetAtMs: 0,
    endedGroup: null,
    unlikeSinceMs: null,
    unverified: false,
    stopGap: null,
    hadStop: false,
    openSinceMs: Number.NEGATIVE_INFINITY,
    activity: 0,
    doubtSaidMs: null,
    doubtsUnsaid: 0,
    touched: false,
  };
}

const LEAVING = ': closing the position';
const MOVES_MONEY: ReadonlySet<EngineRecord['type']> = new Set([
  'fill',
  'fee.valued',
  'cash',
  'position.adopted',
  'coins.claimed',
  'config',
]);

/** Changes the state by a record and hands the record to the journal. The only way to change durable state. */
export function commit(core: Core, record: EngineRecord): void {
  applyRecord(core.state, record);
  core.effects.push({ kind: 'record', record });
  if (record.type === 'cash' && isCapital(record.kind))
    core.limits.peak = Math.max(0, core.limits.peak + Number(record.amount));
  if (MOVES_MONEY.has(record.type)) {
    core.market.hold(heldPositions(core.state), fundsOf(core.state));
  }
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

/** Also at a start whose journal ends before the record of a trade that its last one closed. */
export function tellClosedTrades(core: Core): void {
  const [closed] = core.state.tradesToTell;
  if (closed !== undefined) commit(core, tradeClosed(core.state, closed));
}

/** Losses halt only while they can still be made by trading. */
export function watchLosses(core: Core): void {
  const { state, market, limits } = core;
  const watching = state.mode === 'ACTIVE' || state.mode === 'REDUCING';
  setFloors(limits, state.day?.startEquity ?? market.equity, Math.max(state.peak, limits.peak), watching);
}

/** This instrument's orders are looked at again before the event is done. */
export function touch(core: Core, id: InstrumentId): void {
  workAt(core, id).touched = true;
}

export function touchAll(core: Core): void {
  for (const work of core.work) work.touched = true;
}

/** What the venue has is read again: once the reading that is under way has ended, however many ask for it meanwhile. */
export function wantSnapshot(core: Core): void {
  core.sync.wanted = true;
}

/** The same at once: a reading that began before this moment tells fills and nothing else. */
export function wantFreshSnapshot(core: Core): void {
  core.sync.outstanding = null;
  core.sync.wanted = true;
}

export function setTime(core: Core, stamp: Stamp): void {
  core.wallMs = stamp.wallMs;
  core.marketMs = stamp.marketMs;
  core.monotonicMs = stamp.monotonicMs;
}

export function instrumentAt(core: Core, id: InstrumentId): Instrument {
  return required(core.instruments[id], id);
}

export function sessionsAt(core: Core, id: InstrumentId): InstrumentSessions {
  return required(core.sessions[id], id);
}

export function positionAt(core: Core, id: InstrumentId): PositionEntry {
  return required(core.state.positions[id], id);
}

export function workAt(core: Core, id: InstrumentId): InstrumentWork {
  return required(core.work[id], id);
}

/** A person asked for this position to be closed, whatever the mode. */
export function isClosedByPerson(core: Core, id: InstrumentId): boolean {
  return workAt(core, id).exiting?.why === 'person';
}

export function liveOrders(core: Core, id: InstrumentId): OrderEntry[] {
  return [...required(core.state.live[id], id).values()];
}

/** By its client id, whether we still know of it or not. */
export function isOurs(core: Core, clientId: string): boolean {
  const incarnation = incarnationOf(clientId);
  if (incarnation === null) return false;
  return incarnation === core.config.incarnation || core.state.incarnations.has(incarnation);
}

export function remainingLots(entry: OrderEntry): number {
  return Math.max(0, entry.intent.quantityLots - entry.filledLots);
}

/** One line for the activity list. */
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

/** The line that tells why a position is left. */
export const exitNote = (because: string): string => `${because}${LEAVING}`;

/** Null: the line tells of no exit. */
export const exitBecause = (text: string): string | null =>
  text.endsWith(LEAVING) ? text.slice(0, -LEAVING.length) : null;

function required<T>(value: T | undefined, id: InstrumentId): T {
  if (value === undefined) throw new RangeError(`no instrument ${id} in this desk`);
  return value;
}
