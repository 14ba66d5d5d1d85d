/** The only place where durable state changes, both live and when the journal is replayed. */

import { placesOf } from '../domain/book-steps.js';
import { type Halt, haltsWith, MODE_RANK, type Mode } from '../domain/mode.js';
import { parseUnits, type Units } from '../domain/money.js';
import { FINAL_ORDER_STATES, type Fill, type SentState } from '../domain/order.js';
import { countTraded } from '../domain/order-fee.js';
import {
  applyCash,
  applyClaim,
  applyCoins,
  applyCorrection,
  applyExecution,
  knowOthers,
} from './apply-cash.js';
import { applyConfig } from './apply-config.js';
import { applyDividend, applySplit } from './apply-corporate-action.js';
import { type Execution, move } from './apply-holding.js';
import { applyCrossed } from './apply-parts.js';
import {
  applySignal,
  applySignalRefused,
  applySignalWithdrawn,
  noteSignalDenied,
  noteSignalFilled,
  noteSignalRejected,
} from './apply-signals.js';
import { stepsAt } from './books.js';
import { incarnationOf, sequenceOf } from './orders/client-id.js';
import { fillEvent, NEVER_NAMED, orderStep } from './orders/order-table.js';
import type { Difference, EngineRecord } from './record.js';
import { type EngineState, feeIdOf, type OrderEntry, openLots, trackOf } from './state.js';
import { applyTradeClosed, exitReason, tripTotals } from './trades/trade.js';
import { applyExitsChanged, applyStopMoved, applyTargetReached } from './trades/trade-exits.js';

/** Final orders kept in case of late answers; older ones are forgotten. */
const FINAL_ORDERS_MAX = 500;
/** Trade ids are kept for this much market time longer than a clean reconciliation needs them. */
const FILL_MEMORY_MARKET_MS = 10 * 60_000;

type Of<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

/**
 * Throws RangeError if a record contradicts the state. That means a damaged journal or a bug, never an expected
 * failure.
 */
export function applyRecord(state: EngineState, record: EngineRecord): void {
  // Older journals have no records of closed trades.
  if (record.type !== 'trade.closed' && state.tradesToTell.length > 0) state.tradesToTell = [];
  switch (record.type) {
    case 'config':
      applyConfig(state, record);
      return;
    case 'order.intended':
      applyIntended(state, record);
      return;
    case 'order.denied':
      state.counters.denied += 1;
      noteClientId(state, record.order.clientId);
      noteSignalDenied(state, record);
      return;
    case 'order.state':
      applyOrderState(state, record);
      return;
    case 'order.amended':
      applyAmended(state, record);
      return;
    case 'fill':
      applyFill(state, record);
      return;
    case 'fill.foreign':
      rememberFill(state, record.fill);
      knowOthers(state, record.fill.instrument);
      return;
    case 'cash':
      applyCash(state, record);
      return;
    case 'fee.valued':
      applyFeeValued(state, record);
      return;
    case 'position.adopted':
      applyAdopted(state, record);
      return;
    case 'trade.closed':
      applyTradeClosed(state, record);
      return;
    case 'trades.crossed':
      applyCrossed(state, record);
      return;
    case 'target.reached':
      applyTargetReached(state, record);
      return;
    case 'stop.moved':
      applyStopMoved(state, record);
      return;
    case 'exits.changed':
      applyExitsChanged(state, record);
      return;
    case 'halt':
      applyHalt(state, record.halt);
      return;
    case 'armed':
      applyArmed(state);
      return;
    case 'command':
      state.counters.commands += 1;
      return;
    case 'day':
      // Lifting a loss halt records the same day again; the streak of losses goes on.
      if (state.day === null || record.dayStartMs > state.day.startMs) state.lossesInARow = 0;
      state.day = {
        ...{ firstEquity: record.startEquity, returnEquity: record.startEquity },
        ...(state.day?.startMs === record.dayStartMs ? state.day : {}),
        ...{ startMs: record.dayStartMs, startEquity: record.startEquity },
      };
      return;
    case 'equity':
      state.peak = record.peak;
      state.equityMs = record.marketMs;
      return;
    case 'strategy.toggled':
      applyToggled(state, record);
      return;
    case 'size.factor':
      state.sizeFactorPpm = record.sizeFactorPpm;
      return;
    case 'settings':
      applySettings(state, record);
      return;
    case 'golive.granted':
      state.goLive = record.grant;
      return;
    case 'golive.voided':
      applyGoLiveVoided(state, record);
      return;
    case 'closeAll.begun':
      state.closeAll = 'running';
      state.flatMs = null;
      return;
    case 'flat.proven':
      state.closeAll = 'flat';
      state.flatMs = record.marketMs;
      return;
    case 'flat.escalated':
      state.closeAll = 'escalated';
      return;
    case 'reconciled':
      applyReconciled(state, record);
      return;
    case 'coins.counted':
      applyCoins(state, record);
      return;
    case 'coins.claimed':
      applyClaim(state, record);
      return;
    case 'split':
      applySplit(state, record);
      return;
    case 'dividend':
      applyDividend(state, record);
      return;
    case 'stop.gap':
      applyStopGap(state, record);
      return;
    case 'entry.waits':
      applyWaits(state, record);
      return;
    case 'entry.over':
      if (!state.waiting.delete(record.clientId))
        throw new RangeError(`the end of the entry ${record.clientId}, which does not wait`);
      return;
    case 'signal':
      applySignal(state, record);
      return;
    case 'signal.withdrawn':
      applySignalWithdrawn(state, record);
      return;
    case 'signal.refused':
      applySignalRefused(state, record);
      return;
    case 'note':
      if (record.correction !== undefined) applyCorrection(state, record.correction);
      return;
  }
}

function applyWaits(state: EngineState, { entry }: Of<'entry.waits'>): void {
  if (state.waiting.has(entry.clientId) || state.orders.has(entry.clientId))
    throw new RangeError(`the entry ${entry.clientId} is known already`);
  noteClientId(state, entry.clientId);
  state.waiting.set(entry.clientId, entry);
}

function applySettings(state: EngineState, record: Of<'settings'>): void {
  const { version, changed, fileValues, configHash } = record;
  state.settings = { version, changed, fileValues };
  if (state.config !== null) state.config = { ...state.config, configHash };
}

function applyGoLiveVoided(state: EngineState, { by, reason }: Of<'golive.voided'>): void {
  if (state.goLive === null) return;
  const { release, attempt } = state.goLive;
  state.goLiveEnded = { release, attempt, by, reason };
  state.goLive = null;
}

/** Switching a strategy on ends its streak of losses. */
function applyToggled(state: EngineState, record: Of<'strategy.toggled'>): void {
  const { strategy, enabled, automatic, by, reason, marketMs } = record;
  state.toggles.set(strategy, enabled);
  const track = trackOf(state, strategy);
  track.off = enabled ? null : { automatic, by, reason, atMarketMs: marketMs };
  if (enabled) track.lossesInARow = 0;
}

function noteClientId(state: EngineState, clientId: string): void {
  state.clientSequence = Math.max(state.clientSequence, sequenceOf(clientId));
  const incarnation = incarnationOf(clientId);
  if (incarnation !== null) state.incarnations.add(incarnation);
}

function applyIntended(state: EngineState, record: Of<'order.intended'>): void {
  const entry: OrderEntry = {
    intent: record.order,
    state: 'intended',
    replaces: record.replaces ?? null,
    amended: false,
    venueId: null,
    filledLots: 0,
    reason: '',
    trades: 0,
    intendedMarketMs: record.marketMs,
  };
  state.counters.intended += 1;
  noteClientId(state, record.order.clientId);
  state.orders.set(record.order.clientId, entry);
  beLive(state, entry);
}

function applyOrderState(state: EngineState, record: Of<'order.state'>): void {
  const entry = state.orders.get(record.clientId);
  if (entry === undefined)
    throw new RangeError(`a state for the order ${record.clientId}, which was never intended`);
  if (record.state === 'denied')
    throw new RangeError(`the order ${record.clientId} was sent, and the gate denied it`);
  if (record.venueId !== null) entry.venueId = record.venueId;
  entry.reason = record.reason;
  if (record.state === 'rejected') noteSignalRejected(state, entry);
  if (record.reason === NEVER_NAMED && entry.intent.purpose !== 'entry')
    state.mayBeClosed.add(entry.intent.instrument);
  moveTo(state, entry, record.state);
}

function moveTo(state: EngineState, entry: OrderEntry, next: SentState): void {
  const { clientId, instrument } = entry.intent;
  const wasFinal = FINAL_ORDER_STATES.has(entry.state);
  entry.state = next;
  if (!FINAL_ORDER_STATES.has(next)) {
    if (wasFinal) leaveFinals(state, clientId);
    beLive(state, entry);
    return;
  }
  if (wasFinal) return;
  state.live[instrument] = liveOrders(state, instrument).filter((one) => one !== entry);
  joinFinals(state, clientId);
}

function joinFinals({ finals, orders }: EngineState, clientId: string): void {
  const { ids, oldest } = finals;
  if (ids.length < FINAL_ORDERS_MAX) {
    ids.push(clientId);
    return;
  }
  orders.delete(ids[oldest]!);
  ids[oldest] = clientId;
  finals.oldest = (oldest + 1) % FINAL_ORDERS_MAX;
}

/** It is live again. */
function leaveFinals({ finals }: EngineState, clientId: string): void {
  const { ids, oldest } = finals;
  const oldestFirst = [...ids.slice(oldest), ...ids.slice(0, oldest)];
  Object.assign(finals, { ids: oldestFirst.filter((one) => one !== clientId), oldest: 0 });
}

function beLive(state: EngineState, entry: OrderEntry): void {
  const { instrument } = entry.intent;
  const live = liveOrders(state, instrument);
  if (!live.includes(entry)) state.live[instrument] = [...live, entry];
}

function liveOrders(state: EngineState, instrument: number): readonly OrderEntry[] {
  const live = state.live[instrument];
  if (live === undefined) throw new RangeError(`no instrument ${instrument}`);
  return live;
}

function rememberFill(state: EngineState, { instrument, tradeId, marketMs }: Fill): void {
  const seen = state.fillsSeen[instrument];
  if (seen === undefined) throw new RangeError(`no instrument ${instrument}`);
  if (seen.has(tradeId)) throw new RangeError(`the fill ${tradeId} was applied before`);
  seen.set(tradeId, marketMs);
  state.newestFillMs = Math.max(state.newestFillMs, marketMs);
}

function applyFill(state: EngineState, { fill }: Of<'fill'>): void {
  const instrument = state.config?.instruments[fill.instrument];
  if (instrument === undefined) throw new RangeError(`no instrument ${fill.instrument}`);
  rememberFill(state, fill);
  state.counters.fills += 1;
  const entry = state.orders.get(fill.clientId);
  const { side, quantityLots, priceTicks, rate, marketMs, feeLots = 0 } = fill;
  const order = entry ?? null;
  const why = exitReason(state, order);
  const { fee, paidFrom, coins } = paymentOf(state, fill);
  const execution = { side, quantityLots, priceTicks, rate, fee, paidFrom, coins, order, why, marketMs };
  applyExecution(state, instrument, execution);
  // In older journals the fee may be whole lots: they count as sold at this price, and the proceeds pay the fee.
  if (feeLots > 0)
    applyExecution(state, instrument, {
      ...{ ...execution, ...NO_FEE },
      ...{ side: 'sell', quantityLots: feeLots, why: 'fee' },
    });
  const position = state.positions[fill.instrument];
  if (position !== undefined && openLots(position) === 0) state.mayBeClosed.delete(fill.instrument);
  noteUnvalued(state, fill, entry?.intent.strategy ?? 'fermata');
  noteExpected(state, fill, instrument.symbol);
  countTraded(state.volumes, instrument, fill);
  if (entry === undefined) return;
  entry.filledLots += fill.quantityLots;
  noteSignalFilled(state, entry.intent);
  const { to } = orderStep(entry.state, fillEvent(entry.filledLots, entry.intent.quantityLots));
  if (to !== 'illegal' && to !== 'ignored') moveTo(state, entry, to);
}

const NO_FEE = { fee: 0n, paidFrom: 'cash', coins: 0n } as const;

/** How the fee was paid. A fee paid from an asset kept for fees is counted in the balance of that asset. */
function paymentOf(state: EngineState, fill: Fill): Pick<Execution, 'fee' | 'paidFrom' | 'coins'> {
  const steps = stepsAt(state, fill.instrument);
  const fee = BigInt(fill.fee) * steps.perMoney;
  if (fill.feeIn === undefined) return { fee, paidFrom: 'cash', coins: 0n };
  const { asset } = fill.feeIn;
  const amount = parseUnits(fill.feeIn.amount, placesOf(state.scales, asset));
  if (asset === steps.base && fill.side === 'buy') return { fee, paidFrom: 'coins', coins: amount };
  move(state, asset, -amount);
  return { fee, paidFrom: 'elsewhere', coins: 0n };
}

function noteUnvalued(state: EngineState, { feeIn, instrument }: Fill, strategy: string): void {
  if (feeIn?.unvalued !== true) return;
  state.unvaluedFees.push({ instrument, strategy, asset: feeIn.asset, amount: feeIn.amount });
}

const FEES_EXPECTED_KEPT = 1_000;

function noteExpected({ feesExpected }: EngineState, fill: Fill, symbol: string): void {
  if (fill.feeExpected !== true) return;
  const { fee, marketMs } = fill;
  feesExpected.set(feeIdOf(symbol, fill), { symbol, fee, corrected: 0n, over: false, marketMs });
  for (const oldest of feesExpected.keys()) {
    if (feesExpected.size <= FEES_EXPECTED_KEPT) break;
    feesExpected.delete(oldest);
  }
}

/**
 * The trade may already be closed; equity and the totals of its strategy still take the fee. Records of earlier
 * builds may have the number that its instrument had before the desk file changed, so it is not compared.
 */
function applyFeeValued(state: EngineState, record: Of<'fee.valued'>): void {
  const { asset, amount } = record;
  const waiting = state.unvaluedFees.find((fee) => fee.asset === asset && fee.amount === amount);
  if (waiting === undefined)
    throw new RangeError(`a value for a fee of ${amount} ${asset}, which nobody waits for`);
  state.unvaluedFees = state.unvaluedFees.filter((fee) => fee !== waiting);
  const { instrument, strategy } = waiting;
  // Every instrument settles in the desk's currency.
  const fee = BigInt(record.fee) * stepsAt(state, instrument ?? 0).perMoney;
  state.feesElsewhere += fee;
  if (instrument !== null) tripTotals(state, strategy, instrument).realised -= fee;
}

/** As if the difference had been traded at `priceTicks` without a fee, so equity stays the same. */
function applyAdopted(state: EngineState, record: Of<'position.adopted'>): void {
  const instrument = state.config?.instruments[record.instrument];
  const position = state.positions[record.instrument];
  if (instrument === undefined || position === undefined) {
    throw new RangeError(`no instrument ${record.instrument}`);
  }
  state.mayBeClosed.delete(record.instrument);
  const delta = record.quantityLots - position.quantityLots;
  if (delta === 0) return;
  applyExecution(state, instrument, {
    side: delta > 0 ? 'buy' : 'sell',
    quantityLots: Math.abs(delta),
    priceTicks: record.priceTicks,
    rate: record.rate,
    ...NO_FEE,
    order: null,
    why: 'venue',
    marketMs: record.marketMs,
  });
}

function applyHalt(state: EngineState, halt: Halt): void {
  state.counters.halts += 1;
  state.halts = haltsWith(state.halts, halt);
  state.mode = strictestMode(state.halts);
}

function strictestMode(halts: readonly Halt[]): Mode {
  let mode: Mode = 'ACTIVE';
  for (const halt of halts) if (MODE_RANK[halt.mode] > MODE_RANK[mode]) mode = halt.mode;
  return mode;
}

function applyArmed(state: EngineState): void {
  state.counters.armed += 1;
  state.halts = [];
  state.mode = 'ACTIVE';
  state.closeAll = 'idle';
  state.flatMs = null;
}

/** Null: cash agreed or was not compared. */
function cashDifference(differences: readonly Difference[]): Units | null {
  const balance = differences.find(({ what }) => what === 'balance');
  return balance === undefined ? null : parseUnits(balance.venues) - parseUnits(balance.ours);
}

function applyReconciled(state: EngineState, record: Of<'reconciled'>): void {
  const difference = cashDifference(record.differences);
  if (record.clean) state.cashDiffersSinceMs = null;
  else if (difference !== null && difference !== cashDifference(state.lastDifferences))
    state.cashDiffersSinceMs = record.marketMs;
  state.lastDifferences = record.differences;
  state.putBack.clear();
  if (!record.differences.some(({ what, rule }) => what === 'position' && rule === 'halt'))
    state.mayBeClosed.clear();
  if (!record.clean) return;
  state.fillsThroughMs = record.fillsThroughMs;
  const horizon = record.fillsThroughMs - FILL_MEMORY_MARKET_MS;
  if (horizon <= state.fillHorizonMs) return;
  state.fillHorizonMs = horizon;
  forgetFills(state);
}

function forgetFills({ fillsSeen, formerFills, fillHorizonMs }: EngineState): void {
  for (const seen of [...fillsSeen, ...formerFills.values()]) {
    for (const [tradeId, marketMs] of seen) if (marketMs < fillHorizonMs) seen.delete(tradeId);
  }
  for (const [symbol, seen] of formerFills) if (seen.size === 0) formerFills.delete(symbol);
}

function applyAmended(state: EngineState, { clientId, quantityLots, reason }: Of<'order.amended'>): void {
  const entry = state.orders.get(clientId);
  if (entry === undefined)
    throw new RangeError(`an amendment of the order ${clientId}, which was never intended`);
  entry.intent = { ...entry.intent, quantityLots };
  entry.amended = true;
  entry.reason = reason;
}

function applyStopGap(state: EngineState, { why, symbol, ms, marketMs }: Of<'stop.gap'>): void {
  const before = state.stopGaps.get(why);
  const count = (before?.count ?? 0) + 1;
  const longest =
    before === undefined || ms > before.longestMs ? { symbol, marketMs, longestMs: ms } : before;
  state.stopGaps.set(why, { ...longest, count, newestMs: ms });
}
