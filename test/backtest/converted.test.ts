/** Currency pairs through core, gate, order path and paper venue of an account in dollars, each worked out by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { Strategy, StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { BEGIN_MS, temporaryFolder } from '../validation/support/validations.js';
import { type BacktestKept, backtest } from './support/backtests.js';

const KIND = 'once-and-out';

/** Prices of pairs without a strategy are only looked at. */
const fileWith = (symbol: string, more: string, balance: string): string => `
desk: pairs
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments:
  - { symbol: EUR/USD, kind: fx, tickSize: "0.00001", pip: "0.0001", lotSize: "0.01", multiplier: "100000", spread: "0.0001" }
  - { symbol: USD/JPY, kind: fx, tickSize: "0.001", pip: "0.01", lotSize: "0.01", multiplier: "100000", spread: "0.01" ${symbol === 'USD/JPY' ? more : ''} }
  - { symbol: GBP/JPY, kind: fx, tickSize: "0.001", pip: "0.01", lotSize: "0.01", multiplier: "100000", spread: "0.01" ${symbol === 'GBP/JPY' ? more : ''} }
paper: { balance: "${balance}", currency: USD, makerFeePpm: 0, takerFeePpm: 0, slippageTicks: 0 }
strategies: [{ name: once, kind: emaCross, symbols: [${symbol}] }]
risk: { maxPositionSizePct: 10000, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90, maxDrawdownPct: 90 }
prices: { implausible: { awayPct: 100, spreadPct: 100 } }
people: [{ name: operator, roles: [operator, approver] }]
`;

interface Run {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  /** Steps of 0.01 lots. */
  readonly lots: number;
  readonly stopTicks: number;
  /** Bid and ask of each pair: before the entry, and as it is closed. */
  readonly prices: Readonly<Record<string, readonly [string, string][]>>;
  readonly more?: string;
  readonly balance?: string;
}

/** Enters at its third quote at the market, and is out at its sixth. */
function onceAndOut({ side, lots, stopTicks }: Run): Strategy {
  let quotes = 0;
  return {
    warmupBars: 0,
    state: () => '',
    onBar: () => undefined,
    onQuote: (context) => {
      const { positionLots } = context;
      quotes += 1;
      if (quotes === 3)
        context.enter({
          ...{ side, type: 'market', slippageTicks: 0, protectTicks: stopTicks, size: { lots } },
          because: 'the table',
        });
      if (positionLots !== 0 && quotes === 6) context.exit('the table');
    },
  };
}

async function run(setting: Run): Promise<BacktestKept> {
  const { symbol, prices, more = '', balance = '1000000' } = setting;
  const folder = temporaryFolder();
  const files = Object.entries(prices).map(([pair, [first, last]]) => {
    const file = join(folder, `${pair.replace('/', '')}.csv`);
    // The traded pair is quoted a little later than that which converts.
    const lateMs = pair === symbol ? 10 : 0;
    const lines = [first, first, first, first, last, last, last, last].map(
      (quote, at) => `${BEGIN_MS + at * 15_000 + lateMs},${quote?.join(',')},,`,
    );
    writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
    return { symbol: pair, file };
  });
  const { desk, configHash } = parseDesk('desk.yaml', fileWith(symbol, more, balance));
  const definition: StrategyDefinition = {
    ...{ kind: KIND, suits: 'trending', parameters: [], enters: ['market'] },
    create: () => onceAndOut(setting),
  };
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(KIND, definition);
  try {
    return await backtest(files[0]?.file ?? '', {
      configHash,
      desk: {
        ...desk,
        instruments: desk.instruments.filter((one) => one.symbol in prices),
        strategies: desk.strategies.map((one) => ({ ...one, kind: KIND, parameters: {} })),
      },
      files,
    });
  } finally {
    registry.delete(KIND);
  }
}

const EURUSD = {
  'EUR/USD': [
    ['1.09990', '1.10000'],
    ['1.10010', '1.10020'],
  ],
} as const;
const USDJPY = {
  'USD/JPY': [
    ['149.990', '150.000'],
    ['150.010', '150.020'],
  ],
} as const;
/** Pounds, and the dollar that goes from 150 to 160 meanwhile. */
const GBPJPY = {
  'USD/JPY': [
    ['149.995', '150.005'],
    ['159.995', '160.005'],
  ],
  'GBP/JPY': [
    ['189.990', '190.000'],
    ['190.500', '190.510'],
  ],
} as const;

const TABLE: readonly (readonly [string, Run, string, string])[] = [
  [
    'EUR/USD, one lot and one pip: 100,000 × 0.0001',
    { symbol: 'EUR/USD', side: 'buy', lots: 100, stopTicks: 100_000, prices: EURUSD },
    ...['1000010.00000000', '10.00000000'],
  ],
  [
    'USD/JPY, one lot and one pip: 1,000 yen at 150.015, the middle as it is closed',
    { symbol: 'USD/JPY', side: 'buy', lots: 100, stopTicks: 140_000, prices: USDJPY },
    ...['1000006.66600007', '6.66600007'],
  ],
  [
    'GBP/JPY, one lot and 50 pips: 50,000 yen at 160',
    { symbol: 'GBP/JPY', side: 'buy', lots: 100, stopTicks: 180_000, prices: GBPJPY },
    ...['1000312.50000000', '312.50000000'],
  ],
  [
    'GBP/JPY, two lots short: sold at 189.99, bought at 190.51: 104,000 yen at 160',
    { symbol: 'GBP/JPY', side: 'sell', lots: 200, stopTicks: 200_000, prices: GBPJPY },
    ...['999350.00000000', '-650.00000000'],
  ],
  [
    'GBP/JPY with 800 yen a lot on each side: 312.50 less 5.33333334 at 150 and 5 at 160',
    {
      ...{ symbol: 'GBP/JPY', side: 'buy', lots: 100, stopTicks: 180_000, prices: GBPJPY },
      more: ', fees: { each: "800" }',
    },
    ...['1000302.16666666', '302.16666666'],
  ],
  [
    'GBP/JPY on a margin of 600,000 yen, which are 4,000 dollars as it is entered',
    {
      ...{
        symbol: 'GBP/JPY',
        side: 'buy',
        lots: 100,
        stopTicks: 180_000,
        prices: GBPJPY,
        balance: '4000.01',
      },
      more: ', margin: { initial: "600000", maintenance: "500000" }',
    },
    ...['4312.51000000', '312.50000000'],
  ],
] as unknown as readonly (readonly [string, Run, string, string])[];

describe('a currency pair', () => {
  it.each(TABLE)('%s', async (_, setting, equity, result) => {
    const { report } = await run(setting);
    expect(report.data.problems).toEqual([]);
    expect(report.finalEquity).toBe(equity);
    expect(report.trades.map((trade) => trade.result)).toEqual([result]);
  });

  it('is not entered on less than its margin in dollars', async () => {
    const more = ', margin: { initial: "600000", maintenance: "500000" }';
    const poor = {
      symbol: 'GBP/JPY',
      side: 'buy',
      lots: 100,
      stopTicks: 180_000,
      balance: '3999.99',
    } as const;
    const { report, kept } = await run({ ...poor, more, prices: GBPJPY } as unknown as Run);
    expect(kept.fills).toEqual([]);
    expect(JSON.stringify(report)).toContain('Margin is insufficient.');
  });

  it('has the rate of its moment on each fill', async () => {
    const setting = { symbol: 'GBP/JPY', side: 'buy', lots: 100, stopTicks: 180_000, prices: GBPJPY };
    const { kept } = await run(setting as unknown as Run);
    expect(kept.fills.map(({ rate }) => rate)).toEqual([1 / 150, 1 / 160]);
  });
});
