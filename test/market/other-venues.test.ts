/** Venues that are a definition and nothing else: prices, minutes and time asked through the library, over the wire. */
import { afterEach, describe, expect, it } from 'vitest';
import { feedAddresses } from '../../src/market/live/feed-addresses.js';
import { openLiveFeed } from '../../src/market/live/open-live-feed.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';
import { eventually } from '../support/eventually.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { type BinancePublicServer, startBinancePublicServer } from './binance-public-server.js';
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
  // The first time the library is loaded, which may take a busy machine longer than a venue is given.
  const { feed } = await eventually(async () => {
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
    return opened;
  });
  closers.push(() => feed.stop());
  return { venue, feed };
}

// Kraken tells its newest 720: the open one is none of ours, nor is the one before it where the minute turned on
// the way, for its time is told in whole seconds and the feed's clock may be up to one behind.
describe.each([
  ['bybit', startBybit, 2500],
  ['kucoin', startKucoin, 2500],
  ['kraken', startKraken, 718],
] as const)('%s', (name, start, minutesLeast) => {
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
    expect(long.length).toBeGreaterThanOrEqual(minutesLeast);
    expect(long.every((bar, at) => at === 0 || bar.openMs - (long[at - 1]?.openMs ?? 0) === MINUTE_MS)).toBe(
      true,
    );
  });
});

describe('a simulator of one feed', () => {
  const rootOf = (venue: PublicVenue, host: string) => venue.addresses.http(`https://${host}`);
  const open = async (
    feeds: readonly string[],
    elsewhere: BinancePublicServer,
    simulated: Record<string, string>,
  ) => {
    const opened = await openLiveFeed({
      venues: feeds,
      instruments: cryptoInstruments,
      deadlineMs: 30_000,
      steadyMs: steadyNowMs,
      addresses: elsewhere.addresses,
      addressesOf: feedAddresses(simulated),
      reader: 'trader',
      times,
    });
    if (!opened.ok) throw new Error(opened.reasons.join('; '));
    closers.push(() => opened.feed.stop());
    return opened;
  };

  it('is asked in the place of that one, whatever the venue, and the prices say so; the others are asked where they are', async () => {
    const [kraken, binance] = await Promise.all([startKraken(), startBinancePublicServer()]);
    closers.push(
      () => kraken.close(),
      () => binance.close(),
    );
    const simulated = { 'kraken-own': rootOf(kraken, 'api.kraken.com') };
    const own = await open(['kraken-own', 'binance'], binance, simulated);
    expect(own.feed.source).toMatchObject({ identity: 'live-kraken-own-simulator', venue: 'kraken' });
    expect(own.feed.source.label).toBe('live: kraken-own simulator public quotes');
    const other = await open(['binance', 'kraken-own'], binance, simulated);
    expect(other.feed.source).toMatchObject({ identity: 'live-binance', venue: 'binance' });
  });

  it('stands in for one of two instances of a venue: the other one is tried where it is', async () => {
    const binance = await startBinancePublicServer();
    closers.push(() => binance.close());
    const { feed, passedOver } = await open(['binance-own', 'binance'], binance, {
      'binance-own': 'http://127.0.0.1:1',
    });
    expect(passedOver).toEqual(['binance-own: refuses the connection']);
    expect(feed.source).toMatchObject({ identity: 'live-binance', venue: 'binance' });
  });

  it('has its streams asked for at its own address, too', () => {
    const api: Record<string, unknown> = {
      ws: { public: 'wss://ws.kraken.com', spot: { v2: 'wss://ws.kraken.com/v2' } },
    };
    feedAddresses({ kraken: 'http://127.0.0.1:9080' })
      .get('kraken')
      ?.streams({ urls: { api }, setSandboxMode: () => undefined });
    expect(api.ws).toEqual({ public: 'ws://127.0.0.1:9080', spot: { v2: 'ws://127.0.0.1:9080/v2' } });
  });
});
