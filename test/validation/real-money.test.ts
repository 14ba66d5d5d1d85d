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

/** As `fermata data fetch` leaves them. */
async function fetched(
  home: string,
  symbol: string,
  minutes: number,
  endpoint: 'live' | 'simulator' = 'simulator',
) {
  const rows = waves(minutes).map(({ openMs, open, high, low, close }) =>
    [openMs, ...[open, high, low, close].map((price) => price.toFixed(2)), '1'].join(','),
  );
  const about = { venue: 'binance', endpoint, address: ADDRESS, symbol, month: '2026-03' };
  const span = { fromMs: BEGIN_MS, untilMs: BEGIN_MS + minutes * MINUTE_MS };
  const folder = join(home, 'data');
  await writeFetched(
    folder,
    { ...about, ...span, missing: [], fetchedAtMs: span.untilMs },
    rows,
    ensureDataKey(home),
  );
  return minutesPlace(folder, about);
}

it('twelve hours of an invented wave, one file for both coins, stand for nothing, and each reason is said', async () => {
  const home = temporaryFolder();
  const file = writeMinutes(home, waves(13 * 60));
  const market = given(SYMBOLS.map((symbol) => [symbol, file]));
  const { goLive, market: told } = await validate(home, { durationMs: 12 * HOUR_MS, market });
  expect(goLive.qualifies).toBe(false);
  expect(goLive.because.join('\n')).toMatch(/12 h were traded, and real money takes 48 h at least/);
  for (const symbol of SYMBOLS)
    expect(goLive.because).toContain(
      `minutes.csv is for study: this installation has fetched no minutes yet. Real money takes live prices, or minutes of: fermata data fetch ${symbol}`,
    );
  expect(told.endpoint).toBeNull();
});

it('48 hours of minutes that Fermata fetched for each instrument stand for the market that they came from', async () => {
  const home = temporaryFolder();
  const files = await Promise.all(
    SYMBOLS.map(async (symbol) => [symbol, await fetched(home, symbol, 49 * 60)] as const),
  );
  const report = await validate(home, { durationMs: 48 * HOUR_MS, market: given(files) });
  expect(report.goLive.because.filter((why) => why !== 'the validation is a NO-GO')).toEqual([]);
  expect(report.market.endpoint).toEqual({ kind: 'simulator', address: ADDRESS });
  expect(
    report.market.files.map(({ symbol, fetched: from, study }) => [symbol, from?.symbol, study]),
  ).toEqual([
    ['BTC/USDT', 'BTC/USDT', null],
    ['ETH/USDT', 'ETH/USDT', null],
  ]);
});

it('one fetched file stands for its own instrument only', async () => {
  const home = temporaryFolder();
  const file = await fetched(home, 'BTC/USDT', 3 * 60);
  const market = given(SYMBOLS.map((symbol) => [symbol, file]));
  const { goLive } = await validate(home, { durationMs: 2 * HOUR_MS, market });
  expect(goLive.because).toContain('2026-03.csv.gz holds the prices of BTC/USDT, and was given for ETH/USDT');
});

it('minutes of the exchange and of a simulator together are nobody’s market', async () => {
  const home = temporaryFolder();
  const market = given([
    ['BTC/USDT', await fetched(home, 'BTC/USDT', 3 * 60, 'live')],
    ['ETH/USDT', await fetched(home, 'ETH/USDT', 3 * 60)],
  ]);
  const { goLive, market: told } = await validate(home, { durationMs: 2 * HOUR_MS, market });
  expect(goLive.because.join('\n')).toMatch(/its files come from different markets/);
  expect(told.endpoint).toBeNull();
});
