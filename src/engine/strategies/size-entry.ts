/**
 * How many lots to enter: by the loss at the stop, a fixed number, a part of equity, or the cost of a day's
 * moves, but never more than the limits leave.
 */
import type { Instrument } from '../../domain/instrument.js';
import { largestAtMarket } from '../../domain/order-bounds.js';
import { dearerTicks, exactNotional, lossPerLot, moneyText } from '../../domain/value.js';
import { FULL_SIZE_PPM, largestPosition, percentInUse } from '../../limits/size-factor.js';
import { VOLATILITY_BARS_MIN } from './market-meters.js';

/**
 * The size given by the desk file or by an entry: one of the first four, or none for as large as the limits
 * allow. Percentages are of equity; lots are the instrument's (contracts of a future).
 */
export interface StrategySize {
  /** Most that the entry may lose at its stop. */
  readonly riskPct?: number | undefined;
  readonly lots?: number | undefined;
  /** Most that the entry by itself may be worth. */
  readonly equityPct?: number | undefined;
  /** Most that one standard deviation of a day's return may cost the strategy's position. */
  readonly volatilityPct?: number | undefined;
  /** Most that the strategy may hold and have resting on the instrument, this entry included. */
  readonly maxLots?: number | undefined;
}

export interface SizedEntry {
  readonly lots: number;
  /** Why not even one lot fits. */
  readonly why: string;
}

export interface EntryToSize {
  readonly instrument: Instrument;
  readonly limitTicks: number;
  readonly protectTicks: number;
  readonly bidTicks: number;
  /** Held on the instrument by all strategies: the limits count the whole. */
  readonly heldLots: number;
  /** Held in the trade that the entry adds to. */
  readonly ownLots: number;
  /** What entries of its strategy resting on its side may still add. */
  readonly ownRestingLots: number;
  /** Money units. */
  readonly equity: number;
  readonly maxPositionSizePct: number;
  readonly sizeFactorPpm: number;
  /** Standard deviation of a day's return, as a fraction of the price. Null: unknown, after `returnsSeen`. */
  readonly dayVolatility: number | null;
  readonly returnsSeen: number;
}

/** The largest position that the limits allow and one stop can protect, less the lots held. */
function lotsByLimits(entry: EntryToSize): number {
  const most = Math.min(lotsWorth(entry.maxPositionSizePct, entry), largestAtMarket(entry.instrument));
  return Math.max(0, most - entry.heldLots);
}

/** Lots worth this part of equity, rounded down. */
function lotsWorth(
  pct: number,
  { instrument, equity, limitTicks, bidTicks, sizeFactorPpm }: EntryToSize,
): number {
  const worth = largestPosition(equity, pct, sizeFactorPpm);
  return Math.floor(worth / exactNotional(instrument, 1, dearerTicks(instrument, limitTicks, bidTicks)));
}

/**
 * Rounded down to lots; the desk's size factor applies to each rule. Zero lots mean no order, with the reason in
 * words.
 */
export function sizeEntry(size: StrategySize, entry: EntryToSize): SizedEntry {
  const bounds = [
    sizeByRule(size, entry),
    sizeByMost(size, entry),
    { lots: lotsByLimits(entry), why: 'the limits and what is held leave not one lot' },
  ];
  return bounds
    .filter((bound) => bound !== null)
    .reduce((least, bound) => (bound.lots < least.lots ? bound : least));
}

/** Null: as large as the limits allow. */
function sizeByRule(
  { riskPct, lots, equityPct, volatilityPct }: StrategySize,
  entry: EntryToSize,
): SizedEntry | null {
  if (riskPct !== undefined) return sizeByRisk(riskPct, entry);
  if (volatilityPct !== undefined) return sizeByVolatility(volatilityPct, entry);
  if (equityPct !== undefined)
    return {
      lots: lotsWorth(equityPct, entry),
      why: `one lot is worth more than ${equityPct} % of equity: not one lot fits`,
    };
  if (lots === undefined) return null;
  return {
    lots: Math.floor((lots * entry.sizeFactorPpm) / FULL_SIZE_PPM),
    why: 'the reduced size of the desk leaves not one lot',
  };
}

/** `maxLots` less the lots that its strategy holds and has resting. */
function sizeByMost({ maxLots }: StrategySize, { ownLots, ownRestingLots }: EntryToSize): SizedEntry | null {
  if (maxLots === undefined) return null;
  return {
    lots: Math.max(0, maxLots - ownLots - ownRestingLots),
    why: `its strategy holds ${ownLots} lots, ${ownRestingLots} more are resting, and its maxLots is ${maxLots}`,
  };
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
      `${percentInUse(riskPct, sizeFactorPpm)} % of equity is ${moneyText(instrument, Math.floor(risk))}, and one lot loses ` +
      `${moneyText(instrument, perLot)} at its stop: not one lot fits`,
  };
}

/**
 * The allowed cost ÷ (worth of one lot × standard deviation of a day's return), less what its strategy holds and has
 * resting.
 */
function sizeByVolatility(volatilityPct: number, entry: EntryToSize): SizedEntry {
  const { instrument, equity, limitTicks, sizeFactorPpm, dayVolatility, returnsSeen } = entry;
  const { ownLots, ownRestingLots } = entry;
  if (dayVolatility === null)
    return {
      lots: 0,
      why: `what a day moves is known after ${VOLATILITY_BARS_MIN} returns of its minutes, and ${returnsSeen} were seen`,
    };
  if (dayVolatility === 0)
    return { lots: 0, why: 'its price has not moved, so what a day moves is not known' };
  const cost = largestPosition(equity, volatilityPct, sizeFactorPpm);
  const perLot = exactNotional(instrument, 1, limitTicks) * dayVolatility;
  const lots = Math.max(0, Math.floor(cost / perLot) - ownLots - ownRestingLots);
  return {
    lots,
    why:
      `${percentInUse(volatilityPct, sizeFactorPpm)} % of equity is ${moneyText(instrument, Math.floor(cost))}, and one lot moves by ` +
      `${moneyText(instrument, perLot)} in a day (${(dayVolatility * 100).toFixed(2)} %): not one lot fits` +
      (ownLots + ownRestingLots === 0 ? '' : ' beside what its strategy holds and has resting'),
  };
}
