/** The adapter over the real client library, on the simulator. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PastTrade } from '../../simulators/binance/accounts.js';
import { addPast } from '../../simulators/binance/exchange/past.js';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import type { MarketFeed } from '../../src/contracts/market-feed.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { Desk } from '../../src/desk/schema.js';
import { parseUnits } from '../../src/domain/money.js';
import type { DeskPaths, Runtime } from '../../src/home/runtime.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { openTradingVenue } from '../../src/trader/trading-venue.js';
import type { BinanceVenue } from '../../src/venue/binance/binance-venue.js';
import definition from '../../src/venue/binance/definition.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { BTC, ETH, openOnSimulator, openVenue } from './support/opened.js';
import { rawClient, TRADING_KEY } from './support/raw-client.js';

const fills = (events: readonly { kind: string }[]) => events.filter(({ kind }) => kind === 'fill');

describe('Binance spot on the simulator', () => {
  it('comes up with key, symbols, account and user stream verified', async () => {
    const { venue, events } = await openOnSimulator();
    await eventually(() => expect(events.at(-1)).toMatchObject({ kind: 'health', state: 'up' }));
    expect(venue.state).toMatchObject({ up: true, reasons: [], breaker: 'closed' });
    expect(Math.abs(venue.state.clockOffsetMs ?? 1e9)).toBeLessThan(10_000);
    expect(venue.state.rateLimiter).toMatchObject({ enabled: true, waiting: 0 });
    expect(venue.state.rateLimiter.weight.used).toBeGreaterThan(0);
    // What the definition says, and VENUES.md with it.
    const { weight, orders } = venue.state.rateLimiter;
    const paced = [weight, orders].map(({ limit, windowMs }) => ({ limit, windowMs }));
    expect(definition.live?.rates).toMatchObject(paced);
    expect((await venue.balances()).cash).toBe(10_000 * 1e8);
    expect(await venue.positions()).toEqual([
      { instrument: BTC, quantityLots: 0 },
      { instrument: ETH, quantityLots: 0 },
    ]);
  });

  it('sends its requests through a rate limiter, and says whether that is on', async () => {
    const { venue } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    const { used } = venue.state.rateLimiter.weight;
    await venue.balances();
    expect(venue.state.rateLimiter.weight.used).toBeGreaterThan(used);
    expect(venue.state.rateLimiter.enabled).toBe(true);
    const off = await openOnSimulator({ rateLimited: false });
    expect(off.venue.state.rateLimiter.enabled).toBe(false);
    // Off, nothing ever waits.
    const [limited, free] = [venue, off.venue].map(({ state }) => state.rateLimiter.weight.limit);
    expect([limited, free]).toEqual([6000, expect.toSatisfy((limit: number) => limit > 1e6)]);
  });

  it('sends no reading that the exchange’s limit leaves no room for, unless the limiter is off', async () => {
    // Its minute begins so that a reading, which waits for five seconds at most, does not find the next one.
    const shiftMs = 10_000 - (Date.now() % 60_000);
    const { simulator, venue } = await openOnSimulator({ nowMs: () => Date.now() + shiftMs });
    const free = await openVenue(simulator, { rateLimited: false });
    onTestFinished(() => free.close());
    await eventually(() => expect([venue.state.up, free.state.up]).toEqual([true, true]));
    await eventually(async () => {
      // Somebody else at this address uses what readings may use.
      for (let used = 0; used < 4_600; ) {
        const { headers } = await fetch(`${simulator.address}/api/v3/depth?symbol=BTCUSDT&limit=5000`);
        used = Number(headers.get('x-mbx-used-weight-1m'));
      }
      await venue.balances().catch(() => undefined);
      await expect(venue.balances()).rejects.toThrow('the limit of requests leaves no room for it in time');
    });
    expect(await free.balances()).toMatchObject({ currency: 'USDT' });
  });

  it('limits the requests of a desk that trades, unless its file switches that off', async () => {
    const simulator = await startBinanceSimulator();
    vi.stubEnv('BINANCE_API_KEY', TRADING_KEY.apiKey);
    vi.stubEnv('BINANCE_SECRET_KEY', TRADING_KEY.secret);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await simulator.close();
    });
    const { desk } = loadDesk(resolveDesk('crypto-bot'));
    const isLimited = async (venue: Desk['venue']) => {
      const { port } = await openTradingVenue({
        runtime: { simulatedVenue: simulator.address } as Runtime,
        desk: { ...desk, mode: 'live', venue },
        ...{ feed: {} as MarketFeed, paths: {} as DeskPaths, instruments: buildInstruments(desk) },
        openPaper: () => expect.unreachable(),
        ...{
          expectedLots: () => 0,
          expectedAccount: () => null,
          feePerLot: () => null,
          log: () => undefined,
        },
      });
      const { state } = port as BinanceVenue;
      await port.close();
      return state.rateLimiter.enabled;
    };
    expect(await isLimited(desk.venue)).toBe(true);
    expect(await isLimited({ ...desk.venue, rateLimit: { enabled: false } })).toBe(false);
  });

  it('buys, and tells exactly which part of the coin the exchange kept as its fee', async () => {
    const { venue, events } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    const order = approved({ quantityLots: 1000 });
    expect(await venue.submit(order)).toMatchObject({ kind: 'accepted' });
    const [fill] = await eventually(() => {
      const found = fills(events);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(fill).toMatchObject({
      fill: { clientId: order.clientId, quantityLots: 1000, side: 'buy', simulated: true },
    });
    expect(fill).toMatchObject({ fill: { feeIn: { asset: 'BTC', amount: '0.00001000' } } });
    expect((await venue.positions())[BTC]).toEqual({ instrument: BTC, quantityLots: 999 });
    const { cash } = await venue.balances();
    const { fill: bought } = fill as unknown as { fill: { priceTicks: number } };
    expect(cash).toBe(10_000 * 1e8 - 1000 * bought.priceTicks * 10);
  });

  it('enters at the market by a limit order that takes what is there at once, and no worse', async () => {
    const { venue, events, raw } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    const bounded = { type: 'market', timeInForce: 'IOC' } as const;
    const order = approved({ ...bounded, limitTicks: 7_000_000 });
    expect(await venue.submit(order)).toMatchObject({ kind: 'accepted' });
    await eventually(() => expect(fills(events)).toMatchObject([{ fill: { clientId: order.clientId } }]));
    const beyond = approved({ ...bounded, limitTicks: 5_500_000 });
    expect(await venue.submit(beyond)).toMatchObject({ kind: 'accepted' });
    expect(await venue.orderByClientId(beyond.clientId, BTC)).toMatchObject({
      state: 'expired',
      filledLots: 0,
    });
    const asked = { symbol: 'BTCUSDT', origClientOrderId: order.clientId };
    expect((await raw.signed('GET', '/api/v3/order', asked)).body).toMatchObject({
      ...{ type: 'LIMIT', timeInForce: 'IOC', price: '70000.00000000', status: 'FILLED' },
    });
    expect(fills(events)).toHaveLength(1);
  });

  it('enters by a stop with a limit at its worst price, also where stops may become market orders', async () => {
    const { venue, raw } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    const order = approved({ type: 'stop', stopTicks: 6_500_000, limitTicks: 6_510_000 });
    expect(await venue.submit(order)).toMatchObject({ kind: 'accepted' });
    const asked = { symbol: 'BTCUSDT', origClientOrderId: order.clientId };
    expect((await raw.signed('GET', '/api/v3/order', asked)).body).toMatchObject({
      ...{ type: 'STOP_LOSS_LIMIT', timeInForce: 'GTC', status: 'NEW' },
      ...{ stopPrice: '65000.00000000', price: '65100.00000000' },
    });
  });

  it('places a resting stop that locks the balance, and sells after cancelling it', async () => {
    const { venue, raw } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.submit(approved({ quantityLots: 1000 }));
    const stop = approved({
      purpose: 'protective',
      side: 'sell',
      type: 'stop',
      quantityLots: 999,
      stopTicks: 5_500_000,
    });
    expect(await venue.submit(stop)).toMatchObject({ kind: 'accepted' });
    const [resting] = await venue.openOrders();
    expect(resting).toMatchObject({
      clientId: stop.clientId,
      type: 'stop',
      stopTicks: 5_500_000,
      state: 'working',
    });
    const close = approved({ purpose: 'close', side: 'sell', quantityLots: 999 });
    expect(await venue.submit(close)).toMatchObject({ kind: 'rejected', code: '-2010' });
    expect(await venue.cancel(stop.clientId, BTC)).toEqual({ kind: 'cancelled' });
    expect(await venue.cancel(stop.clientId, BTC)).toMatchObject({ kind: 'notOpen', code: '-2011' });
    expect(await venue.submit(approved({ purpose: 'close', side: 'sell', quantityLots: 999 }))).toMatchObject(
      { kind: 'accepted' },
    );
    expect((await venue.positions())[BTC]).toEqual({ instrument: BTC, quantityLots: 0 });
    const account = await raw.signed('GET', '/api/v3/account', { omitZeroBalances: 'true' });
    expect(account.body.balances.find((one: { asset: string }) => one.asset === 'BTC')).toBeUndefined();
  });

  it('uses a stop-limit order where the exchange takes no other stop', async () => {
    const { venue, raw } = await openOnSimulator(
      {},
      {
        symbols: [
          { base: 'BTC', price: '60000', stepSize: '0.00001', stopLossMarket: false },
          { base: 'ETH', price: '3000' },
        ],
      },
    );
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.submit(approved({ quantityLots: 1000 }));
    const stop = approved({
      purpose: 'protective',
      side: 'sell',
      type: 'stop',
      quantityLots: 999,
      stopTicks: 5_500_000,
    });
    expect(await venue.submit(stop)).toMatchObject({ kind: 'accepted' });
    const { body } = await raw.signed('GET', '/api/v3/order', {
      symbol: 'BTCUSDT',
      origClientOrderId: stop.clientId,
    });
    expect(body).toMatchObject({
      type: 'STOP_LOSS_LIMIT',
      stopPrice: '55000.00000000',
      price: '52250.00000000',
    });
  });

  it('tells of an order that the exchange never had by null', async () => {
    const { venue } = await openOnSimulator();
    expect(await venue.orderByClientId('fnever1', BTC)).toBeNull();
  });

  it('delivers ten executions of one order as ten fills, once each, with the fee worked out over the order', async () => {
    const { venue, events, raw } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await raw.control('depth', { symbol: 'BTCUSDT', levels: 20, levelValue: '60' });
    await venue.submit(approved({ quantityLots: 1000 }));
    await eventually(() =>
      expect(events.filter((one) => one.kind === 'order').at(-1)).toMatchObject({
        order: { state: 'filled' },
      }),
    );
    const delivered = await eventually(() => {
      const found = fills(events) as unknown as {
        fill: { tradeId: string; quantityLots: number; feeIn?: { amount: string } };
      }[];
      expect(found.reduce((sum, { fill }) => sum + fill.quantityLots, 0)).toBe(1000);
      return found;
    });
    expect(delivered.length).toBeGreaterThanOrEqual(10);
    expect(new Set(delivered.map(({ fill }) => fill.tradeId)).size).toBe(delivered.length);
    const kept = delivered.reduce((sum, { fill }) => sum + parseUnits(fill.feeIn?.amount ?? '0'), 0n);
    const held = 1_000n * 1_000n - kept;
    expect(kept).toBeGreaterThan(900n);
    expect((await venue.positions())[BTC]?.quantityLots).toBe(Number(held / 1_000n));
    const again = await venue.fillsSince(Date.now() - 60_000);
    expect(again).toEqual(delivered.map(({ fill }) => fill));
  });

  it('reads fills since a time from the history, also those of an order that began before', async () => {
    const { venue, raw, simulator } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await raw.control('depth', { symbol: 'BTCUSDT', levels: 1, levelValue: '600' });
    const order = approved({ type: 'limit', quantityLots: 2000, limitTicks: 6_100_000 });
    await venue.submit(order);
    await eventually(() =>
      expect(Date.now()).toBeGreaterThan(simulator.simulation.requests.at(-1)!.atMs + 5),
    );
    const since = Date.now();
    await raw.control('price', { symbol: 'BTCUSDT', price: '60000' });
    // Another process, which saw nothing of the beginning.
    const fresh = await openVenue(simulator);
    const late = await fresh.fillsSince(since);
    const all = await fresh.fillsSince(0);
    await fresh.close();
    expect(late).toHaveLength(1);
    expect(all).toHaveLength(2);
    expect(all.map(({ clientId }) => clientId)).toEqual([order.clientId, order.clientId]);
    expect(late).toEqual(all.slice(1));
  });

  it('asks nobody for the orders behind fills that it has placed or seen itself', async () => {
    const { venue, simulator } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.submit(approved({ quantityLots: 1000 }));
    await eventually(async () => expect(await venue.fillsSince(0)).toHaveLength(1));
    const asked = simulator.simulation.count('GET', '/api/v3/allOrders');
    expect(await venue.fillsSince(0)).toHaveLength(1);
    expect(simulator.simulation.count('GET', '/api/v3/allOrders')).toBe(asked);
  });

  it('reports orders and fills of somebody else on the account with their own ids', async () => {
    const { venue, events, raw } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await raw.signed('POST', '/api/v3/order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.001',
      newClientOrderId: 'by-hand',
    });
    await eventually(() => expect(fills(events)).toHaveLength(1));
    expect(fills(events)[0]).toMatchObject({ fill: { clientId: 'by-hand' } });
    expect(await venue.fillsSince(0)).toMatchObject([{ clientId: 'by-hand' }]);
  });

  it('counts as position what the desk file does not declare as foreign, and no leftovers too small to sell', async () => {
    const expected = new Map([[BTC, 100]]);
    const { venue, raw } = await openOnSimulator({
      foreign: { ETH: '1.5' },
      expectedLots: (id) => expected.get(id) ?? 0,
    });
    await raw.control('balance', { account: 'desk', asset: 'BTC', free: '0.00104' });
    await raw.control('balance', { account: 'desk', asset: 'ETH', free: '1.7' });
    expect(await venue.positions()).toEqual([
      { instrument: BTC, quantityLots: 100 },
      { instrument: ETH, quantityLots: 2000 },
    ]);
    await raw.control('balance', { account: 'desk', asset: 'BTC', free: '0.0005' });
    await raw.control('balance', { account: 'desk', asset: 'ETH', free: '1.2' });
    expect(await venue.positions()).toEqual([
      { instrument: BTC, quantityLots: 50 },
      { instrument: ETH, quantityLots: 0 },
    ]);
  });

  it('refuses two instruments that share a balance', async () => {
    const { simulator } = await openOnSimulator();
    const btc = (await openOnSimulator()).venue.instruments[0]!;
    await expect(
      openVenue(simulator, { instruments: [btc, { ...btc, id: 1, symbol: 'BTC/EUR', quote: 'EUR' }] }),
    ).rejects.toThrow('share the balance of BTC');
  });
});

describe('a history longer than a day', () => {
  it('is read from its first execution on, and what is too old is left out', async () => {
    let wallMs = Date.now() - 3 * 86_400_000;
    const { simulator } = await openOnSimulator({}, { wallMs: () => wallMs });
    const raw = rawClient(simulator.address);
    const buy = (id: string) =>
      raw.signed(
        'POST',
        '/api/v3/order',
        { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.001', newClientOrderId: id },
        wallMs,
      );
    await buy('first');
    const between = wallMs + 1;
    wallMs += 86_400_000;
    await buy('second');
    wallMs = Date.now();
    await buy('third');
    const venue = await openVenue(simulator);
    expect((await venue.fillsSince(0)).map(({ clientId }) => clientId)).toEqual(['first', 'second', 'third']);
    expect((await venue.fillsSince(between)).map(({ clientId }) => clientId)).toEqual(['second', 'third']);
    expect((await venue.fillsSince(wallMs - 1000)).map(({ clientId }) => clientId)).toEqual(['third']);
    await venue.close();
  });

  const past = (count: number, newestHoursAgo: number) => {
    const trade = { symbol: 'BTCUSDT', side: 'BUY', price: '60000.00', quantity: '0.00010' } as const;
    return Array.from({ length: count }, (_, at): PastTrade => {
      const minutesBefore = count - 1 - at;
      return { ...trade, agoMs: newestHoursAgo * 3_600_000 + minutesBefore * 60_000 };
    });
  };

  it.each([
    ['of 3,000 trades whose newest is 25 hours old takes one request', 3_000, 25, 24.5, 0, 1],
    ['of 3,000 trades, of which five are new, takes one request', 3_000, 25, 25 + 4.5 / 60, 5, 1],
    [
      'is read from where it begins to be new, whatever is before it',
      5_000,
      25,
      25 + 2_000.5 / 60,
      2_001,
      20,
    ],
  ])('%s', async (_what, count, newestHoursAgo, sinceHoursAgo, wanted, requestsMax) => {
    const { simulator } = await openOnSimulator();
    const nowMs = Date.now();
    addPast(simulator.simulation.exchange, 'desk', past(count, newestHoursAgo));
    const venue = await openVenue(simulator);
    const asked = () => simulator.simulation.count('GET', '/api/v3/myTrades');
    const before = asked();
    const fills = await venue.fillsSince(nowMs - sinceHoursAgo * 3_600_000);
    expect(fills.filter(({ instrument }) => instrument === BTC)).toHaveLength(wanted);
    // One more for the other symbol.
    expect(asked() - before - 1).toBeLessThanOrEqual(requestsMax);
    await venue.close();
  });
});
