/** The equity floors of daily loss and drawdown, precomputed so that a quote costs one comparison. */
import { mulDiv, ppmOfPercent } from '../domain/money.js';

const MILLION = 1_000_000;

export interface LossLimits {
  readonly dailyLossPpm: number;
  readonly drawdownPpm: number;
  /** Highest equity seen, recorded or not. */
  peak: number;
  dailyFloor: number;
  drawdownFloor: number;
  /** The higher of both floors while the desk may lose money. -Infinity: no halt would follow. */
  watchedFloor: number;
}

export function buildLimits(risk: {
  readonly dailyLossLimitPct: number;
  readonly maxDrawdownPct: number;
}): LossLimits {
  return {
    dailyLossPpm: ppmOfPercent(risk.dailyLossLimitPct),
    drawdownPpm: ppmOfPercent(risk.maxDrawdownPct),
    peak: 0,
    dailyFloor: Number.NEGATIVE_INFINITY,
    drawdownFloor: Number.NEGATIVE_INFINITY,
    watchedFloor: Number.NEGATIVE_INFINITY,
  };
}

/** Recomputes the floors from the day's first equity and the peak (money units). */
export function setFloors(limits: LossLimits, dayStartEquity: number, peak: number, watching: boolean): void {
  limits.peak = peak;
  limits.dailyFloor = dayStartEquity - mulDiv(dayStartEquity, limits.dailyLossPpm, MILLION);
  limits.drawdownFloor = peak - mulDiv(peak, limits.drawdownPpm, MILLION);
  limits.watchedFloor = watching
    ? Math.max(limits.dailyFloor, limits.drawdownFloor)
    : Number.NEGATIVE_INFINITY;
}

/** How far it fell below `from`, in percent with two places. 0: it did not fall. */
export function fallPct(from: number, to: number): string {
  return from > 0 ? Math.max(0, ((from - to) / from) * 100).toFixed(2) : '0.00';
}
