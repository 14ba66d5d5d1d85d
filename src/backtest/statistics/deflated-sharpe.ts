/**
 * How far the best Sharpe ratio of many trials exceeds the luck of trying so often: the deflated Sharpe ratio
 * (Bailey and López de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), 2014).
 */
import { mean, sampleDeviation } from '../../domain/statistics.js';

/** The Euler–Mascheroni constant. */
const EULER = 0.5772156649015329;
/** Bounds of the bisection: beyond them a standard normal value is less likely than the precision of doubles. */
const Z_MAX = 9;
const HALVINGS = 60;

/** The distribution of returns, one value for each period. */
export interface ReturnShape {
  readonly count: number;
  /** Mean ÷ standard deviation of a period's returns, not annualised. */
  readonly sharpe: number;
  readonly skewness: number;
  /** 3 for a normal distribution. */
  readonly kurtosis: number;
}

/** Null: all returns are equal, or there are fewer than three, so nothing can be said about the trial. */
export function shapeOf(returns: readonly number[]): ReturnShape | null {
  const deviation = sampleDeviation(returns);
  if (returns.length < 3 || !(deviation > 0)) return null;
  const average = mean(returns);
  const moment = (power: number): number => mean(returns.map((value) => (value - average) ** power));
  const variance = moment(2);
  return {
    count: returns.length,
    sharpe: average / deviation,
    skewness: moment(3) / variance ** 1.5,
    kurtosis: moment(4) / variance ** 2,
  };
}

/**
 * The probability, from 0 to 1, that `best` has a true Sharpe ratio above the one that the best of all these trials
 * would be expected to show if none had any skill. Null for fewer than two trials: there was nothing to choose from.
 */
export function deflatedSharpe(best: ReturnShape, all: readonly ReturnShape[]): number | null {
  if (all.length < 2) return null;
  const luck = expectedBest(all);
  const { sharpe, skewness, kurtosis, count } = best;
  const spread = Math.sqrt(Math.max(1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2, 0));
  return spread > 0 ? normalCdf(((sharpe - luck) * Math.sqrt(count - 1)) / spread) : null;
}

/** Expected best per-period Sharpe ratio of these trials without skill (the paper's equation 1, mean 0). */
export function expectedBest(all: readonly ReturnShape[]): number {
  const count = all.length;
  const deviation = sampleDeviation(all.map(({ sharpe }) => sharpe));
  const extreme =
    (1 - EULER) * normalQuantile(1 - 1 / count) + EULER * normalQuantile(1 - 1 / (count * Math.E));
  return deviation * extreme;
}

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17: off by less than 7.5e-8. */
export function normalCdf(z: number): number {
  if (z < 0) return 1 - normalCdf(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** The inverse of `normalCdf` by bisection, exact to its precision. */
export function normalQuantile(probability: number): number {
  let [low, high] = [-Z_MAX, Z_MAX];
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
