/** What the money would have become if it had been invested once and held. */
import type { SplitRatio } from './corporate-action.js';
import type { Instrument, InstrumentId } from './instrument.js';
import { DrawdownMeter } from './statistics.js';
import { VALUE, type ValueRule } from './value.js';

/**
 * The benchmark of trading: the starting equity in equal parts, each spent on one instrument at its first ask,
 * held, and marked at the bid, without fees. Splits change the holding; dividends stay in cash.
 */
export class BuyAndHold {
  readonly drawdown = new DrawdownMeter();
  readonly #rules: readonly ValueRule[];
  readonly #held: readonly boolean[];
  readonly #part: number;
  #dividends = 0;
  readonly #asks: (number | null)[];
  readonly #worths: number[];
  #sum: number;

  /** `held`: for each instrument, whether a part is spent on it; the others only have prices. */
  constructor(
    instruments: readonly Pick<Instrument, 'kind'>[],
    held: readonly boolean[],
    readonly startEquity: number,
  ) {
    this.#held = held;
    this.#rules = instruments.map(({ kind }) => VALUE[kind]);
    this.#part = startEquity / held.filter((isHeld) => isHeld).length;
    this.#asks = held.map(() => null);
    this.#worths = held.map((isHeld) => (isHeld ? this.#part : 0));
    this.#sum = this.#added();
  }

  /** In the unit of the starting equity, not rounded. */
  get equity(): number {
    return this.#sum;
  }

  /** Summed afresh at each change, so rounding errors do not accumulate. */
  #added(): number {
    let sum = this.#dividends;
    for (const worth of this.#worths) sum += worth;
    return sum;
  }

  /** From here on, the holding is in new shares. */
  split(at: InstrumentId, { numerator, denominator }: SplitRatio): void {
    const bought = this.#asks[at] ?? null;
    if (bought !== null) this.#asks[at] = (bought * denominator) / numerator;
  }

  /** `ticks`: paid for each share held. */
  dividend(at: InstrumentId, ticks: number): void {
    const bought = this.#asks[at] ?? null;
    if (this.#held[at] === true && bought !== null) this.#dividends += (this.#part * ticks) / bought;
    this.#sum = this.#added();
  }

  quote(at: InstrumentId, marketMs: number, bidTicks: number, askTicks: number): void {
    const rule = this.#rules[at];
    if (this.#held[at] !== true || rule === undefined) return;
    const bought = this.#asks[at] ?? askTicks;
    this.#asks[at] = bought;
    this.#worths[at] = rule.grown(this.#part, bought, bidTicks);
    this.#sum = this.#added();
    this.drawdown.add(marketMs, this.equity);
  }
}
