/** The simulator with another client of the protocol: ccxt's own unified calls, market streams included. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { OTHER_KEY, rawClient } from './support/raw-client.js';

interface Unified {
  urls: { api: { ws: Record<string, unknown> } };
  loadHttpProxyAgent(): Promise<unknown>;
  loadMarkets(): Promise<Record<string, { id: string; precision: { price: number } }>>;
  fetchBalance(): Promise<Record<string, { free: number; used: number }>>;
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<number[][]>;
  fetchOrderBook(symbol: string): Promise<{ bids: number[][]; asks: number[][] }>;
  createOrder(...parameters: unknown[]): Promise<{ id: string; status: string; filled: number }>;
  fetchOpenOrders(symbol: string): Promise<{ id: string }[]>;
  fetchMyTrades(symbol: string): Promise<{ id: string; fee: { cost: number } }[]>;
  cancelAllOrders(symbol: string): Promise<unknown[]>;
  editOrder(...parameters: unknown[]): Promise<{ id: string; price: number }>;
  request(path: string, api: string, method: string, parameters: object): Promise<Record<string, unknown>>;
  fetchTicker(symbol: string): Promise<{ last: number; baseVolume: number }>;
  fetchTrades(symbol: string): Promise<{ id: string; price: number }[]>;
  fetchTradingFee(symbol: string): Promise<{ maker: number; taker: number }>;
  fetchDeposits(): Promise<{ amount: number; currency: string; status: string }[]>;
  fetchWithdrawals(): Promise<{ amount: number; fee: { cost: number } }[]>;
  watchOrderBook(symbol: string): Promise<{ bids: number[][]; asks: number[][] }>;
  watchOrders(symbol: string): Promise<{ id: string; status: string; amount: number }[]>;
  watchTicker(symbol: string): Promise<{ last: number }>;
  watchBidsAsks(symbols: string[]): Promise<Record<string, { bid: number }>>;
  watchTrades(symbol: string): Promise<{ price: number }[]>;
  watchOHLCV(symbol: string, timeframe: string): Promise<number[][]>;
  watchMyTrades(symbol: string): Promise<{ amount: number }[]>;
  createOrderWs(...parameters: unknown[]): Promise<{ id: string; status: string }>;
  cancelOrderWs(id: string, symbol: string): Promise<{ id: string }>;
  close(): Promise<void>;
}

let simulator: BinanceSimulator;
let exchange: Unified;

beforeEach(async () => {
  simulator = await startBinanceSimulator();
  const url = new URL('./src/pro/binance.js', import.meta.resolve('ccxt')).href;
  const { default: Binance } = (await import(url)) as { default: new (config: object) => Unified };
  exchange = new Binance({
    apiKey: OTHER_KEY.apiKey,
    secret: OTHER_KEY.secret,
    options: { fetchMarkets: { types: ['spot'] } },
    fetchImplementation: (target: string, request: RequestInit) =>
      fetch(target.replace(/^https:\/\/(?:[a-z0-9-]+\.)*binance\.com/, simulator.address), {
        method: request.method ?? 'GET',
        headers: request.headers ?? {},
        body: request.body ?? null,
      }),
  });
  const sockets = exchange.urls.api.ws;
  sockets.spot = `ws://127.0.0.1:${simulator.port}/stream/ws`;
  sockets['ws-api'] = { spot: `ws://127.0.0.1:${simulator.port}/ws-api/v3` };
  await exchange.loadHttpProxyAgent();
});
afterEach(async () => {
  await exchange.close();
  await simulator.close();
});

describe('the simulator with ccxt', () => {
  it('serves markets, balances, candles, book, orders and trades', async () => {
    const markets = await exchange.loadMarkets();
    expect(markets['BTC/USDT']).toMatchObject({ id: 'BTCUSDT', precision: { price: 0.01 } });
    expect((await exchange.fetchBalance()).USDT).toMatchObject({ free: 1_000_000 });
    expect(await exchange.fetchOHLCV('BTC/USDT', '5m', undefined, 100)).toHaveLength(100);
    const book = await exchange.fetchOrderBook('BTC/USDT');
    expect(book.bids[0]![0]).toBeLessThan(book.asks[0]![0]!);
    const bought = await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01);
    expect(bought).toMatchObject({ status: 'closed', filled: 0.01 });
    const resting = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
    expect((await exchange.fetchOpenOrders('BTC/USDT')).map(({ id }) => id)).toEqual([resting.id]);
    expect(await exchange.cancelAllOrders('BTC/USDT')).toHaveLength(1);
    expect((await exchange.fetchMyTrades('BTC/USDT'))[0]).toMatchObject({ fee: { cost: 0.00001 } });
  });

  it('streams quotes, trades, candles and the account’s own executions', async () => {
    await exchange.loadMarkets();
    expect((await exchange.watchTicker('BTC/USDT')).last).toBeGreaterThan(50_000);
    expect((await exchange.watchBidsAsks(['BTC/USDT']))['BTC/USDT']!.bid).toBeGreaterThan(50_000);
    expect((await exchange.watchOHLCV('BTC/USDT', '1m')).length).toBeGreaterThan(0);
    const mine = exchange.watchMyTrades('BTC/USDT');
    const trades = exchange.watchTrades('BTC/USDT');
    let arrived = false;
    void Promise.all([mine, trades]).then(() => {
      arrived = true;
    });
    // Subscribing takes its time, and what was traded before is not told again.
    for (let count = 0; count < 100 && !arrived; count += 1) {
      await exchange.createOrder('BTC/USDT', 'market', 'buy', 0.01);
    }
    expect((await mine)[0]).toMatchObject({ amount: 0.01 });
    expect((await trades)[0]!.price).toBeGreaterThan(50_000);
  });

  it('amends, replaces and tells of both on the account’s stream', async () => {
    await exchange.loadMarkets();
    const updates: { id: string; status: string; amount: number }[] = [];
    let ended = false;
    const watching = (async () => {
      while (!ended) updates.push(...(await exchange.watchOrders('BTC/USDT').catch(() => [])));
    })();
    await expect.poll(() => simulator.userStreams.subscriptions).toBe(1);
    const { id } = await exchange.createOrder('BTC/USDT', 'limit', 'buy', 0.02, 50_000);
    const amend = { symbol: 'BTCUSDT', orderId: id, newQty: '0.01' };
    expect(await exchange.request('order/amend/keepPriority', 'private', 'PUT', amend)).toMatchObject({
      amendedOrder: { qty: '0.01000000', status: 'NEW' },
    });
    const edited = await exchange.editOrder(id, 'BTC/USDT', 'limit', 'buy', 0.01, 50_100);
    expect(edited.id).not.toBe(id);
    expect((await exchange.fetchOpenOrders('BTC/USDT')).map((one) => one.id)).toEqual([edited.id]);
    await expect
      .poll(() => updates.map(({ id: of, status, amount }) => `${of === id} ${status} ${amount}`))
      .toEqual(expect.arrayContaining(['true canceled 0.01', 'false open 0.01']));
    ended = true;
    await exchange.close();
    await watching;
  });

  it('keeps its book along the depth stream, and tells statistics, fees, deposits and withdrawals', async () => {
    await exchange.loadMarkets();
    const streamed = await exchange.watchOrderBook('BTC/USDT');
    expect(streamed.asks[0]).toEqual((await exchange.fetchOrderBook('BTC/USDT')).asks[0]);
    expect((await exchange.fetchTicker('BTC/USDT')).baseVolume).toBeGreaterThan(0);
    simulator.simulation.setPrice('BTCUSDT', '60100');
    expect((await exchange.fetchTrades('BTC/USDT')).at(-1)).toMatchObject({ price: 60_100 });
    expect(await exchange.fetchTradingFee('BTC/USDT')).toMatchObject({ maker: 0.001, taker: 0.001 });
    const client = rawClient(simulator.address, OTHER_KEY);
    await client.control('deposit', { account: 'other', asset: 'USDT', amount: '500' });
    await client.control('withdraw', { account: 'other', asset: 'USDT', amount: '100', fee: '1' });
    expect(await exchange.fetchDeposits()).toMatchObject([{ amount: 500, currency: 'USDT', status: 'ok' }]);
    expect(await exchange.fetchWithdrawals()).toMatchObject([{ amount: 100, fee: { cost: 1 } }]);
  });

  it('takes orders over the WebSocket API', async () => {
    await exchange.loadMarkets();
    const placed = await exchange.createOrderWs('BTC/USDT', 'limit', 'buy', 0.01, 50_000);
    expect(placed.status).toBe('open');
    expect((await exchange.cancelOrderWs(placed.id, 'BTC/USDT')).id).toBe(placed.id);
  });
});
