/** Figures about a series of results. Only + − × ÷ and square root, which are exact everywhere. */

export const HOURS_PER_YEAR = 8760;

/** NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation of a sample (n − 1). NaN for fewer than two. */
export function sampleDeviation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) * (value - middle), 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** From each value to the next, as a fraction of the former. */
export function returnsOf(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => value / (values[index] as number) - 1);
}

/** Equity of a desk, and the capital that came in since the point before (below zero: went out). */
export interface EquityAndCapital {
  readonly equity: number;
  readonly capital: number;
}

/**
 * From each point to the next, without the capital that moved between them. What came in counts as there from the start,
 * what went out as there to the end. 0 where there was nothing to earn with.
 */
export function returnsOnCapital(points: readonly EquityAndCapital[]): number[] {
  return points.slice(1).map(({ equity, capital }, index) => {
    const before = points[index]?.equity ?? 0;
    const invested = before + Math.max(0, capital);
    return invested > 0 ? (equity - capital - before) / invested : 0;
  });
}

/** What one unit of money grew to, beginning with 1: one more value than there are returns. */
export function growthOf(returns: readonly number[]): number[] {
  const growth = [1];
  for (const part of returns) growth.push((growth.at(-1) as number) * (1 + part));
  return growth;
}

/**
 * Mean over standard deviation of the returns, times the square root of the periods in a year; no risk-free rate.
 * Null where it can't be said: fewer than two returns, or returns that never differ.
 */
export function sharpeRatio(returns: readonly number[], periodsPerYear: number): number | null {
  const deviation = sampleDeviation(returns);
  return deviation > 0 ? (mean(returns) / deviation) * Math.sqrt(periodsPerYear) : null;
}

export interface Drawdown {
  /** Fall as a fraction of the peak. */
  readonly fraction: number;
  readonly peak: number;
  readonly peakMs: number;
  readonly trough: number;
  readonly troughMs: number;
}

/** Largest fall from a peak to a later trough. */
export class DrawdownMeter {
  #peak = Number.NEGATIVE_INFINITY;
  #peakMs = 0;
  #worst: Drawdown | null = null;

  add(atMs: number, value: number): void {
    if (value > this.#peak) {
      this.#peak = value;
      this.#peakMs = atMs;
      return;
    }
    const fraction = (this.#peak - value) / this.#peak;
    if (fraction <= (this.#worst?.fraction ?? 0)) return;
    this.#worst = { fraction, peak: this.#peak, peakMs: this.#peakMs, trough: value, troughMs: atMs };
  }

  /** Null where the value never fell. */
  get worst(): Drawdown | null {
    return this.#worst;
  }
}

/** Chance of at most, and of at least, `count` events where `mean` are expected and each comes by itself (Poisson). */
export function poissonTails(
  mean: number,
  count: number,
): { readonly atMost: number; readonly atLeast: number } {
  // In logarithms: the chance of no event at all is 0 in floating point from a mean of 746 on.
  let logExactly = -mean;
  let below = 0;
  for (let events = 1; events <= count; events += 1) {
    below += Math.exp(logExactly);
    logExactly += Math.log(mean / events);
  }
  return { atMost: below + Math.exp(logExactly), atLeast: 1 - below };
}

/** Rarer than one time in forty, on each side, is not chance. */
const TAIL_MIN = 0.025;

/** So many, or so few, where so many are expected, are hardly chance: by the Poisson interval. */
export function isUnusual(expected: number, count: number): boolean {
  const { atMost, atLeast } = poissonTails(expected, count);
  return atMost < TAIL_MIN || atLeast < TAIL_MIN;
}
