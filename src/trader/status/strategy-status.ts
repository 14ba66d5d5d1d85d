/** A strategy: what it earned, what it waits for, and who switched it off. */

import type { StrategyStatus } from '../../contracts/trader-status.js';
import type { Instrument } from '../../domain/instrument.js';
import type { StrategyView } from '../../engine/view.js';

export function strategyStatus(
  strategy: StrategyView,
  { symbol }: Instrument,
  money: (units: number) => string,
): StrategyStatus {
  const { name, enabled, state, trades, wins, lossesInARow, regime, off, nextReviewMs } = strategy;
  return {
    name,
    symbol,
    enabled,
    state,
    trades,
    wins,
    realised: money(strategy.realised),
    lossesInARow,
    regime,
    off: off === null ? null : { ...off, nextReviewMarketMs: nextReviewMs },
  };
}
