/** Positions, and what entries may add, in money: the basis of the exposure limits. */
import { amountText, dearerTicks, moneyText, notional } from '../domain/value.js';
import type { AccountView, Denial, Holding, RiskCheck } from './limit.js';

/** Percent of equity; borrowing takes it above a hundred. A desk file may leave it out. */
export const PERCENT_OF_EQUITY = {
  unit: '%',
  whole: false,
  min: 0.01,
  max: 10_000,
  tighter: 'lower',
  leftOut: 'off',
} as const;

/** An instrument's share of the exposure, whatever the side. */
export function grossOf({ worth: held, gross = Math.abs(held), buying, selling }: Holding): number {
  return gross + buying + selling;
}

/**
 * The price that values an entry: its own (the ask if it has none) or the bid, whichever makes it worth more.
 */
export function entryTicks({ intent, instrument, askTicks, bidTicks }: RiskCheck): number {
  return dearerTicks(instrument, intent.limitTicks ?? askTicks, bidTicks);
}

export function entryWorth(check: RiskCheck): number {
  const { intent, instrument } = check;
  return notional(instrument, intent.quantityLots, entryTicks(check));
}

/** Null: `exposed` is within `maxPct` of equity. `what` is the subject of the reason. */
export function denialBeyond(
  maxPct: number,
  { equity, instrument }: RiskCheck,
  { limit, what, exposed }: { readonly limit: string; readonly what: string; readonly exposed: number },
): Denial | null {
  const most = (equity * maxPct) / 100;
  if (equity > 0 && exposed <= most) return null;
  const reason = `${what} would be worth ${moneyText(instrument, exposed)}, ${maxPct} % of equity allows ${amountText(instrument, most)}`;
  return { limit, reason };
}

export function partOfEquity(exposed: number, { equity }: AccountView): string {
  return equity > 0 && Number.isFinite(exposed) ? `${((exposed / equity) * 100).toFixed(2)} %` : 'not known';
}

export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
