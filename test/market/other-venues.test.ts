/** Venues that are a definition and nothing else: prices, minutes and time asked through the library, over the wire. */
import { afterEach, describe, expect, it } from 'vitest';
import { openLiveFeed } from '../../src/market/live/open-live-feed.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { type PublicVenue, startBybit, startKraken, startKucoin } from './public-venues.js';

const MINUTE_MS = 60_000;
const times = { silentMs: 1500, pollMs: 20, backoffMs: 20, backoffMsMax: 100 };
const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  expect(unhandled).toEqual([]);
});

async function openAt(name: string, start: () => Promise<PublicVenue>) {
  const venue = await start();
  closers.push(() => venue.close());
  const opened = await openLiveFeed({
    venues: [name],
    instruments: cryptoInstruments,
    deadlineMs: 30_000,
    steadyMs: steadyNowMs,
    addresses: venue.addresses,
    reader: 'trader',
    times,
  });
  if (!opened.ok) throw new Error(opened.reasons.join('; '));
  closers.push(() => opened.feed.stop());
  return { venue, feed: opened.feed };
}

describe.each([
  ['bybit', startBybit, 2500],
  ['kucoin', startKucoin, 2500],
  ['kraken', startKraken, 719],
] as const)('%s', (name, start, minutesMax) => {
  it('is asked for its time first, and brings finished minutes in ticks and lots, as many as it tells', async () => {
    const { venue, feed } = await openAt(name, start);
    expect(feed.source).toMatchObject({ identity: `live-${name}`, venue: name, simulated: false });
    const [first, ...others] = venue.requests.map(({ pathname }) => pathname);
    expect(first).toMatch(/timestamp|time$/i);
    expect(others.filter((path) => /currencies|Assets$|allTickers|coin/.test(path))).toEqual([]);
    expect(Math.abs(feed.nowMs() - steadyNowMs())).toBeLessThan(30_000);
    const bars = await feed.history(0, 30);
    expect(bars).toHaveLength(30);
    expect(bars.at(-1)).toMatchObject({
      ...{ instrument: 0, spanMs: MINUTE_MS, openTicks: 6_000_000, highTicks: 6_001_000 },
      ...{ lowTicks: 5_999_000, closeTicks: 6_000_500, volumeLots: 150_000 },
    });
    const long = await feed.history(1, 2500);
    expect(long.length).toBeGreaterThanOrEqual(minutesMax);
    expect(long.every((bar, at) => at === 0 || bar.openMs - (long[at - 1]?.openMs ?? 0) === MINUTE_MS)).toBe(
      true,
    );
  });
});
