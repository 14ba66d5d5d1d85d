/** What an exchange does and a kind simulator would not: each was once different here, over plain HTTP. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { OTHER_KEY, rawClient, TRADING_KEY } from './support/raw-client.js';

let simulator: BinanceSimulator;
let desk: ReturnType<typeof rawClient>;
let other: ReturnType<typeof rawClient>;

beforeEach(async () => {
  simulator = await startBinanceSimulator();
  desk = rawClient(simulator.address);
  other = rawClient(simulator.address, OTHER_KEY);
});
afterEach(() => simulator.close());

type Values = Record<string, string>;
const send = (client: typeof desk, values: Values) =>
  client.signed('POST', '/api/v3/order', { symbol: 'BTCUSDT', side: 'BUY', ...values });
const limit = (values: Values): Values => ({
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.01',
  ...values,
});
const orderOf = async (client: typeof desk, orderId: number, symbol = 'BTCUSDT') =>
  (await client.signed('GET', '/api/v3/order', { symbol, orderId: String(orderId) })).body;
const book = async () => (await desk.open('/api/v3/depth', { symbol: 'BTCUSDT', limit: '1000' })).body;

describe('fills', () => {
  it('never fills a FOK order partly', async () => {
    await desk.control('depth', { symbol: 'BTCUSDT', levels: 2, levelValue: '6000' });
    const more = await send(other, limit({ timeInForce: 'FOK', quantity: '0.5', price: '62000' }));
    expect(more.body).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.00000000',
      expiryReason: 'UNFILLED_FOK_ORDER_EXPIRED',
      fills: [],
    });
    const whole = await send(other, limit({ timeInForce: 'FOK', quantity: '0.15', price: '62000' }));
    expect(whole.body).toMatchObject({ status: 'FILLED', executedQty: '0.15000000' });
    expect((await other.signed('GET', '/api/v3/myTrades', { symbol: 'BTCUSDT' })).body).toHaveLength(2);
  });

  it('expires what an IOC order could not fill', async () => {
    await desk.control('depth', { symbol: 'BTCUSDT', levels: 1, levelValue: '600' });
    const placed = await send(desk, limit({ timeInForce: 'IOC', quantity: '0.03', price: '62000' }));
    expect(placed.body).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.01000000',
      expiryReason: 'UNFILLED_IOC_QUANTITY_EXPIRED',
    });
  });

  it('refuses a LIMIT_MAKER that would take from another account', async () => {
    const ask = Number((await book()).asks[0][0]);
    const price = (ask - 0.5).toFixed(2);
    await send(other, limit({ side: 'SELL', price }));
    const maker = await send(desk, { type: 'LIMIT_MAKER', quantity: '0.01', price });
    expect(maker.body).toEqual({ code: -2010, msg: 'Order would immediately match and take.' });
    const below = await send(desk, { type: 'LIMIT_MAKER', quantity: '0.01', price: (ask - 1).toFixed(2) });
    expect(below.status).toBe(200);
  });

  it('fills a market order in a thin book as far as it goes, and expires the rest', async () => {
    await desk.control('depth', { symbol: 'BTCUSDT', levels: 1, levelValue: '600' });
    const placed = await send(desk, { type: 'MARKET', quantity: '0.03' });
    expect(placed.body).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.01000000',
      expiryReason: 'INSUFFICIENT_LIQUIDITY',
    });
    expect(placed.body.fills).toHaveLength(1);
    await desk.control('depth', { symbol: 'BTCUSDT', levels: 0, levelValue: '600' });
    expect((await send(desk, { type: 'MARKET', quantity: '0.03' })).body).toMatchObject({
      status: 'EXPIRED',
      executedQty: '0.00000000',
    });
    expect((await send(desk, { type: 'MARKET', quoteOrderQty: '100' })).body).toEqual({
      code: -2010,
      msg: 'Order book liquidity is less than symbol minimum quantity.',
    });
  });

  it('gives both sides of a trade its one id, and each symbol its own ids', async () => {
    const price = (Number((await book()).asks[0][0]) - 0.5).toFixed(2);
    await send(other, limit({ side: 'SELL', price }));
    const bought = await send(desk, { type: 'MARKET', quantity: '0.01' });
    const [mine] = (await desk.signed('GET', '/api/v3/myTrades', { symbol: 'BTCUSDT' })).body;
    const [theirs] = (await other.signed('GET', '/api/v3/myTrades', { symbol: 'BTCUSDT' })).body;
    expect(theirs.id).toBe(mine.id);
    expect(theirs.orderId).not.toBe(mine.orderId);
    const ether = await send(desk, { symbol: 'ETHUSDT', type: 'MARKET', quantity: '0.01' });
    expect(ether.body.orderId).toBe(bought.body.orderId - 1);
    const [first] = (await desk.signed('GET', '/api/v3/myTrades', { symbol: 'ETHUSDT' })).body;
    expect(first.id).toBe(mine.id);
  });

  it('takes fees from the coin that was bought, or from BNB where the account chose so', async () => {
    const coin = await send(other, { type: 'MARKET', quantity: '0.00123' });
    expect(coin.body.fills[0]).toMatchObject({ commission: '0.00000123', commissionAsset: 'BTC' });
    await desk.control('account', { account: 'other', feesInBnb: true });
    const bnb = await send(other, { type: 'MARKET', quantity: '0.00123' });
    expect(bnb.body.fills[0].commissionAsset).toBe('BNB');
  });
});

describe('what is told of an order', () => {
  it('keeps isWorking and workingTime of an order that has ended, and has neither for a stop that never worked', async () => {
    const filled = await send(desk, { type: 'MARKET', quantity: '0.01' });
    const seen = await orderOf(desk, filled.body.orderId);
    expect(seen).toMatchObject({ status: 'FILLED', isWorking: true, workingTime: filled.body.transactTime });
    const stop = { side: 'SELL', type: 'STOP_LOSS', quantity: '0.00999', stopPrice: '55000' };
    const { orderId } = (await send(desk, stop)).body;
    expect(await orderOf(desk, orderId)).toMatchObject({ status: 'NEW', isWorking: false, workingTime: -1 });
    await desk.signed('DELETE', '/api/v3/order', { symbol: 'BTCUSDT', orderId: String(orderId) });
    expect(await orderOf(desk, orderId)).toMatchObject({
      status: 'CANCELED',
      isWorking: false,
      workingTime: -1,
    });
  });

  it('answers MARKET and LIMIT in full and everything else with an acknowledgement, unless asked otherwise', async () => {
    expect((await send(desk, { type: 'MARKET', quantity: '0.01' })).body.fills).toHaveLength(1);
    expect((await send(desk, limit({ price: '50000' }))).body.fills).toEqual([]);
    const acknowledged = ['symbol', 'orderId', 'orderListId', 'clientOrderId', 'transactTime'];
    const stop = { side: 'SELL', type: 'STOP_LOSS', quantity: '0.002', stopPrice: '55000' };
    const maker = { type: 'LIMIT_MAKER', quantity: '0.002', price: '50000' };
    for (const values of [stop, maker]) {
      expect(Object.keys((await send(desk, values)).body)).toEqual(acknowledged);
    }
    const full = await send(desk, { ...maker, newOrderRespType: 'FULL' });
    expect(full.body).toMatchObject({ status: 'NEW', fills: [] });
    expect(full.body).not.toHaveProperty('stopPrice');
    expect((await send(desk, { ...maker, newOrderRespType: 'ALL' })).body.code).toBe(-1130);
  });

  it('refuses a stop whose price is passed already', async () => {
    await send(desk, { type: 'MARKET', quantity: '0.01' });
    await desk.control('price', { symbol: 'BTCUSDT', price: '54000' });
    const stop = { side: 'SELL', type: 'STOP_LOSS', quantity: '0.00999', stopPrice: '55000' };
    expect((await send(desk, stop)).body).toEqual({
      code: -2010,
      msg: 'Stop price would trigger immediately.',
    });
  });
});

describe('the count of orders', () => {
  const counts = async (client: typeof desk) =>
    (await client.signed('GET', '/api/v3/rateLimit/order')).body.map((one: { count: number }) => one.count);

  it('counts what was accepted and not filled, for each account by itself', async () => {
    const startMs = Date.now() - (Date.now() % 86_400_000) + 3_600_000;
    const still = await startBinanceSimulator({ wallMs: () => startMs });
    const mine = rawClient(still.address);
    const theirs = rawClient(still.address, OTHER_KEY);
    const place = (client: typeof desk, values: Values) =>
      client.signed('POST', '/api/v3/order', { symbol: 'BTCUSDT', side: 'BUY', ...values }, startMs);
    const count = async (client: typeof desk) =>
      (await client.signed('GET', '/api/v3/rateLimit/order', {}, startMs)).body[0].count;
    await place(mine, { type: 'MARKET', quantity: '999' });
    expect(await count(mine)).toBe(0);
    await place(mine, { type: 'MARKET', quantity: '0.001' });
    expect(await count(mine)).toBe(0);
    for (let sent = 0; sent < 100; sent += 1) {
      expect((await place(theirs, limit({ quantity: '0.001', price: '50000' }))).status).toBe(200);
    }
    const over = await place(theirs, limit({ quantity: '0.001', price: '50000' }));
    expect(over.status).toBe(429);
    expect(over.body).toEqual({
      code: -1015,
      msg: 'Too many new orders; current limit is 100 orders per 10 SECOND.',
    });
    const own = await place(mine, limit({ quantity: '0.001', price: '50000' }));
    expect(own.status).toBe(200);
    expect(own.headers.get('x-mbx-order-count-10s')).toBe('1');
    await still.close();
  });

  it('tells it for both intervals', async () => {
    await send(desk, limit({ quantity: '0.001', price: '50000' }));
    expect((await counts(desk))[1]).toBe(1);
    expect((await counts(other))[1]).toBe(0);
  });
});

describe('orders of one account that would trade with each other', () => {
  const price = '60000';

  async function cross(mode: string | null) {
    await desk.control('depth', { symbol: 'BTCUSDT', levels: 0, levelValue: '1' });
    const maker = (await send(other, limit({ side: 'SELL', quantity: '0.02', price }))).body;
    const taker = await send(other, {
      ...limit({ quantity: '0.03', price }),
      ...(mode === null ? {} : { selfTradePreventionMode: mode }),
    });
    return { maker, taker };
  }

  it.each([
    ['EXPIRE_MAKER', 'EXPIRED_IN_MATCH', 'NEW'],
    ['EXPIRE_TAKER', 'NEW', 'EXPIRED_IN_MATCH'],
    ['EXPIRE_BOTH', 'EXPIRED_IN_MATCH', 'EXPIRED_IN_MATCH'],
    ['DECREMENT', 'EXPIRED_IN_MATCH', 'NEW'],
  ])(
    '%s: the resting one is %s, the incoming one %s, and nothing is traded',
    async (mode, ofMaker, ofTaker) => {
      const { maker, taker } = await cross(mode);
      expect(taker.body).toMatchObject({
        status: ofTaker,
        executedQty: '0.00000000',
        selfTradePreventionMode: mode,
      });
      expect((await orderOf(other, maker.orderId)).status).toBe(ofMaker);
      const { body } = await other.signed('GET', '/api/v3/myPreventedMatches', {
        symbol: 'BTCUSDT',
        orderId: String(maker.orderId),
      });
      expect(body).toMatchObject([
        { makerOrderId: maker.orderId, selfTradePreventionMode: mode, price: '60000.00000000' },
      ]);
      expect((await other.signed('GET', '/api/v3/myTrades', { symbol: 'BTCUSDT' })).body).toEqual([]);
    },
  );

  it('refuses a mode that the symbol does not allow, and one that does not exist', async () => {
    expect((await cross('NONE')).taker.body).toEqual({
      code: -1013,
      msg: 'This symbol does not allow the specified self-trade prevention mode.',
    });
    expect((await send(desk, { ...limit({ price }), selfTradePreventionMode: 'SOMETIMES' })).body.code).toBe(
      -1130,
    );
  });
});

describe('the public market', () => {
  it('shows resting orders of clients in the book and the best of them as the ticker', async () => {
    const before = await book();
    const price = (Number(before.asks[0][0]) - 0.7).toFixed(2);
    await send(other, limit({ side: 'SELL', quantity: '0.01234', price }));
    const after = await book();
    expect(after.asks[0]).toEqual([`${price}000000`, '0.01234000']);
    expect(after.lastUpdateId).toBeGreaterThan(before.lastUpdateId);
    const ticker = await desk.open('/api/v3/ticker/bookTicker', { symbol: 'BTCUSDT' });
    expect(ticker.body).toMatchObject({ askPrice: `${price}000000`, askQty: '0.01234000' });
  });

  it('lists trades of clients, aggregated by taker order and price, and counts their volume in the minute', async () => {
    const minute = async () =>
      (await desk.open('/api/v3/klines', { symbol: 'BTCUSDT', interval: '1m', limit: '2' })).body;
    // Of two minutes, the older of which is gone once the wall clock's minute turns: what is in both is compared.
    const volumeOf = (rows: unknown[][], sinceMs: unknown) =>
      rows
        .filter(([openMs]) => Number(openMs) >= Number(sinceMs))
        .reduce((sum, row) => sum + Number(row[5]), 0);
    const begun = await minute();
    const sinceMs = begun.at(-1)[0];
    const before = volumeOf(begun, sinceMs);
    const price = (Number((await book()).asks[0][0]) - 0.7).toFixed(2);
    for (const quantity of ['0.01', '0.02']) await send(other, limit({ side: 'SELL', quantity, price }));
    await send(desk, { type: 'MARKET', quantity: '0.03' });
    const { body: trades } = await desk.open('/api/v3/trades', { symbol: 'BTCUSDT' });
    expect(trades.slice(-2)).toMatchObject([
      { price: `${price}000000`, qty: '0.01000000', isBuyerMaker: false },
      { price: `${price}000000`, qty: '0.02000000', isBuyerMaker: false },
    ]);
    const { body: aggregates } = await desk.open('/api/v3/aggTrades', { symbol: 'BTCUSDT' });
    expect(aggregates.at(-1)).toMatchObject({ q: '0.03000000', f: trades.at(-2).id, l: trades.at(-1).id });
    expect(volumeOf(await minute(), sinceMs) - before).toBeCloseTo(0.03, 8);
  });

  it('tells statistics of a day, the average of five minutes and a window', async () => {
    await desk.control('price', { symbol: 'BTCUSDT', price: '60600' });
    const day = (await desk.open('/api/v3/ticker/24hr', { symbol: 'BTCUSDT' })).body;
    expect(day).toMatchObject({ symbol: 'BTCUSDT', lastPrice: '60600.00000000' });
    expect(day.lastId - day.firstId + 1).toBe(day.count);
    expect((await desk.open('/api/v3/ticker/24hr')).body).toHaveLength(4);
    const average = (await desk.open('/api/v3/avgPrice', { symbol: 'BTCUSDT' })).body;
    expect(average.mins).toBe(5);
    expect(Number(average.price)).toBeLessThan(60_600);
    const hour = (await desk.open('/api/v3/ticker', { symbol: 'BTCUSDT', windowSize: '1h' })).body;
    expect(hour.count).toBeLessThan(day.count);
    expect((await desk.open('/api/v3/ticker', { symbol: 'BTCUSDT', windowSize: '99h' })).body.code).toBe(
      -1130,
    );
  });
});

describe('single rules', () => {
  const amend = (client: typeof desk, orderId: number, newQty: string) =>
    client.signed('PUT', '/api/v3/order/amend/keepPriority', {
      symbol: 'BTCUSDT',
      orderId: String(orderId),
      newQty,
    });
  /** On a clock that stands still, so that no ten seconds end on the way. */
  const standing = async () => {
    const startMs = Date.now();
    const still = await startBinanceSimulator({ wallMs: () => startMs });
    onTestFinished(() => still.close());
    const [mine, theirs] = [rawClient(still.address), rawClient(still.address, OTHER_KEY)];
    const post = (client: typeof desk, path: string, values: Values) =>
      client.signed('POST', `/api/v3/${path}`, { symbol: 'BTCUSDT', side: 'BUY', ...values }, startMs);
    const unfilled = async () =>
      (await mine.signed('GET', '/api/v3/rateLimit/order', {}, startMs)).body[0].count;
    return { mine, theirs, post, unfilled };
  };

  it('an order is amended ten times at the most', async () => {
    const { body } = await send(desk, limit({ quantity: '0.02', price: '50000' }));
    for (let count = 1; count <= 10; count += 1) {
      const smaller = await amend(desk, body.orderId, (0.02 - count / 1000).toFixed(3));
      expect(smaller.status, smaller.text).toBe(200);
    }
    expect((await amend(desk, body.orderId, '0.005')).body).toEqual({
      code: -2038,
      msg: 'Filter failure: MAX_NUM_ORDER_AMENDS',
    });
  });

  it('an amended order of an OCO takes the other with it', async () => {
    await send(desk, { type: 'MARKET', quantity: '0.01' });
    const { body: list } = await desk.signed('POST', '/api/v3/orderList/oco', {
      ...{ symbol: 'BTCUSDT', side: 'SELL', quantity: '0.005', newOrderRespType: 'RESULT' },
      ...{ aboveType: 'LIMIT_MAKER', abovePrice: '61000', belowType: 'STOP_LOSS', belowStopPrice: '59000' },
    });
    const [first, second] = list.orders as { orderId: number }[];
    expect((await amend(desk, first!.orderId, '0.003')).status).toBe(200);
    expect(await orderOf(desk, first!.orderId)).toMatchObject({ status: 'NEW', origQty: '0.00300000' });
    expect(await orderOf(desk, second!.orderId)).toMatchObject({ status: 'NEW', origQty: '0.00300000' });
  });

  it('a new order of an exchange that was not attempted counts as an unfilled one', async () => {
    const { mine, post, unfilled } = await standing();
    const wanted = {
      cancelReplaceMode: 'STOP_ON_FAILURE',
      cancelOrderId: '999',
      ...limit({ price: '50000' }),
    };
    const { body } = await post(mine, 'order/cancelReplace', wanted);
    expect(body).toMatchObject({
      code: -2022,
      data: { cancelResult: 'FAILURE', newOrderResult: 'NOT_ATTEMPTED' },
    });
    expect(await unfilled()).toBe(1);
  });

  it('a first fill as maker takes one off the unfilled orders too', async () => {
    const { mine, theirs, post, unfilled } = await standing();
    const { body } = await mine.open('/api/v3/depth', { symbol: 'BTCUSDT', limit: '5' });
    const price = (Number(body.asks[0][0]) - 0.5).toFixed(2);
    await post(mine, 'order', limit({ price, quantity: '0.02' }));
    expect(await unfilled()).toBe(1);
    await post(theirs, 'order', { type: 'MARKET', side: 'SELL', quantity: '0.01' });
    expect(await unfilled()).toBe(0);
  });

  it('a stop that becomes a market order is worth what its trigger says', async () => {
    await send(desk, { type: 'MARKET', quantity: '0.01' });
    const stop = { type: 'STOP_LOSS', side: 'SELL', quantity: '0.00009' };
    expect((await send(desk, { ...stop, stopPrice: '59000' })).status).toBe(200);
    expect((await send(desk, { ...stop, stopPrice: '55000' })).body).toEqual({
      code: -1013,
      msg: 'Filter failure: NOTIONAL',
    });
  });

  it.each([
    ['icebergQty', '0.005', 'Iceberg orders are not supported for this symbol.'],
    ['pegPriceType', 'PRIMARY_PEG', 'Pegged orders are not supported for this symbol.'],
  ])('%s is off for every symbol', async (name, value, msg) => {
    expect((await send(desk, limit({ price: '50000', [name]: value }))).body).toEqual({ code: -1013, msg });
  });

  it.each([
    ['GET', '/api/v3/orderList', { orderListId: '77' }, 400, -2018],
    ['POST', '/sapi/v1/capital/withdraw/apply', { coin: 'USDT', address: 'a', amount: '1' }, 401, -2015],
    ['POST', '/api/v3/sor/order', { symbol: 'BTCUSDT' }, 404, undefined],
    ['POST', '/api/v3/userDataStream', {}, 404, undefined],
    ['GET', '/sapi/v1/fiat/orders', {}, 404, undefined],
  ] as [string, string, Values, number, number | undefined][])(
    '%s %s answers as for what is not there',
    async (method, path, values, status, code) => {
      const answer = await desk.signed(method, path, values);
      expect(answer.status, answer.text).toBe(status);
      expect(answer.body?.code).toBe(code);
    },
  );

  it('a parameter in query and body is taken from the query', async () => {
    const query = 'symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=50000';
    const body = `price=40000&timestamp=${Date.now()}`;
    const placed = await fetch(
      `${simulator.address}/api/v3/order?${query}&signature=${desk.signature(query + body)}`,
      { method: 'POST', headers: { 'X-MBX-APIKEY': TRADING_KEY.apiKey }, body },
    );
    expect(await placed.json()).toMatchObject({ status: 'NEW', price: '50000.00000000' });
  });

  it('times are in microseconds where the header asks for them', async () => {
    const told = async (unit: string) => {
      const headers = { 'X-MBX-TIME-UNIT': unit };
      return (await fetch(`${simulator.address}/api/v3/time`, { headers })).json() as Promise<{
        serverTime?: number;
        code?: number;
      }>;
    };
    const { serverTime = 0 } = await told('MICROSECOND');
    expect(serverTime / 1000 / Date.now()).toBeCloseTo(1, 3);
    expect((await told('NANOSECOND')).code).toBe(-1194);
  });
});
