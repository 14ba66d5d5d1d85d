/**
 * The benchmark of a run: its first equity in equal parts, each spent on one instrument that strategies trade, at its
 * first ask, held, and marked at the bid, without fees. Splits change what is held, and dividends are kept as cash.
 */
import type { SplitRatio } from '../../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { DrawdownMeter } from '../../domain/statistics.js';
import { VALUE, type ValueRule } from '../../domain/value.js';

export class BuyAndHold {
  readonly drawdown = new DrawdownMeter();
  readonly #rules: readonly ValueRule[];
  readonly #held: readonly boolean[];
  readonly #part: number;
  #dividends = 0;
  readonly #asks: (number | null)[];
  readonly #worths: number[];

  /** `held`: for each instrument, whether a part is spent on it; the others only have prices. */
  constructor(
    instruments: readonly Instrument[],
    held: readonly boolean[],
    readonly startEquity: number,
  ) {
    this.#held = held;
    this.#rules = instruments.map(({ kind }) => VALUE[kind]);
    this.#part = startEquity / held.filter((isHeld) => isHeld).length;
    this.#asks = held.map(() => null);
    this.#worths = held.map((isHeld) => (isHeld ? this.#part : 0));
  }

  /** Money units, not rounded. */
  get equity(): number {
    let sum = this.#dividends;
    for (const worth of this.#worths) sum += worth;
    return sum;
  }

  /** What was bought is in new shares from here on. */
  split(at: InstrumentId, { numerator, denominator }: SplitRatio): void {
    const bought = this.#asks[at] ?? null;
    if (bought !== null) this.#asks[at] = (bought * denominator) / numerator;
  }

  /** `ticks`: paid for each share that is held. */
  dividend(at: InstrumentId, ticks: number): void {
    const bought = this.#asks[at] ?? null;
    if (this.#held[at] === true && bought !== null) this.#dividends += (this.#part * ticks) / bought;
  }

  quote(at: InstrumentId, marketMs: number, bidTicks: number, askTicks: number): void {
    const rule = this.#rules[at];
    if (this.#held[at] !== true || rule === undefined) return;
    const bought = this.#asks[at] ?? askTicks;
    this.#asks[at] = bought;
    this.#worths[at] = rule.grown(this.#part, bought, bidTicks);
    this.drawdown.add(marketMs, this.equity);
  }
}
