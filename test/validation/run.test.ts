import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { placeAt } from '../../src/validation/request.js';
import { runValidation } from '../../src/validation/run.js';
import {
  BEGIN_MS,
  HOUR_MS,
  loaded,
  MINUTE_MS,
  prepare,
  problemsOf,
  recorded,
  SIMULATED,
  temporaryFolder,
  validate,
  waves,
  writeMinutes,
} from './support/validations.js';

const RECORDED = ['BTCUSDT', 'ETHUSDT'].map(
  (name) => `../shared/data/binanceusdm-${name}-1m-2025-05_06.csv.gz`,
);
const hasRecorded = RECORDED.every((file) => existsSync(file));

describe('a validation', () => {
  it('is a GO where every criterion is met and the data is whole', async () => {
    const home = temporaryFolder();
    const report = await validate(home, {
      durationMs: 48 * HOUR_MS,
      market: recorded(writeMinutes(home, waves(49 * 60))),
    });
    expect(report.reasons).toEqual([]);
    expect(report.recommendation).toBe('GO');
    expect(report.results.trades).toBeGreaterThan(20);
    expect(report.results.winRatePct).toBeGreaterThan(45);
    expect(report.data.coverage).toMatchObject([{ expected: 48 * 60, bars: 48 * 60, missing: 0 }]);
  });

  it('is the same whatever the order of its files is', async () => {
    const home = temporaryFolder();
    const files = [
      { symbol: 'BTC/USDT', file: writeMinutes(home, waves(3 * 60)) },
      { symbol: 'ETH/USDT', file: writeMinutes(home, waves(3 * 60), 'eth.csv') },
    ];
    const market = { ...recorded(files[0]!.file), files };
    const inOrder = await validate(home, { durationMs: 2 * HOUR_MS, market });
    const other = await validate(temporaryFolder(), {
      durationMs: 2 * HOUR_MS,
      market: { ...market, files: files.toReversed() },
    });
    for (const key of ['market', 'results', 'trades', 'equity', 'data'] as const)
      expect(other[key], key).toEqual(inOrder[key]);
    expect(other.journal.stateHash).toBe(inOrder.journal.stateHash);
  });

  it.each([
    ['minTrades', { minTrades: 10_000 }],
    ['minWinRatePct', { minWinRatePct: 100.5 }],
    ['minSharpe', { minSharpe: 1_000_000 }],
    ['maxDrawdownPct', { maxDrawdownPct: 0.000_001 }],
  ])('is a NO-GO by %s alone', async (name, criterion) => {
    const home = temporaryFolder();
    const criteria = { ...loaded.desk.goLive.criteria, ...criterion };
    const report = await validate(home, {
      durationMs: 24 * HOUR_MS,
      criteria,
      market: recorded(writeMinutes(home, waves(25 * 60))),
    });
    expect(report.recommendation).toBe('NO-GO');
    const missed = report.verdicts.filter(({ passed }) => !passed);
    expect(missed.map((verdict) => verdict.name)).toEqual([name]);
    // Which one, and by how much.
    expect(report.reasons).toEqual(missed.map(({ text }) => text));
    expect(report.reasons[0]).toMatch(/: [\d.]+(?: %)? too (?:little|much)$/);
  });

  it('comes to what it came to when it counted trades by itself, from flat to flat', async () => {
    const home = temporaryFolder();
    const market = recorded(writeMinutes(home, waves(24 * 60)));
    const { results, verdicts, reasons } = await validate(home, { durationMs: 24 * HOUR_MS, market });
    // Copied from the report of the version before.
    expect(results).toEqual({
      ...{ currency: 'USDT', startingEquity: '10000.00000000', finalEquity: '10119.42482325' },
      ...{
        netProfit: '119.42482325',
        netProfitPct: expect.closeTo(1.194248232500006, 9),
        fees: '6.75139880',
      },
      ...{ fills: 22, trades: 11, wins: 11, winRatePct: 100 },
      ...{ sharpe: expect.closeTo(62.21652436765886, 9), hourlyReturns: 24 },
      ...{ maxDrawdownPct: 0.02510850023066145, maxDrawdownFrom: '2026-03-02T02:59:40.000Z' },
      ...{ maxDrawdownTo: '2026-03-02T04:07:20.000Z', openPositions: 0, ordersDenied: 0 },
    });
    expect(reasons).toEqual([]);
    expect(verdicts.map(({ text }) => text)).toEqual([
      'Trades 11, at least 10 is asked for',
      'Win rate 100.00 %, at least 45 % is asked for',
      'Sharpe ratio 62.22, at least 0.5 is asked for',
      'Maximum drawdown 0.03 %, at most 15 % is asked for',
    ]);
  });

  it('trades for exactly the time that was asked for, and nothing after it', async () => {
    const home = temporaryFolder();
    const minutes = waves(300);
    const at = (count: number) => writeMinutes(home, minutes.slice(0, count), `${count}.csv`);
    const durationMs = 3 * HOUR_MS;
    const report = await validate(home, { durationMs, market: recorded(at(300)) });
    const endMs = BEGIN_MS + durationMs;
    expect(report.period).toMatchObject({
      from: new Date(BEGIN_MS).toISOString(),
      to: new Date(endMs).toISOString(),
      reached: new Date(endMs).toISOString(),
    });
    for (const { record } of readJournal(placeAt(`${home}/validations/v1`).journal)) {
      if ('marketMs' in record) expect(record.marketMs).toBeLessThanOrEqual(endMs);
    }
    // What comes after the end of the time has no say in it: the same with a recording that ends there.
    const cut = await validate(temporaryFolder(), { durationMs, market: recorded(at(180)) });
    expect(cut.results).toEqual(report.results);
    expect(problemsOf(cut)).toEqual([]);
  });

  it('keeps its journal, book and report in a folder of its own, and arms by the rule', async () => {
    const home = temporaryFolder();
    const directory = prepare(home, { market: SIMULATED });
    await runValidation(directory);
    expect(existsSync(`${home}/desks`)).toBe(false);
    const records = [...readJournal(placeAt(directory).journal)].map(({ record }) => record);
    expect(records.find(({ type }) => type === 'armed')).toMatchObject({ by: 'rule', authority: 'rule' });
    expect(records.filter(({ type }) => type === 'fill').length).toBeGreaterThan(0);
  });

  it('may be a GO and still not stand for real money, with each reason', async () => {
    const home = temporaryFolder();
    const criteria = { minTrades: 0, minWinRatePct: 0, minSharpe: -1_000_000, maxDrawdownPct: 100 };
    const file = writeMinutes(home, waves(25 * 60));
    const report = await validate(home, { durationMs: 24 * HOUR_MS, criteria, market: recorded(file) });
    expect(report.recommendation).toBe('GO');
    expect(report.goLive).toEqual({
      qualifies: false,
      because: [
        'it traded for 24 h; real money needs at least 48 h (goLive.validationHours)',
        expect.stringContaining('minutes.csv is for study'),
        'ETH/USDT is traded or looked at by the desk and had no prices here',
        expect.stringContaining('Trades'),
        expect.stringContaining('Win rate'),
        expect.stringContaining('Sharpe'),
        expect.stringContaining('drawdown'),
      ],
    });
  });

  it('gives the report that is there when it is asked for again', async () => {
    const home = temporaryFolder();
    const directory = prepare(home, { market: SIMULATED, durationMs: 30 * MINUTE_MS });
    const first = await runValidation(directory);
    expect(
      await runValidation(directory, { openFeed: () => Promise.reject(new Error('not again')) }),
    ).toEqual(first);
  });

  it('says no Sharpe ratio for less than two hours, and that is a NO-GO', async () => {
    const report = await validate(temporaryFolder(), { market: SIMULATED, durationMs: 90 * MINUTE_MS });
    expect(report.results.sharpe).toBeNull();
    expect(report.reasons.join()).toContain('two full hours');
  });

  it.skipIf(!hasRecorded)('runs 48 hours of two recorded markets and its three books agree', async () => {
    const [btc, eth] = RECORDED as [string, string];
    const files = [
      { symbol: 'BTC/USDT', file: btc },
      { symbol: 'ETH/USDT', file: eth },
    ];
    const market = { ...recorded(btc), files };
    const report = await validate(temporaryFolder(), { durationMs: 48 * HOUR_MS, market });
    expect(problemsOf(report)).toEqual([]);
    expect(report.data.coverage.map(({ bars }) => bars)).toEqual([2880, 2880]);
    expect(report.results.fills).toBeGreaterThan(0);
  });
});
