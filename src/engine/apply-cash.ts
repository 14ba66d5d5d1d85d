/**
 * Applies what moves money or coins: a cash record, an execution, coins that no trade of the desk explains.
 */

import { afterCapital, isCapital, NO_COINS, type OthersCoins } from '../domain/cash-and-coins.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import { readUnits } from '../domain/money.js';
import { type Execution, execute, move } from './apply-holding.js';
import { applyBeside, applyInParts, isInParts } from './apply-parts.js';
import { stepsAt } from './books.js';
import type { EngineRecord } from './record.js';
import type { EngineState } from './state.js';
import { FEE_UNLIKELY_MS } from './timing.js';

/**
 * Beyond this number the oldest ids are forgotten. Venues list movements from the journal's beginning, so a forgotten
 * one would count as not booked.
 */
const MOVEMENTS_KEPT = 10_000;
const EXPLAINED_KEPT = 100;

/**
 * Capital that moves is no result of the day: neither in money nor in percent.
 * `before`: equity before it. Undefined: not known, or a record of an earlier build.
 */
function moveDay(state: EngineState, moved: number, before: number | undefined): void {
  if (state.day === null) return;
  const { startMs, startEquity, firstEquity, returnEquity } = state.day;
  state.day = {
    startMs,
    startEquity: afterCapital(startEquity, moved, before),
    firstEquity: firstEquity + moved,
    returnEquity: afterCapital(returnEquity, moved, before),
  };
}

/** More than people read. */
export const NAMED_MAX = 5;

/** Booked cash is left as it is: until a person has explained the difference, this may be its cause. */
export function applyCorrection(state: EngineState, correction: string): void {
  state.corrections = [...state.corrections, correction].slice(-NAMED_MAX);
}

/** Changes the balance and, for capital, the day's start and the peak. */
export function applyCash(
  state: EngineState,
  record: Extract<EngineRecord, { readonly type: 'cash' }>,
): void {
  const units = readUnits(record.amount);
  const perMoney = state.steps.find(({ quote }) => quote === record.currency)?.perMoney ?? 1n;
  move(state, record.currency, units * perMoney);
  if (record.movementId !== null) state.movementsBooked.add(record.movementId);
  for (const [id, fee] of state.feesExpected) {
    const isCorrected = id === record.movementId;
    // Until a person has explained all of a difference, a fee told late may be the rest of it.
    const isExplained =
      record.source === 'person' &&
      record.leaves === undefined &&
      record.marketMs - fee.marketMs > FEE_UNLIKELY_MS;
    if (isCorrected) state.feesExpected.set(id, { ...fee, corrected: units, over: true });
    else if (isExplained) state.feesExpected.set(id, { ...fee, over: true });
  }
  if (record.source === 'person' && record.leaves === undefined) state.corrections = [];
  for (const oldest of state.movementsBooked) {
    if (state.movementsBooked.size <= MOVEMENTS_KEPT) break;
    state.movementsBooked.delete(oldest);
  }
  if (record.source === 'person') {
    const marketMs = state.cashDiffersSinceMs ?? record.marketMs;
    state.cashExplained = [...state.cashExplained, { units, marketMs }].slice(-EXPLAINED_KEPT);
  }
  if (!isCapital(record.kind)) return;
  state.capitalMoved += units;
  const moved = Number(units);
  moveDay(state, moved, record.equity);
  if (state.peak > 0) state.peak = Math.max(0, afterCapital(state.peak, moved, record.equity));
}

type Of<T extends EngineRecord['type']> = Extract<EngineRecord, { readonly type: T }>;

/** Coins that no trade of the desk explains: found, claimed by a person, or gone again. */
export function othersCoins(state: EngineState, symbol: string): OthersCoins {
  return state.coins.get(symbol) ?? NO_COINS;
}

/** Somebody else has traded: others' coins may now lie alongside the desk's, counted or not yet. */
export function knowOthers(state: EngineState, at: InstrumentId): void {
  const symbol = state.config?.instruments[at]?.symbol;
  if (symbol !== undefined && !state.coins.has(symbol)) state.coins.set(symbol, NO_COINS);
}

export function applyCoins(state: EngineState, { symbol, coins }: Of<'coins.counted'>): void {
  state.coins.set(symbol, coins);
}

/**
 * The coins are the desk's from now on. They count as a deposit in kind: equity grows by their value, the
 * day's start and the peak in proportion.
 */
export function applyClaim(state: EngineState, record: Of<'coins.claimed'>): void {
  const instrument = state.config?.instruments.find(({ symbol }) => symbol === record.symbol);
  if (instrument === undefined) throw new RangeError(`no instrument ${record.symbol}`);
  const before = othersCoins(state, record.symbol);
  state.coins.set(record.symbol, { ...before, nobodys: before.nobodys - record.quantityLots });
  const { quote } = stepsAt(state, instrument.id);
  const cash = state.balances.get(quote) ?? 0n;
  applyExecution(state, instrument, {
    side: 'buy',
    quantityLots: record.quantityLots,
    priceTicks: record.costTicks,
    fee: 0n,
    paidFrom: 'cash',
    coins: 0n,
    order: null,
    why: 'venue',
    marketMs: record.marketMs,
  });
  move(state, quote, cash - (state.balances.get(quote) ?? 0n)); // no cash was paid for them
  // Flat was proven before these were the desk's: they are no rest that is still to be sold.
  if (state.closeAll === 'flat') state.closeAll = 'idle';
  state.peak = afterCapital(state.peak, record.value, record.equity);
  moveDay(state, record.value, record.equity);
}

/** Applies an execution to the whole position, or to the parts whose trades it belongs to. */
export function applyExecution(state: EngineState, instrument: Instrument, execution: Execution): void {
  const position = state.positions[instrument.id];
  if (position === undefined) throw new RangeError(`no instrument ${instrument.id}`);
  if (instrument.sideBySide === true) applyBeside(state, instrument, position, execution);
  else if (isInParts(position, execution)) applyInParts(state, instrument, position, execution);
  else execute(state, instrument, position, execution);
}
