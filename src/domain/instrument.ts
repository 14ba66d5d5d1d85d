/** What is traded, in the integers that the engine computes with. */

/** Dense index of an instrument within one desk: 0, 1, 2 … in the order of the desk file. */
export type InstrumentId = number;

/**
 * `spot` and `stock` are bought and sold for cash. The others are contracts that pay out results: `linear` and
 * `future` in the quote currency, `fx` (held on margin) as well, `inverse` in the coin itself. `value.ts` says what
 * each costs and is worth.
 */
export type InstrumentKind = 'spot' | 'linear' | 'inverse' | 'future' | 'fx' | 'stock';

/** What a broker charges for an order by its lots, in money units (`order-fee.ts`). */
export interface LotFees {
  readonly perLot: number;
  /** Smallest fee of an order that was filled. */
  readonly minimum: number;
  /** Largest fee of an order, in parts per million of what was traded; also below `minimum`. Left out: none. */
  readonly maximumPpm?: number;
}

/** What one lot of a future takes of the free money as it is opened, and what equity has to be while it is held; money units. */
interface LotMargin {
  readonly initial: number;
  readonly maintenance: number;
}

/** The same in parts per million of what is opened and held, at the prices of the moment. */
interface WorthMargin {
  readonly initialPpm: number;
  readonly maintenancePpm: number;
}

/** How results in the quote currency become money of the desk: by the price of another instrument, or of itself. */
export interface Conversion {
  /** The desk's currency. */
  readonly to: string;
  /** The instrument whose price converts. */
  readonly by: InstrumentId;
  /** Its tick, decimal text. */
  readonly tickSize: string;
  /** Its price is the quote currency for one unit of the desk's: USD/JPY converts JPY to USD. */
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
   * Results are converted as a broker does it: each at the price of the moment in which it is realised. Left out: they
   * are paid in the desk's currency.
   */
  readonly conversion?: Conversion;
  /** Where a future trades or a stock is listed, in the broker's own name: CME, NASDAQ. */
  readonly exchange?: string;
  /** Month of a future, yyyymm. Left out: the front month. */
  readonly contractMonth?: string;
  /**
   * Strategies trade it side by side on an account that nets: each has trades of its own, also against each other, and
   * the venue holds their sum. Left out: a position has one trade, or on spot one for each strategy on one side.
   */
  readonly sideBySide?: true;
  /** Money units (1e-8) for one tick × one lot; for an inverse contract, for one lot at a price of one tick. */
  readonly moneyPerTickLot: number;
  readonly minQuantityLots: number;
  readonly maxQuantityLots: number;
  /**
   * Most lots of an order that is filled at the market, including a stop once it fires. Left out: the same as
   * `maxQuantityLots`.
   */
  readonly maxMarketLots?: number;
  /** Smallest order value, in money units. 0: the venue has none. */
  readonly minNotional: number;
  /** Fee rates in parts per million of notional. */
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** Left out: fees are those rates. */
  readonly lotFees?: LotFees;
  /** With neither of the two a contract takes its whole worth of the paper account. */
  readonly lotMargin?: LotMargin;
  readonly worthMargin?: WorthMargin;
}
