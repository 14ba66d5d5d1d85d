/** What the parts of the engine work on together: durable state, and what is only known since this start. */

import type { Instrument, InstrumentId } from '../domain/instrument.js';
import { applyRecord } from './apply-record.js';
import { CLOSED_BREAKER, type VenueBreaker } from './breakers/venue-breaker.js';
import type { EngineConfig } from './config.js';
import type { Effect } from './effect.js';
import type { Stamp } from './event.js';
import { MarketBook } from './market-book.js';
import { incarnationOf } from './orders/client-id.js';
import type { EngineRecord } from './record.js';
import { buildLimits, type LossLimits, setFloors } from './risk/loss-limits.js';
import { createState, type EngineState, type OrderEntry, type PositionEntry } from './state.js';
import { RegimeMeter } from './strategies/regime.js';
import { buildSlots, type StrategySlot } from './strategies/strategy-slot.js';

/** Deadlines of one order. Wall times; null: not waiting for that. */
export interface OrderWatch {
  /** An answer to the send, or to the cancel, is late after this. */
  answerByMs: number | null;
  lookupAtMs: number | null;
  /** A lookup was sent and is late after this. */
  lookupByMs: number | null;
  lookupAttempts: number;
  firstAbsentMs: number | null;
  missingFillRounds: number;
  /** The venue refused to cancel it; no other cancel is sent before a lookup has told why. */
  cancelRefused: boolean;
  /** Cancels after which a lookup still found it open. */
  cancelsUnanswered: number;
  /** Bars an entry may still rest; null: no limit. */
  barsLeft: number | null;
}

/** What one instrument waits for. */
export interface InstrumentWork {
  /** Why its position is being closed although the desk is not closing all; null: it isn't. */
  exiting: string | null;
  closeRefusals: number;
  closeAtMs: number;
  stopRefusals: number;
  stopAtMs: number;
  unprotectedSinceMs: number | null;
  /** Counts everything that can change the position: a snapshot across a change proves nothing. */
  activity: number;
  /** Something changed: its orders are looked at again before this event is done. */
  touched: boolean;
}

export interface SnapshotRequest {
  readonly requestId: number;
  readonly byMs: number;
  /** Market time of the newest fill known then. */
  readonly newestFillMs: number;
  readonly activity: readonly number[];
}

export interface SyncWork {
  lastRequestId: number;
  /** A new reading of the venue is wanted; asked for at the end of this event. */
  wanted: boolean;
  outstanding: SnapshotRequest | null;
  attempts: number;
  /** Readings in a row that left something unexplained. */
  unsettledRounds: number;
  /** When the next snapshot is due. */
  dueAtMs: number | null;
  state: 'pending' | 'clean' | 'differences' | 'failed';
  atWallMs: number | null;
  /** Position differences seen once: instrument → the venue's quantity and when it was read. */
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
  readonly state: EngineState;
  readonly market: MarketBook;
  limits: LossLimits;
  readonly watches: Map<string, OrderWatch>;
  readonly work: readonly InstrumentWork[];
  readonly sync: SyncWork;
  readonly closing: ClosingWork;
  slots: readonly StrategySlot[];
  begun: boolean;
  wallMs: number;
  marketMs: number;
  venueDownSinceMs: number | null;
  venueBreaker: VenueBreaker;
  /** By instrument. */
  readonly regimes: readonly RegimeMeter[];
  feedEnded: boolean;
  /** Why nothing can be recorded any more, and so no order sent; null: it can. Only a restart mends it. */
  journalFault: string | null;
  /** Market time at which the next equity sample and the day's boundary are looked at. */
  nextMinuteMs: number;
  /** Filled by the event that is being processed. */
  effects: Effect[];
}

export function createCore(config: EngineConfig): Core {
  return {
    base: config,
    config,
    state: createState(),
    market: new MarketBook(config.instruments),
    limits: buildLimits(config.risk),
    watches: new Map(),
    work: config.instruments.map(newWork),
    sync: {
      lastRequestId: 0,
      wanted: false,
      outstanding: null,
      attempts: 0,
      unsettledRounds: 0,
      dueAtMs: null,
      state: 'pending',
      atWallMs: null,
      suspected: new Map(),
    },
    closing: { begunAtMs: 0, deadlineMs: null, proofFromRequest: null, proofAtMs: 0, proofAttempts: 0 },
    slots: buildSlots(config),
    begun: false,
    wallMs: 0,
    marketMs: 0,
    venueDownSinceMs: null,
    venueBreaker: CLOSED_BREAKER,
    regimes: config.instruments.map(() => new RegimeMeter()),
    feedEnded: false,
    journalFault: null,
    nextMinuteMs: 0,
    effects: [],
  };
}

function newWork(): InstrumentWork {
  return {
    exiting: null,
    closeRefusals: 0,
    closeAtMs: 0,
    stopRefusals: 0,
    stopAtMs: 0,
    unprotectedSinceMs: null,
    activity: 0,
    touched: false,
  };
}

/** Changes the state by a record and hands the record to the journal. The only way to change durable state. */
export function commit(core: Core, record: EngineRecord): void {
  applyRecord(core.state, record);
  core.effects.push({ kind: 'record', record });
  if (record.type === 'fill' || record.type === 'position.adopted' || record.type === 'config') {
    core.market.hold(core.state.positions, core.state.cash);
  }
  if (
    record.type === 'halt' ||
    record.type === 'armed' ||
    record.type === 'day' ||
    record.type === 'equity'
  ) {
    watchLosses(core);
  }
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

/** What the venue has is read again. */
export function wantSnapshot(core: Core): void {
  core.sync.wanted = true;
}

export function setTime(core: Core, stamp: Stamp): void {
  core.wallMs = stamp.wallMs;
  core.marketMs = stamp.marketMs;
}

export function instrumentAt(core: Core, id: InstrumentId): Instrument {
  return required(core.config.instruments[id], id);
}

export function positionAt(core: Core, id: InstrumentId): PositionEntry {
  return required(core.state.positions[id], id);
}

export function workAt(core: Core, id: InstrumentId): InstrumentWork {
  return required(core.work[id], id);
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
export function note(core: Core, level: 'info' | 'warn' | 'alarm', text: string, at?: InstrumentId): void {
  const symbol = at === undefined ? null : (core.config.instruments[at]?.symbol ?? null);
  commit(core, { type: 'note', level, text, strategy: null, symbol, marketMs: core.marketMs });
}

function required<T>(value: T | undefined, id: InstrumentId): T {
  if (value === undefined) throw new RangeError(`no instrument ${id} in this desk`);
  return value;
}
