/** A validation that begins within its recording: at that minute, with averages that know what was before. */
import { expect, it } from 'vitest';
import { scopeOf } from '../../src/backtest/run-on-prices.js';
import type { MarketEvent } from '../../src/contracts/market-feed.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { openPrices } from '../../src/validation/data/open-prices.js';
import {
  BEGIN_MS,
  HOUR_MS,
  loaded,
  MINUTE_MS,
  recorded,
  temporaryFolder,
  waves,
  writeMinutes,
} from './support/validations.js';

async function opened(beginMs: number | null) {
  const directory = temporaryFolder();
  const market = recorded(writeMinutes(directory, waves(3 * 60)), 'BTC/USDT');
  const { desk } = scopeOf(loaded.desk, market);
  const instruments = buildInstruments(desk);
  const feed = await openPrices({
    ...{ market, beginMs, desk, instruments, directory },
    onFault: (error) => {
      throw error;
    },
  });
  const before = await feed.history(0, 500);
  const times: number[] = [];
  await new Promise<void>((resolve) => {
    feed.start((event: MarketEvent) => {
      if ('marketMs' in event) times.push(event.marketMs);
      else if (event.kind === 'ended') resolve();
    });
  });
  await feed.stop();
  return { before: before.map(({ openMs }) => openMs), times };
}

it('is given no price of the minutes before, which warm averages up instead, up to the newest', async () => {
  const beginMs = BEGIN_MS + HOUR_MS;
  const { before, times } = await opened(beginMs);
  expect(before).toEqual(Array.from({ length: 60 }, (_, minute) => BEGIN_MS + minute * MINUTE_MS));
  // The open of its first minute alone: the close of the one before has that time too.
  expect(times[0]).toBe(beginMs);
  expect(times[1]).toBeGreaterThan(beginMs);
  expect(times[1]).toBeLessThan(beginMs + MINUTE_MS);
  expect(times.at(-1)).toBe(BEGIN_MS + 3 * HOUR_MS);
});

it('begins with the first price of the recording where nothing else is said', async () => {
  const { before, times } = await opened(null);
  expect({ before, first: times[0] }).toEqual({ before: [], first: BEGIN_MS });
});
