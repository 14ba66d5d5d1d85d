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
