/** What the money would have become if it had been invested once and held. */
import type { SplitRatio } from './corporate-action.js';
import type { Instrument, InstrumentId } from './instrument.js';
import { DrawdownMeter } from './statistics.js';
import { rateAt, VALUE } from './value.js';

type Held = Pick<Instrument, 'kind' | 'conversion'>;

interface Purchase {
  readonly ticks: number;
  /** Of the conversion to the desk's currency; 1 without one. */
  readonly rate: number;
}

/**
 * The benchmark of trading: the starting equity in equal parts, each spent on one instrument at its first ask,
 * held, and marked at the bid, without fees. Splits change the holding; dividends stay in cash. If results are
 * converted, a part is spent once there is a rate, and what it has gained is worth the rate of now.
 */
export class BuyAndHold {
  readonly drawdown = new DrawdownMeter();
  readonly #instruments: readonly Held[];
  readonly #part: number;
  #dividends = 0;
  /** NaN: no price yet. */
  readonly #bids: Float64Array;
  readonly #asks: Float64Array;
  readonly #purchases: (Purchase | null)[];
  readonly #worths: Float64Array;
  /** By instrument: those held whose worth depends on its price. */
  readonly #marks: readonly (readonly InstrumentId[])[];
  #sum: number;

  /**
   * `instruments`: by id. `held`: for each of them, whether a part is spent on it; the others only have prices.
   */
  constructor(
    instruments: readonly Held[],
    held: readonly boolean[],
    readonly startEquity: number,
  ) {
    this.#instruments = instruments;
    this.#part = startEquity / held.filter((isHeld) => isHeld).length;
    this.#bids = new Float64Array(held.length).fill(Number.NaN);
    this.#asks = new Float64Array(held.length).fill(Number.NaN);
    this.#purchases = held.map(() => null);
    this.#worths = Float64Array.from(held, (isHeld) => (isHeld ? this.#part : 0));
    const ids = [...instruments.keys()].filter((id) => held[id] === true);
    this.#marks = instruments.map((_, at) =>
      ids.filter((id) => id === at || instruments[id]?.conversion?.by === at),
    );
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
    const bought = this.#purchases[at] ?? null;
    if (bought !== null) this.#purchases[at] = { ...bought, ticks: (bought.ticks * denominator) / numerator };
  }

  /** `ticks`: paid for each share held. */
  dividend(at: InstrumentId, ticks: number): void {
    const bought = this.#purchases[at] ?? null;
    if (bought !== null) this.#dividends += (this.#part * ticks) / bought.ticks;
    this.#sum = this.#added();
  }

  quote(at: InstrumentId, marketMs: number, bidTicks: number, askTicks: number): void {
    const marked = this.#marks[at];
    if (marked === undefined || marked.length === 0) return;
    this.#bids[at] = bidTicks;
    this.#asks[at] = askTicks;
    for (const id of marked) this.#worths[id] = this.#worthOf(id);
    this.#sum = this.#added();
    this.drawdown.add(marketMs, this.#sum);
  }

  /** The part itself until it can be spent. */
  #worthOf(id: InstrumentId): number {
    const instrument = this.#instruments[id];
    const bidTicks = this.#bids[id] as number;
    const rate = this.#rateOf(instrument);
    if (instrument === undefined || Number.isNaN(bidTicks) || rate === null) return this.#part;
    const bought = this.#purchases[id] ?? { ticks: this.#asks[id] as number, rate };
    this.#purchases[id] = bought;
    const worth = VALUE[instrument.kind].grown(this.#part, bought.ticks, bidTicks);
    if (rate === bought.rate) return worth;
    return this.#part + ((worth - this.#part) * rate) / bought.rate;
  }

  /** Null: not known yet. */
  #rateOf({ conversion }: Pick<Held, 'conversion'> = {}): number | null {
    if (conversion === undefined) return 1;
    const [bidTicks = Number.NaN, askTicks = Number.NaN] = [
      this.#bids[conversion.by],
      this.#asks[conversion.by],
    ];
    return Number.isNaN(bidTicks) ? null : rateAt(conversion, bidTicks, askTicks);
  }
}
