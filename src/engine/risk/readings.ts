/** Each limit beside what is, as the text that people read. */
import { formatMoney } from '../../domain/money.js';
import { heldAt } from '../books.js';
import type { Core } from '../core.js';
import { openPositions } from '../orders/place-order.js';
import type { PositionEntry } from '../state.js';

export interface RiskReading {
  readonly limit: string;
  /** What is allowed, and what is, as text with unit. */
  readonly value: string;
  readonly now: string;
}

export function riskReadings(core: Core): RiskReading[] {
  const { risk, staleMs } = core.config;
  const { equity } = core.market;
  const dayStart = core.state.day?.startEquity ?? equity;
  const peak = Math.max(core.limits.peak, core.state.peak);
  const age = core.market.freshestMonotonicMs < 0 ? null : core.monotonicMs - core.market.freshestMonotonicMs;
  return [
    { limit: 'position-size', value: `${risk.maxPositionSizePct} % of equity`, now: largestPosition(core) },
    { limit: 'open-positions', value: String(risk.maxConcurrentPositions), now: String(openPositions(core)) },
    { limit: 'stop-loss', value: `at most ${risk.stopLossPct} % away`, now: 'required for every entry' },
    { limit: 'daily-loss', value: `${risk.dailyLossLimitPct} %`, now: `${fallPct(dayStart, equity)} %` },
    { limit: 'drawdown', value: `${risk.maxDrawdownPct} %`, now: `${fallPct(peak, equity)} %` },
    {
      limit: 'stale-data',
      value: `${staleMs / 1000} s`,
      now: age === null ? 'no price yet' : `${(Math.max(0, age) / 1000).toFixed(1)} s`,
    },
  ];
}

/** How far it fell below `from`, percent with two places; 0 where it did not. */
export function fallPct(from: number, to: number): string {
  return from > 0 ? Math.max(0, ((from - to) / from) * 100).toFixed(2) : '0.00';
}

function worthOf(core: Core, position: PositionEntry): number {
  const held = heldAt(core.state, position);
  return Math.abs(held.cost + core.market.unrealised(held));
}

function largestPosition(core: Core): string {
  let most = 0;
  for (const position of core.state.positions) {
    most = Math.max(most, worthOf(core, position));
  }
  const { equity } = core.market;
  if (most === 0 || equity <= 0) return '0.00 %';
  return `${((most / equity) * 100).toFixed(2)} % (${formatMoney(Math.round(most), 2)})`;
}
