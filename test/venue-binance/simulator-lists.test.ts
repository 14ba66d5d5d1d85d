/** Orders that belong together, trailing stops, and accounts with a past: over plain HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { rawClient } from './support/raw-client.js';

let simulator: BinanceSimulator;
let desk: ReturnType<typeof rawClient>;

beforeEach(async () => {
  simulator = await startBinanceSimulator();
  desk = rawClient(simulator.address);
});
afterEach(() => simulator.close());

type Values = Record<string, string>;
const post = (path: string, values: Values) =>
  desk.signed('POST', `/api/v3/${path}`, { symbol: 'BTCUSDT', newOrderRespType: 'RESULT', ...values });
const buy = (quantity: string) => post('order', { side: 'BUY', type: 'MARKET', quantity });
const move = (price: string) => desk.control('price', { symbol: 'BTCUSDT', price });
const states = async () => {
  const { body } = await desk.signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' });
  return body.map((one: { type: string; status: string }) => `${one.type} ${one.status}`);
};
const coins = async () => {
  const { body } = await desk.signed('GET', '/api/v3/account');
  const { free, locked } = body.balances.find(({ asset }: { asset: string }) => asset === 'BTC');
  return { free, locked };
};

const OCO = {
  side: 'SELL',
  quantity: '0.005',
  aboveType: 'LIMIT_MAKER',
  abovePrice: '61000',
  belowType: 'STOP_LOSS',
  belowStopPrice: '59000',
};

describe('one cancels the other', () => {
  it('locks the coins once, and ends the limit order when the stop triggers', async () => {
    await buy('0.01');
    const { body } = await post('orderList/oco', OCO);
    expect(body).toMatchObject({ contingencyType: 'OCO', listOrderStatus: 'EXECUTING' });
    expect(body.orderReports).toMatchObject([
      { type: 'LIMIT_MAKER', status: 'NEW', orderListId: body.orderListId },
      { type: 'STOP_LOSS', status: 'NEW', workingTime: -1 },
    ]);
    expect(await coins()).toEqual({ free: '0.00499000', locked: '0.00500000' });
    await move('58990');
    expect(await states()).toEqual(['MARKET FILLED', 'LIMIT_MAKER EXPIRED', 'STOP_LOSS FILLED']);
    expect(await coins()).toEqual({ free: '0.00499000', locked: '0.00000000' });
    const list = await desk.signed('GET', '/api/v3/orderList', { orderListId: String(body.orderListId) });
    expect(list.body.listOrderStatus).toBe('ALL_DONE');
  });

  it('ends the stop when the limit order fills', async () => {
    await buy('0.01');
    await post('orderList/oco', OCO);
    await move('61050');
    expect(await states()).toEqual(['MARKET FILLED', 'LIMIT_MAKER FILLED', 'STOP_LOSS EXPIRED']);
  });

  it('is cancelled as a whole by a cancel of one of the two', async () => {
    await buy('0.01');
    const { body } = await post('orderList/oco', OCO);
    const orderId = String(body.orders[1].orderId);
    const cancelled = await desk.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId });
    expect(cancelled.body).toMatchObject({ listOrderStatus: 'ALL_DONE', contingencyType: 'OCO' });
    expect(cancelled.body.orderReports).toHaveLength(2);
    expect(await states()).toEqual(['MARKET FILLED', 'LIMIT_MAKER CANCELED', 'STOP_LOSS CANCELED']);
    expect(await coins()).toEqual({ free: '0.00999000', locked: '0.00000000' });
  });

  it('takes the older form of the request', async () => {
    await buy('0.01');
    const old = { side: 'SELL', quantity: '0.005', price: '61000', stopPrice: '59000' };
    const { body } = await post('order/oco', {
      ...old,
      stopLimitPrice: '58000',
      stopLimitTimeInForce: 'GTC',
    });
    expect(body.orderReports.map(({ type }: { type: string }) => type)).toEqual([
      'LIMIT_MAKER',
      'STOP_LOSS_LIMIT',
    ]);
  });

  it.each<[string, Values, number]>([
    ['two stops', { aboveType: 'STOP_LOSS', aboveStopPrice: '61000' }, -1158],
    ['two limit makers', { belowType: 'LIMIT_MAKER', belowPrice: '59000' }, -1168],
    ['a market order', { aboveType: 'MARKET' }, -1158],
    ['prices on the wrong side of the market', { belowStopPrice: '60500' }, -2010],
    ['a price that is missing', { abovePrice: '' }, -1105],
  ])('refuses %s', async (_what, values, code) => {
    await buy('0.01');
    const given = Object.fromEntries(
      Object.entries({ ...OCO, ...values }).filter(
        ([name]) =>
          !(values.aboveType && name === 'abovePrice') && !(values.belowType && name === 'belowStopPrice'),
      ),
    );
    expect((await post('orderList/oco', given)).body.code).toBe(code);
    expect(await states()).toEqual(['MARKET FILLED']);
  });
});

describe('one triggers the others', () => {
  const OTOCO = {
    workingType: 'LIMIT',
    workingTimeInForce: 'GTC',
    workingSide: 'BUY',
    workingPrice: '59500',
    workingQuantity: '0.01',
    pendingSide: 'SELL',
    pendingQuantity: '0.00999',
    pendingAboveType: 'LIMIT_MAKER',
    pendingAbovePrice: '62000',
    pendingBelowType: 'STOP_LOSS',
    pendingBelowStopPrice: '58000',
  };

  it('places what is pending only once the working order is filled', async () => {
    const { body } = await post('orderList/otoco', OTOCO);
    expect(body.orderReports.map(({ status }: { status: string }) => status)).toEqual([
      'NEW',
      'PENDING_NEW',
      'PENDING_NEW',
    ]);
    await move('59400');
    expect(await states()).toEqual(['LIMIT FILLED', 'LIMIT_MAKER NEW', 'STOP_LOSS NEW']);
    expect(await coins()).toEqual({ free: '0.00000000', locked: '0.00999000' });
    await move('57900');
    expect(await states()).toEqual(['LIMIT FILLED', 'LIMIT_MAKER EXPIRED', 'STOP_LOSS FILLED']);
  });

  it('ends what is pending with a working order that is cancelled', async () => {
    await post('orderList/otoco', OTOCO);
    await desk.signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' });
    expect(await states()).toEqual(['LIMIT CANCELED', 'LIMIT_MAKER CANCELED', 'STOP_LOSS CANCELED']);
  });

  it('expires a pending order that is refused when its time comes', async () => {
    const pending = { pendingType: 'MARKET', pendingSide: 'SELL', pendingQuantity: '5' };
    const { workingType, workingTimeInForce, workingSide, workingPrice, workingQuantity } = OTOCO;
    await post('orderList/oto', {
      ...{ workingType, workingTimeInForce, workingSide, workingPrice, workingQuantity },
      ...pending,
    });
    await move('59400');
    expect(await states()).toEqual(['LIMIT FILLED', 'MARKET EXPIRED']);
  });
});

describe('a trailing stop', () => {
  it('follows the price up and sells when it falls by its delta from the highest', async () => {
    await buy('0.01');
    const stop = { side: 'SELL', type: 'STOP_LOSS', quantity: '0.00999', trailingDelta: '100' };
    expect((await post('order', stop)).body).toMatchObject({ status: 'NEW', trailingDelta: 100 });
    for (const price of ['59500', '63000', '62500']) await move(price);
    expect((await states()).at(-1)).toBe('STOP_LOSS NEW');
    await move('62369');
    expect((await states()).at(-1)).toBe('STOP_LOSS FILLED');
    expect((await post('order', { ...stop, trailingDelta: '5' })).body.msg).toBe(
      'Filter failure: TRAILING_DELTA',
    );
  });
});

describe('an account with a past', () => {
  it('has old trades in its history, foreign coins in its balance, and the exchange’s limits on asking for them', async () => {
    const dayMs = 86_400_000;
    const past = Array.from({ length: 500 }, (_, index) => ({
      symbol: 'BTCUSDT',
      side: index % 2 === 0 ? ('BUY' as const) : ('SELL' as const),
      quantity: '0.1',
      price: '1500',
      agoMs: (600 - index) * dayMs,
    }));
    const old = await startBinanceSimulator({
      accounts: [
        { name: 'desk', balances: { USDT: '10000', DOGE: '5000', BTC: '0.05' }, past },
        { name: 'other', balances: {} },
      ],
    });
    const client = rawClient(old.address);
    const trades = await client.signed('GET', '/api/v3/myTrades', {
      symbol: 'BTCUSDT',
      fromId: '0',
      limit: '1000',
    });
    expect(trades.body).toHaveLength(500);
    const ids = trades.body.map(({ id }: { id: number }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(trades.body[0]).toMatchObject({ price: '1500.00000000', commissionAsset: 'BTC' });
    const { body: account } = await client.signed('GET', '/api/v3/account');
    expect(account.balances).toContainEqual({ asset: 'DOGE', free: '5000.00000000', locked: '0.00000000' });
    const span = {
      symbol: 'BTCUSDT',
      startTime: String(Date.now() - 3 * dayMs),
      endTime: String(Date.now()),
    };
    expect((await client.signed('GET', '/api/v3/myTrades', span)).body.code).toBe(-1127);
    await client.signed('POST', '/api/v3/order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.01',
    });
    await expect(client.control('past', { account: 'desk', trades: past.slice(0, 1) })).rejects.toThrow(
      'add the past first',
    );
    await old.close();
  });
});
