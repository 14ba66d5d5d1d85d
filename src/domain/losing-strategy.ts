/** When a strategy counts as consistently losing. */
export interface StrategyResult {
  readonly trades: number;
  readonly wins: number;
  /** After fees. */
  readonly realised: number;
}

export interface LosingBounds {
  /** Closed trades before anything is said. */
  readonly losingTrades: number;
  readonly losingWinRatePct: number;
}

/** Enough trades, a loss in all, and fewer of them won than the bound. */
export function isLosing({ trades, wins, realised }: StrategyResult, bounds: LosingBounds): boolean {
  return trades >= bounds.losingTrades && realised < 0 && (wins / trades) * 100 < bounds.losingWinRatePct;
}
