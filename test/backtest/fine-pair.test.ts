/** A pair whose tick × lot is finer than a money unit: ETH/BTC by 0.00001 BTC and 0.0001 ETH, in steps of 0.000000001 BTC. */
import { expect, it } from 'vitest';
import { reportHtml } from '../../src/backtest/report/report-html.js';
import { signed } from '../../src/domain/figure-text.js';
import { formatUnits, MONEY_SCALE, parseUnits } from '../../src/domain/money.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { BEGIN_MS, temporaryFolder } from '../validation/support/validations.js';
import { type Row, writeRows } from './published/support/peers.js';
import { backtest } from './support/backtests.js';

const KIND = 'in-and-out';
const START = 10n * 10n ** 9n;

const fileOf = (kind: string): string => `
desk: pair
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [{ symbol: ETH/BTC, kind: ${kind}, tickSize: "0.00001", lotSize: "0.0001", spread: "0.00001" }]
paper: { balance: "10", currency: BTC, feesIn: quote, makerFeePpm: 200, takerFeePpm: 333, slippageTicks: 0 }
strategies: [{ name: in-and-out, kind: ${KIND}, symbols: [ETH/BTC] }]
breakers: { strategyMaxConsecutiveLosses: 1000 }
risk: { maxPositionSizePct: 50, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90, maxDrawdownPct: 90 }
people: [{ name: operator, roles: [operator, approver] }]
`;

/** In at the market every ten bars with an odd number of lots, out five bars later; of contracts every other time short. */
const inAndOut = (isShortToo: boolean): StrategyDefinition => ({
  ...{ kind: KIND, suits: 'trending', parameters: [], enters: ['market'] },
  create: () => {
    let bars = 0;
    return {
      warmupBars: 0,
      state: () => '',
      onBar: (context) => {
        const { positionLots, lastQuote } = context;
        bars += 1;
        if (lastQuote === null) return;
        const side = isShortToo && bars % 20 > 10 ? 'sell' : 'buy';
        const protectTicks = Math.round(lastQuote.bidTicks * (side === 'buy' ? 0.7 : 1.3));
        const size = { lots: 10_001 + 2 * bars };
        if (bars % 10 === 1 && positionLots === 0)
          context.enter({
            side,
            type: 'market',
            slippageTicks: 100,
            protectTicks,
            size,
            because: 'it is its turn',
          });
        if (bars % 10 === 6 && positionLots !== 0) context.exit('it was long enough');
      },
    };
  },
});

/** 400 minutes around 0.05 BTC. */
function minutes(): string {
  const price = (minute: number): number => 5000 + Math.round(150 * Math.sin(minute / 17));
  const text = (ticks: number): string => (ticks / 100_000).toFixed(5);
  const rows = Array.from({ length: 400 }, (_, minute): Row => {
    const [open, close] = [price(minute), price(minute + 1)];
    const prices = [open, Math.max(open, close) + 1, Math.min(open, close) - 1, close];
    return [BEGIN_MS + minute * 60_000, ...(prices.map(text) as [string, string, string, string])];
  });
  return writeRows(temporaryFolder(), rows);
}

it.each(['spot', 'linear'])('a %s pair is counted exactly, and its three books agree', async (kind) => {
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(KIND, inAndOut(kind === 'linear'));
  try {
    const file = minutes();
    const { desk, configHash } = parseDesk('desk.yaml', fileOf(kind));
    const { report, kept } = await backtest(file, {
      ...{ desk, configHash, files: [{ symbol: 'ETH/BTC', file }] },
    });
    expect(report.data.problems).toEqual([]);
    expect(report.figures?.trades).toBe(40);
    expect(report.positions).toHaveLength(0);
    const exact = kept.fills.reduce(
      (cash, { side, quantityLots, priceTicks, fee }) =>
        cash + BigInt((side === 'buy' ? -1 : 1) * quantityLots * priceTicks) - BigInt(fee) * 10n,
      START,
    );
    // The venue pays whole money units (10 of these). What that came to was found and booked, in whole money units.
    const cash = parseUnits(report.balances[0]?.amount ?? '', 9);
    const corrected = Number(cash - exact);
    expect(corrected).not.toBe(0);
    expect(Math.abs(corrected % 10)).toBe(0);
    expect(Math.abs(corrected)).toBeLessThan(10 * kept.fills.length);
    expect(report.finalEquity).toBe(formatUnits((cash + 5n) / 10n));
    const results = report.trades.map(({ result }) => parseUnits(result));
    const mean = Number(results.reduce((sum, result) => sum + result, 0n)) / 40 / 1e8;
    expect(report.figures?.expectancy).toBeCloseTo(mean, 7);
    expect(report.figures?.fees).toBe(kept.fills.reduce((sum, { fee }) => sum + fee, 0) / MONEY_SCALE);
    expect(report.equity.at(-1)?.[1]).toBe(report.finalEquity);
    const [group] = report.by.instrument;
    expect(reportHtml(report).includes(`<td>${signed(group?.expectancy?.toFixed(8) ?? '')}</td>`)).toBe(true);
  } finally {
    registry.delete(KIND);
  }
});
