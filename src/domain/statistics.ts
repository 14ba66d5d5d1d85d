/**
 * Statistics of a series of results. Except for `poissonTails`, only + − × ÷ and square root, whose results
 * are the same on every machine.
 */

export const HOURS_PER_YEAR = 8760;

/** NaN for an empty list. */
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

/**
 * Change from each value to the next, as a fraction of the former. 0 after one that is not above 0: there was nothing to
 * earn with, and a loss on top of a debt would count as a gain.
 */
export function returnsOf(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => {
    const before = values[index] as number;
    return before > 0 ? value / before - 1 : 0;
  });
}

/** Equity of a desk, and the capital that came in since the previous point (negative: went out). */
export interface EquityAndCapital {
  readonly equity: number;
  readonly capital: number;
}

/**
 * Returns from each point to the next, without the capital that moved in between. Capital that came in counts as
 * present from the start, capital that went out as present until the end. 0 if there was nothing to earn with.
 */
export function returnsOnCapital(points: readonly EquityAndCapital[]): number[] {
  return points.slice(1).map(({ equity, capital }, index) => {
    const before = points[index]?.equity ?? 0;
    const invested = before + Math.max(0, capital);
    return invested > 0 ? (equity - capital - before) / invested : 0;
  });
}

/** Growth of one unit of money, starting with 1: one more value than there are returns. */
export function growthOf(returns: readonly number[]): number[] {
  const growth = [1];
  for (const part of returns) growth.push((growth.at(-1) as number) * (1 + part));
  return growth;
}

/**
 * Mean ÷ standard deviation of the returns, times the square root of the periods in a year; no risk-free rate.
 * Null: fewer than two returns, or returns that never differ.
 */
export function sharpeRatio(returns: readonly number[], periodsPerYear: number): number | null {
  const deviation = sampleDeviation(returns);
  return deviation > 0 ? (mean(returns) / deviation) * Math.sqrt(periodsPerYear) : null;
}

interface Drawdown {
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

  /** Null: the value never fell. */
  get worst(): Drawdown | null {
    return this.#worst;
  }
}

/** Probability of at most, and of at least, `count` independent events if `mean` are expected (Poisson). */
export function poissonTails(
  mean: number,
  count: number,
): { readonly atMost: number; readonly atLeast: number } {
  // In logarithms: the probability of no event underflows to 0 in floating point from a mean of 746 on.
  let logExactly = -mean;
  let below = 0;
  for (let events = 1; events <= count; events += 1) {
    below += Math.exp(logExactly);
    logExactly += Math.log(mean / events);
  }
  return { atMost: below + Math.exp(logExactly), atLeast: 1 - below };
}

/** A count rarer than one in forty, on either side, is not put down to chance. */
const TAIL_MIN = 0.025;

/** Whether `count` is unlikely by chance when `expected` events are expected, by the Poisson interval. */
export function isUnusual(expected: number, count: number): boolean {
  const { atMost, atLeast } = poissonTails(expected, count);
  return atMost < TAIL_MIN || atLeast < TAIL_MIN;
}
