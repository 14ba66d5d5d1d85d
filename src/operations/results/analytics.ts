/** How a desk did over a span of market time. Amounts are decimal text in its currency, percentages numbers. */
export interface TripFigures {
  /** Closed round trips, and those with a profit after fees. */
  readonly trades: number;
  readonly wins: number;
  readonly winRatePct: number | null;
  /** After fees. */
  readonly net: string;
  readonly fees: string;
  readonly averageWin: string | null;
  readonly averageLoss: string | null;
  /** Gains over losses; null without a loss. */
  readonly profitFactor: number | null;
  readonly best: string | null;
  readonly worst: string | null;
  readonly longestLosingStreak: number;
}

export interface Analytics extends TripFigures {
  readonly returnPct: number | null;
  /** Mean over standard deviation of hourly equity returns × √8760; no risk-free rate. */
  readonly sharpe: number | null;
  /** Open results included; of equity by the minute, over more than two days by longer steps. */
  readonly maxDrawdownPct: number | null;
  /** Hours of market time with equity: few say little. */
  readonly hours: number;
  /** There were more round trips than are counted. */
  readonly truncated: boolean;
  readonly byStrategy: readonly (TripFigures & { readonly strategy: string })[];
}
