/**
 * What each kind of instrument costs and is worth, one row for each. Cost is signed so that a result is always
 * proceeds minus cost. An inverse contract is worth less of its coin the higher the price, so the cost of a long one
 * is negative.
 */
import type { Instrument, InstrumentKind } from './instrument.js';
import { mulDivUnits, type Units, worth } from './money.js';

export interface ValueRule {
  /** `value`: a purchase pays for what it buys and owns it. `result`: only results and fees move money. */
  readonly pays: 'value' | 'result';
  /** The currency of its results. */
  readonly settles: 'quote' | 'base';
  /** Exact, in units of that currency's books. */
  cost(perTickLot: Units, lots: number, priceTicks: number): Units;
  /** Worth at a price, in money units of that currency. */
  worth(lots: number, priceTicks: number, moneyPerTickLot: number): number;
  /** The price, in ticks and not rounded, at which so many lots have this cost. */
  averageTicks(cost: number, lots: number, perTickLot: number): number;
}

const byPrice = {
  settles: 'quote',
  cost: (perTickLot: Units, lots: number, priceTicks: number): Units =>
    BigInt(lots) * BigInt(priceTicks) * perTickLot,
  worth,
  averageTicks: (cost: number, lots: number, perTickLot: number): number => cost / (lots * perTickLot),
} as const;

/** Rounded once for each fill, four places finer than the coin's money units. */
const byReciprocal = {
  settles: 'base',
  cost: (perLot: Units, lots: number, priceTicks: number): Units =>
    -mulDivUnits(BigInt(lots), perLot, BigInt(priceTicks)),
  worth: (lots: number, priceTicks: number, moneyPerLot: number): number =>
    -Math.round((lots * moneyPerLot) / priceTicks),
  averageTicks: (cost: number, lots: number, perLot: number): number => -(lots * perLot) / cost,
} as const;

export const VALUE: Readonly<Record<InstrumentKind, ValueRule>> = {
  spot: { pays: 'value', ...byPrice },
  stock: { pays: 'value', ...byPrice },
  linear: { pays: 'result', ...byPrice },
  future: { pays: 'result', ...byPrice },
  fx: { pays: 'result', ...byPrice },
  inverse: { pays: 'result', ...byReciprocal },
};

export function settleOf({ kind, base, quote }: Pick<Instrument, 'kind' | 'base' | 'quote'>): string {
  return VALUE[kind].settles === 'base' ? base : quote;
}

/** Whether what is held is an asset of the account and not only a contract on one. */
export function isOwned({ kind }: Pick<Instrument, 'kind'>): boolean {
  return VALUE[kind].pays === 'value';
}
