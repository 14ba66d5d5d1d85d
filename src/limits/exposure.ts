/** What is held and what may still be, in money: what the limits of exposure count. */
import { formatMoney, worth } from '../domain/money.js';
import type { AccountView, Holding, RiskCheck } from './limit.js';

/** An instrument's share of what is at risk, whatever the side. */
export function grossOf({ worth: held, buying, selling }: Holding): number {
  return Math.abs(held) + buying + selling;
}

export function entryWorth({ intent, instrument, askTicks, bidTicks }: RiskCheck): number {
  const price = Math.max(intent.limitTicks ?? askTicks, bidTicks);
  return worth(intent.quantityLots, price, instrument.moneyPerTickLot);
}

/** Null where `exposed` is within that part of equity; else the end of a sentence. */
export function beyond(exposed: number, { equity, instrument }: RiskCheck, maxPct: number): string | null {
  const most = (equity * maxPct) / 100;
  if (equity > 0 && exposed <= most) return null;
  const shown = Number.isFinite(exposed) ? formatMoney(Math.round(exposed), 2) : 'an unknown amount of';
  return `${shown} ${instrument.quote}, ${maxPct} % of equity allow ${formatMoney(Math.round(most), 2)}`;
}

export function partOfEquity(exposed: number, { equity }: AccountView): string {
  return equity > 0 && Number.isFinite(exposed) ? `${((exposed / equity) * 100).toFixed(2)} %` : 'not known';
}

export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
