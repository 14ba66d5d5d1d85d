/** What an execution does to position and cash: average cost, results on reduction, whole money units. */
import type { Instrument } from '../domain/instrument.js';
import { mulDiv, withinRange } from '../domain/money.js';
import type { Side } from '../domain/order.js';
import { type EngineState, type PositionEntry, type TripTotals, trackOf } from './state.js';

export interface Execution {
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** Money units, positive is a cost. */
  readonly fee: number;
  /** Who owns the position if this opens one, and where its stop goes. */
  readonly strategy: string;
  readonly protectTicks: number | null;
}

/** Throws RangeError where an amount is beyond what can be held exactly. */
export function applyExecution(state: EngineState, instrument: Instrument, execution: Execution): void {
  const position = state.positions[instrument.id];
  if (position === undefined) throw new RangeError(`no instrument ${instrument.id}`);
  const signed = execution.side === 'buy' ? execution.quantityLots : -execution.quantityLots;
  const notional = withinRange(signed * execution.priceTicks * instrument.moneyPerTickLot);
  const realisedBefore = position.realised;
  position.tripResult -= execution.fee;
  const opposite = position.quantityLots !== 0 && Math.sign(position.quantityLots) !== Math.sign(signed);
  if (opposite) {
    const reducing = Math.min(Math.abs(signed), Math.abs(position.quantityLots));
    reduce(state, instrument, position, reducing, execution);
    const opening = Math.abs(signed) - reducing;
    if (opening > 0) open(instrument, position, Math.sign(signed) * opening, execution);
  } else {
    open(instrument, position, signed, execution);
  }
  const gained = position.realised - realisedBefore;
  const paid = instrument.kind === 'spot' ? notional : -gained;
  state.cash = withinRange(state.cash - paid - execution.fee);
}

function open(
  instrument: Instrument,
  position: PositionEntry,
  signedLots: number,
  execution: Execution,
): void {
  if (position.quantityLots === 0) position.strategy = execution.strategy;
  if (execution.protectTicks !== null) position.protectTicks = execution.protectTicks;
  position.quantityLots += signedLots;
  position.cost = withinRange(position.cost + signedLots * execution.priceTicks * instrument.moneyPerTickLot);
}

function reduce(
  state: EngineState,
  instrument: Instrument,
  position: PositionEntry,
  lots: number,
  execution: Execution,
): void {
  const before = position.quantityLots;
  const signedLots = Math.sign(before) * lots;
  const costOut = mulDiv(position.cost, lots, Math.abs(before));
  const proceeds = withinRange(signedLots * execution.priceTicks * instrument.moneyPerTickLot);
  position.quantityLots = before - signedLots;
  position.cost -= costOut;
  position.realised = withinRange(position.realised + proceeds - costOut);
  position.tripResult += proceeds - costOut;
  if (position.quantityLots === 0) closeTrip(state, position);
}

function closeTrip(state: EngineState, position: PositionEntry): void {
  const totals = tripTotals(state, position.strategy, position.instrument);
  totals.trades += 1;
  if (position.tripResult > 0) totals.wins += 1;
  totals.realised += position.tripResult;
  countStreak(state, position);
  position.tripResult = 0;
  position.protectTicks = null;
}

/** A round trip that came out even neither adds to a streak nor ends it. */
function countStreak(state: EngineState, { strategy, tripResult }: PositionEntry): void {
  const track = trackOf(state, strategy);
  if (tripResult > 0) track.lossesInARow = 0;
  if (tripResult < 0) track.lossesInARow += 1;
}

function tripTotals(state: EngineState, strategy: string, instrument: number): TripTotals {
  const key = `${strategy}/${instrument}`;
  const known = state.trips.get(key);
  if (known !== undefined) return known;
  const created: TripTotals = { strategy, instrument, trades: 0, wins: 0, realised: 0 };
  state.trips.set(key, created);
  return created;
}
