/** Applies a cash record: changes the balance and, for capital, the day's start and the peak. */
import { afterCapital, isCapital } from '../domain/cash.js';
import { readUnits } from '../domain/money.js';
import { move } from './apply-holding.js';
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
export function moveDay(state: EngineState, moved: number, before: number | undefined): void {
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
