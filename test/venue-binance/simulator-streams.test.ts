/** Streams and sessions of the simulator with a bare WebSocket: what is refused, what is told, and how often. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { OTHER_KEY, rawClient, TRADING_KEY } from './support/raw-client.js';
import { openSocket } from './support/raw-socket.js';

let simulator: BinanceSimulator;
let desk: ReturnType<typeof rawClient>;
let skewMs = 0;

beforeEach(async () => {
  skewMs = 0;
  simulator = await startBinanceSimulator({ wallMs: () => Date.now() + skewMs });
  desk = rawClient(simulator.address);
});
afterEach(() => simulator.close());

async function open(path: string) {
  const socket = await openSocket(simulator.address, path);
  onTestFinished(() => socket.close());
  return socket;
}

const market = (quantity: string) =>
  desk.signed('POST', '/api/v3/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity });

describe('market streams', () => {
  it.each([
    'btcusdt@nothing',
    'BTCUSDT@trade',
    'noneusdt@trade',
    'btcusdt@kline_7m',
    'btcusdt@depth7',
    '!bookTicker',
    // The exchange has these; nothing here would ever be told on them.
    'btcusdt@kline_1s',
    'btcusdt@kline_1w',
    'btcusdt@kline_1M',
    'btcusdt@kline_1m@+08:00',
    'btcusdt@referencePrice',
    'btcusdt@blockTrade',
  ])('refuse %s instead of acknowledging it and keeping silent', async (name) => {
    const socket = await open('/ws');
    socket.send({ method: 'SUBSCRIBE', params: ['btcusdt@trade', name], id: 1 });
    const answer = await socket.first(({ id }) => id === 1);
    expect(answer).toEqual({ error: { code: 2, msg: `Invalid request: unknown stream \`${name}\`` }, id: 1 });
    socket.send({ method: 'LIST_SUBSCRIPTIONS', id: 2 });
    expect((await socket.first(({ id }) => id === 2)).result).toEqual([]);
  });

  it('answer what is no request with the exchange’s errors', async () => {
    const socket = await open('/stream');
    socket.send({ method: 'SHOUT', id: 1 });
    expect((await socket.first(({ id }) => id === 1)).error.msg).toMatch(
      /^Invalid request: unknown variant `SHOUT`/,
    );
    socket.send({ method: 'SET_PROPERTY', params: ['combined', 'yes'], id: 2 });
    expect((await socket.first(({ id }) => id === 2)).error.code).toBe(1);
    socket.send({ method: 'GET_PROPERTY', params: ['combined'], id: 3 });
    expect((await socket.first(({ id }) => id === 3)).result).toBe(true);
  });

  it('end a connection that sends more than five messages in a second', async () => {
    const socket = await open('/ws');
    for (let id = 0; id < 12; id += 1) socket.send({ method: 'LIST_SUBSCRIPTIONS', id });
    expect(await socket.closed).toBe(1008);
  });

  it('tell each client’s trade once, by trade and by taker order, with its candle', async () => {
    const socket = await open('/stream?streams=btcusdt@trade/btcusdt@aggTrade/btcusdt@kline_1m');
    const before = (await socket.first(({ data }) => data?.e === 'kline')).data.k;
    const { body } = await market('0.01');
    const of =
      (kind: string) =>
      ({ data }: { data?: { e?: string; q?: string } }) =>
        data?.e === kind && data.q === '0.01000000';
    const trade = (await socket.first(of('trade'))).data;
    expect(trade).toMatchObject({ t: body.fills[0].tradeId, m: false });
    expect((await socket.first(of('aggTrade'))).data).toMatchObject({ f: trade.t, l: trade.t });
    const after = await socket.first(({ data }) => data?.k?.L === trade.t);
    expect(Number(after.data.k.v) - Number(before.v)).toBeCloseTo(0.01, 8);
  });

  it('close a candle when its minute is over, also a minute without trades', async () => {
    const socket = await open('/ws/btcusdt@kline_1m');
    const { k: first } = await socket.first(({ e }) => e === 'kline');
    skewMs = 120_000;
    const closed = ({ k }: { k?: { x: boolean; t: number } }) => k?.x === true;
    expect((await socket.first(closed)).k.t).toBe(first.t);
    const second = await socket.first((frame) => closed(frame) && frame.k.t === first.t + 60_000);
    expect(second.k).toMatchObject({ v: '0.00000000', n: 0, f: -1, L: -1 });
    expect(socket.frames.filter((frame) => closed(frame) && frame.k.t === first.t)).toHaveLength(1);
  });

  it('tell a recording that is played as it was recorded, whatever is traded into it', async () => {
    const symbol = 'BTCUSDT';
    const socket = await open('/ws/btcusdt@bookTicker/btcusdt@kline_1m');
    const { k: first } = await socket.first(({ e }) => e === 'kline');
    await desk.control('quote', { symbol, bid: '60999.98', ask: '61000.03' });
    await simulator.sockets.heard();
    const told = () => socket.frames.filter(({ a }) => a === '61000.03000000');
    expect(told()).toMatchObject([{ b: '60999.98000000' }]);

    const { body } = await market('0.01');
    expect(body.fills).toMatchObject([{ price: '61000.03000000', qty: '0.01000000' }]);
    skewMs = 120_000;
    const prices = { open: '61000', high: '61010', low: '60990', close: '61005' };
    await desk.control('minute', { symbol, openMs: first.t, ...prices, volume: '3' });
    await simulator.sockets.heard();
    const closed = socket.frames.filter(({ k }) => k?.x === true);
    expect(closed.map(({ k: { t, o, h, l, c, v } }) => [t, o, h, l, c, v])).toEqual([
      [first.t, ...['61000', '61010', '60990', '61005', '3'].map((one) => `${one}.00000000`)],
    ]);
  });

  it('set off stops by the side at which they would be executed, where a recording is played', async () => {
    const symbol = 'BTCUSDT';
    const other = rawClient(simulator.address, OTHER_KEY);
    const stop = (side: string, stopPrice: string) =>
      other.signed('POST', '/api/v3/order', { symbol, side, type: 'STOP_LOSS', quantity: '0.01', stopPrice });
    const play = (bid: string, ask: string) => desk.control('quote', { symbol, bid, ask });
    await play('60000', '60001');
    await stop('SELL', '59990');
    await stop('BUY', '60010');
    const fills = async () => (await other.signed('GET', '/api/v3/myTrades', { symbol })).body;
    await play('59990.01', '60009.99');
    expect(await fills()).toEqual([]);
    await play('59990', '60009');
    await play('60002', '60010');
    expect(await fills()).toMatchObject([
      { isBuyer: false, price: '59990.00000000' },
      { isBuyer: true, price: '60010.00000000' },
    ]);
  });

  it('tell changes of the book that lead from a snapshot to the next one', async () => {
    const socket = await open('/ws/btcusdt@depth@100ms');
    await new Promise((resolve) => setImmediate(resolve));
    const { body: before } = await desk.open('/api/v3/depth', { symbol: 'BTCUSDT', limit: '5000' });
    await market('0.01');
    await desk.control('price', { symbol: 'BTCUSDT', price: '60100' });
    const { body: after } = await desk.open('/api/v3/depth', { symbol: 'BTCUSDT', limit: '5000' });
    await socket.first(({ u }) => u === after.lastUpdateId);
    const asks = new Map<string, string>(before.asks);
    for (const event of socket.frames) {
      for (const [price, quantity] of event.a) {
        if (Number(quantity) === 0) asks.delete(price);
        else asks.set(price, quantity);
      }
    }
    expect(new Map(asks)).toEqual(new Map(after.asks));
    expect(socket.frames[0].U).toBeLessThanOrEqual(before.lastUpdateId + 1);
    const firsts = socket.frames.slice(1).map(({ U }) => U);
    expect(firsts).toEqual(socket.frames.slice(0, -1).map(({ u }) => u + 1));
  });

  it('tell microseconds to who asks for them', async () => {
    const socket = await open('/stream?streams=btcusdt@miniTicker&timeUnit=MICROSECOND');
    const { data } = await socket.first((frame) => frame.data !== undefined);
    expect(data.E).toBeGreaterThan(1e15);
  });
});

describe('the WebSocket API', () => {
  const parameters = (key: typeof TRADING_KEY, more: Record<string, string | number> = {}) => {
    const values: Record<string, string | number> = { ...more, apiKey: key.apiKey, timestamp: Date.now() };
    const payload = Object.keys(values)
      .sort()
      .map((name) => `${name}=${values[name]}`)
      .join('&');
    return { ...values, signature: rawClient(simulator.address, key).signature(payload) };
  };

  it('refuses a second subscription of the same account on a connection, and tells nothing twice', async () => {
    const socket = await open('/ws-api/v3');
    const subscribe = 'userDataStream.subscribe.signature';
    socket.send({ id: 'a', method: subscribe, params: parameters(TRADING_KEY) });
    expect((await socket.first(({ id }) => id === 'a')).result).toEqual({ subscriptionId: 0 });
    socket.send({ id: 'b', method: subscribe, params: parameters(TRADING_KEY) });
    expect(await socket.first(({ id }) => id === 'b')).toMatchObject({
      status: 400,
      error: { code: -2035, msg: 'User Data Stream subscription already active.' },
    });
    socket.send({ id: 'c', method: subscribe, params: parameters(OTHER_KEY) });
    expect((await socket.first(({ id }) => id === 'c')).result).toEqual({ subscriptionId: 1 });
    const { body } = await market('0.01');
    await socket.first(({ event }) => event?.X === 'FILLED');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const fills = socket.frames.filter(({ event }) => event?.x === 'TRADE');
    expect(fills.map(({ subscriptionId, event }) => [subscriptionId, event.t])).toEqual([
      [0, body.fills[0].tradeId],
    ]);
  });

  it('says with each answer how much of its limits is used, unless it is asked not to', async () => {
    // Both answers count in one minute: with its end the counts begin anew.
    const leftMs = 60_000 - (Date.now() % 60_000);
    if (leftMs < 5_000) await new Promise((resolve) => setTimeout(resolve, leftMs));
    const socket = await open('/ws-api/v3');
    socket.send({ id: 1, method: 'time' });
    const [weight] = (await socket.first(({ id }) => id === 1)).rateLimits;
    expect(weight).toMatchObject({ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', limit: 6000 });
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT_MAKER', quantity: '0.01', price: '50000' };
    socket.send({ id: 2, method: 'order.place', params: parameters(TRADING_KEY, order) });
    const placed = await socket.first(({ id }) => id === 2);
    expect(placed.rateLimits).toMatchObject([
      { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, count: 1 },
      { rateLimitType: 'ORDERS', interval: 'DAY', count: 1 },
      { rateLimitType: 'REQUEST_WEIGHT', count: weight.count + 1 },
    ]);
    socket.send({ id: 3, method: 'time', params: { returnRateLimits: false } });
    expect(await socket.first(({ id }) => id === 3)).not.toHaveProperty('rateLimits');
  });

  it('tells a deposit and the balance after it', async () => {
    const socket = await open('/ws-api/v3');
    socket.send({ id: 1, method: 'userDataStream.subscribe.signature', params: parameters(TRADING_KEY) });
    await socket.first(({ id }) => id === 1);
    await desk.control('deposit', { account: 'desk', asset: 'USDT', amount: '500' });
    const update = await socket.first(({ event }) => event?.e === 'balanceUpdate');
    expect(update.event).toMatchObject({ a: 'USDT', d: '500.00000000' });
    const position = await socket.first(({ event }) => event?.e === 'outboundAccountPosition');
    expect(position.event.B).toEqual([{ a: 'USDT', f: '10500.00000000', l: '0.00000000' }]);
  });

  async function registered(publicKey: KeyObject): Promise<string> {
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    const answer = (await desk.control('key', { account: 'desk', publicKey: pem })) as { apiKey: string };
    return answer.apiKey;
  }

  it('takes RSA and Ed25519 keys beside HMAC, and signs a session on with Ed25519 only', async () => {
    const pairs = [
      { algorithm: 'sha256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) },
      { algorithm: null, ...generateKeyPairSync('ed25519') },
    ];
    for (const { algorithm, publicKey, privateKey } of pairs) {
      const apiKey = await registered(publicKey);
      const signed = (text: string) => sign(algorithm, Buffer.from(text), privateKey).toString('base64');
      const query = `timestamp=${Date.now()}`;
      const rest = (signature: string) =>
        fetch(`${simulator.address}/api/v3/account?${query}&signature=${encodeURIComponent(signature)}`, {
          headers: { 'X-MBX-APIKEY': apiKey },
        });
      expect((await rest(signed(query))).status).toBe(200);
      expect(await (await rest(signed(`${query}1`))).json()).toMatchObject({ code: -1022 });
      const socket = await open('/ws-api/v3');
      const values = { apiKey, timestamp: Date.now() };
      const signature = signed(`apiKey=${apiKey}&timestamp=${values.timestamp}`);
      socket.send({ id: 1, method: 'session.logon', params: { ...values, signature } });
      const logOn = await socket.first(({ id }) => id === 1);
      expect(logOn.status).toBe(algorithm === null ? 200 : 400);
      if (algorithm !== null) continue;
      socket.send({ id: 2, method: 'account.status', params: { timestamp: Date.now() } });
      expect((await socket.first(({ id }) => id === 2)).result.canTrade).toBe(true);
      socket.send({ id: 3, method: 'userDataStream.subscribe' });
      expect((await socket.first(({ id }) => id === 3)).result).toEqual({ subscriptionId: 0 });
      socket.send({ id: 4, method: 'session.logout' });
      await socket.first(({ event }) => event?.e === 'eventStreamTerminated');
    }
  });

  it('tells and takes times in microseconds', async () => {
    const times = (unit: string) =>
      fetch(`${simulator.address}/api/v3/time`, { headers: { 'X-MBX-TIME-UNIT': unit } }).then((r) =>
        r.json(),
      );
    expect(((await times('MICROSECOND')) as { serverTime: number }).serverTime).toBeGreaterThan(1e15);
    expect(await times('NANOSECOND')).toMatchObject({ code: -1194 });
    expect((await desk.signed('GET', '/api/v3/account', {}, Date.now() * 1000)).status).toBe(200);
    expect((await desk.signed('GET', '/api/v3/account', {}, (Date.now() - 20_000) * 1000)).body.code).toBe(
      -1021,
    );
  });
});
