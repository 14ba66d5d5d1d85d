/**
 * Last quotes, and the worth of the positions at them. Not durable: after a restart it fills again from
 * prices. Typed arrays and one running sum make a quote cost the same however many instruments there are.
 */
import { type SplitRatio, splitPrice } from '../domain/corporate-action.js';
import type { Conversion, Instrument, InstrumentId } from '../domain/instrument.js';
import { isOwned, rateAt, VALUE, type ValueRule } from '../domain/value.js';

/** A position in the form used to mark it. */
export interface Held {
  readonly instrument: InstrumentId;
  /** Signed; the remainder below one lot is a fraction. */
  readonly lots: number;
  /** Money units, signed like the lots; of the quote currency where results are converted. */
  readonly cost: number;
}

/** `quotedMonotonicMs` of an instrument without a quote so far. */
const NEVER = -1;

export class MarketBook {
  readonly bidTicks: Float64Array;
  readonly askTicks: Float64Array;
  readonly quotedMonotonicMs: Float64Array;
  /** Prices that reach an exit of a trade: a bid at or above this, or an ask at or below `exitBelowTicks`. */
  readonly exitAboveTicks: Float64Array;
  readonly exitBelowTicks: Float64Array;
  /** Market time at which a position must be closed before its session ends. Infinity: never. */
  readonly flatAtMs: Float64Array;
  /** Monotonic time of the newest quote of any instrument. */
  freshestMonotonicMs = NEVER;
  /** Cash plus the worth of every position, in money units. */
  equity = 0;
  /**
   * Positions without a quote so far, as after a restart; they are valued at cost. One whose cost is below the
   * smallest order is not counted: its symbol may never have a price again.
   */
  #unpriced = 0;
  readonly #waits: Uint8Array;
  readonly #quantityLots: Float64Array;
  readonly #value: Float64Array;
  readonly #perTickLot: Float64Array;
  readonly #rules: readonly ValueRule[];
  /** Subtracted from the market value: the cost of a contract, 0 for an owned asset. */
  readonly #carried: Float64Array;
  /** Worth of the quote currency in the desk's, at the last price that converts it. 0: not known yet. */
  readonly #rates: Float64Array;
  /** By instrument: those whose worth its price converts. */
  readonly #converted: readonly (readonly Instrument[])[];

  constructor(private readonly instruments: readonly Instrument[]) {
    const count = instruments.length;
    this.bidTicks = new Float64Array(count);
    this.askTicks = new Float64Array(count);
    this.quotedMonotonicMs = new Float64Array(count).fill(NEVER);
    this.exitAboveTicks = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.exitBelowTicks = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.flatAtMs = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.#quantityLots = new Float64Array(count);
    this.#value = new Float64Array(count);
    this.#perTickLot = Float64Array.from(instruments, (instrument) => instrument.moneyPerTickLot);
    this.#rules = instruments.map(({ kind }) => VALUE[kind]);
    this.#carried = new Float64Array(count);
    this.#waits = new Uint8Array(count);
    this.#rates = Float64Array.from(instruments, ({ conversion }) => (conversion === undefined ? 1 : 0));
    this.#converted = instruments.map(({ id }) => instruments.filter((one) => one.conversion?.by === id));
  }

  /** False if the quote can't be a price: crossed, not positive, or of an unknown instrument. */
  isPrice(at: InstrumentId, bidTicks: number, askTicks: number): boolean {
    return bidTicks > 0 && askTicks >= bidTicks && at >= 0 && at < this.bidTicks.length;
  }

  /** False if the quote can't be a price. */
  quote(at: InstrumentId, bidTicks: number, askTicks: number, monotonicMs: number): boolean {
    if (!this.isPrice(at, bidTicks, askTicks)) return false;
    this.bidTicks[at] = bidTicks;
    this.askTicks[at] = askTicks;
    this.quotedMonotonicMs[at] = monotonicMs;
    // A quote that was held back and is believed late may be older than quotes of other instruments.
    if (monotonicMs > this.freshestMonotonicMs) this.freshestMonotonicMs = monotonicMs;
    for (const { id, conversion } of this.#converted[at] as readonly Instrument[]) {
      this.#rates[id] = rateAt(conversion as Conversion, bidTicks, askTicks);
      if (id !== at) this.#mark(id);
    }
    this.#mark(at);
    return true;
  }

  /** Values the position at the last prices, once every price it needs is known. */
  #mark(at: InstrumentId): void {
    const lots = this.#quantityLots[at] as number;
    if (!this.isValued(at)) return;
    this.#unpriced -= this.#waits[at] as number;
    this.#waits[at] = 0;
    if (lots === 0) return;
    const worth = this.#worthAt(at, lots);
    this.equity += worth - (this.#value[at] as number);
    this.#value[at] = worth;
  }

  /** Equity at this quote. NaN if this price converts the worth of other instruments. */
  equityAt(at: InstrumentId, bidTicks: number, askTicks: number): number {
    if ((this.#converted[at] as readonly Instrument[]).length > 0) return Number.NaN;
    const lots = this.#quantityLots[at] as number;
    if (lots === 0) return this.equity;
    const worth = this.#worthAt(at, lots, lots > 0 ? bidTicks : askTicks);
    return this.equity + worth - (this.#value[at] as number);
  }

  /** Whether it has a price and a known rate into the desk's currency. */
  isValued(at: InstrumentId): boolean {
    return this.quotedMonotonicMs[at] !== NEVER && this.#rates[at] !== 0;
  }

  /** Worth of one unit of the quote currency in the desk's currency. NaN: not known yet. */
  rate(at: InstrumentId): number {
    return this.#rates[at] || Number.NaN;
  }

  /** Whether the last price reaches an exit of a trade. */
  isExitPrice(at: InstrumentId): boolean {
    return (
      (this.bidTicks[at] as number) >= (this.exitAboveTicks[at] as number) ||
      (this.askTicks[at] as number) <= (this.exitBelowTicks[at] as number)
    );
  }

  /** A long position is worth what selling it brings; a short one costs what buying it back costs. */
  #markOf(at: InstrumentId, lots: number): number {
    return (lots > 0 ? this.bidTicks[at] : this.askTicks[at]) as number;
  }

  #worthOf(at: InstrumentId, lots: number, markTicks: number): number {
    const { worth } = this.#rules[at] as ValueRule;
    return worth(lots, markTicks, this.#perTickLot[at] as number);
  }

  #worthAt(at: InstrumentId, lots: number, markTicks = this.#markOf(at, lots)): number {
    return this.#inMoney(at, this.#worthOf(at, lots, markTicks) - (this.#carried[at] as number));
  }

  /** Converts an amount of its quote currency to the desk's currency. */
  #inMoney(at: InstrumentId, amount: number): number {
    const rate = this.#rates[at] as number;
    return rate === 1 ? amount : Math.round(amount * rate);
  }

  /** Takes over positions and cash after an execution or a replay. */
  hold(positions: readonly Held[], funds: number): void {
    let total = funds;
    this.#unpriced = 0;
    for (const { instrument: at, lots, cost } of positions) {
      const leftover = Math.abs(cost) < (this.instruments[at]?.minNotional ?? 0);
      this.#waits[at] = lots !== 0 && !leftover && !this.isValued(at) ? 1 : 0;
      this.#unpriced += this.#waits[at] as number;
      const owned = this.#isOwned(at);
      this.#quantityLots[at] = lots;
      this.#carried[at] = owned ? 0 : cost;
      this.#value[at] = this.#worth(at, lots, cost, owned);
      total += this.#value[at] as number;
    }
    this.equity = total === 0 ? 0 : total;
  }

  /** Whether every position is marked at a quote, none at its cost. */
  get isPriced(): boolean {
    return this.#unpriced === 0;
  }

  /** Before the first quote, an owned asset is worth its cost, and a contract has no result yet. */
  #worth(at: InstrumentId, lots: number, cost: number, owned: boolean): number {
    if (lots === 0) return 0;
    if (!this.isValued(at)) return owned ? cost : 0;
    return this.#worthAt(at, lots);
  }

  /** Unrealised result of a position, or of one trade in it, at the last quote; money units. */
  unrealised({ instrument: at, lots, cost }: Held): number {
    if (lots === 0 || !this.isValued(at)) return 0;
    return this.#inMoney(at, this.#worthOf(at, lots, this.#markOf(at, lots)) - cost);
  }

  /** What a position cost, in the desk's currency at the present rate; 0 while the rate is unknown. */
  costNow({ instrument: at, cost }: Held): number {
    return this.#inMoney(at, cost);
  }

  #isOwned(at: InstrumentId): boolean {
    const instrument = this.instruments[at];
    return instrument !== undefined && isOwned(instrument);
  }

  /** Converts the last price to one after the split. The worth of positions follows with `hold`. */
  split(at: InstrumentId, ratio: SplitRatio): void {
    if (!this.hasQuote(at)) return;
    const after = (ticks: number): number => (ticks * ratio.denominator) / ratio.numerator;
    this.bidTicks[at] = splitPrice(this.bidTicks[at] as number, ratio);
    this.askTicks[at] = splitPrice(this.askTicks[at] as number, ratio);
    // Rounded so that no exit is missed.
    this.exitAboveTicks[at] = Math.floor(after(this.exitAboveTicks[at] as number));
    this.exitBelowTicks[at] = Math.ceil(after(this.exitBelowTicks[at] as number));
  }

  /** There is no price until the next quote. */
  forget(at: InstrumentId): void {
    this.bidTicks[at] = 0;
    this.askTicks[at] = 0;
    this.quotedMonotonicMs[at] = NEVER;
  }

  hasQuote(at: InstrumentId): boolean {
    return this.quotedMonotonicMs[at] !== NEVER;
  }

  /** Milliseconds since the last quote. Null: there was none. */
  quoteAgeMs(at: InstrumentId, monotonicMs: number): number | null {
    const quoted = this.quotedMonotonicMs[at];
    return quoted === undefined || quoted === NEVER ? null : monotonicMs - quoted;
  }
}
