/** Prices and past minutes of the broker, over a connection of their own to a simulated Gateway. */
import { EventName } from '@stoqey/ib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { IbkrSimulator } from '../../simulators/ibkr/start.js';
import { REQ_HISTORICAL_DATA } from '../../simulators/ibkr/wire/from-client.js';
import { TICK_PRICE } from '../../simulators/ibkr/wire/to-client.js';
import type { MarketFeed } from '../../src/contracts/market-feed.js';
import { MINUTE_READER_TIMES } from '../../src/market/live/minute-reader.js';
import { openLiveFeed } from '../../src/market/live/open-live-feed.js';
import { openTradedContracts } from '../../src/venue/ibkr/months.js';
import { type BestPrices, openIbkrPrices, takeTick } from '../../src/venue/ibkr/prices.js';
import type { PriceConnection, Ticker } from '../../src/venue/prices.js';
import { eventually } from '../support/eventually.js';
import { APPLE, FRIDAY, NQ, QUICK, startSimulator } from './support/at-gateway.js';

const MINUTE_MS = 60_000;
let simulator: IbkrSimulator;
const open: PriceConnection[] = [];

beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  for (const prices of open.splice(0)) await prices.close();
  await simulator.close();
});

async function pricesOf(instruments = [NQ], mayLack = false): Promise<PriceConnection> {
  const address = { host: '127.0.0.1', port: simulator.port };
  const given = { instruments, mayLack, timeoutMs: 5000, addresses: null, times: QUICK };
  const prices = await openIbkrPrices({ ...given, address, clientId: 12 });
  open.push(prices);
  return prices;
}

interface Streamed {
  readonly quotes: Ticker[];
  readonly ended: () => string | null;
}

async function streamOf(prices: PriceConnection): Promise<Streamed> {
  const quotes: Ticker[] = [];
  let cause: string | null = null;
  const stream = prices.stream({
    quote: (ticker) => quotes.push(ticker),
    minute: () => undefined,
    venueTime: () => undefined,
  });
  const connection = await stream?.connect(5000);
  void connection?.ended.then((why) => {
    cause = why;
  });
  return { quotes, ended: () => cause };
}

it('shows what is offered now of the front month, with sizes, and the Gateway’s time', async () => {
  const prices = await pricesOf();
  expect(await prices.fetchQuotes(['NQ/USD'])).toEqual([
    { symbol: 'NQ/USD', bid: 15233.75, ask: 15234.25, bidVolume: 7, askVolume: 9 },
  ]);
  expect(await prices.fetchTime()).toBe(FRIDAY);
});

it('streams each change, both sides together', async () => {
  const { quotes } = await streamOf(await pricesOf());
  await eventually(() => expect(quotes.length).toBeGreaterThan(0));
  simulator.simulation.setPrice('NQZ6', '15300');
  await eventually(() => expect(quotes.at(-1)).toMatchObject({ bid: 15299.75, ask: 15300.25 }));
  expect(quotes.map(({ bid, ask }) => Number(ask) - Number(bid))).toEqual(quotes.map(() => 0.5));
});

it('with one side of a change still on its way shows none that never was', async () => {
  const prices = await pricesOf();
  const { quotes } = await streamOf(prices);
  await eventually(() => expect(quotes.length).toBeGreaterThan(0));
  const before = quotes.length;
  // The bid is told first, and is lost: the new ask would be below the old bid.
  simulator.simulation.faults.add({ answer: TICK_PRICE.id, times: 1, effect: { kind: 'lose' } });
  simulator.simulation.setPrice('NQZ6', '15100');
  await prices.fetchTime();
  expect(quotes).toHaveLength(before);
  simulator.simulation.setPrice('NQZ6', '15110');
  await eventually(() => expect(quotes.at(-1)).toMatchObject({ bid: 15_109.75, ask: 15_110.25 }));
});

it('where nobody offers shows no price', async () => {
  const { quotes } = await streamOf(await pricesOf());
  await eventually(() => expect(quotes.length).toBeGreaterThan(0));
  simulator.simulation.market('NQZ6').setDepth({ levels: 0, size: null });
  simulator.simulation.setPrice('NQZ6', '15300');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(quotes.map(({ bid }) => bid)).toEqual(quotes.map(() => 15_233.75));
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1.797e308])('takes %d for no price', (told) => {
  const best: BestPrices = { bid: 15_233.75 };
  expect(takeTick(best, EventName.tickPrice, [1, 1, told])).toBe(true);
  expect(best).toEqual({ bid: undefined });
});

it.each(['-1', '0', '1.7976931348623157E308'])(
  'shows no price where %s is told for one, and the next that is one',
  async (price) => {
    const prices = await pricesOf();
    const { quotes } = await streamOf(prices);
    await eventually(() => expect(quotes).toMatchObject([{ bid: 15_233.75, ask: 15_234.25 }]));
    const { faults } = simulator.simulation;
    faults.add({ answer: TICK_PRICE.id, times: 1_000, effect: { kind: 'say', fields: { price } } });
    simulator.simulation.setPrice('NQZ6', '15300');
    await prices.fetchTime();
    faults.clear();
    simulator.simulation.setPrice('NQZ6', '15310');
    await eventually(() => expect(quotes.at(-1)).toMatchObject({ bid: 15_309.75, ask: 15_310.25 }));
    const shown = quotes.flatMap(({ bid, ask }) => [Number(bid), Number(ask)]);
    expect(shown.filter((one) => !(one > 15_233 && one < 15_311))).toEqual([]);
  },
);

it('follows the month that orders go to, and tells its stream that it has changed', async () => {
  const prices = await pricesOf();
  const first = await streamOf(prices);
  await eventually(() => expect(first.quotes.length).toBeGreaterThan(0));
  simulator.simulation.setPrice('NQH7', '15400');
  const { conId } = simulator.simulation.market('NQH7').instrument;
  const march = { conId, localSymbol: 'NQH7', exchange: 'CME' };
  const at = { host: '127.0.0.1', port: simulator.port };
  const [former, traded] = [openTradedContracts(at), openTradedContracts(at)];
  onTestFinished(() => traded.end());
  former.found(new Map([['NQ/USD', { ...march, conId: march.conId + 1 }]]));
  traded.found(new Map([['NQ/USD', march]]));
  // A setup that finds none, and the end of whoever traded here before, take nothing away.
  traded.found(new Map());
  former.end();
  await eventually(() => expect(first.ended()).toContain('another contract'));
  expect(await prices.fetchQuotes(['NQ/USD'])).toMatchObject([{ bid: 15399.75 }]);
  const again = await streamOf(prices);
  await eventually(() => expect(again.quotes.at(-1)).toMatchObject({ bid: 15399.75 }));
  traded.end();
  expect(await prices.fetchQuotes(['NQ/USD'])).toMatchObject([{ bid: 15233.75 }]);
});

it('tells minutes across a weekend, as many as are asked for, in order and with volume', async () => {
  const prices = await pricesOf();
  // Of the Sunday evening, before the market opens.
  const sinceMs = FRIDAY - 5 * 24 * 60 * MINUTE_MS;
  const rows = await prices.fetchMinutes('NQ/USD', sinceMs, 3000);
  expect(rows).toHaveLength(3000);
  const times = rows.map(([openMs = 0]) => openMs);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
  expect(times[0]).toBeGreaterThanOrEqual(sinceMs);
  for (const [, openPrice, high, low, close, volume] of rows.slice(0, 50)) {
    expect(Number(high)).toBeGreaterThanOrEqual(Math.max(Number(openPrice), Number(close)));
    expect(Number(low)).toBeLessThanOrEqual(Math.min(Number(openPrice), Number(close)));
    expect(Number(volume)).toBeGreaterThan(0);
  }
  const next = await prices.fetchMinutes('NQ/USD', (times.at(-1) ?? 0) + MINUTE_MS, 5000);
  expect(next[0]?.[0]).toBeGreaterThan(times.at(-1) ?? 0);
  expect(next.at(-1)?.[0]).toBe(FRIDAY - MINUTE_MS);
  // Saturday has none, which is no failure.
  expect(await prices.fetchMinutes('NQ/USD', FRIDAY + MINUTE_MS, 10)).toEqual([]);
});

it('asks for what little is missing over a weekend in a few questions, not minute by minute', async () => {
  await simulator.close();
  const monday = FRIDAY + 3 * 24 * 60 * MINUTE_MS;
  simulator = await startSimulator({ wallMs: () => monday });
  const prices = await pricesOf();
  const { faults } = simulator.simulation;
  let asked = 0;
  const { ofRequest } = faults;
  faults.ofRequest = (clientId, id) => {
    if (id === REQ_HISTORICAL_DATA.id) asked += 1;
    return ofRequest.call(faults, clientId, id);
  };
  // The market closes at 17:00 in New York, two minutes before the last of the hundred minutes.
  const rows = await prices.fetchMinutes('NQ/USD', FRIDAY + (7 * 60 - 98) * MINUTE_MS, 100);
  expect(rows).toHaveLength(100);
  expect(asked).toBeLessThan(10);
});

it.each([
  ['none', '354'],
  ['delayed', '10168'],
  ['competing', '10197'],
  ['partial', '10090'],
] as const)('with market data that is %s trades on none, and says why: %s', async (permission, code) => {
  simulator.simulation.permission = permission;
  const prices = await pricesOf();
  await expect(prices.fetchQuotes(['NQ/USD'])).rejects.toThrow(code);
  const { quotes } = await streamOf(prices);
  await eventually(async () => expect(prices.fetchQuotes(['NQ/USD'])).rejects.toThrow(code));
  simulator.simulation.setPrice('NQZ6', '15300');
  await prices.fetchTime();
  expect(quotes).toEqual([]);
});

it('shows a symbol again whose data were refused for a while', async () => {
  simulator.simulation.permission = 'competing';
  const prices = await pricesOf();
  const { quotes } = await streamOf(prices);
  await eventually(() => expect(prices.fetchQuotes(['NQ/USD'])).rejects.toThrow('10197'));
  simulator.simulation.permission = 'live';
  expect(await prices.fetchQuotes(['NQ/USD'])).toMatchObject([{ bid: 15233.75 }]);
  await eventually(() => expect(quotes.at(-1)).toMatchObject({ bid: 15233.75 }));
});

describe('a desk whose orders go to the broker', () => {
  /** Of a machine whose clock is an hour behind. */
  const steadyMs = () => Math.floor(FRIDAY - 60 * MINUTE_MS + performance.now());

  const SOON = { ...MINUTE_READER_TIMES, checkMs: 20, backoffMs: 50, backoffMsMax: 100 };

  async function feedAt(port: number, mayLack = true) {
    const address = `127.0.0.1:${port}`;
    const opened = await openLiveFeed({
      ...({ reader: 'trader', venues: ['ibkr'], instruments: [NQ], deadlineMs: 20_000, steadyMs } as const),
      ...{ needsTime: mayLack, mayLack },
      addresses: { market: 'simulator', http: () => address, streams: () => undefined },
      times: { silentMs: 500, pollMs: 20, backoffMs: 20, backoffMsMax: 100, minutes: SOON },
    });
    if (!opened.ok) throw new Error(opened.reasons.join('; '));
    open.push({ close: () => opened.feed.stop() } as PriceConnection);
    return opened.feed;
  }
  const told = (feed: MarketFeed) => {
    const states: string[] = [];
    const quotedAtMs: number[] = [];
    const bars: { openMs: number; past: boolean }[] = [];
    feed.start((event) => {
      if (event.kind === 'bar') bars.push({ openMs: event.bar.openMs, past: event.past === true });
      if (event.kind === 'health') states.push(event.state);
      if (event.kind === 'quote') quotedAtMs.push(event.marketMs);
    });
    return { states, quotedAtMs, bars };
  };

  it('starts on a closed market, which is no price, with its past; and has prices when it opens', async () => {
    simulator.simulation.market('NQZ6').setDepth({ levels: 0, size: null });
    await expect(feedAt(simulator.port, false)).rejects.toThrow('shows no price of NQ/USD');
    const feed = await feedAt(simulator.port);
    expect(await feed.history(0, 30)).not.toEqual([]);
    const { states, quotedAtMs } = told(feed);
    await eventually(() => expect(states).toEqual(['down']));
    expect(quotedAtMs).toEqual([]);
    simulator.simulation.market('NQZ6').setDepth({ levels: 1, size: 5 });
    simulator.simulation.setPrice('NQZ6', '15300');
    await eventually(() => expect(states).toEqual(['down', 'up']));
    expect(quotedAtMs).not.toEqual([]);
  });

  it('starts while the Gateway is away, and finds it when it is back', async () => {
    const { port } = simulator;
    await simulator.close();
    await expect(feedAt(port, false)).rejects.toThrow('no connection to IB Gateway');
    const feed = await feedAt(port);
    expect(await feed.history(0, 30)).toEqual([]);
    const { quotedAtMs, bars } = told(feed);
    simulator = await startSimulator({ port });
    await eventually(() => expect(quotedAtMs).not.toEqual([]));
    // By the Gateway's clock, not by this machine's.
    expect(Math.abs((quotedAtMs[0] ?? 0) - FRIDAY)).toBeLessThan(MINUTE_MS);
    // The past that strategies are warmed up with was away with it.
    await eventually(() => expect(bars.filter(({ past }) => past).length).toBeGreaterThanOrEqual(29));
  });

  it('reads the past that was away at the start as soon as it is there, before any newer minute', async () => {
    simulator.simulation.setFarm('history', false);
    const feed = await feedAt(simulator.port);
    expect(await feed.history(0, 30)).toEqual([]);
    const { quotedAtMs, bars } = told(feed);
    await eventually(() => expect(quotedAtMs).not.toEqual([]));
    expect(bars).toEqual([]);
    simulator.simulation.setFarm('history', true);
    await eventually(() => expect(bars).toHaveLength(30));
    expect(bars.every(({ past }) => past)).toBe(true);
    const last = bars.at(-1)?.openMs ?? 0;
    expect(bars.map(({ openMs }) => openMs)).toEqual(bars.map((_, at) => last - (29 - at) * MINUTE_MS));
  });
});

it('gives no price while the farm of market data is down, which is named, and again when it is up', async () => {
  const prices = await pricesOf();
  simulator.simulation.setFarm('market', false);
  await eventually(() => expect(prices.fetchQuotes(['NQ/USD'])).rejects.toThrow('2103'));
  simulator.simulation.setFarm('market', true);
  await eventually(async () => expect(await prices.fetchQuotes(['NQ/USD'])).toHaveLength(1));
  simulator.simulation.setFarm('market', false);
  await eventually(() => expect(prices.fetchQuotes(['NQ/USD'])).rejects.toThrow('2103'));
  simulator.simulation.letFarmSleep('market');
  await eventually(async () => expect(await prices.fetchQuotes(['NQ/USD'])).toHaveLength(1));
});

it('goes on while the farm of another continent is down', async () => {
  const prices = await pricesOf();
  simulator.simulation.setFarmAbroad('market', false);
  await expect(prices.fetchQuotes(['NQ/USD'])).resolves.toHaveLength(1);
});

it('says that history is away, and does not take that for none', async () => {
  const prices = await pricesOf();
  simulator.simulation.setFarm('history', false);
  await expect(prices.fetchMinutes('NQ/USD', FRIDAY - 10 * MINUTE_MS, 10)).rejects.toThrow('162');
});

it('ends its stream when the way to the broker breaks, and subscribes anew over a way whose data were lost', async () => {
  const prices = await pricesOf();
  const first = await streamOf(prices);
  simulator.simulation.breakLink();
  await eventually(() => expect(first.ended()).not.toBeNull());
  const again = streamOf(prices);
  simulator.simulation.restoreLink(false);
  const { quotes } = await again;
  await eventually(() => expect(quotes.length).toBeGreaterThan(0));
});

it('refuses what is listed otherwise, and leaves it out where it may be lacking', async () => {
  const wrong = { ...APPLE, id: 1, tickSize: '0.05' };
  await expect(pricesOf([NQ, wrong])).rejects.toThrow('tickSize is 0.01 at the broker');
  const prices = await pricesOf([NQ, wrong], true);
  expect(await prices.fetchQuotes(['NQ/USD', 'AAPL/USD'])).toMatchObject([{ symbol: 'NQ/USD' }]);
});
