/** Whether a market is trending or ranging, by the efficiency ratio of its last 60 bars. */
import { EfficiencyRatio } from './indicators.js';

/** `unknown`: not enough bars yet. */
export type Regime = 'trending' | 'ranging' | 'unknown';

const REGIME_BARS = 60;
/** A random walk of 60 bars has about 0.13; more than twice that is a trend. */
const TRENDING_FROM = 0.3;

export class RegimeMeter {
  readonly #ratio = new EfficiencyRatio(REGIME_BARS);
  #lastOpenMs = Number.NEGATIVE_INFINITY;

  /** Takes bars in order; one seen before is ignored. */
  update(openMs: number, closeTicks: number): void {
    if (openMs <= this.#lastOpenMs) return;
    this.#lastOpenMs = openMs;
    this.#ratio.update(closeTicks);
  }

  /** 0 to 1. Null before 61 bars. */
  get efficiency(): number | null {
    return this.#ratio.value;
  }

  get regime(): Regime {
    const { value } = this.#ratio;
    if (value === null) return 'unknown';
    return value >= TRENDING_FROM ? 'trending' : 'ranging';
  }
}
