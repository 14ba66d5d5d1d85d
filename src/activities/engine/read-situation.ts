import type { TraderSituation } from '../../contracts/engine-activities.js';
import { type Halt, RESUME_RANK, type ResumeRule } from '../../domain/mode.js';
import type { TradingDays } from '../../domain/trading-day.js';
import { engineStatus, type TraderCalls } from './call-trader.js';

const ANSWER_MS = 2_000;
const NAMED_MAX = 10;

export async function readSituation(trader: TraderCalls, days: TradingDays): Promise<TraderSituation> {
  const status = await engineStatus(trader, ANSWER_MS);
  const { reconciliation, marketData } = status;
  return {
    mode: status.mode,
    reason: status.reason,
    haltId: status.haltId,
    halts: newestFirst(status.halts).slice(0, NAMED_MAX),
    rule: strictest(status.halts),
    configHash: status.configHash,
    marketMs: marketData.marketMs,
    simulated: status.trading === 'paper',
    reconciliation: reconciliation.state,
    differences: reconciliation.differences
      .slice(0, NAMED_MAX)
      .map(({ what, symbol, ours, venues }) => `${symbol} ${what}: ours ${ours}, the venue's ${venues}`),
    nextDay: nextDayOf(status.halts, marketData.marketMs, days),
  };
}

function newestFirst(halts: readonly Halt[]): Halt[] {
  return [...halts].sort((one, other) => other.atWallMs - one.atWallMs);
}

function strictest(halts: readonly Halt[]): ResumeRule | null {
  return halts
    .map(({ resume }) => resume)
    .reduce<ResumeRule | null>(
      (worst, rule) => (worst === null || RESUME_RANK[rule] > RESUME_RANK[worst] ? rule : worst),
      null,
    );
}

function nextDayOf(halts: readonly Halt[], marketMs: number, days: TradingDays): TraderSituation['nextDay'] {
  const ends = halts
    .filter(({ resume }) => resume === 'next-day')
    .map(({ atMarketMs }) => days.endOfDay(atMarketMs));
  if (ends.length === 0) return null;
  const atMarketMs = Math.max(...ends);
  return { reached: marketMs >= atMarketMs, atMarketMs };
}
