/** Instruments, in the integers that the engine computes with. */

/** Dense index of an instrument within one desk: 0, 1, 2 … in the order of the desk file. */
export type InstrumentId = number;

/**
 * `spot` and `stock` are bought and sold for cash. The others are contracts that pay out results: `linear`,
 * `future` and `fx` (held on margin) in the quote currency, `inverse` in the coin itself. `value.ts` defines
 * what each costs and is worth.
 */
export type InstrumentKind = 'spot' | 'linear' | 'inverse' | 'future' | 'fx' | 'stock';

/** A broker's charge for an order by its lots, in money units (`order-fee.ts`). */
export interface LotFees {
  readonly perLot: number;
  /** Smallest fee of an order that was filled. */
  readonly minimum: number;
  /**
   * Largest fee of an order, in parts per million of the value traded; it caps even `minimum`. Left out:
   * none.
   */
  readonly maximumPpm?: number;
}

/** Fees from a traded volume on: rates, or an amount a lot where the instrument has `lotFees`. */
interface FeeTier {
  /** Money units of the desk's currency; with `lotFees`, contracts or shares in units of 1e-12. */
  readonly from: number;
  readonly makerFeePpm?: number;
  readonly takerFeePpm?: number;
  readonly perLot?: number;
}

export interface FeeTiers {
  /** Volume of before the desk's first fill, in the unit of `from`. */
  readonly soFar: number;
  /** Ascending. Below the first one, the instrument's own fees apply. */
  readonly tiers: readonly FeeTier[];
}

/** Free money needed to open one lot of a future, and equity needed while it is held; in money units. */
interface LotMargin {
  readonly initial: number;
  readonly maintenance: number;
}

/** The same in parts per million of the lots' worth, at current prices. */
interface WorthMargin {
  readonly initialPpm: number;
  readonly maintenancePpm: number;
}

/**
 * How results in the quote currency are converted to the desk's: by the price of another instrument, or its
 * own.
 */
export interface Conversion {
  /** The desk's currency. */
  readonly to: string;
  /** The instrument whose price converts. */
  readonly by: InstrumentId;
  /** Its tick, decimal text. */
  readonly tickSize: string;
  /** Its price is in the quote currency per unit of the desk's: USD/JPY converts JPY to USD. */
  readonly isInverse: boolean;
}

/**
 * Prices are ticks, quantities are lots, and worth is a number in units of 1e-8 of the currency that results are paid
 * in. `moneyPerTickLot` converts `ticks × lots` to it: `tickSize × lotSize × multiplier × 1e8`, below 1 if a pair is
 * finer than money units. Books compute with the exact steps (`engine/books.ts`).
 */
export interface Instrument {
  readonly id: InstrumentId;
  /** Unified symbol, `BASE/QUOTE`. */
  readonly symbol: string;
  readonly kind: InstrumentKind;
  readonly base: string;
  readonly quote: string;
  /** Decimal text, for example `0.01`. */
  readonly tickSize: string;
  /** Decimal text, for example `0.00001`. */
  readonly lotSize: string;
  /**
   * Decimal text: the factor of one contract, for example 20 for the NQ future, or the dollars of an inverse
   * contract. Left out: 1.
   */
  readonly multiplier?: string;
  /** Decimal text: the step in which people count the prices of a currency pair. Left out: the tick. */
  readonly pip?: string;
  /**
   * Results are converted as a broker does it: each at the price when it is realised. Left out: they are paid
   * in the desk's currency.
   */
  readonly conversion?: Conversion;
  /** The clock of the broker's server, which times in its exports are in. Left out: not declared. */
  readonly serverTime?: ServerTime;
  /** Where a future trades or a stock is listed, by the broker's own name: CME, NASDAQ. */
  readonly exchange?: string;
  /** Month of a future, yyyymm. Left out: the front month. */
  readonly contractMonth?: string;
  /**
   * Strategies trade it side by side on a netting account: each has its own trades, even against another's,
   * and the venue holds their sum. Left out: a position has one trade, or on spot one per strategy, all on
   * one side.
   */
  readonly sideBySide?: true;
  /** Money units (1e-8) for one tick × one lot; for an inverse contract, for one lot at a price of one tick. */
  readonly moneyPerTickLot: number;
  readonly minQuantityLots: number;
  readonly maxQuantityLots: number;
  /**
   * Most lots of an order filled at the market, including a stop once it fires. Left out: `maxQuantityLots`.
   */
  readonly maxMarketLots?: number;
  /** Stop orders that may rest at a time, entries by a stop included. Left out: no bound is known. */
  readonly maxStops?: number;
  /** Smallest order value, in money units. 0: the venue has none. */
  readonly minNotional: number;
  /** Fee rates in parts per million of notional. */
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** Left out: the rates above apply. */
  readonly lotFees?: LotFees;
  /** Left out: its fees are the same whatever was traded. */
  readonly feeTiers?: FeeTiers;
  /** With neither of these two, a contract ties up its whole worth in the paper account. */
  readonly lotMargin?: LotMargin;
  readonly worthMargin?: WorthMargin;
}

/** A clock: that of an IANA zone, plus whole hours. Most brokers of currencies have New York's plus seven. */
export interface ServerTime {
  readonly zone: string;
  readonly hoursAhead: number;
}

/** One side of a market, where prices are only of that. */
export type PriceSide = 'bid' | 'ask';
