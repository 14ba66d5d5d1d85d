/** When a strategy counts as consistently losing. */
export interface StrategyResult {
  readonly trades: number;
  readonly wins: number;
  /** After fees, in money units. */
  readonly realised: number;
}

export interface LosingBounds {
  /** Fewest closed trades before a strategy is judged. */
  readonly losingTrades: number;
  readonly losingWinRatePct: number;
}

/** Enough trades, a loss overall, and a share of winners below the bound. */
export function isLosing({ trades, wins, realised }: StrategyResult, bounds: LosingBounds): boolean {
  return trades >= bounds.losingTrades && realised < 0 && (wins / trades) * 100 < bounds.losingWinRatePct;
}
