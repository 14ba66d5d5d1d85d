/**
 * What a backtest passes over changes nothing: report, fills and orders are those of the general path, byte for byte, on generated
 * minutes and on recorded prices of each kind.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BacktestSetting } from '../../src/backtest/run-backtest.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { temporaryFolder } from '../validation/support/validations.js';
import { keeping, PLAIN_FILLS } from './support/backtests.js';
import { walkSymbols, writeCrossDesk, writeWalk } from './support/walks.js';

const DATA = resolve('../shared/data');

async function written(given: Partial<BacktestSetting>, takesNoShortcut: boolean): Promise<string> {
  const { report, kept } = await keeping({
    ...loadDesk(resolveDesk('crypto-bot')),
    ...{ set: [], files: [], beginMs: null, untilMs: null, dataKey: null },
    ...{ fillModel: PLAIN_FILLS, takesNoShortcut },
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...given,
  });
  if (report.figures === null) throw new Error('there was no price');
  return [JSON.stringify(report), ...kept.fillLines, ...kept.orderLines].join('\n');
}

/** How many orders there were. */
async function sameBothWays(given: Partial<BacktestSetting>): Promise<number> {
  const general = await written(given, true);
  const fast = await written(given, false);
  expect(fast).toBe(general);
  return (JSON.parse(fast.slice(0, fast.indexOf('\n'))) as { orders: number }).orders;
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
    const orders = await sameBothWays({
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
    const orders = await sameBothWays({ ...loadDesk(writeCrossDesk(folder, symbols)), files });
    expect(orders).toBeGreaterThan(200);
  });

  it('the shipped desk with its fees, slow orders and part fills', async () => {
    const file = writeWalk(join(temporaryFolder(), 'walk.csv'), 6_000);
    const orders = await sameBothWays({
      ...withValues('crypto-bot', OFTEN, { latencyMs: 30_000 }),
      fillModel: { path: 'high-first', limitFill: 'through', volumePartPct: 0.001 },
      files: [{ symbol: 'BTC/USDT', file }],
    });
    expect(orders).toBeGreaterThan(50);
  });
});

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
      const orders = await sameBothWays({ ...withValues(name, parameters), files });
      if (parameters !== AT_ONCE) expect(orders).toBeGreaterThan(0);
    });
  }
});
