/** The desk's live feed on the simulator: prices and orders of one book. */
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import type { MarketEvent } from '../../src/contracts/market-feed.js';
import { openLiveFeed } from '../../src/market/live/open-live-feed.js';
import { simulatorAddresses } from '../../src/venue/binance/endpoint.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';
import { eventually } from '../support/eventually.js';
import { INSTRUMENTS } from './support/opened.js';
import { rawClient } from './support/raw-client.js';

// Loaded before a venue's time begins: on a busy machine that alone may take longer than a venue is given.
beforeAll(() => import(new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href));

it('gives quotes and history of the simulator through the library’s own streams', async () => {
  const simulator = await startBinanceSimulator();
  onTestFinished(() => simulator.close());
  const opened = await openLiveFeed({
    venues: ['binance'],
    instruments: INSTRUMENTS,
    deadlineMs: 10_000,
    steadyMs: steadyNowMs,
    addresses: simulatorAddresses(simulator.address),
    reader: 'trader',
  });
  if (!opened.ok) throw new Error(opened.reasons.join('; '));
  const { feed } = opened;
  onTestFinished(() => feed.stop());
  // Another market than the exchange's own, of which nothing is mixed in.
  expect(feed.source).toMatchObject({
    identity: 'live-binance-simulator',
    label: 'live: binance simulator public quotes',
    venue: 'binance',
  });
  expect(await feed.history(0, 50)).toHaveLength(50);
  const events: MarketEvent[] = [];
  feed.start((event) => void events.push(event));
  await eventually(() => expect(events.some(({ kind }) => kind === 'quote')).toBe(true));
  simulator.simulation.setPrice('BTCUSDT', '61000');
  await eventually(() => {
    const quotes = events.flatMap((event) =>
      event.kind === 'quote' && event.instrument === 0 ? [event] : [],
    );
    expect(quotes.at(-1)?.bidTicks).toBeGreaterThan(6_090_000);
  });
});

it('tells of the market’s trades where somebody listens, and asks for none where nobody does', async () => {
  const simulator = await startBinanceSimulator();
  onTestFinished(() => simulator.close());
  const started = async (trades: boolean) => {
    const opened = await openLiveFeed({
      venues: ['binance'],
      instruments: INSTRUMENTS,
      deadlineMs: 10_000,
      steadyMs: steadyNowMs,
      addresses: simulatorAddresses(simulator.address),
      reader: 'trader',
    });
    if (!opened.ok) throw new Error(opened.reasons.join('; '));
    onTestFinished(() => opened.feed.stop());
    const events: MarketEvent[] = [];
    expect(opened.feed.tellsTrades).toBe(true);
    opened.feed.start((event) => void events.push(event), { trades });
    await eventually(() => expect(events.some(({ kind }) => kind === 'quote')).toBe(true));
    return events;
  };
  const [heard, deaf] = [await started(true), await started(false)];
  simulator.simulation.setPrice('BTCUSDT', '61000');
  await eventually(() => {
    const trade = heard.find((event) => event.kind === 'trade');
    expect(trade).toMatchObject({ instrument: 0, taker: expect.stringMatching(/^(buy|sell)$/) });
    expect(trade).toMatchObject({ priceTicks: expect.any(Number), quantityLots: expect.any(Number) });
  });
  expect(deaf.filter(({ kind }) => kind === 'trade')).toEqual([]);
});

it.each([
  ['is listed no more', 'delist', {}],
  ['has no bid', 'depth', { levels: 0, levelValue: '0' }],
])('starts while one symbol %s, and says so; the other has prices and history', async (_, action, body) => {
  const simulator = await startBinanceSimulator();
  onTestFinished(() => simulator.close());
  await rawClient(simulator.address).control(action, { symbol: 'ETHUSDT', ...body });
  const open = (mayLack: boolean) =>
    openLiveFeed({
      venues: ['binance'],
      instruments: INSTRUMENTS,
      deadlineMs: 20_000,
      steadyMs: steadyNowMs,
      addresses: simulatorAddresses(simulator.address),
      reader: 'trader',
      mayLack,
    });
  expect((await open(false)).ok).toBe(false);
  const opened = await open(true);
  if (!opened.ok) throw new Error(opened.reasons.join('; '));
  const { feed } = opened;
  onTestFinished(() => feed.stop());
  expect(feed.source.label).toBe('live: binance simulator public quotes, none of ETH/USDT');
  expect(feed.source.identity).toBe('live-binance-simulator');
  expect(await feed.history(0, 50)).toHaveLength(50);
  expect(await feed.history(1, 50)).toEqual([]);
  const events: MarketEvent[] = [];
  feed.start((event) => void events.push(event));
  simulator.simulation.setPrice('BTCUSDT', '61000');
  await eventually(() =>
    expect(
      events.some((event) => event.kind === 'quote' && event.instrument === 0 && event.bidTicks > 6_090_000),
    ).toBe(true),
  );
  expect(events.filter((event) => event.kind === 'health' && event.state === 'down')).toEqual([]);
});
