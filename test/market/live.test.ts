import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MarketEvent, MarketFeed } from '../../src/contracts/market-feed.js';
import type { MarketChoice } from '../../src/home/runtime.js';
import { createFeed, FeedUnavailable } from '../../src/market/create-feed.js';
import { MINUTE_READER_TIMES, MinuteReader } from '../../src/market/live/minute-reader.js';
import { openLiveFeed } from '../../src/market/live/open-live-feed.js';
import type { OhlcvRow } from '../../src/venue/prices.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';
import { btc, cryptoInstruments } from '../support/paper-instruments.js';
import { type BinancePublicServer, startBinancePublicServer } from './binance-public-server.js';

let server: BinancePublicServer;
let feeds: MarketFeed[];
const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

// Loaded before a venue's time begins: on a busy machine that alone may take longer than a venue is given.
beforeAll(() => import(new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href));

beforeEach(async () => {
  server = await startBinancePublicServer();
  feeds = [];
});
afterEach(async () => {
  await Promise.all(feeds.map((feed) => feed.stop()));
  await server.close();
  expect(unhandled).toEqual([]);
});

const times = { silentMs: 1500, pollMs: 20, backoffMs: 20, backoffMsMax: 100 };

async function openLive(venues: readonly string[], deadlineMs = 30_000) {
  const outcome = await openLiveFeed({
    venues,
    instruments: cryptoInstruments,
    deadlineMs,
    steadyMs: steadyNowMs,
    addresses: server.addresses,
    reader: 'trader',
    times,
  });
  if (outcome.ok) feeds.push(outcome.feed);
  return outcome;
}

function listen(feed: MarketFeed): MarketEvent[] {
  const events: MarketEvent[] = [];
  feed.start((event) => void events.push(event));
  return events;
}

describe('live public prices', () => {
  it('come by the stream of the first venue, in ticks and lots', async () => {
    const outcome = await openLive(['binance', 'kucoin']);
    if (!outcome.ok) throw new Error(outcome.reasons.join('; '));
    expect(outcome.feed.source).toMatchObject({
      kind: 'live',
      simulated: false,
      identity: 'live-binance',
      label: 'live: binance public quotes',
    });
    const events = listen(outcome.feed);
    await expect.poll(() => server.subscribers()).toBeGreaterThan(0);
    await expect
      .poll(() => {
        server.quote('ETHUSDT', '3001.10', '3001.25');
        return events.at(-1);
      })
      .toMatchObject({
        kind: 'quote',
        instrument: 1,
        bidTicks: 300_110,
        askTicks: 300_125,
        bidLots: 15_000,
        askLots: 25_000,
      });
  });

  it('bring the finished minutes of the venue as history', async () => {
    const outcome = await openLive(['binance']);
    if (!outcome.ok) throw new Error(outcome.reasons.join('; '));
    // A minute may end while it is asked.
    const lastEnded = () => Math.floor(Date.now() / 60_000) * 60_000;
    const before = lastEnded();
    const bars = await outcome.feed.history(0, 30);
    expect([before, lastEnded()]).toContain((bars.at(-1)?.openMs ?? 0) + 60_000);
    expect(bars).toHaveLength(30);
    expect(bars.at(-1)).toMatchObject({
      instrument: 0,
      spanMs: 60_000,
      openTicks: 6_000_000,
      highTicks: 6_001_000,
    });
    const long = await outcome.feed.history(0, 2500);
    expect(long).toHaveLength(2500);
    expect(
      long.every((bar, index) => index === 0 || bar.openMs - (long[index - 1]?.openMs ?? 0) === 60_000),
    ).toBe(true);
  });

  it('bring as many finished minutes as are asked for where the market was closed meanwhile', async () => {
    const MINUTE = 60_000;
    const FRIDAY = Date.UTC(2026, 2, 6, 22);
    const MONDAY = Date.UTC(2026, 2, 9, 0);
    const nowMs = MONDAY + 30.5 * MINUTE;
    const isOpen = (ms: number) => ms < FRIDAY || ms >= MONDAY;
    const asked: number[] = [];
    const reader = new MinuteReader({
      prices: {
        fetchMinutes: (_symbol, sinceMs, limit) => {
          asked.push(sinceMs);
          const rows: OhlcvRow[] = [];
          for (
            let ms = Math.max(sinceMs, FRIDAY - 800 * MINUTE);
            rows.length < limit && ms < nowMs;
            ms += MINUTE
          )
            if (isOpen(ms)) rows.push([ms, 5, 6, 4, 5, 1]);
          return Promise.resolve(rows);
        },
      },
      instruments: cryptoInstruments,
      ...{ marketMs: () => nowMs, steadyMs: () => 0, times: MINUTE_READER_TIMES, onBar: () => undefined },
    });
    const bars = await reader.history(0, 500);
    expect(bars.map(({ openMs }) => openMs)).toEqual([
      ...Array.from({ length: 470 }, (_, at) => FRIDAY - (470 - at) * MINUTE),
      ...Array.from({ length: 30 }, (_, at) => MONDAY + at * MINUTE),
    ]);
    // A market that has no more of them is not asked for ever.
    asked.length = 0;
    expect(await reader.history(0, 2000)).toHaveLength(830);
    expect(asked.length).toBeLessThan(10);
  });

  it('are read to the end where an exchange gives fewer at a time than it is asked for', async () => {
    const beginMs = Date.UTC(2026, 5, 1);
    const nowMs = beginMs + 480.5 * 60_000;
    const reader = new MinuteReader({
      prices: {
        fetchMinutes: (_symbol, sinceMs, limit) => {
          const rows: OhlcvRow[] = [];
          for (let ms = sinceMs; rows.length < Math.min(limit, 300) && ms < nowMs; ms += 60_000)
            rows.push([ms, 5, 6, 4, 5, 1]);
          return Promise.resolve(rows);
        },
      },
      instruments: cryptoInstruments,
      ...{ marketMs: () => nowMs, steadyMs: () => 0, times: MINUTE_READER_TIMES, onBar: () => undefined },
    });
    const bars = await reader.history(0, 480);
    expect(bars).toHaveLength(480);
    expect(bars.at(-1)?.openMs).toBe(beginMs + 479 * 60_000);
  });

  it('are asked for while the stream is down, and the process lives on', async () => {
    const outcome = await openLive(['binance']);
    if (!outcome.ok) throw new Error(outcome.reasons.join('; '));
    const events = listen(outcome.feed);
    await expect.poll(() => server.subscribers()).toBeGreaterThan(0);
    server.dropStreams(true);
    await expect
      .poll(() => events.some((event) => event.kind === 'health' && event.state === 'down'))
      .toBe(true);
    await expect
      .poll(() => events.some((event) => event.kind === 'quote' && event.bidTicks === 6_000_000), {
        timeout: 8000,
      })
      .toBe(true);
    await expect
      .poll(() => events.some((event) => event.kind === 'health' && event.state === 'up'))
      .toBe(true);
  });

  it.each([
    [451, /binance: refuses this region or address \(451\)/],
    [403, /binance: refuses this region or address \(403\)/],
    [418, /binance: has banned this address for a while \(418\)/],
  ])('go on to the next venue of the list on %i, and each says why not', async (status, reason) => {
    server.refuseWith = status;
    const outcome = await openLive(['binance', 'kucoin']);
    expect(outcome.ok).toBe(false);
    if (outcome.ok) return;
    expect(outcome.reasons[0]).toMatch(reason);
    expect(outcome.reasons[1]).toMatch(/kucoin: refuses the connection/);
  });

  it('come from the second venue where the first can not be reached', async () => {
    const outcome = await openLive(['kucoin', 'binance']);
    expect(outcome.ok && outcome.feed.source.venue).toBe('binance');
    expect(outcome.ok && outcome.passedOver).toEqual(['kucoin: refuses the connection']);
  });

  it('give up a venue that does not answer in time', async () => {
    server.silent = true;
    const outcome = await openLive(['binance'], 400);
    expect(outcome).toMatchObject({ ok: false, reasons: [expect.stringMatching(/no answer within/)] });
  });

  it('wait for the last venue as long as there is time, and no longer than five seconds for one before it', async () => {
    server.silent = true;
    const [two, one] = await Promise.all([
      openLive(['binance', 'nosuchvenue'], 60_000),
      openLive(['binance'], 5_500),
    ]);
    expect(two.ok ? [] : two.reasons[0]).toBe('binance: no answer within 5000 ms');
    expect(one.ok ? [] : one.reasons).toEqual([
      expect.stringMatching(/^binance: no answer within 5[45]\d\d ms$/),
    ]);
  });

  it('are refused by a venue that lacks an instrument', async () => {
    const outcome = await openLiveFeed({
      venues: ['binance', 'nosuchvenue'],
      instruments: [{ ...btc, symbol: 'XRP/USDT', base: 'XRP' }],
      deadlineMs: 6000,
      steadyMs: steadyNowMs,
      addresses: server.addresses,
      reader: 'trader',
    });
    expect(outcome).toMatchObject({
      ok: false,
      reasons: [
        expect.stringContaining('does not list XRP/USDT'),
        expect.stringContaining('not among the venues'),
      ],
    });
  });
});

describe('the choice of prices', () => {
  const desk = {
    mode: 'paper' as const,
    feeds: ['binance', 'kucoin'],
    instruments: cryptoInstruments.map(({ symbol, tickSize, lotSize }) => ({
      symbol,
      tickSize,
      lotSize,
      kind: 'spot' as const,
      minNotional: '5',
      spread: '0.02',
    })),
    market: { seed: 7, speed: 60 },
    venue: { name: 'binance', testnet: true, foreign: {}, rateLimit: { enabled: true } },
  };
  const choice = { kind: 'auto', files: [], speed: undefined, seed: undefined, exitAtEnd: false } as const;
  const position = { load: () => null, save: () => {} };
  const choose = (kind: MarketChoice['kind'], mode: 'paper' | 'live' = 'paper') =>
    createFeed({ ...choice, kind }, { ...desk, mode }, cryptoInstruments, position, {
      steadyMs: steadyNowMs,
      addresses: server.addresses,
      reader: 'trader',
    });

  it('is live where a venue answers', async () => {
    const feed = await choose('auto');
    feeds.push(feed);
    expect(feed.source.kind).toBe('live');
  });

  it('is the simulated market, which says why, where none does', async () => {
    server.refuseWith = 451;
    const feed = await choose('auto');
    feeds.push(feed);
    expect(feed.source).toMatchObject({ kind: 'simulated', simulated: true, speed: 60, seed: 7 });
    expect(feed.source.label).toMatch(
      /simulated market, seed 7, 60x \(no live prices: binance: refuses this region/,
    );
  });

  it('is never simulated for a desk with real money or where live prices were asked for', async () => {
    server.refuseWith = 451;
    await expect(choose('auto', 'live')).rejects.toThrow(FeedUnavailable);
    await expect(choose('live')).rejects.toThrow(
      /no venue gives prices \(binance: refuses this region.*Nothing was traded/,
    );
  });

  it('with real money passes over a venue that does not tell its time', async () => {
    // The first only finds out whether anybody is there.
    server.refusesTime = (asked) => asked > 1;
    await expect(choose('auto', 'live')).rejects.toThrow(/binance: does not tell its time/);
  });
});
