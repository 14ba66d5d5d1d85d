/** A strategy: what it earned, what it waits for, and who switched it off. */
import type { Instrument } from '../../domain/instrument.js';
import type { StrategyView } from '../../engine/view.js';

export interface StrategyStatus {
  readonly name: string;
  readonly symbol: string;
  readonly enabled: boolean;
  readonly state: string;
  readonly trades: number;
  readonly wins: number;
  readonly realised: string;
  readonly lossesInARow: number;
  /** Of its instrument's last 60 bars. */
  readonly regime: 'trending' | 'ranging' | 'unknown';
  /** Who switched it off and why; null while it is on, or where the desk file has it off. */
  readonly off: {
    /** By the tracker, which looks at it again. */
    readonly automatic: boolean;
    readonly by: string;
    readonly reason: string;
    readonly atMarketMs: number;
    readonly nextReviewMarketMs: number | null;
  } | null;
}

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
