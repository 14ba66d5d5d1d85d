/** The venue's own book, as the auditor reads it by itself. */
export interface BookReading {
  /** Money units; null where only positions can be compared. */
  readonly cash: number | null;
  /** Signed lots; only what is open. */
  readonly positions: ReadonlyMap<string, number>;
  /** What contracts were opened at, money units, signed like the lots; coins need none. */
  readonly costs?: ReadonlyMap<string, number>;
  /** What the account is worth as the venue itself counts it, money units; absent where it does not. */
  readonly equity?: number;
  /** Lots beyond the trader's that are worth less than the smallest order: nobody could sell them. None where absent. */
  readonly dustLots?: ReadonlyMap<string, number>;
}

/** Quote currency for one coin. */
export interface OwnPrice {
  readonly bid: number;
  readonly ask: number;
}

/** By symbol; what is missing can't be told. */
export type OwnPrices = ReadonlyMap<string, OwnPrice>;
