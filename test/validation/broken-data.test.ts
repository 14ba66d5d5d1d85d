import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  HOUR_MS,
  MINUTE_MS,
  type Minute,
  problemsOf,
  recorded,
  temporaryFolder,
  validate,
  waves,
  writeMinutes,
} from './support/validations.js';

/** Nothing of the criteria stands in the way: what is left is the data. */
const NO_CRITERIA = { minTrades: 0, minWinRatePct: 0, minSharpe: -1_000_000, maxDrawdownPct: 100 };
const HOURS = 24;

const without = (minutes: Minute[], from: number, count: number): Minute[] =>
  minutes.filter((_, index) => index < from || index >= from + count);

interface BrokenData {
  readonly what: string;
  readonly minutes: (whole: Minute[]) => Minute[];
  readonly kinds: readonly string[];
  readonly text: string;
}

const TABLE: readonly BrokenData[] = [
  {
    what: 'a gap of ten minutes',
    minutes: (whole) => without(whole, 300, 10),
    kinds: ['gap'],
    text: 'no price for 10 min from 2026-03-02T05:00:00.000Z on',
  },
  {
    what: 'a missing hour',
    minutes: (whole) => without(whole, 600, 60),
    kinds: ['missing-bars', 'missing-hours', 'gap'],
    text: '1 hours have no bar at all',
  },
  {
    what: 'every fiftieth minute missing',
    minutes: (whole) => whole.filter((_, index) => index % 50 !== 49),
    kinds: ['missing-bars'],
    text: '28 (1.9 %) are missing, at most 1 % may be',
  },
  {
    what: 'an end that comes three hours early',
    minutes: (whole) => whole.slice(0, (HOURS - 3) * 60),
    kinds: ['ended-early', 'missing-bars', 'missing-hours', 'gap'],
    text: 'prices ended after 21.0 h, 3.0 h before the time was up',
  },
  {
    what: 'a price that stands still for an hour',
    minutes: (whole) =>
      whole.map((minute, index) => {
        const { close } = whole[300]!;
        return index >= 301 && index < 361
          ? { ...minute, open: close, high: close, low: close, close }
          : minute;
      }),
    kinds: ['stale'],
    text: 'the price stood still for 60 min',
  },
];

describe('thin or broken data is a NO-GO with its reason', () => {
  it.each(TABLE)('$what', async ({ minutes, kinds, text }) => {
    const home = temporaryFolder();
    const market = recorded(writeMinutes(home, minutes(waves(HOURS * 60))));
    const report = await validate(home, { durationMs: HOURS * HOUR_MS, criteria: NO_CRITERIA, market });
    expect(report.recommendation).toBe('NO-GO');
    expect(problemsOf(report)).toEqual(kinds);
    expect(report.reasons.join('\n')).toContain(text);
    expect(report.verdicts.every(({ passed }) => passed)).toBe(true);
  });

  it('a row that is no price is named', async () => {
    const home = temporaryFolder();
    const file = writeMinutes(home, waves(60));
    appendFileSync(file, 'tomorrow,1,1,1,1,1\n');
    const report = await validate(home, {
      durationMs: HOUR_MS,
      criteria: NO_CRITERIA,
      market: recorded(file),
    });
    expect(report.recommendation).toBe('NO-GO');
    expect(problemsOf(report)).toEqual(['damaged']);
    expect(report.reasons.join()).toContain('row 62');
    expect(report.period.from).toBeNull();
  });

  it('a compressed file that was cut off is damaged', async () => {
    const home = temporaryFolder();
    const file = writeMinutes(home, waves(24 * 60));
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
    truncateSync(`${file}.gz`, Math.floor(statSync(`${file}.gz`).size / 2));
    const market = recorded(`${file}.gz`);
    const report = await validate(home, { durationMs: HOUR_MS, criteria: NO_CRITERIA, market });
    expect(problemsOf(report)).toEqual(['damaged']);
  });

  it('an instrument whose recording begins late lacks what came before', async () => {
    const home = temporaryFolder();
    const whole = waves(6 * 60);
    const btc = { symbol: 'BTC/USDT', file: writeMinutes(home, whole, 'btc.csv') };
    const eth = { symbol: 'ETH/USDT', file: writeMinutes(home, whole.slice(120), 'eth.csv') };
    const market = { ...recorded(btc.file), files: [btc, eth] };
    const report = await validate(home, { durationMs: 6 * HOUR_MS, criteria: NO_CRITERIA, market });
    expect(report.data.problems.map(({ symbol }) => symbol)).toEqual(['ETH/USDT', 'ETH/USDT', 'ETH/USDT']);
    expect(report.data.coverage[1]).toMatchObject({
      missing: 120,
      emptyHours: 2,
      longestGapMs: 120 * MINUTE_MS,
    });
  });

  it('one minute that is missing now and then is no reason', async () => {
    const home = temporaryFolder();
    const minutes = waves(HOURS * 60).filter((_, index) => index % 200 !== 150);
    const market = recorded(writeMinutes(home, minutes));
    const report = await validate(home, { durationMs: HOURS * HOUR_MS, criteria: NO_CRITERIA, market });
    expect(problemsOf(report)).toEqual([]);
  });
});
