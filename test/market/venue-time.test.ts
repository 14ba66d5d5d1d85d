import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MarketEvent } from '../../src/contracts/market-feed.js';
import { type LiveFeed, VenueTime } from '../../src/market/live/live-feed.js';
import { openLiveFeed } from '../../src/market/live/open-live-feed.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { type BinancePublicServer, startBinancePublicServer } from './binance-public-server.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

// Loaded before a venue's time begins: on a busy machine that alone may take longer than a venue is given.
beforeAll(() => import(new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href));

describe('market time of live prices', () => {
  let server: BinancePublicServer;
  let feed: LiveFeed;
  /** Real time that passed beside what the test waited. */
  let skippedMs = 0;

  beforeEach(async () => {
    skippedMs = 0;
    server = await startBinancePublicServer();
    server.nowMs = () => steadyNowMs() + skippedMs;
    const opened = await openLiveFeed({
      venues: ['binance'],
      instruments: cryptoInstruments,
      deadlineMs: 30_000,
      steadyMs: () => steadyNowMs() + skippedMs,
      addresses: server.addresses,
      reader: 'trader',
    });
    if (!opened.ok) throw new Error(opened.reasons.join('; '));
    feed = opened.feed;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await feed.stop();
    await server.close();
  });

  it.each([-24, -1, 1, 24])(
    'brings a bar each minute although the wall clock is set by %s h',
    async (hours) => {
      const bars: number[] = [];
      feed.start((event: MarketEvent) => {
        if (event.kind === 'bar' && event.bar.instrument === 0) bars.push(event.bar.openMs);
      });
      await expect.poll(() => server.subscribers()).toBeGreaterThan(0);
      let before = feed.nowMs();
      const now = Date.now.bind(Date);
      vi.spyOn(Date, 'now').mockImplementation(() => now() + hours * HOUR_MS);
      for (let minute = 1; minute <= 5; minute += 1) {
        server.quote('BTCUSDT', `${60_000 + minute}.00`, `${60_000 + minute}.01`);
        await new Promise((resolve) => setTimeout(resolve, 60));
        skippedMs += MINUTE_MS;
        server.closeMinute('BTCUSDT');
        expect(feed.nowMs() - before).toBeGreaterThanOrEqual(MINUTE_MS);
        expect(feed.nowMs() - before).toBeLessThan(2 * MINUTE_MS);
        before = feed.nowMs();
        await expect.poll(() => bars.length).toBeGreaterThanOrEqual(minute);
      }
      expect(bars.every((openMs, at) => at === 0 || openMs > (bars[at - 1] ?? 0))).toBe(true);
    },
  );
});

describe('the first reading of the time', () => {
  let server: BinancePublicServer;
  beforeEach(async () => {
    server = await startBinancePublicServer();
  });
  afterEach(() => server.close());

  /** By a machine that is a day behind. */
  const open = (needsTime: boolean, deadlineMs: number) =>
    openLiveFeed({
      venues: ['binance'],
      instruments: cryptoInstruments,
      deadlineMs,
      steadyMs: () => steadyNowMs() - 24 * HOUR_MS,
      addresses: server.addresses,
      reader: 'trader',
      needsTime,
    });

  it('with real money is asked for until it answers', async () => {
    server.refusesTime = (asked) => asked > 1 && asked < 5;
    const opened = await open(true, 60_000);
    if (!opened.ok) throw new Error(opened.reasons.join('; '));
    onTestFinished(() => opened.feed.stop());
    expect(Math.abs(opened.feed.nowMs() - server.nowMs())).toBeLessThan(HOUR_MS);
  });

  it('on paper keeps nobody waiting', async () => {
    // The first only finds out whether anybody is there.
    server.refusesTime = (asked) => asked > 1;
    const opened = await open(false, 60_000);
    if (!opened.ok) throw new Error(opened.reasons.join('; '));
    await opened.feed.stop();
  });
});

describe("the venue's time", () => {
  const venue = (ms: () => number) => ({ fetchTime: () => Promise.resolve(ms()) });

  it("is the venue's where the machine's clock is wrong", async () => {
    let realMs = 10 * HOUR_MS;
    const time = new VenueTime(
      venue(() => realMs),
      () => realMs - HOUR_MS,
    );
    expect(time.nowMs()).toBe(9 * HOUR_MS);
    await time.measure();
    expect(time.nowMs()).toBe(10 * HOUR_MS);
    realMs += MINUTE_MS;
    expect(time.nowMs()).toBe(10 * HOUR_MS + MINUTE_MS);
  });

  it('stands still and never goes back where the machine was ahead of it', async () => {
    let realMs = HOUR_MS;
    const time = new VenueTime(
      venue(() => realMs),
      () => realMs + MINUTE_MS,
    );
    expect(time.nowMs()).toBe(HOUR_MS + MINUTE_MS);
    await time.measure();
    expect(time.nowMs()).toBe(HOUR_MS + MINUTE_MS);
    realMs += 2 * MINUTE_MS;
    expect(time.nowMs()).toBe(HOUR_MS + 2 * MINUTE_MS);
  });

  it('is asked for where a frame is far ahead: after a sleep it is right, and one frame that is wrong moves nothing', async () => {
    let [venueMs, ownMs] = [HOUR_MS, HOUR_MS];
    let asked = 0;
    const fetchTime = () => {
      asked += 1;
      return Promise.resolve(venueMs);
    };
    const time = new VenueTime({ fetchTime }, () => ownMs);
    time.told(venueMs + 2000);
    expect([time.nowMs(), asked]).toEqual([HOUR_MS + 2000, 0]);
    // In microseconds.
    for (const wrong of [venueMs * 1000, Date.UTC(9999, 0, 1)]) time.told(wrong);
    await expect.poll(() => asked).toBe(1);
    venueMs += MINUTE_MS;
    ownMs += MINUTE_MS;
    await expect.poll(() => time.nowMs()).toBe(HOUR_MS + MINUTE_MS);
    venueMs += 8 * HOUR_MS;
    time.told(venueMs);
    await expect.poll(() => time.nowMs()).toBe(9 * HOUR_MS + MINUTE_MS);
    expect(asked).toBe(2);
  });

  it('goes on as it was where the venue does not tell it, answers nonsense, or too late', async () => {
    let realMs = HOUR_MS;
    const answers = [
      () => Promise.reject(new Error('no answer')),
      () => Promise.resolve(undefined),
      () => Promise.resolve(Number.NaN),
      () => {
        realMs += 3000;
        return Promise.resolve(24 * HOUR_MS);
      },
    ];
    for (const fetchTime of answers) {
      const time = new VenueTime({ fetchTime }, () => realMs);
      await time.measure();
      expect(time.nowMs()).toBe(realMs);
    }
    const time = new VenueTime({ fetchTime: () => Promise.resolve(undefined) }, () => realMs);
    await time.measure();
    expect(time.nowMs()).toBe(realMs);
  });
});
