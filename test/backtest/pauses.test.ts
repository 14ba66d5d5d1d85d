/** An instrument whose recording pauses, or has fewer prices than another, is not silent: nothing halts for it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { BEGIN_MS, loaded, MINUTE_MS, temporaryFolder } from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';

const SECOND_MS = 1000;
const HOUR_MS = 60 * MINUTE_MS;
/** In at the market with its first bar from then on, and out with the first one from `outMs` on. */
const SCHEDULE: Readonly<Record<string, readonly [inMs: number, outMs: number]>> = {
  'ETH/USDT': [5 * MINUTE_MS, Number.POSITIVE_INFINITY],
  'BTC/USDT': [28 * MINUTE_MS, 50 * MINUTE_MS],
  'EUR/JPY': [5 * MINUTE_MS, 28 * MINUTE_MS],
};

const KIND = 'by-the-clock';
const byTheClock: StrategyDefinition = {
  ...{ kind: KIND, suits: 'trending', parameters: [], enters: ['market'] },
  create: (_parameters, instrument) => {
    const [inMs, outMs] = SCHEDULE[instrument.symbol] ?? [Number.POSITIVE_INFINITY, 0];
    let done = 0;
    return {
      warmupBars: 0,
      state: () => '',
      onBar: (context, { openMs, spanMs, closeTicks }) => {
        const afterMs = openMs + spanMs - BEGIN_MS;
        if (done === 0 && afterMs >= inMs) {
          done = 1;
          const protectTicks = Math.round(closeTicks * 0.99);
          context.enter({
            side: 'buy',
            type: 'market',
            slippageTicks: 10,
            protectTicks,
            because: 'its time',
          });
        } else if (done === 1 && afterMs >= outMs) {
          done = 2;
          context.exit('its time');
        }
      },
    };
  },
};

const minute = (atMs: number, price: number): string =>
  `${BEGIN_MS + atMs},${price},${price},${price},${price},1`;

const BARS = 'ts,open,high,low,close,volume';
const steps = (count: number, stepMs: number): number[] =>
  Array.from({ length: count }, (_, at) => at * stepMs);

function written(name: string, lines: readonly string[]): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** The run, which is the same where nothing is skipped. */
async function run(given: Parameters<typeof backtest>[1]) {
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(KIND, byTheClock);
  try {
    const { report, kept } = await backtest('', given);
    const general = await backtest('', { ...given, takesNoShortcut: true });
    expect(general.report.stateHash).toBe(report.stateHash);
    const fills = kept.fills.map(
      ({ side, marketMs }) => `${side} ${Math.floor((marketMs - BEGIN_MS) / MINUTE_MS)}`,
    );
    return { report, fills };
  } finally {
    registry.delete(KIND);
  }
}

const symbols = ['BTC/USDT', 'ETH/USDT'];
const COINS = {
  ...loaded.desk,
  strategies: [{ name: KIND, kind: KIND, symbols, enabled: true, parameters: {}, size: { equityPct: 20 } }],
} as unknown as Desk;

it.each([
  [
    'misses a quarter of an hour',
    [BARS, ...steps(60, MINUTE_MS).map((ms) => minute(ms, 60_000))],
    [
      BARS,
      ...steps(60, MINUTE_MS)
        .filter((ms) => ms < 20 * MINUTE_MS || ms >= 35 * MINUTE_MS)
        .map((ms) => minute(ms, 3_000)),
    ],
  ],
  [
    'has bars of hours, the other one minutes',
    [BARS, ...steps(240, MINUTE_MS).map((ms) => minute(ms, 60_000))],
    [BARS, ...steps(4, HOUR_MS).map((ms) => minute(ms, 3_000))],
  ],
  [
    'trades every 30 seconds, the other one every second',
    ['ts,price,size,side', ...steps(3_600, SECOND_MS).map((ms) => `${BEGIN_MS + ms},60000,1,buy`)],
    ['ts,price,size,side', ...steps(120, 30 * SECOND_MS).map((ms) => `${BEGIN_MS + ms},3000,1,buy`)],
  ],
])('one that is held %s', async (_, bitcoin, ether) => {
  const files = [
    { symbol: 'BTC/USDT', file: written('btc.csv', bitcoin) },
    { symbol: 'ETH/USDT', file: written('eth.csv', ether) },
  ];
  const { report, fills } = await run({ desk: COINS, files });
  expect(report.halts).toEqual([]);
  expect(report.denied).toEqual({});
  expect(fills.filter((fill) => fill === 'buy 28' || fill === 'sell 50')).toHaveLength(2);
  expect(report.positions.map(({ symbol }) => symbol)).toEqual(['ETH/USDT']);
});

const PAIRS = `
desk: pairs
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments:
  - { symbol: EUR/JPY, kind: fx, tickSize: "0.001", pip: "0.01", lotSize: "0.01", multiplier: "100000", spread: "0.01", margin: { initial: "5000", maintenance: "4000" } }
  - { symbol: USD/JPY, kind: fx, tickSize: "0.001", pip: "0.01", lotSize: "0.01", multiplier: "100000", spread: "0.01", margin: { initial: "5000", maintenance: "4000" } }
paper: { balance: "10000", currency: USD, makerFeePpm: 0, takerFeePpm: 0, slippageTicks: 0 }
strategies: [{ name: clock, kind: ${KIND}, symbols: [EUR/JPY], size: { lots: 1 } }]
risk: { maxPositionSizePct: 200, maxConcurrentPositions: 1, stopLossPct: 20, dailyLossLimitPct: 50, maxDrawdownPct: 50 }
people: [{ name: operator, roles: [operator, approver] }]
`;

it('a pair is closed while the price that converts its result pauses', async () => {
  const euros = [BARS, ...steps(60, MINUTE_MS).map((ms) => minute(ms, 160))];
  const dollars = [
    BARS,
    ...steps(60, MINUTE_MS)
      .filter((ms) => ms < 20 * MINUTE_MS || ms >= 35 * MINUTE_MS)
      .map((ms) => minute(ms, 150)),
  ];
  const files = [
    { symbol: 'EUR/JPY', file: written('eur.csv', euros) },
    { symbol: 'USD/JPY', file: written('usd.csv', dollars) },
  ];
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(KIND, byTheClock);
  const { desk, configHash } = parseDesk('desk.yaml', PAIRS);
  const { report, fills } = await run({ desk, configHash, files });
  expect(report.halts).toEqual([]);
  expect(fills).toEqual(['buy 5', 'sell 28']);
});
