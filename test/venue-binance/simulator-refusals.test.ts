/** What the simulator refuses, over plain HTTP: with the codes, the texts and the limits of the venue. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { OTHER_KEY, READING_KEY, rawClient, WITHDRAWING_KEY } from './support/raw-client.js';

let simulator: BinanceSimulator;
let client: ReturnType<typeof rawClient>;

beforeEach(async () => {
  simulator = await startBinanceSimulator();
  client = rawClient(simulator.address);
});
afterEach(() => simulator.close());

const order = (values: Record<string, string>) =>
  client.signed('POST', '/api/v3/order', { symbol: 'BTCUSDT', side: 'BUY', ...values });

describe('the Binance simulator', () => {
  const refusals: readonly [string, Record<string, string>, number, string][] = [
    ['too fine a quantity', { type: 'MARKET', quantity: '0.000011' }, -1013, 'Filter failure: LOT_SIZE'],
    [
      'a price off the tick',
      { type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: '50000.001' },
      -1013,
      'Filter failure: PRICE_FILTER',
    ],
    [
      'too small a value',
      { type: 'LIMIT', timeInForce: 'GTC', quantity: '0.00001', price: '50000' },
      -1013,
      'Filter failure: NOTIONAL',
    ],
    [
      'a price far from the market',
      { type: 'LIMIT', timeInForce: 'GTC', quantity: '0.1', price: '1000' },
      -1013,
      'Filter failure: PERCENT_PRICE_BY_SIDE',
    ],
    [
      'too little money',
      { type: 'MARKET', quantity: '5' },
      -2010,
      'Account has insufficient balance for requested action.',
    ],
    [
      'a maker that would match',
      { type: 'LIMIT_MAKER', quantity: '0.001', price: '61000' },
      -2010,
      'Order would immediately match and take.',
    ],
    [
      'a stop beyond the price',
      { type: 'STOP_LOSS', quantity: '0.001', stopPrice: '59000' },
      -2010,
      'Stop price would trigger immediately.',
    ],
    [
      'no quantity',
      { type: 'MARKET' },
      -1102,
      "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.",
    ],
    [
      'time in force on a market order',
      { type: 'MARKET', quantity: '0.001', timeInForce: 'GTC' },
      -1106,
      "Parameter 'timeInForce' sent when not required.",
    ],
    ['an unknown kind', { type: 'ICEBERG', quantity: '0.001' }, -1116, 'Invalid orderType.'],
    [
      'an unknown symbol',
      { symbol: 'NONEUSDT', type: 'MARKET', quantity: '0.001' },
      -1121,
      'Invalid symbol.',
    ],
  ];
  it.each(refusals)('refuses %s with the code and text of the venue', async (_what, values, code, msg) => {
    const answer = await order(values);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ code, msg });
  });

  it('bounds quantities by LOT_SIZE, and by MARKET_LOT_SIZE what is filled at the market', async () => {
    const strict = await startBinanceSimulator({
      symbols: [
        { base: 'COIN', price: '100', stepSize: '0.01', minQty: '0.1', maxQty: '10', marketMaxQty: '2' },
      ],
      accounts: [{ name: 'desk', balances: { USDT: '10000', COIN: '50' } }],
    });
    onTestFinished(() => strict.close());
    const caller = rawClient(strict.address);
    const limit = { type: 'LIMIT', timeInForce: 'GTC', price: '101', side: 'SELL' };
    const refusal = async (values: Record<string, string>) => {
      const answer = await caller.signed('POST', '/api/v3/order', { symbol: 'COINUSDT', ...values });
      return answer.status === 200 ? null : answer.body;
    };
    const failed = (filter: string) => ({ code: -1013, msg: `Filter failure: ${filter}` });
    expect(await refusal({ ...limit, quantity: '0.09' })).toEqual(failed('LOT_SIZE'));
    expect(await refusal({ ...limit, quantity: '0.1' })).toBeNull();
    expect(await refusal({ ...limit, quantity: '10.01' })).toEqual(failed('LOT_SIZE'));
    expect(await refusal({ ...limit, quantity: '10' })).toBeNull();
    const sale = { type: 'MARKET', side: 'SELL' };
    expect(await refusal({ ...sale, quantity: '2.01' })).toEqual(failed('MARKET_LOT_SIZE'));
    expect(await refusal({ ...sale, quantity: '10.01' })).toEqual(failed('LOT_SIZE'));
    expect(await refusal({ ...sale, quantity: '2' })).toBeNull();
    const stop = { type: 'STOP_LOSS', side: 'SELL', stopPrice: '90' };
    expect(await refusal({ ...stop, quantity: '2.01' })).toEqual(failed('MARKET_LOT_SIZE'));
    expect(await refusal({ ...stop, quantity: '2' })).toBeNull();
    const stopLimit = { ...limit, type: 'STOP_LOSS_LIMIT', price: '85', stopPrice: '90' };
    expect(await refusal({ ...stopLimit, quantity: '2.01' })).toBeNull();
  });

  it('takes five stops of a symbol at a time, and refuses the sixth', async () => {
    const stop = { type: 'STOP_LOSS', quantity: '0.001', stopPrice: '61000' };
    for (let nth = 0; nth < 5; nth += 1) expect((await order(stop)).status).toBe(200);
    expect((await order(stop)).body).toEqual({ code: -1013, msg: 'Filter failure: MAX_NUM_ALGO_ORDERS' });
  });

  it('refuses parameters that no order takes', async () => {
    const answer = await order({ type: 'MARKET', quantity: '0.001', colour: 'red' });
    expect(answer.body.code).toBe(-1104);
  });

  it('refuses a client id that is open already, and takes it again afterwards', async () => {
    const resting = {
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.001',
      price: '50000',
      newClientOrderId: 'twice',
    };
    await order(resting);
    expect((await order(resting)).body).toEqual({ code: -2010, msg: 'Duplicate order sent.' });
    await client.signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' });
    expect((await order(resting)).body).toMatchObject({ status: 'NEW' });
  });

  it.each(['a.b', 'a:b', 'a/b', 'a b', 'x'.repeat(37)])('refuses the client id %s', async (id) => {
    const answer = await order({ type: 'MARKET', quantity: '0.001', newClientOrderId: id });
    expect(answer.body).toEqual({
      code: -1100,
      msg: "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
    });
  });

  it('takes a client id of letters, digits, hyphens and underscores', async () => {
    const id = 'Az09-_'.repeat(6);
    const answer = await order({ type: 'MARKET', quantity: '0.001', newClientOrderId: id });
    expect(answer.body).toMatchObject({ clientOrderId: id });
  });

  it('verifies key, signature, time and permission', async () => {
    const stranger = rawClient(simulator.address, { ...OTHER_KEY, apiKey: 'x'.repeat(64) });
    expect((await stranger.signed('GET', '/api/v3/account')).body.code).toBe(-2015);
    const forged = rawClient(simulator.address, { ...OTHER_KEY, secret: 'wrong' });
    expect((await forged.signed('GET', '/api/v3/account')).body.code).toBe(-1022);
    expect((await client.signed('GET', '/api/v3/account', {}, Date.now() - 20_000)).body.code).toBe(-1021);
    expect((await client.signed('GET', '/api/v3/account', {}, Date.now() + 5000)).body.code).toBe(-1021);
    const reader = rawClient(simulator.address, READING_KEY);
    expect((await reader.signed('GET', '/api/v3/account')).status).toBe(200);
    const refused = await reader.signed('POST', '/api/v3/order', {
      symbol: 'BTCUSDT',
      side: 'BUY',
      type: 'MARKET',
      quantity: '0.001',
    });
    expect(refused.body.code).toBe(-2015);
  });

  it('says what a key may do', async () => {
    const own = await client.signed('GET', '/sapi/v1/account/apiRestrictions');
    expect(own.body).toMatchObject({ enableSpotAndMarginTrading: true, enableWithdrawals: false });
    const dangerous = rawClient(simulator.address, WITHDRAWING_KEY);
    expect((await dangerous.signed('GET', '/sapi/v1/account/apiRestrictions')).body.enableWithdrawals).toBe(
      true,
    );
  });

  it('answers unknown orders as the venue does', async () => {
    const none = { symbol: 'BTCUSDT', origClientOrderId: 'never' };
    expect((await client.signed('GET', '/api/v3/order', none)).body.code).toBe(-2013);
    expect((await client.signed('DELETE', '/api/v3/order', none)).body.code).toBe(-2011);
    expect((await client.signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' })).body.code).toBe(
      -2011,
    );
  });

  it('counts weight, warns with 429 and a time to wait, then bans with 418', async () => {
    // The clock stands still, so that no minute ends on the way.
    const startMs = Date.now();
    const still = await startBinanceSimulator({ wallMs: () => startMs });
    const caller = rawClient(still.address);
    const ask = () => caller.signed('GET', '/api/v3/openOrders', {}, startMs);
    for (let count = 0; count < 75; count += 1) expect((await ask()).status).toBe(200);
    const over = await ask();
    expect(over.status).toBe(429);
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(0);
    for (let count = 0; count < 10; count += 1) await ask();
    expect((await ask()).status).toBe(418);
    await still.close();
  });
});
