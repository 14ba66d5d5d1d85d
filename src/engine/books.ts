/** Reads the books: what amounts and positions are worth, in money units. */
import type { BookSteps } from '../domain/book-steps.js';
import type { InstrumentId } from '../domain/instrument.js';
import type { Units } from '../domain/money.js';
import { VALUE } from '../domain/value.js';
import type { Held } from './market-book.js';
import { type EngineState, type Holding, holdingsOf, type PositionEntry } from './state.js';

/** Money units of an amount in the books of an instrument's quote currency. */
export function moneyOf(units: Units, { perMoney }: Pick<BookSteps, 'perMoney'>): number {
  return perMoney === 1n ? Number(units) : Number(units) / Number(perMoney);
}

/** Lots held, with the remainder below one lot as a fraction. */
export function heldLots({ quantityLots, remainder }: Holding, { perLot }: BookSteps): number {
  if (remainder === 0n) return quantityLots;
  return Number(BigInt(quantityLots) * perLot + remainder) / Number(perLot);
}

/** A position in the form used to value it. */
export function heldAt(state: EngineState, position: Holding): Held {
  const steps = stepsAt(state, position.instrument);
  return {
    instrument: position.instrument,
    lots: heldLots(position, steps),
    cost: Math.round(moneyOf(position.cost, steps)),
  };
}

export function heldPositions(state: EngineState): Held[] {
  return state.positions.map((position) => heldAt(state, position));
}

/** Average price of a holding, in ticks, not rounded. */
export function averageTicks(state: EngineState, position: Holding): number {
  const steps = stepsAt(state, position.instrument);
  const lots = heldLots(position, steps);
  return VALUE[steps.kind].averageTicks(Number(position.cost), lots, Number(steps.perTickLot));
}

/** The same for a position. If opposite trades net to nothing at the venue: of its oldest trade. */
export function averageCost(state: EngineState, position: PositionEntry): number {
  const [oldest = position] = holdingsOf(position);
  return averageTicks(state, position.quantityLots === 0 ? oldest : position);
}

/** What a lot of the open trades cost on average, bought or sold, in money units. Null: there is no trade. */
export function feePerLot(state: EngineState, at: InstrumentId): number | null {
  const position = state.positions[at];
  const trades = position === undefined ? [] : holdingsOf(position).flatMap(({ trade }) => trade ?? []);
  const lots = trades.reduce((sum, { entryLots, exitLots }) => sum + entryLots + exitLots, 0);
  if (lots === 0) return null;
  const symbol = state.config?.instruments[at]?.symbol;
  const openedMs = Math.min(...trades.map((trade) => trade.openedMs));
  const fees = trades.reduce((sum, trade) => sum + moneyOf(trade.fees, stepsAt(state, at)), 0);
  const corrected = [...state.feesExpected.values()]
    .filter((fee) => fee.symbol === symbol && fee.marketMs >= openedMs)
    .reduce((sum, fee) => sum + Number(fee.corrected), 0);
  return (fees - corrected) / lots;
}

export function stepsAt(state: EngineState, at: InstrumentId): BookSteps {
  const steps = state.steps[at];
  if (steps === undefined) throw new RangeError(`no instrument ${at}`);
  return steps;
}

/** Cash in the desk's currency, in whole money units; finer fractions are cut off. */
export function cashUnits(state: EngineState): Units {
  return cashOf(state) / (state.steps[0]?.perMoney ?? 1n);
}

/** Cash less the fees paid from other assets, in money units: equity without the positions. */
export function fundsOf(state: EngineState): number {
  const steps = state.steps[0];
  if (steps === undefined) return 0;
  return Math.round(moneyOf(cashOf(state) - state.feesElsewhere, steps));
}

/** Cash in the currency that the desk's instruments are quoted in, in the scale of its books. */
export function cashOf(state: EngineState): Units {
  return state.balances.get(state.steps[0]?.quote ?? '') ?? 0n;
}
