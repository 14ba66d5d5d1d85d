/** What the quote currency of an instrument is worth in the desk's: found by symbols and worked out a second time. */
import type { Instrument } from '../../src/domain/instrument.js';
import { DESKS_CURRENCY } from './converted.js';
import { SPREAD_TICKS } from './simulated-prices.js';

interface Converter {
  /** The instrument whose price converts. */
  readonly by: number;
  readonly tick: number;
  readonly isInverse: boolean;
}

type BidTicks = (instrument: number) => number | undefined;

export class Rates {
  readonly #converters: readonly (Converter | null)[];

  constructor(instruments: readonly Instrument[]) {
    const direct = (quote: string): Converter | null => found(`${quote}/${DESKS_CURRENCY}`, false);
    const found = (wanted: string, isInverse: boolean): Converter | null => {
      const one = instruments.find(({ symbol }) => symbol === wanted);
      return one === undefined ? null : { by: one.id, tick: Number(one.tickSize), isInverse };
    };
    this.#converters = instruments.map(({ symbol }) => {
      const quote = symbol.slice(symbol.indexOf('/') + 1);
      return quote === DESKS_CURRENCY ? null : (direct(quote) ?? found(`${DESKS_CURRENCY}/${quote}`, true));
    });
  }

  /** The instrument whose price converts that one's results; null: they are in the desk's currency. */
  by(instrument: number): number | null {
    return this.#converters[instrument]?.by ?? null;
  }

  /** At the middle of what these are bid; undefined: nobody knows. 1: nothing is converted. */
  at(instrument: number, bidTicks: BidTicks): number | undefined {
    const converter = this.#converters[instrument];
    if (converter === null || converter === undefined) return 1;
    const bid = bidTicks(converter.by);
    if (bid === undefined) return undefined;
    const price = (bid + SPREAD_TICKS / 2) * converter.tick;
    return converter.isInverse ? 1 / price : price;
  }
}

const RATE_UNITS = 1e18;

/** Money units of the quote currency as such of the desk's: once, halves away from zero. No rate: they are that. */
export function converted(amount: bigint, rate: number | undefined): bigint {
  return rate === undefined
    ? amount
    : share(amount, BigInt(Math.round(rate * RATE_UNITS)), BigInt(RATE_UNITS));
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);

/** The part of `whole` that `part` of `all` has; halves away from zero. */
export function share(whole: bigint, part: bigint, all: bigint): bigint {
  const rounded = (2n * size(whole) * part + all) / (2n * all);
  return whole < 0n ? -rounded : rounded;
}
