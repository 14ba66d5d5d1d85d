/**
 * What a backtest passes over changes nothing: report, fills and orders are those of the general path, byte for byte, on generated
 * minutes and on recorded prices of each kind.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BacktestSetting } from '../../src/backtest/run-backtest.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';
import { temporaryFolder } from '../validation/support/validations.js';
import { type BacktestKept, keeping, PLAIN_FILLS } from './support/backtests.js';
import { walkSymbols, writeCrossDesk, writeWalk } from './support/walks.js';

const DATA = resolve('../shared/data');

const run = (given: Partial<BacktestSetting>, takesNoShortcut: boolean): Promise<BacktestKept> =>
  keeping({
    ...loadDesk(resolveDesk('crypto-bot')),
    ...{ set: [], files: [], beginMs: null, untilMs: null, dataKey: null },
    ...{ fillModel: PLAIN_FILLS, takesNoShortcut },
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...given,
  });

function written({ report, kept }: BacktestKept): string {
  if (report.figures === null) throw new Error('there was no price');
  return [JSON.stringify(report), ...kept.fillLines, ...kept.orderLines].join('\n');
}

/** The report, once both ways agree. */
async function sameBothWays(given: Partial<BacktestSetting>): Promise<BacktestKept> {
  const general = await run(given, true);
  const fast = await run(given, false);
  expect(written(fast)).toBe(written(general));
  return fast;
}

const withValues = (name: string, parameters: Record<string, number>, paper: object = {}) => {
  const { desk, configHash } = loadDesk(resolveDesk(name));
  const strategies = desk.strategies.map((one) => ({
    ...one,
    parameters: { ...one.parameters, ...parameters },
  }));
  return { desk: { ...desk, strategies, paper: { ...desk.paper, ...paper } }, configHash };
};

const OFTEN = { fastBars: 5, slowBars: 13, atrStopMultiple: 2 };
/** For recordings of some minutes, in which nothing is entered: their prices, equity and candles are compared. */
const AT_ONCE = { fastBars: 2, slowBars: 3, atrBars: 2, atrStopMultiple: 2 };

describe('on generated minutes', () => {
  it('a strategy of its user’s own, with a stop for each entry', async () => {
    const folder = temporaryFolder();
    const file = writeWalk(join(folder, 'walk.csv'), 6_000);
    const {
      report: { orders },
    } = await sameBothWays({
      ...loadDesk(writeCrossDesk(folder)),
      files: [{ symbol: 'BTC/USDT', file }],
    });
    expect(orders).toBeGreaterThan(150);
  });

  it('three instruments at a time', async () => {
    const folder = temporaryFolder();
    const symbols = walkSymbols(3);
    const files = symbols.map((symbol, at) => ({
      symbol,
      file: writeWalk(join(folder, `walk-${at}.csv`), 3_000, at + 1),
    }));
    const {
      report: { orders },
    } = await sameBothWays({ ...loadDesk(writeCrossDesk(folder, symbols)), files });
    expect(orders).toBeGreaterThan(200);
  });

  it('the shipped desk with its fees, slow orders and part fills', async () => {
    const file = writeWalk(join(temporaryFolder(), 'walk.csv'), 6_000);
    const {
      report: { orders },
    } = await sameBothWays({
      ...withValues('crypto-bot', OFTEN, { latencyMs: 30_000 }),
      fillModel: { path: 'high-first', limitFill: 'through', volumePartPct: 0.001 },
      files: [{ symbol: 'BTC/USDT', file }],
    });
    expect(orders).toBeGreaterThan(50);
  });
});

/** A step of its lots is 1,000 euros. */
const PAIR = `
desk: pair
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments:
  - { symbol: EUR/USD, kind: fx, tickSize: "0.00001", pip: "0.0001", lotSize: "0.01", multiplier: "100000", spread: "0.0001", margin: { initial: "5000", maintenance: "4000" }, sessions: { calendar: fx } }
paper: { balance: "10000", currency: USD, makerFeePpm: 0, takerFeePpm: 0, slippageTicks: 1 }
strategies: [{ name: cross, kind: emaCross, symbols: [EUR/USD], parameters: { fastBars: 5, slowBars: 20, atrBars: 14, atrStopMultiple: 3 } }]
risk: { maxPositionSizePct: 200, maxConcurrentPositions: 1, stopLossPct: 5, dailyLossLimitPct: 10, maxDrawdownPct: 30, staleDataSeconds: 600 }
people: [{ name: operator, roles: [operator, approver] }]
`;
const EUROS_A_STEP = 1_000;

const RECORDED = [
  ['minutes', 'crypto-bot', OFTEN, ['BTC/USDT=binance-BTCUSDT-1m-2024-12.csv.gz']],
  ['quotes', 'crypto-bot', AT_ONCE, ['BTC/USDT=binance-BTCUSDT-quotes-2024-08-09.csv.gz']],
  ['trades', 'crypto-bot', AT_ONCE, ['BTC/USDT=binance-BTCUSDT-trades-2024-08-09.csv.gz']],
  [
    'two instruments',
    'crypto-bot',
    OFTEN,
    [
      'BTC/USDT=binanceusdm-BTCUSDT-1m-2025-05_06.csv.gz',
      'ETH/USDT=binanceusdm-ETHUSDT-1m-2025-05_06.csv.gz',
    ],
  ],
  ['a future with sessions', 'slob', {}, ['NQ/USD=cme-NQ-1m-2023-11_12.csv.gz']],
] as const;

describe('on recorded prices', () => {
  for (const [title, name, parameters, data] of RECORDED) {
    const files = data.map((one) => {
      const [symbol = '', file = ''] = one.split('=');
      return { symbol, file: join(DATA, file) };
    });
    const missing = files.find(({ file }) => !existsSync(file));
    it(missing === undefined ? title : `${title} (skipped: there is no ${missing.file})`, async (test) => {
      if (missing !== undefined) return test.skip();
      const {
        report: { orders },
      } = await sameBothWays({ ...withValues(name, parameters), files });
      if (parameters !== AT_ONCE) expect(orders).toBeGreaterThan(0);
    });
  }

  const PAIR_FILES = ['oanda-EURUSD-1m-bid-2014-05.csv.gz', 'oanda-EURUSD-quotes-2014-05-07.csv.gz'];
  for (const name of PAIR_FILES) {
    const file = join(DATA, name);
    const missing = existsSync(file) ? '' : ` (skipped: there is no ${file})`;
    it(`a currency pair, ${name}: also the result of its fills, added up by hand${missing}`, async (test) => {
      if (missing !== '') return test.skip();
      const { report, kept } = await sameBothWays({
        ...parseDesk('desk.yaml', PAIR),
        files: [{ symbol: 'EUR/USD', file }],
      });
      const { finalEquity, startingEquity } = report;
      const [sold, held] = kept.fills.reduce(
        ([money, lots], { side, quantityLots, priceTicks }) => {
          const toward = side === 'buy' ? 1 : -1;
          return [money - toward * quantityLots * priceTicks, lots + toward * quantityLots];
        },
        [0, 0],
      );
      expect(kept.fills.length).toBeGreaterThan(8);
      expect(held).toBe(0);
      // A tick of 0.00001 of 1,000 euros is a cent.
      expect((Number(finalEquity) - Number(startingEquity)).toFixed(2)).toBe(
        ((sold * EUROS_A_STEP) / 1e5).toFixed(2),
      );
    });
  }
});
