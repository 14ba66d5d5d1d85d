import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import type { MarketEvent } from '../../src/contracts/market-feed.js';
import type { LiveFeed } from '../../src/market/live/live-feed.js';
import { MINUTE_READER_TIMES } from '../../src/market/live/minute-reader.js';
import { openLiveFeed } from '../../src/market/live/open-live-feed.js';
import { MarketWatch } from '../../src/trader/status/market-watch.js';
import { simulatorAddresses } from '../../src/venue/binance/endpoint.js';
import { openExchange } from '../../src/venue/ccxt/ccxt-exchange.js';
import { pricesOf } from '../../src/venue/ccxt/ccxt-prices.js';
import { openLibraryStream } from '../../src/venue/ccxt/library-stream.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';
import { cryptoInstruments } from '../support/paper-instruments.js';

const BURST = 500;
const HOUR_MS = 3_600_000;
const times = {
  // A symbol is asked for by itself only where a test says how long it may be silent.
  ...{ silentMs: 60_000, pollMs: 50, backoffMs: 20, backoffMsMax: 100 },
  minutes: { ...MINUTE_READER_TIMES, graceMs: 4000, checkMs: 10, backoffMs: 500 },
};

let simulator: BinanceSimulator;
const closers: (() => Promise<unknown>)[] = [];
const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

// Loaded before a venue's time begins: on a busy machine that alone may take longer than a venue is given.
beforeAll(() => import(new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href));

beforeEach(async () => {
  simulator = await startBinanceSimulator();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await simulator.close();
  expect(unhandled).toEqual([]);
});

async function openFeed(
  steadyMs: () => number = steadyNowMs,
  silentMs = times.silentMs,
  needsTime = false,
): Promise<LiveFeed> {
  const outcome = await openLiveFeed({
    venues: ['binance'],
    instruments: cryptoInstruments,
    deadlineMs: 30_000,
    steadyMs,
    addresses: simulatorAddresses(simulator.address),
    reader: 'trader',
    times: { ...times, silentMs },
    needsTime,
  });
  if (!outcome.ok) throw new Error(outcome.reasons.join('; '));
  closers.push(() => outcome.feed.stop());
  return outcome.feed;
}

async function listen(feed: LiveFeed, also?: (event: MarketEvent) => void): Promise<MarketEvent[]> {
  const events: MarketEvent[] = [];
  feed.start((event) => {
    events.push(event);
    also?.(event);
  });
  await expect.poll(() => simulator.marketStreams.subscribed.length).toBe(4);
  return events;
}

type Of<K extends MarketEvent['kind']> = Extract<MarketEvent, { readonly kind: K }>;
const quotesOf = (events: readonly MarketEvent[], instrument: number): Of<'quote'>[] =>
  events.filter((event) => event.kind === 'quote').filter((quote) => quote.instrument === instrument);
const barsOf = (events: readonly MarketEvent[], instrument: number): Of<'bar'>[] =>
  events.filter((event) => event.kind === 'bar').filter(({ bar }) => bar.instrument === instrument);

/** All in one go, so that the frames arrive in a few reads of the network; the last ones are 60,499 and 3,499. */
function burst(): void {
  for (let step = 0; step < BURST; step += 1) {
    simulator.simulation.setPrice('BTCUSDT', `${60_000 + step}`);
    simulator.simulation.setPrice('ETHUSDT', `${3000 + step}`);
  }
}

describe('the stream of prices', () => {
  it('brings the newest quote of a burst in one network read, of each symbol, and every one before it', async () => {
    const events = await listen(await openFeed());
    const before = [0, 1].map((id) => quotesOf(events, id).length);
    burst();
    await expect.poll(() => quotesOf(events, 1).at(-1)?.askTicks ?? 0).toBeGreaterThan(349_900);
    expect(quotesOf(events, 1).at(-1)?.bidTicks).toBeLessThan(349_900);
    const last = quotesOf(events, 0).at(-1);
    expect(last?.bidTicks).toBeLessThan(6_049_900);
    expect(last?.askTicks).toBeGreaterThan(6_049_900);
    for (const id of [0, 1])
      expect(quotesOf(events, id).length - (before[id] ?? 0)).toBeGreaterThanOrEqual(BURST);
  });

  it('brings each quote of a burst from a venue that only the library can read, too', async () => {
    const exchange = await openExchange({
      venue: 'binance',
      instruments: cryptoInstruments,
      timeoutMs: 5000,
      addresses: simulatorAddresses(simulator.address),
    });
    closers.push(() => exchange.close());
    const seen = new Map<string, number[]>();
    const symbols = cryptoInstruments.map(({ symbol }) => symbol);
    const stream = openLibraryStream(exchange, symbols, {
      quote: ({ symbol, bid }) => void seen.set(symbol, [...(seen.get(symbol) ?? []), Number(bid)]),
      minute: () => undefined,
      venueTime: () => undefined,
    });
    await stream?.connect(5000);
    burst();
    await expect.poll(() => seen.get('ETH/USDT')?.at(-1) ?? 0).toBeGreaterThan(3498);
    expect(seen.get('BTC/USDT')?.at(-1)).toBeGreaterThan(60_495);
    expect(seen.get('ETH/USDT')?.length).toBeGreaterThanOrEqual(BURST);
  });

  it('goes on in the other symbols while one has gone silent, which is asked for and subscribed anew', async () => {
    const events = await listen(await openFeed(steadyNowMs, 400));
    simulator.marketStreams.forget('ETHUSDT');
    simulator.simulation.setPrice('ETHUSDT', '3333');
    const asked = () => simulator.simulation.count('GET', '/api/v3/ticker/bookTicker');
    const before = asked();
    for (let step = 0; step < 20; step += 1) {
      simulator.simulation.setPrice('BTCUSDT', `${60_000 + step}`);
      await expect
        .poll(() => quotesOf(events, 0).at(-1)?.askTicks ?? 0)
        .toBeGreaterThan((60_000 + step) * 100);
    }
    await expect.poll(() => quotesOf(events, 1).at(-1)?.askTicks ?? 0).toBeGreaterThan(333_300);
    expect(asked()).toBeGreaterThan(before);
    await expect.poll(() => simulator.marketStreams.subscribed).toContain('ethusdt@bookTicker');
    simulator.simulation.setPrice('ETHUSDT', '3344');
    await expect.poll(() => quotesOf(events, 1).at(-1)?.askTicks ?? 0).toBeGreaterThan(334_400);
    expect(events.filter(({ kind }) => kind === 'health')).toEqual([]);
  });

  /** A clock that the test sets: as long as BTC is heard at each step, only ETH is silent. */
  async function listenToSilentEth(silence: () => void) {
    let nowMs = steadyNowMs();
    const feed = await openFeed(() => nowMs, 400);
    const watch = new MarketWatch(feed, cryptoInstruments);
    const events = await listen(feed, (event) => watch.note(event, nowMs));
    silence();
    let price = 60_000;
    const step = async (btc = true) => {
      price += 10;
      if (btc) {
        simulator.simulation.setPrice('BTCUSDT', `${price}`);
        await expect.poll(() => quotesOf(events, 0).at(-1)?.askTicks ?? 0).toBeGreaterThan(price * 100);
      }
      nowMs += 100;
    };
    const asked = () => simulator.simulation.count('GET', '/api/v3/ticker/bookTicker');
    /** Health is judged after each answer: two of them have come since. */
    const judged = async () => {
      const before = asked();
      await expect.poll(asked).toBeGreaterThan(before + 2);
    };
    const health = () => events.flatMap((event) => (event.kind === 'health' ? [event.state] : []));
    const state = () => watch.status(nowMs, { quotes: [], heldBack: [] }).state;
    return { step, judged, health, state, events };
  }

  it('is not down as a whole where one symbol has no price at all, and is where none has', async () => {
    const { step, judged, health, state } = await listenToSilentEth(() => {
      simulator.marketStreams.forget('ETHUSDT');
      simulator.simulation.setDepth('ETHUSDT', { levels: 0, levelValue: 0n });
    });
    for (let count = 0; count < 20; count += 1) await step();
    await judged();
    expect([health(), state()]).toEqual([[], 'up']);
    simulator.sockets.drop();
    // A machine that is slow may lose the connection once more on the way.
    await expect
      .poll(async () => {
        await step(false);
        return [...health().slice(0, 2), health().at(-1), state()];
      })
      .toEqual(['down', 'up', 'up', 'up']);
    simulator.simulation.maintenance = true;
    // It may be about to connect once more when the venue closes.
    await expect
      .poll(async () => {
        await step(false);
        return [health().at(-1), state()];
      })
      .toEqual(['down', 'down']);
  });

  it('asks for the others where the venue lists one of the silent symbols no more', async () => {
    const { step, events } = await listenToSilentEth(() => {
      simulator.simulation.exchange.markets.delete('ETHUSDT');
      simulator.marketStreams.forget('BTCUSDT');
    });
    const before = quotesOf(events, 0).length;
    await expect
      .poll(async () => {
        await step(false);
        return quotesOf(events, 0).length - before;
      })
      .toBeGreaterThan(2);
  });

  it('takes a symbol that the venue lists no more for one without a price, and waits for the others no longer', async () => {
    const addresses = simulatorAddresses(simulator.address);
    const options = { venue: 'binance', instruments: cryptoInstruments, timeoutMs: 5000, addresses };
    const exchange = await openExchange(options);
    closers.push(() => exchange.close());
    simulator.simulation.exchange.markets.delete('ETHUSDT');
    expect(await pricesOf(exchange).fetchQuotes(['ETH/USDT'])).toEqual([]);
    expect(await pricesOf(exchange).fetchQuotes(['BTC/USDT', 'ETH/USDT'])).toMatchObject([
      { symbol: 'BTC/USDT' },
    ]);
  });

  it('drops a frame that is older than the newest one of its symbol, and of no other', async () => {
    const events = await listen(await openFeed());
    const eth = simulator.simulation.exchange.market('ETHUSDT');
    const btc = simulator.simulation.exchange.market('BTCUSDT');
    eth.updateId = 9_000_000;
    simulator.simulation.setPrice('ETHUSDT', '3100');
    await expect.poll(() => quotesOf(events, 1).at(-1)?.askTicks ?? 0).toBeGreaterThan(310_000);
    eth.updateId = 5;
    simulator.simulation.setPrice('ETHUSDT', '2000');
    btc.updateId = 7;
    simulator.simulation.setPrice('BTCUSDT', '61000');
    await expect.poll(() => quotesOf(events, 0).at(-1)?.askTicks ?? 0).toBeGreaterThan(6_000_000);
    btc.updateId = 500;
    simulator.simulation.setPrice('BTCUSDT', '62000');
    await expect.poll(() => quotesOf(events, 0).at(-1)?.askTicks ?? 0).toBeGreaterThan(6_200_000);
    const streamed = quotesOf(events, 1).map(({ bidTicks }) => bidTicks);
    expect(streamed.some((ticks) => ticks < 290_000)).toBe(false);
  });
});

describe('live minutes', () => {
  /** Time at the simulator and here, so many times as fast as ours. */
  function fast(times = 100, second = 1): () => number {
    const begun = performance.now();
    const startMs = Math.floor(Date.now() / 60_000) * 60_000 + second * 1000;
    return () => Math.floor(startMs + (performance.now() - begun) * times);
  }

  async function restart(wallMs: () => number): Promise<void> {
    await simulator.close();
    simulator = await startBinanceSimulator({ wallMs, walk: { everyMs: 20, ppm: 50 } });
  }

  it('are the candles that the venue has closed, with their volume, each once and in order', async () => {
    // A bar that comes a minute after its end is late: on a busy machine that must be longer than here in between.
    const nowMs = fast(15);
    await restart(nowMs);
    const feed = await openFeed(nowMs);
    const past = await feed.history(0, 30);
    const events = await listen(feed);
    await expect.poll(() => barsOf(events, 0).length).toBeGreaterThanOrEqual(3);
    const bars = barsOf(events, 0).map(({ bar }) => bar);
    const first = bars[0];
    expect(first?.openMs).toBe((past.at(-1)?.openMs ?? 0) + 60_000);
    expect(bars.map(({ openMs }) => openMs)).toEqual(
      bars.map((_, index) => (first?.openMs ?? 0) + index * 60_000),
    );
    for (const { volumeLots } of bars) expect(volumeLots).toBeGreaterThan(0);
    const venues = await feed.history(0, 50);
    for (const bar of bars) expect(venues).toContainEqual(bar);
    expect(barsOf(events, 0).some(({ late }) => late)).toBe(false);
  });

  it('that the stream did not bring are fetched, and are late where a newer one has ended since', async () => {
    const nowMs = fast();
    await restart(nowMs);
    const feed = await openFeed(nowMs);
    await feed.history(0, 30);
    const events = await listen(feed);
    await expect.poll(() => barsOf(events, 0).length).toBeGreaterThanOrEqual(1);
    simulator.simulation.maintenance = true;
    simulator.sockets.drop();
    const awayFrom = nowMs();
    await expect.poll(() => nowMs() - awayFrom).toBeGreaterThan(200_000);
    simulator.simulation.maintenance = false;
    await expect.poll(() => barsOf(events, 0).filter(({ late }) => !late).length).toBeGreaterThan(2);
    const bars = barsOf(events, 0);
    expect(bars.filter(({ late }) => late).length).toBeGreaterThanOrEqual(2);
    const [first] = bars;
    expect(bars.map(({ bar }) => bar.openMs)).toEqual(
      bars.map((_, index) => (first?.bar.openMs ?? 0) + index * 60_000),
    );
  });

  it.each([
    ['an hour behind', -HOUR_MS],
    ['a day ahead', 24 * HOUR_MS],
  ])('come in the time of the venue where our own clock is %s', async (_, offMs) => {
    const nowMs = fast(10, 40);
    await restart(nowMs);
    // A busy machine's first reading may take longer than one that counts: by this clock each millisecond is ten.
    const feed = await openFeed(() => nowMs() + offMs, times.silentMs, true);
    const events = await listen(feed);
    await expect.poll(() => barsOf(events, 1).length).toBeGreaterThanOrEqual(1);
    expect(Math.abs(feed.nowMs() - nowMs())).toBeLessThan(30_000);
    expect(barsOf(events, 1).some(({ late }) => late)).toBe(false);
  });
});
