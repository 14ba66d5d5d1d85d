/** What an execution does to position and balances: average cost, results on reduction, all of it exact. */

import type { BookSteps } from '../domain/book-steps.js';
import type { Instrument } from '../domain/instrument.js';
import { mulDivUnits, type Units } from '../domain/money.js';
import type { Side } from '../domain/order.js';
import { isOwned, VALUE } from '../domain/value.js';
import { stepsAt } from './books.js';
import { type EngineState, type PositionEntry, type TripTotals, trackOf } from './state.js';

export interface Execution {
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** Units of the quote currency's books, positive is a cost. */
  readonly fee: Units;
  /** From where it was paid: `cash`, the coin that was bought (`coins` of it), or an asset kept for fees. */
  readonly paidFrom: 'cash' | 'coins' | 'elsewhere';
  /** Units of the coin's books that the venue kept; 0 where the fee was paid otherwise. */
  readonly coins: Units;
  /** Who owns the position if this opens one, and where its stop goes. */
  readonly strategy: string;
  readonly protectTicks: number | null;
}

export function applyExecution(state: EngineState, instrument: Instrument, execution: Execution): void {
  const position = state.positions[instrument.id];
  if (position === undefined) throw new RangeError(`no instrument ${instrument.id}`);
  const steps = stepsAt(state, instrument.id);
  const signed = execution.side === 'buy' ? execution.quantityLots : -execution.quantityLots;
  const notional = valueAt(steps, signed, execution.priceTicks);
  const realisedBefore = position.realised;
  position.tripResult -= execution.fee;
  const opposite = position.quantityLots !== 0 && Math.sign(position.quantityLots) !== Math.sign(signed);
  if (opposite) {
    const reducing = Math.min(Math.abs(signed), Math.abs(position.quantityLots));
    reduce(state, steps, position, reducing, execution);
    const opening = Math.abs(signed) - reducing;
    if (opening > 0) open(steps, position, Math.sign(signed) * opening, execution);
  } else {
    open(steps, position, signed, execution);
  }
  const gained = position.realised - realisedBefore;
  const paid = isOwned(instrument) ? notional : -gained;
  move(state, steps.quote, -paid);
  payFee(state, steps, position, execution);
}

/** What a balance grows by, in the units of its books. */
export function move(state: EngineState, currency: string, by: Units): void {
  state.balances.set(currency, (state.balances.get(currency) ?? 0n) + by);
}

function payFee(state: EngineState, steps: BookSteps, position: PositionEntry, execution: Execution): void {
  const { fee, paidFrom, coins } = execution;
  if (paidFrom === 'cash') move(state, steps.quote, -fee);
  if (paidFrom === 'elsewhere') state.feesElsewhere += fee;
  if (paidFrom === 'coins' && coins > 0n) takeCoins(state, steps, position, coins, fee);
}

/**
 * Coins that leave as a fee are sold for what they are worth, and that pays it: their cost leaves with them. Where fewer
 * are held (a sale was heard of before the purchase that it sold) the rest is owed, and was sold at this price.
 */
function takeCoins(
  state: EngineState,
  steps: BookSteps,
  position: PositionEntry,
  coins: Units,
  value: Units,
): void {
  const held = coinsOf(position, steps);
  const own = held < 0n ? 0n : held < coins ? held : coins;
  const costOut = own === 0n ? 0n : mulDivUnits(position.cost, own, held);
  const owed = mulDivUnits(value, coins - own, coins);
  position.cost -= costOut + owed;
  position.realised += value - owed - costOut;
  position.tripResult += value - owed - costOut;
  const wasOpen = position.quantityLots !== 0;
  holdCoins(position, steps, held - coins);
  if (wasOpen && position.quantityLots === 0) closeTrip(state, position);
}

/** Units of the coin, signed, with what is below a lot. */
function coinsOf({ quantityLots, remainder }: PositionEntry, { perLot }: BookSteps): Units {
  return BigInt(quantityLots) * perLot + remainder;
}

function holdCoins(position: PositionEntry, { perLot }: BookSteps, coins: Units): void {
  position.quantityLots = Number(coins / perLot);
  position.remainder = coins % perLot;
}

function open(steps: BookSteps, position: PositionEntry, signedLots: number, execution: Execution): void {
  if (position.quantityLots === 0) position.strategy = execution.strategy;
  if (execution.protectTicks !== null) position.protectTicks = execution.protectTicks;
  holdCoins(position, steps, coinsOf(position, steps) + BigInt(signedLots) * steps.perLot);
  position.cost += valueAt(steps, signedLots, execution.priceTicks);
}

/** What is left below a lot keeps its part of the cost. */
function reduce(
  state: EngineState,
  steps: BookSteps,
  position: PositionEntry,
  lots: number,
  execution: Execution,
): void {
  const signedLots = Math.sign(position.quantityLots) * lots;
  const held = coinsOf(position, steps);
  const leaving = BigInt(signedLots) * steps.perLot;
  const costOut = mulDivUnits(position.cost, leaving, held);
  const proceeds = valueAt(steps, signedLots, execution.priceTicks);
  holdCoins(position, steps, held - leaving);
  position.cost -= costOut;
  position.realised += proceeds - costOut;
  position.tripResult += proceeds - costOut;
  if (position.quantityLots === 0) closeTrip(state, position);
}

function valueAt({ kind, perTickLot }: BookSteps, lots: number, priceTicks: number): Units {
  return VALUE[kind].cost(perTickLot, lots, priceTicks);
}

function closeTrip(state: EngineState, position: PositionEntry): void {
  const totals = tripTotals(state, position.strategy, position.instrument);
  totals.trades += 1;
  if (position.tripResult > 0n) totals.wins += 1;
  totals.realised += position.tripResult;
  countStreak(state, position);
  position.tripResult = 0n;
  position.protectTicks = null;
}

/** A round trip that came out even neither adds to a streak nor ends it. */
function countStreak(state: EngineState, { strategy, tripResult }: PositionEntry): void {
  const track = trackOf(state, strategy);
  if (tripResult > 0n) track.lossesInARow = 0;
  if (tripResult < 0n) track.lossesInARow += 1;
}

export function tripTotals(state: EngineState, strategy: string, instrument: number): TripTotals {
  const key = `${strategy}/${instrument}`;
  const known = state.trips.get(key);
  if (known !== undefined) return known;
  const created: TripTotals = { strategy, instrument, trades: 0, wins: 0, realised: 0n };
  state.trips.set(key, created);
  return created;
}
