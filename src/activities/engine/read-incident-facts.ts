import { type IncidentFacts, lossesOf } from '../../contracts/engine-activities.js';
import type { ResumeRule } from '../../domain/mode.js';
import type { TradingDays } from '../../domain/trading-day.js';
import { keptOverRestart } from '../../trader/status/kept-over-restart.js';
import { engineStatus, type TraderCalls } from './call-trader.js';

const ANSWER_MS = 2_000;
const NAMED_MAX = 20;
const TEXT_MAX = 300;

export async function readIncidentFacts(
  trader: TraderCalls,
  days: TradingDays,
  venueRule: ResumeRule,
): Promise<IncidentFacts> {
  const status = await engineStatus(trader, ANSWER_MS);
  const { marketMs } = status.marketData;
  return {
    begun: status.sequence > 0,
    mode: status.mode,
    reason: status.reason.slice(0, TEXT_MAX),
    halts: status.halts.slice(-NAMED_MAX).map(({ cause, by, reason, resume }) => ({
      cause,
      by,
      reason: reason.slice(0, TEXT_MAX),
      resume,
    })),
    entriesWorking: status.entriesWorking,
    positions: status.positions.slice(0, NAMED_MAX).map((position) => ({
      symbol: position.symbol,
      quantity: `${position.side === 'short' ? '-' : ''}${position.quantity}`,
      protection: position.protection,
      stopPrice: position.stopPrice,
      strategy: position.strategy,
      unrealised: position.unrealised,
    })),
    symbols: status.marketData.lastPrices.slice(0, NAMED_MAX).map(({ symbol }) => symbol),
    strategies: status.strategies.slice(0, NAMED_MAX).map(({ state: _state, ...shown }) => shown),
    losses: lossesOf(status),
    venueBreaker: status.venueBreaker.state,
    venueBreakerDetail: status.venueBreaker.detail.slice(0, TEXT_MAX),
    venueRule,
    dataState: status.marketData.state,
    reconciliation: status.reconciliation.state,
    differences: status.reconciliation.differences
      .slice(0, NAMED_MAX)
      .map(({ what, symbol, ours, venues }) => `${symbol} ${what}: ours ${ours}, the venue's ${venues}`),
    sizePct: status.sizePct,
    kept: keptOverRestart(status.trading, status.account.name),
    equity: status.equity,
    drawdownPct: status.drawdownPct,
    dayPnl: status.dayPnl,
    priceSource: status.marketData.identity,
    marketMs,
    dayStartMs: days.startOfDay(marketMs),
  };
}
