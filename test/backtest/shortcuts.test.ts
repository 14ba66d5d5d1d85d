/**
 * What a backtest passes over changes nothing: report, fills and orders are those of the general path, byte for byte, on generated
 * minutes and on recorded prices of each kind.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { TradingInstance } from '../../src/backtest/instance/trading-instance.js';
import type { BacktestSetting } from '../../src/backtest/run-backtest.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { Desk } from '../../src/desk/schema.js';
import { WISH_TYPES } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';
import { temporaryFolder } from '../validation/support/validations.js';
import { type BacktestKept, keeping, PLAIN_FILLS } from './support/backtests.js';
import { anyWishes, writeQuotes } from './support/quotes.js';
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

/** The run, and everything that it writes: each record with its time too. */
async function written(given: Partial<BacktestSetting>, takesNoShortcut: boolean) {
  const records: string[] = [];
  const onRecord = (record: EngineRecord, wallMs: number) => {
    records.push(JSON.stringify([wallMs, record], withBigInts));
  };
  const ran = await run({ ...given, onRecord }, takesNoShortcut);
  const { report, kept } = ran;
  if (report.figures === null) throw new Error('there was no price');
  return { ran, lines: [...records, ...kept.fillLines, ...kept.orderLines, JSON.stringify(report)] };
}

const withBigInts = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}` : value;

/** The run, once both ways agree. `watched`: around the one that passes over what it can. */
async function sameBothWays(
  given: Partial<BacktestSetting>,
  watched = <T>(work: () => Promise<T>): Promise<T> => work(),
): Promise<BacktestKept> {
  const general = await written(given, true);
  const fast = await watched(() => written(given, false));
  const differing = fast.lines.findIndex((line, at) => line !== general.lines[at]);
  expect(fast.lines[differing]).toBe(general.lines[differing]);
  expect(fast.lines.length).toBe(general.lines.length);
  return fast.ran;
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

interface Change {
  readonly minutes: (csv: string) => string;
  readonly strategy: (text: string) => string;
  readonly risk: Partial<Desk['risk']>;
  /** How many of all prices at most are not passed over, and how many prices and bars at least are at once, on average. */
  readonly shownMost: number;
  readonly atOnceLeast: number;
  readonly expects: (report: BacktestKept['report']) => void;
}

const unchanged = (text: string): string => text;

/** Ten minutes in each hundred, the market stands still. */
function standingStill(csv: string): string {
  const [header, ...rows] = csv.trimEnd().split('\n');
  let still = '';
  const some = rows.map((row, at) => {
    const [ts, ...columns] = row.split(',');
    if (at % 100 < 90) still = columns[3] ?? '';
    return at % 100 < 90 ? row : [ts, still, still, still, still, '0'].join(',');
  });
  return `${[header, ...some].join('\n')}\n`;
}

const EXITS = `targets: [{ ticks: Math.ceil(desk.bid * 1.002), part: 0.5 }, { ticks: Math.ceil(desk.bid * 1.0025) }],
            breakEvenAt: { ticks: Math.ceil(desk.bid * 1.001) }, trail: { ticks: 9_000 }, maxBars: 30,`;

const CHANGES: Readonly<Record<string, Change>> = {
  'a stop for each entry': {
    ...{ minutes: unchanged, strategy: unchanged, risk: {}, shownMost: 0.1, atOnceLeast: 20 },
    expects: () => undefined,
  },
  'no entry on a quote that stands still': {
    ...{
      minutes: standingStill,
      strategy: unchanged,
      risk: { frozenQuoteSeconds: 20 },
      shownMost: 0.1,
      atOnceLeast: 20,
    },
    expects: ({ denied }) => expect(Object.keys(denied)).toContain('frozen-quotes'),
  },
  'a stop that trails, from break-even on, two targets, and an end': {
    ...{ minutes: unchanged, strategy: (text: string) => text.replace('exits: {', `exits: { ${EXITS}`) },
    ...{ risk: {}, shownMost: 0.15, atOnceLeast: 8 },
    expects: ({ by }) =>
      expect(by.exitReason.map(({ key }) => key)).toEqual(
        expect.arrayContaining(['target 2 of 2', 'time', 'trailingStop', 'breakEvenStop']),
      ),
  },
};

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

  /** The walk as bars of both sides: the spread is another at each open and close. */
  const bothSides = (csv: string): string => {
    const rows = csv.trimEnd().split('\n').slice(1);
    const lines = rows.map((row, at) => {
      const [ts, ...prices] = row.split(',');
      const [open, high, low, close] = prices.map((price) => Math.round(Number(price) * 100)) as [
        ...[number, number, number, number],
      ];
      const [first, last] = [10 + ((at * 7) % 90), 10 + ((at * 11) % 130)];
      const asks = [open + first, high + Math.max(first, last), low + Math.min(first, last), close + last];
      return [ts, ...[open, high, low, close, ...asks].map((ticks) => (ticks / 100).toFixed(2)), ''].join();
    });
    const header = ['bid', 'ask'].map((side) => `${side}_open,${side}_high,${side}_low,${side}_close`).join();
    return `ts,${header},volume\n${lines.join('\n')}\n`;
  };

  /** A book at each of its closes, too thin for most orders. */
  const books = (csv: string): string => {
    const lines = csv
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row, at) => {
        const [ts, , , , close] = row.split(',');
        const level = (away: number, lots: number) =>
          `${(Number(close) + away).toFixed(2)},${lots.toFixed(5)}`;
        const deep = 0.002 + (at % 5) * 0.004;
        return [ts, level(-0.01, 0.001), level(0.01, 0.002), level(-0.5, deep), level(0.7, deep)].join();
      });
    const columns = [0, 1].flatMap((at) =>
      ['bids', 'asks'].map((side) => `${side}[${at}].price,${side}[${at}].amount`),
    );
    return `ts,${columns.join()}\n${lines.join('\n')}\n`;
  };

  it.each([
    ['bars of bid and ask', bothSides],
    ['books, whose levels are taken', books],
  ] as const)('the same on %s', async (_, made) => {
    const folder = temporaryFolder();
    const file = writeWalk(join(folder, 'walk.csv'), 6_000);
    writeFileSync(file, made(readFileSync(file, 'utf8')));
    const { report } = await sameBothWays({
      ...loadDesk(writeCrossDesk(folder)),
      files: [{ symbol: 'BTC/USDT', file }],
    });
    expect(report.orders).toBeGreaterThan(100);
    expect(report.data.problems.filter(({ kind }) => kind === 'books-differ')).toEqual([]);
  });

  for (const [title, change] of Object.entries(CHANGES))
    it(`${title}: nearly all prices are passed over, and nothing differs`, async () => {
      const folder = temporaryFolder();
      const file = writeWalk(join(folder, 'walk.csv'), 6_000);
      writeFileSync(file, change.minutes(readFileSync(file, 'utf8')));
      const deskFile = writeCrossDesk(folder);
      const strategyFile = join(folder, 'strategies', 'sma-cross.ts');
      writeFileSync(strategyFile, change.strategy(readFileSync(strategyFile, 'utf8')));
      const { desk, ...loaded } = loadDesk(deskFile);
      const given = {
        ...{ ...loaded, desk: { ...desk, risk: { ...desk.risk, ...change.risk } } },
        files: [{ symbol: 'BTC/USDT', file }],
      };
      const { report } = await sameBothWays(given, async (work) => {
        const shown = vi.spyOn(TradingInstance.prototype, 'onMarket');
        const passes = vi.spyOn(TradingInstance.prototype, 'passes');
        try {
          const done = await work();
          const passed = passes.mock.results.map(({ value }) => Number(value)).filter((count) => count > 0);
          const atOnce = passed.reduce((sum, count) => sum + count) / passed.length;
          expect(atOnce).toBeGreaterThan(change.atOnceLeast);
          const quotes = shown.mock.calls.filter(([{ kind }]) => kind === 'quote').length;
          expect(quotes / (4 * 6_000)).toBeLessThan(change.shownMost);
          return done;
        } finally {
          shown.mockRestore();
          passes.mockRestore();
        }
      });
      expect(report.orders).toBeGreaterThan(100);
      change.expects(report);
    });

  it('trades that end by time inside pauses of the recording, whose moment is known beforehand', async () => {
    const folder = temporaryFolder();
    const file = writeWalk(join(folder, 'walk.csv'), 6_000);
    const rows = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, rows.filter((_, row) => row === 0 || row % 40 < 28).join('\n'));
    const deskFile = writeCrossDesk(folder);
    const strategyFile = join(folder, 'strategies', 'sma-cross.ts');
    const strategy = readFileSync(strategyFile, 'utf8');
    writeFileSync(strategyFile, strategy.replace('exits: {', 'exits: { maxBars: 12,'));
    const { report } = await sameBothWays({
      ...loadDesk(deskFile),
      files: [{ symbol: 'BTC/USDT', file }],
    });
    expect(report.by.exitReason.find(({ key }) => key === 'time')?.trades ?? 0).toBeGreaterThan(20);
  });

  for (const [title, stopPct, everyMinutes] of [
    ['three instruments at a time', 2, 1],
    ['three instruments, two of them with bars of five minutes, in which near stops go off', 0.01, 5],
  ] as const)
    it(title, async () => {
      const folder = temporaryFolder();
      const symbols = walkSymbols(3);
      const files = symbols.map((symbol, at) => {
        const file = writeWalk(join(folder, `walk-${at}.csv`), 6_000, at + 1);
        const rows = readFileSync(file, 'utf8').split('\n');
        if (at > 0) writeFileSync(file, rows.filter((_, row) => (row - 1) % everyMinutes < 1).join('\n'));
        return { symbol, file };
      });
      const { desk, ...loaded } = loadDesk(writeCrossDesk(folder, symbols));
      const strategies = desk.strategies.map((one) => ({
        ...one,
        parameters: { ...one.parameters, stopPct },
      }));
      const given = { ...loaded, desk: { ...desk, strategies }, files };
      const { report } = await sameBothWays(given, async (work) => {
        const passes = vi.spyOn(TradingInstance.prototype, 'passes');
        try {
          const done = await work();
          const passed = passes.mock.results.map(({ value }) => Number(value));
          // More than the four prices of one bar.
          expect(Math.max(...passed)).toBeGreaterThan(4);
          const all = 4 * (6_000 + (2 * 6_000) / everyMinutes);
          expect(passed.reduce((sum, count) => sum + count, 0) / all).toBeGreaterThan(0.9);
          return done;
        } finally {
          passes.mockRestore();
        }
      });
      expect(report.orders).toBeGreaterThan(200);
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

/** Of the two instruments, which have two months. */
const UNTIL_MS = Date.parse('2025-05-15T00:00:00Z');

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
      } = await sameBothWays({
        ...{ ...withValues(name, parameters), files },
        untilMs: title === 'two instruments' ? UNTIL_MS : null,
      });
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

const ON_QUOTES = [
  {
    title: 'spot whose quotes are told of where they stand still',
    instrument: `{ symbol: BTC/USDT, tickSize: "0.01", lotSize: "0.00001", minNotional: "5", spread: "0.02" }`,
    ...{ priceTicks: 6_000_000, tickSize: '0.01', balance: '10000', currency: 'USDT' },
    risk: 'maxPositionSizePct: 90, dailyLossLimitPct: 20, maxDrawdownPct: 0.5, staleDataSeconds: 10, frozenQuoteSeconds: 5',
    lossesInARow: 100,
    hears: 'bars',
    volumePartPct: null,
  },
  {
    title: 'a perpetual that is charged for, with margin',
    instrument: `{ symbol: BTC/USDT, kind: linear, tickSize: "0.1", lotSize: "0.001", spread: "0.1", funding: { ratePct: "0.05", everyHours: 1 }, margin: { initialPct: 20, maintenancePct: 15 } }`,
    ...{ priceTicks: 600_000, tickSize: '0.1', balance: '10000', currency: 'USDT' },
    risk: 'maxPositionSizePct: 200, dailyLossLimitPct: 80, maxDrawdownPct: 90, staleDataSeconds: 30',
    lossesInARow: 100,
    hears: 'bars',
    volumePartPct: null,
  },
  {
    title:
      'an inverse contract in a thin market, to a strategy with a timer that is switched off now and then',
    instrument: `{ symbol: BTC/USD, kind: inverse, tickSize: "0.5", lotSize: "1", multiplier: "100", spread: "0.5" }`,
    ...{ priceTicks: 120_000, tickSize: '0.5', balance: '1', currency: 'BTC' },
    risk: 'maxPositionSizePct: 50, dailyLossLimitPct: 30, maxDrawdownPct: 40, staleDataSeconds: 20',
    lossesInARow: 3,
    hears: 'times',
    volumePartPct: 10,
  },
  {
    title: 'a currency pair before its weekend',
    instrument: `{ symbol: EUR/USD, kind: fx, tickSize: "0.00001", pip: "0.0001", lotSize: "0.01", multiplier: "100000", spread: "0.0001", margin: { initial: "5000", maintenance: "4000" }, swap: { longPips: "-0.65", shortPips: "0.2" }, sessions: { calendar: fx } }`,
    ...{ priceTicks: 108_000, tickSize: '0.00001', balance: '10000', currency: 'USD' },
    risk: 'maxPositionSizePct: 300, dailyLossLimitPct: 50, maxDrawdownPct: 60, staleDataSeconds: 60',
    lossesInARow: 100,
    hears: 'bars',
    volumePartPct: null,
  },
  {
    title: 'a share in its sessions, to a strategy that is shown every quote',
    instrument: `{ symbol: AAPL/USD, kind: stock, tickSize: "0.01", lotSize: "1", spread: "0.01", sessions: { calendar: us-stocks, flatByCloseMinutes: 10 } }`,
    ...{ priceTicks: 24_000, tickSize: '0.01', balance: '100000', currency: 'USD' },
    risk: 'maxPositionSizePct: 50, dailyLossLimitPct: 20, maxDrawdownPct: 30, staleDataSeconds: 60',
    lossesInARow: 100,
    hears: 'quotes',
    volumePartPct: null,
  },
] as const;

const KIND = 'any-wishes';
/** A Friday, some hours before stocks close, and then currencies. */
const FRIDAY_MS = Date.parse('2026-01-09T16:00:00Z');

describe('on generated quotes, with entries and exits of every kind', () => {
  for (const {
    title,
    instrument,
    balance,
    currency,
    risk,
    lossesInARow,
    hears,
    volumePartPct,
    ...market
  } of ON_QUOTES) {
    it(title, async () => {
      let orders = 0;
      for (const seed of [1, 2]) {
        const symbol = /symbol: ([A-Z/]+)/.exec(instrument)?.[1] ?? '';
        const loaded = parseDesk(
          'desk.yaml',
          `
desk: any
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [${instrument}]
paper: { balance: "${balance}", currency: ${currency}, makerFeePpm: 100, takerFeePpm: 200, slippageTicks: 1, latencyMs: 150 }
strategies: [{ name: any, kind: emaCross, symbols: [${symbol}] }]
risk: { ${risk}, maxConcurrentPositions: 1, stopLossPct: 5 }
resume: { startup: auto, fault: auto, dailyLoss: next-day, drawdown: auto }
breakers: { strategyMaxConsecutiveLosses: ${lossesInARow}, strategyReEnableCheckHours: 1 }
people: [{ name: operator, roles: [operator, approver] }]
`,
        );
        const file = join(temporaryFolder(), 'quotes.csv');
        writeQuotes(file, { ...market, seed, count: 15_000, beginMs: FRIDAY_MS });
        const strategies = loaded.desk.strategies.map((one) => ({ ...one, kind: KIND, parameters: {} }));
        const registry = STRATEGIES as Map<string, StrategyDefinition>;
        registry.set(KIND, {
          ...{ kind: KIND, suits: 'trending', parameters: [], enters: WISH_TYPES },
          create: () => anyWishes(seed, hears),
        });
        try {
          const { report } = await sameBothWays({
            ...{ ...loaded, desk: { ...loaded.desk, strategies }, files: [{ symbol, file }] },
            fillModel: { ...PLAIN_FILLS, limitFill: 'through', volumePartPct },
          });
          orders += report.orders;
        } finally {
          registry.delete(KIND);
        }
      }
      expect(orders).toBeGreaterThan(50);
    });
  }
});
