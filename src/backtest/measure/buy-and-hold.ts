/**
 * The benchmark of a run: its first equity in equal parts, each spent on one instrument that strategies trade, at its
 * first ask, held, and marked at the bid, without fees.
 */
import type { InstrumentId } from '../../domain/instrument.js';
import { DrawdownMeter } from '../../domain/statistics.js';

export class BuyAndHold {
  readonly drawdown = new DrawdownMeter();
  readonly #held: readonly boolean[];
  readonly #part: number;
  readonly #asks: (number | null)[];
  readonly #worths: number[];

  /** `held`: for each instrument, whether a part is spent on it; the others only have prices. */
  constructor(
    held: readonly boolean[],
    readonly startEquity: number,
  ) {
    this.#held = held;
    this.#part = startEquity / held.filter((isHeld) => isHeld).length;
    this.#asks = held.map(() => null);
    this.#worths = held.map((isHeld) => (isHeld ? this.#part : 0));
  }

  /** Money units, not rounded. */
  get equity(): number {
    let sum = 0;
    for (const worth of this.#worths) sum += worth;
    return sum;
  }

  quote(at: InstrumentId, marketMs: number, bidTicks: number, askTicks: number): void {
    if (this.#held[at] !== true) return;
    const bought = this.#asks[at] ?? askTicks;
    this.#asks[at] = bought;
    this.#worths[at] = (this.#part * bidTicks) / bought;
    this.drawdown.add(marketMs, this.equity);
  }
}
