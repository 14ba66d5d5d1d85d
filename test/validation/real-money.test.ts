/** What a GO has to rest on before it may stand for real money. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MarketChoice } from '../../src/home/runtime.js';
import { ensureDataKey } from '../../src/home/secrets.js';
import { minutesPlace, writeMinutes as writeFetched } from '../../src/market/fetched/minutes-file.js';
import {
  BEGIN_MS,
  HOUR_MS,
  MINUTE_MS,
  recorded,
  temporaryFolder,
  validate,
  waves,
  writeMinutes,
} from './support/validations.js';

const ADDRESS = 'http://127.0.0.1:9080';
const SYMBOLS = ['BTC/USDT', 'ETH/USDT'] as const;

function given(files: readonly (readonly [string, string])[]): MarketChoice {
  return { ...recorded(''), files: files.map(([symbol, file]) => ({ symbol, file })) };
}

async function filesOf(home: string, minutes: number, months?: string[]) {
  const found = SYMBOLS.map(async (symbol) => {
    const files = await fetched(home, symbol, minutes, 'simulator', months);
    return files.map((file) => [symbol, file] as const);
  });
  return (await Promise.all(found)).flat();
}

/** As `fermata data fetch` leaves them: a file a month. */
async function fetched(
  home: string,
  symbol: string,
  minutes: number,
  endpoint: 'live' | 'simulator' = 'simulator',
  months = ['2026-03'],
  venue = 'binance',
): Promise<readonly string[]> {
  const rows = waves(minutes).map(({ openMs, open, high, low, close }) =>
    [openMs, ...[open, high, low, close].map((price) => price.toFixed(2)), '1'].join(','),
  );
  const folder = join(home, 'data');
  const each = Math.ceil(minutes / months.length);
  return Promise.all(
    months.map(async (month, at) => {
      const about = { venue, endpoint, address: ADDRESS, symbol, month };
      const mine = rows.slice(at * each, (at + 1) * each);
      const fromMs = BEGIN_MS + at * each * MINUTE_MS;
      const span = { fromMs, untilMs: fromMs + mine.length * MINUTE_MS };
      const provenance = { ...about, ...span, missing: [], fetchedAtMs: span.untilMs };
      await writeFetched(folder, provenance, mine, ensureDataKey(home));
      return minutesPlace(folder, about);
    }),
  );
}

it('twelve hours of an invented wave, one file for both coins, stand for nothing, and each reason is said', async () => {
  const home = temporaryFolder();
  const file = writeMinutes(home, waves(13 * 60));
  const market = given(SYMBOLS.map((symbol) => [symbol, file]));
  const { goLive, market: told } = await validate(home, { durationMs: 12 * HOUR_MS, market });
  expect(goLive.qualifies).toBe(false);
  expect(goLive.because.join('\n')).toMatch(/it traded for 12 h; real money needs at least 48 h/);
  for (const symbol of SYMBOLS)
    expect(goLive.because).toContain(
      `minutes.csv is for study: this installation has fetched no minutes yet. Real money takes live prices, or minutes of: fermata data fetch ${symbol}`,
    );
  expect(told.endpoint).toBeNull();
});

it('48 hours of minutes that Fermata fetched for each instrument stand for the market that they came from', async () => {
  const home = temporaryFolder();
  const files = await filesOf(home, 49 * 60);
  const report = await validate(home, { durationMs: 48 * HOUR_MS, market: given(files) });
  expect(report.goLive.because.filter((why) => why !== 'the validation is a NO-GO')).toEqual([]);
  expect(report.market.endpoint).toEqual({ kind: 'simulator', venue: 'binance', address: ADDRESS });
  expect(
    report.market.files.map(({ symbol, fetched: from, study }) => [symbol, from?.symbol, study]),
  ).toEqual([
    ['BTC/USDT', 'BTC/USDT', null],
    ['ETH/USDT', 'ETH/USDT', null],
  ]);
});

it('48 hours over the end of a month stand as 48 hours within one do, and come to the very same', async () => {
  const [one, two] = [temporaryFolder(), temporaryFolder()];
  const months = ['2026-03', '2026-04'];
  const market = given((await filesOf(two, 49 * 60, months)).reverse());
  const report = await validate(two, { durationMs: 48 * HOUR_MS, market });
  expect(report.goLive.because.filter((why) => why !== 'the validation is a NO-GO')).toEqual([]);
  expect(report.market.files.map(({ name, fetched: from }) => [name, from?.symbol])).toEqual([
    ['2026-03.csv.gz', 'BTC/USDT'],
    ['2026-04.csv.gz', 'BTC/USDT'],
    ['2026-03.csv.gz', 'ETH/USDT'],
    ['2026-04.csv.gz', 'ETH/USDT'],
  ]);
  const whole = await validate(one, {
    durationMs: 48 * HOUR_MS,
    market: given((await filesOf(one, 49 * 60)).reverse()),
  });
  expect([report.results, report.trades, report.data]).toEqual([whole.results, whole.trades, whole.data]);
  expect(report.results.fills).toBeGreaterThan(0);
});

it('one fetched file stands for its own instrument only', async () => {
  const home = temporaryFolder();
  const [file = ''] = await fetched(home, 'BTC/USDT', 3 * 60);
  const market = given(SYMBOLS.map((symbol) => [symbol, file]));
  const { goLive } = await validate(home, { durationMs: 2 * HOUR_MS, market });
  expect(goLive.because).toContain('2026-03.csv.gz holds the prices of BTC/USDT, and was given for ETH/USDT');
});

it.each([
  ['the exchange and of a simulator', 'simulator', 'binance'],
  ['two exchanges', 'live', 'kraken'],
] as const)('minutes of %s together are nobody’s market', async (_of, endpoint, venue) => {
  const home = temporaryFolder();
  const [first = ''] = await fetched(home, 'BTC/USDT', 3 * 60, 'live');
  const [second = ''] = await fetched(home, 'ETH/USDT', 3 * 60, endpoint, ['2026-03'], venue);
  const market = given([
    ['BTC/USDT', first],
    ['ETH/USDT', second],
  ]);
  const { goLive, market: told } = await validate(home, { durationMs: 2 * HOUR_MS, market });
  expect(goLive.because.join('\n')).toMatch(/its files come from different markets/);
  expect(told.endpoint).toBeNull();
});
