/** The simulator with a client that nobody here wrote, unmodified but for the address: `binance`, over REST and both sockets. */
import { type DefaultLogger, MainClient, WebsocketAPIClient, WebsocketClient } from 'binance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { OTHER_KEY } from './support/raw-client.js';

const SYMBOL = 'BTCUSDT';
const silent: DefaultLogger = { trace: () => {}, info: () => {}, error: () => {} };

let simulator: BinanceSimulator;
let rest: MainClient;
let sockets: WebsocketAPIClient;
let streams: WebsocketClient;

beforeEach(async () => {
  simulator = await startBinanceSimulator();
  simulator.simulation.setPrice(SYMBOL, '60000');
  const keys = { api_key: OTHER_KEY.apiKey, api_secret: OTHER_KEY.secret };
  const wsUrl = `ws://127.0.0.1:${simulator.port}`;
  // It would take a proxy of the environment, which knows no address of this machine.
  rest = new MainClient({ ...keys, baseUrl: simulator.address, beautifyResponses: true }, { proxy: false });
  sockets = new WebsocketAPIClient(
    { ...keys, wsUrl, attachEventListeners: false, muteLatencyWarning: true },
    silent,
  );
  streams = new WebsocketClient({ wsUrl }, silent);
  // Whoever asks it to connect hears of what it could not; the tests end it in the middle.
  for (const client of [sockets.getWSClient(), streams]) client.on('exception', () => {});
});
afterEach(async () => {
  await sockets.disconnectAll();
  streams.closeAll(true);
  await simulator.close();
});

describe('the simulator with a client of others', () => {
  it('takes its limit, market, stop and pair of orders, fills them, and names what it refuses', async () => {
    const limit = { symbol: SYMBOL, type: 'LIMIT', timeInForce: 'GTC' } as const;
    const resting = await rest.submitNewOrder({ ...limit, side: 'BUY', quantity: 0.01, price: 50_000 });
    expect(resting).toMatchObject({ status: 'NEW', origQty: 0.01, executedQty: 0, price: 50_000 });
    const bought = await rest.submitNewOrder({
      ...{ symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: 0.02, newOrderRespType: 'FULL' },
    });
    expect(bought).toMatchObject({ status: 'FILLED', executedQty: 0.02, fills: [{ qty: 0.02 }] });
    const stop = await rest.submitNewOrder({
      ...{ symbol: SYMBOL, side: 'SELL', type: 'STOP_LOSS_LIMIT', timeInForce: 'GTC' },
      ...{ quantity: 0.01, stopPrice: 55_000, price: 54_000 },
    });
    const pair = await rest.submitNewOrderList({
      ...{ symbol: SYMBOL, side: 'SELL', quantity: 0.005 },
      ...{ aboveType: 'LIMIT_MAKER', abovePrice: 70_000 },
      ...{
        belowType: 'STOP_LOSS_LIMIT',
        belowStopPrice: 52_000,
        belowPrice: 51_000,
        belowTimeInForce: 'GTC',
      },
    });
    expect(pair).toMatchObject({ contingencyType: 'OCO', listOrderStatus: 'EXECUTING' });
    expect(await rest.getOpenOrders({ symbol: SYMBOL })).toHaveLength(4);
    simulator.simulation.setPrice(SYMBOL, '49000');
    const ended = await rest.getAllOrders({ symbol: SYMBOL });
    const statusOf = (id: unknown) => ended.find(({ orderId }) => orderId === id)?.status;
    expect(statusOf((resting as { orderId: number }).orderId)).toBe('FILLED');
    expect((await rest.getAccountTradeList({ symbol: SYMBOL })).map(({ qty }) => qty)).toContain(0.01);
    expect(statusOf((stop as { orderId: number }).orderId)).toBe('NEW');
    await expect(
      rest.submitNewOrder({ ...limit, side: 'BUY', quantity: 0.000_01, price: 45_000 }),
    ).rejects.toMatchObject({ code: -1013, message: 'Filter failure: NOTIONAL' });
    await expect(rest.cancelOrder({ symbol: SYMBOL, orderId: 999_999 })).rejects.toMatchObject({
      code: -2011,
    });
  });

  it('changes its orders in place and in exchange, and tells of both on the stream of the account', async () => {
    const told: Record<string, unknown>[] = [];
    sockets.getWSClient().on('message', (event) => {
      if ('e' in event && event.e === 'executionReport') told.push({ ...event });
    });
    await sockets.subscribeUserDataStream('mainWSAPI');
    await expect.poll(() => simulator.userStreams.subscriptions).toBe(1);
    const order = { symbol: SYMBOL, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' } as const;
    const { result: placed } = await sockets.submitNewSpotOrder({
      ...{ ...order, quantity: '0.02', price: '50000', newOrderRespType: 'RESULT', timestamp: Date.now() },
    });
    expect(placed).toMatchObject({ status: 'NEW', origQty: '0.02000000' });
    const { orderId } = placed as { orderId: number };
    const { result: smaller } = await sockets.amendSpotOrderKeepPriority({
      ...{ symbol: SYMBOL, orderId, newQty: '0.01', timestamp: Date.now() },
    });
    expect(smaller).toMatchObject({ amendedOrder: { orderId, qty: '0.01000000' } });
    const { result: exchanged } = await sockets.cancelReplaceSpotOrder({
      ...{ ...order, cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: orderId },
      ...{ quantity: '0.01', price: '50100', timestamp: Date.now() },
    });
    expect(exchanged).toMatchObject({ cancelResult: 'SUCCESS', newOrderResult: 'SUCCESS' });
    await sockets.submitNewSpotOrder({
      ...{ symbol: SYMBOL, side: 'BUY', type: 'MARKET', quantity: '0.03', timestamp: Date.now() },
    });
    await expect
      .poll(() => told.map(({ x, q }) => `${x} ${q}`))
      .toEqual([
        ...['NEW 0.02000000', 'REPLACED 0.01000000', 'CANCELED 0.01000000', 'NEW 0.01000000'],
        ...['NEW 0.03000000', 'TRADE 0.03000000'],
      ]);
    await expect(
      sockets.cancelSpotOrder({ symbol: SYMBOL, orderId: 999_999, timestamp: Date.now() }),
    ).rejects.toMatchObject({ error: { code: -2011 } });
  });

  it('streams trades, depth and candles', async () => {
    const told = new Map<string, Record<string, unknown>>();
    streams.on('message', (event) => {
      const data = { ...event } as Record<string, unknown>;
      told.set(String(data.streamName), data);
    });
    await streams.subscribe(
      [`btcusdt@trade`, `btcusdt@aggTrade`, `btcusdt@depth@100ms`, `btcusdt@kline_1m`, `btcusdt@bookTicker`],
      'main',
    );
    let price = 60_000;
    await expect
      .poll(() => {
        price += 1;
        simulator.simulation.setPrice(SYMBOL, String(price));
        return [...told.keys()].sort();
      })
      .toEqual([
        ...['btcusdt@aggTrade', 'btcusdt@bookTicker', 'btcusdt@depth@100ms', 'btcusdt@kline_1m'],
        'btcusdt@trade',
      ]);
    expect(told.get('btcusdt@trade')).toMatchObject({ e: 'trade', s: SYMBOL });
    expect(Number(told.get('btcusdt@trade')!.p)).toBeGreaterThan(60_000);
    expect(told.get('btcusdt@depth@100ms')).toMatchObject({ e: 'depthUpdate', U: expect.any(Number) });
    expect(told.get('btcusdt@kline_1m')).toMatchObject({ k: { i: '1m', c: expect.any(String) } });
    const book = await rest.getOrderBook({ symbol: SYMBOL, limit: 5 });
    expect(Number(book.bids[0]![0])).toBeLessThan(Number(book.asks[0]![0]));
  });
});
