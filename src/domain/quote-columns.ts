/**
 * Quotes that come one after the other, and the bars that end between them, in columns: where millions are passed over, none
 * is an object.
 */
import type { InstrumentId } from './instrument.js';

/** A finished bar without the stamps of its event. */
export interface FinishedBar {
  readonly openMs: number;
  readonly spanMs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
  /** Volume traded. For a longer bar, the sum of its minutes. NaN: the source doesn't report all of it. */
  readonly volumeLots: number;
}

export const NO_TICK = 0;
export const TICK_DUE = 1;
/** It could not be passed over, and was processed. */
export const TICK_TAKEN = 2;

export class QuoteColumns {
  /** Those from `from` on are still to come; a reader may look at those before `until`. */
  from = 0;
  until = 0;
  /** How many there are, those that have come included. */
  count = 0;
  /** With those behind them that come after something else: what waits on the way to one of these may come before it. */
  seen = 0;
  readonly instrument: Int32Array;
  readonly marketMs: Float64Array;
  readonly bidTicks: Float64Array;
  readonly askTicks: Float64Array;
  readonly bidLots: Float64Array;
  readonly askLots: Float64Array;
  /** Inside a bar: the time of its price before, from which the market has passed every price. NaN: not known. */
  readonly wayFromMs: Float64Array;
  /** Wall time, which is monotonic too where only prices move the time. */
  readonly wallMs: Float64Array;
  /** The tick before it: `NO_TICK`, `TICK_DUE` or `TICK_TAKEN`. */
  readonly tick: Uint8Array;
  /** The length of the bar that ends here, which has no quote then. 0: it is a quote. */
  readonly spanMs: Float64Array;
  /** Of such a bar. */
  readonly volumeLots: Float64Array;
  readonly openTicks: Float64Array;
  readonly highTicks: Float64Array;
  readonly lowTicks: Float64Array;
  readonly closeTicks: Float64Array;

  constructor(readonly room: number) {
    this.instrument = new Int32Array(room);
    this.marketMs = new Float64Array(room);
    this.bidTicks = new Float64Array(room);
    this.askTicks = new Float64Array(room);
    this.bidLots = new Float64Array(room);
    this.askLots = new Float64Array(room);
    this.wayFromMs = new Float64Array(room);
    this.wallMs = new Float64Array(room);
    this.tick = new Uint8Array(room);
    this.spanMs = new Float64Array(room);
    this.volumeLots = new Float64Array(room);
    this.openTicks = new Float64Array(room);
    this.highTicks = new Float64Array(room);
    this.lowTicks = new Float64Array(room);
    this.closeTicks = new Float64Array(room);
  }

  clear(): void {
    this.from = 0;
    this.until = 0;
    this.count = 0;
    this.seen = 0;
  }

  /** The next one, or, once one was `beyond` what else comes, only those. */
  add(
    instrument: InstrumentId,
    marketMs: number,
    bidTicks: number,
    askTicks: number,
    bidLots: number,
    askLots: number,
    wayFromMs = Number.NaN,
    beyond = false,
  ): void {
    const place = this.seen;
    this.instrument[place] = instrument;
    this.marketMs[place] = marketMs;
    this.bidTicks[place] = bidTicks;
    this.askTicks[place] = askTicks;
    this.bidLots[place] = bidLots;
    this.askLots[place] = askLots;
    this.wayFromMs[place] = wayFromMs;
    this.spanMs[place] = 0;
    this.seen = place + 1;
    if (beyond) return;
    this.count = this.seen;
    this.until = this.seen;
  }

  /** The bar that ends next. */
  addBar(bar: FinishedBar & { readonly instrument: InstrumentId }): void {
    const place = this.seen;
    // As a quote, it reaches no price.
    this.add(bar.instrument, bar.openMs + bar.spanMs, Number.NaN, Number.NaN, 0, 0);
    this.spanMs[place] = bar.spanMs;
    this.openTicks[place] = bar.openTicks;
    this.highTicks[place] = bar.highTicks;
    this.lowTicks[place] = bar.lowTicks;
    this.closeTicks[place] = bar.closeTicks;
    this.volumeLots[place] = bar.volumeLots;
  }

  isBar(place: number): boolean {
    return this.spanMs[place] !== 0;
  }

  /** Whether something that waits at this one, or on the way to it, would end them earlier. */
  mayEndAt(place: number): boolean {
    return (
      place < this.until ||
      (this.until > this.from &&
        (this.wayFromMs[place] as number) < (this.marketMs[this.until - 1] as number))
    );
  }

  /** Something waits at this one, or on the way to it: nobody may look at what comes once that way has begun. */
  endBefore(place: number): void {
    const fromMs = this.wayFromMs[place] as number;
    let until = Math.min(this.until, place);
    while (until > this.from && (this.marketMs[until - 1] as number) > fromMs) until -= 1;
    this.until = until;
  }
}
