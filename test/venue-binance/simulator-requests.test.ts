/** Requests of outside clients that no other test asks: each is answered, or refused as the exchange does it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../simulators/binance/requests/endpoints.js';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { READING_KEY, rawClient } from './support/raw-client.js';

let simulator: BinanceSimulator;
let desk: ReturnType<typeof rawClient>;
beforeEach(async () => {
  simulator = await startBinanceSimulator();
  desk = rawClient(simulator.address);
});
afterEach(() => simulator.close());

type Values = Record<string, string>;
const signed = (method: string, path: string, values: Values = {}) => desk.signed(method, path, values);
const limit = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };

describe('a request', () => {
  it.each(ENDPOINTS.map(({ method, path, security }) => [method, path, security] as const))(
    '%s %s is never silent: without parameters it is answered or refused with a code, and so without a signature',
    async (method, path, security) => {
      const bare = security === 'none' ? await desk.open(path) : await signed(method, path);
      if (bare.status === 200) expect(bare.body).not.toBeNull();
      else {
        expect([400, 401]).toContain(bare.status);
        expect(bare.body).toEqual({ code: expect.any(Number), msg: expect.any(String) });
      }
      if (security === 'none') return;
      const unsigned = await desk.send(method, path, '');
      expect(unsigned).toMatchObject({ status: 400, body: { code: -1102 } });
      const reader = rawClient(simulator.address, READING_KEY);
      const { status, body } = await reader.signed(method, path);
      if (security === 'trade') expect({ status, code: body.code }).toEqual({ status: 401, code: -2015 });
    },
  );

  it('that does not exist is refused, and so is a parameter that one does not take', async () => {
    expect((await desk.open('/api/v3/nothing')).status).toBe(404);
    const answer = await signed('GET', '/api/v3/account', { colour: 'red' });
    expect(answer).toMatchObject({ status: 400, body: { code: -1104 } });
  });
});

describe('a test order', () => {
  const test = (values: Values) => signed('POST', '/api/v3/order/test', { ...limit, ...values });

  it('is placed nowhere, and tells what fees it would pay where it is asked to', async () => {
    const before = (await signed('GET', '/api/v3/rateLimit/order')).body;
    expect((await test({ quantity: '0.001', price: '50000' })).body).toEqual({});
    const { body } = await test({ quantity: '0.001', price: '50000', computeCommissionRates: 'true' });
    expect(body).toMatchObject({
      standardCommissionForOrder: { maker: '0.00100000', taker: '0.00100000' },
      discount: { enabledForAccount: false, discountAsset: 'BNB', discount: '0.75000000' },
    });
    expect((await signed('GET', '/api/v3/allOrders', { symbol: 'BTCUSDT' })).body).toEqual([]);
    expect((await signed('GET', '/api/v3/rateLimit/order')).body).toEqual(before);
  });

  it('is refused by the same filters as an order', async () => {
    expect((await test({ quantity: '0.000011', price: '50000' })).body).toEqual({
      code: -1013,
      msg: 'Filter failure: LOT_SIZE',
    });
    expect((await test({ quantity: '0.001' })).body.code).toBe(-1102);
  });
});

describe('what a list of orders tells', () => {
  const OCO = {
    ...{ symbol: 'BTCUSDT', side: 'SELL', quantity: '0.005' },
    ...{ aboveType: 'LIMIT_MAKER', abovePrice: '61000', belowType: 'STOP_LOSS', belowStopPrice: '59000' },
  };

  it('is among the open ones while it is open, and among all afterwards', async () => {
    await signed('POST', '/api/v3/order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.01',
    });
    const { orderListId } = (await signed('POST', '/api/v3/orderList/oco', OCO)).body;
    expect((await signed('GET', '/api/v3/openOrderList')).body).toMatchObject([
      { orderListId, listStatusType: 'EXEC_STARTED', listOrderStatus: 'EXECUTING' },
    ]);
    await signed('DELETE', '/api/v3/orderList', { symbol: 'BTCUSDT', orderListId: String(orderListId) });
    expect((await signed('GET', '/api/v3/openOrderList')).body).toEqual([]);
    expect((await signed('GET', '/api/v3/allOrderList')).body).toMatchObject([
      { orderListId, listStatusType: 'ALL_DONE', listOrderStatus: 'ALL_DONE' },
    ]);
  });

  it.each(['opo', 'opoco'])('of a kind that the symbol does not take (%s) is a refusal', async (kind) => {
    const answer = await signed('POST', `/api/v3/orderList/${kind}`, OCO);
    expect(answer).toMatchObject({ status: 400, body: { code: -2010 } });
  });
});

it('each amendment of an order is told, from an id on', async () => {
  const order = (await signed('POST', '/api/v3/order', { ...limit, quantity: '0.01', price: '50000' })).body;
  const of = { symbol: 'BTCUSDT', orderId: String(order.orderId) };
  for (const newQty of ['0.008', '0.005'])
    expect((await signed('PUT', '/api/v3/order/amend/keepPriority', { ...of, newQty })).status).toBe(200);
  const { body } = await signed('GET', '/api/v3/order/amendments', of);
  expect(body).toMatchObject([
    { orderId: order.orderId, origQty: '0.01000000', newQty: '0.00800000' },
    { orderId: order.orderId, origQty: '0.00800000', newQty: '0.00500000' },
  ]);
  const later = { ...of, fromExecutionId: String(body[1].executionId) };
  expect((await signed('GET', '/api/v3/order/amendments', later)).body).toEqual(body.slice(1));
});
