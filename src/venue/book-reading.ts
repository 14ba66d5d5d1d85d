/** The venue's own book, as the auditor reads it independently of the trader. */
export interface BookReading {
  /** Money units; null if only positions can be compared. */
  readonly cash: number | null;
  /** Signed lots by symbol; open positions only. */
  readonly positions: ReadonlyMap<string, number>;
  /** What open contracts cost, in money units, signed like the lots; coins need none. */
  readonly costs?: ReadonlyMap<string, number>;
  /** The account's equity by the venue's own count, in money units; absent if the venue gives none. */
  readonly equity?: number;
  /**
   * Dust in lots, by symbol: what the account has beyond the trader's position, worth less than the smallest order,
   * so that nobody could sell it. Absent means none.
   */
  readonly dustLots?: ReadonlyMap<string, number>;
}

/** Quote currency for one coin. */
export interface OwnPrice {
  readonly bid: number;
  readonly ask: number;
}

/** By symbol; a symbol without a price is missing. */
export type OwnPrices = ReadonlyMap<string, OwnPrice>;
