/** How many lots an entry is for: by what its stop may lose, fixed, or by a part of equity, and never more than the limits leave. */
import type { Instrument } from '../../domain/instrument.js';
import { formatMoney } from '../../domain/money.js';
import { largestAtMarket } from '../../domain/order-bounds.js';
import { FULL_SIZE_PPM, largestPosition } from '../../limits/size-factor.js';

/** As the desk file has it, or an entry: one of the first three, or none: as large as the limits let it be. Percent of equity; lots are the instrument's, contracts of a future. */
export interface StrategySize {
  /** What the stop of an entry may lose. */
  readonly riskPct?: number | undefined;
  readonly lots?: number | undefined;
  /** What an entry may be worth. */
  readonly equityPct?: number | undefined;
  /** Never more than that, whatever the others come to. */
  readonly maxLots?: number | undefined;
}

export interface SizedEntry {
  readonly lots: number;
  /** Of no lot: why. */
  readonly why: string;
}

export interface EntryToSize {
  readonly instrument: Instrument;
  readonly limitTicks: number;
  readonly protectTicks: number;
  readonly bidTicks: number;
  /** Of an earlier position. */
  readonly heldLots: number;
  /** Money units. */
  readonly equity: number;
  readonly maxPositionSizePct: number;
  readonly sizeFactorPpm: number;
}

/** The desk file's part of equity, rounded down to lots, no more than one stop can protect, less what is left of an earlier position. */
function lotsByLimits(entry: EntryToSize, equityPct = entry.maxPositionSizePct): number {
  const { instrument, equity, limitTicks, bidTicks, heldLots, sizeFactorPpm } = entry;
  const pct = Math.min(equityPct, entry.maxPositionSizePct);
  const most = largestPosition(equity, pct, sizeFactorPpm);
  const lots = Math.floor(most / (Math.max(limitTicks, bidTicks) * instrument.moneyPerTickLot));
  return Math.max(0, Math.min(lots, largestAtMarket(instrument)) - heldLots);
}

/** Rounded down to lots; a reduced size of the desk reduces each of them. Zero is no order, with the reason in words. */
export function sizeEntry(size: StrategySize, entry: EntryToSize): SizedEntry {
  const { riskPct, lots: fixed, equityPct, maxLots = Number.POSITIVE_INFINITY } = size;
  const most = Math.min(maxLots, lotsByLimits(entry, equityPct));
  const byLimits = { lots: most, why: 'the limits and what is held leave not one lot' };
  if (riskPct !== undefined) {
    const byRisk = sizeByRisk(riskPct, entry);
    return byRisk.lots < most || byRisk.lots === 0 ? byRisk : byLimits;
  }
  if (fixed === undefined) return byLimits;
  const lots = Math.floor((fixed * entry.sizeFactorPpm) / FULL_SIZE_PPM);
  if (lots >= most && lots > 0) return byLimits;
  return { lots, why: 'the reduced size of the desk leaves not one lot' };
}

/** What may be lost ÷ (distance of the stop × what a tick of one lot is worth). */
function sizeByRisk(riskPct: number, entry: EntryToSize): SizedEntry {
  const { instrument, equity, limitTicks, protectTicks, sizeFactorPpm } = entry;
  const risk = largestPosition(equity, riskPct, sizeFactorPpm);
  const perLot = Math.abs(limitTicks - protectTicks) * instrument.moneyPerTickLot;
  const lots = perLot > 0 ? Math.floor(risk / perLot) : 0;
  return {
    lots,
    why:
      `${riskPct} % of equity is ${formatMoney(Math.floor(risk), 2)} ${instrument.quote}, and one lot loses ` +
      `${formatMoney(Math.round(perLot), 2)} ${instrument.quote} at its stop: not one lot fits`,
  };
}
