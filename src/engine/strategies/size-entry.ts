/**
 * How many lots an entry is for: by what its stop may lose, fixed, by a part of equity, or by what a day's moves may
 * cost, but never more than the limits leave.
 */
import type { Instrument } from '../../domain/instrument.js';
import { largestAtMarket } from '../../domain/order-bounds.js';
import { dearerTicks, exactNotional, lossPerLot, moneyText } from '../../domain/value.js';
import { FULL_SIZE_PPM, largestPosition } from '../../limits/size-factor.js';
import { VOLATILITY_BARS_MIN } from './day-volatility.js';

/**
 * The size as given by the desk file or by an entry: one of the first four, or none for as large as the limits
 * allow. Percentages are of equity; lots are the instrument's (contracts of a future).
 */
export interface StrategySize {
  /** What the entry may lose at its stop. */
  readonly riskPct?: number | undefined;
  readonly lots?: number | undefined;
  /** What the entry may be worth. */
  readonly equityPct?: number | undefined;
  /** What one standard deviation of a day's return may cost the position. */
  readonly volatilityPct?: number | undefined;
  /** Upper bound, whatever the other members result in. */
  readonly maxLots?: number | undefined;
}

export interface SizedEntry {
  readonly lots: number;
  /** Why it is for no lot at all. */
  readonly why: string;
}

export interface EntryToSize {
  readonly instrument: Instrument;
  readonly limitTicks: number;
  readonly protectTicks: number;
  readonly bidTicks: number;
  /** Lots held from an earlier position. */
  readonly heldLots: number;
  /** Money units. */
  readonly equity: number;
  readonly maxPositionSizePct: number;
  readonly sizeFactorPpm: number;
  /** Standard deviation of a day's return, as a part of the price. Null: not known yet, after `returnsSeen`. */
  readonly dayVolatility: number | null;
  readonly returnsSeen: number;
}

/**
 * The desk file's part of equity, rounded down to lots, at most what one stop can protect, less what is held from an
 * earlier position.
 */
function lotsByLimits(entry: EntryToSize, equityPct = entry.maxPositionSizePct): number {
  const { instrument, equity, limitTicks, bidTicks, heldLots, sizeFactorPpm } = entry;
  const pct = Math.min(equityPct, entry.maxPositionSizePct);
  const most = largestPosition(equity, pct, sizeFactorPpm);
  const lots = Math.floor(most / exactNotional(instrument, 1, dearerTicks(instrument, limitTicks, bidTicks)));
  return Math.max(0, Math.min(lots, largestAtMarket(instrument)) - heldLots);
}

/**
 * Rounded down to lots; the desk's size factor applies to each rule. Zero lots mean no order, with the reason in
 * words.
 */
export function sizeEntry(size: StrategySize, entry: EntryToSize): SizedEntry {
  const { riskPct, lots: fixed, equityPct, volatilityPct, maxLots = Number.POSITIVE_INFINITY } = size;
  const most = Math.min(maxLots, lotsByLimits(entry, equityPct));
  const byLimits = { lots: most, why: 'the limits and what is held leave not one lot' };
  const byRule =
    riskPct !== undefined
      ? sizeByRisk(riskPct, entry)
      : volatilityPct !== undefined
        ? sizeByVolatility(volatilityPct, entry)
        : null;
  if (byRule !== null) return byRule.lots < most || byRule.lots === 0 ? byRule : byLimits;
  if (fixed === undefined) return byLimits;
  const lots = Math.floor((fixed * entry.sizeFactorPpm) / FULL_SIZE_PPM);
  if (lots >= most && lots > 0) return byLimits;
  return { lots, why: 'the reduced size of the desk leaves not one lot' };
}

/** The allowed loss ÷ what one lot loses at the stop. */
function sizeByRisk(riskPct: number, entry: EntryToSize): SizedEntry {
  const { instrument, equity, limitTicks, protectTicks, sizeFactorPpm } = entry;
  const risk = largestPosition(equity, riskPct, sizeFactorPpm);
  const perLot = lossPerLot(instrument, limitTicks, protectTicks);
  const lots = perLot > 0 ? Math.floor(risk / perLot) : 0;
  return {
    lots,
    why:
      `${riskPct} % of equity is ${moneyText(instrument, Math.floor(risk))}, and one lot loses ` +
      `${moneyText(instrument, perLot)} at its stop: not one lot fits`,
  };
}

/** The allowed cost ÷ (worth of one lot × standard deviation of a day's return), less what is held. */
function sizeByVolatility(volatilityPct: number, entry: EntryToSize): SizedEntry {
  const { instrument, equity, limitTicks, sizeFactorPpm, heldLots, dayVolatility, returnsSeen } = entry;
  if (dayVolatility === null)
    return {
      lots: 0,
      why: `what a day moves is known after ${VOLATILITY_BARS_MIN} returns of its minutes, and ${returnsSeen} were seen`,
    };
  if (dayVolatility === 0)
    return { lots: 0, why: 'its price has not moved, so what a day moves is not known' };
  const cost = largestPosition(equity, volatilityPct, sizeFactorPpm);
  const perLot = exactNotional(instrument, 1, limitTicks) * dayVolatility;
  const lots = Math.max(0, Math.floor(cost / perLot) - heldLots);
  return {
    lots,
    why:
      `${volatilityPct} % of equity is ${moneyText(instrument, Math.floor(cost))}, and one lot moves by ` +
      `${moneyText(instrument, perLot)} in a day (${(dayVolatility * 100).toFixed(2)} %): not one lot fits` +
      (heldLots === 0 ? '' : ' beside what is held'),
  };
}
