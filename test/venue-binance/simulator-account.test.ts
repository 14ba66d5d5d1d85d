/** What an account is and pays, and public trades and days: answers that outside clients ask for. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { rawClient } from './support/raw-client.js';

let simulator: BinanceSimulator;
let client: ReturnType<typeof rawClient>;
beforeEach(async () => {
  simulator = await startBinanceSimulator();
  client = rawClient(simulator.address);
});
afterEach(() => simulator.close());

const buy = (quantity: string) =>
  client.signed('POST', '/api/v3/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity });

it('pays fees in BNB once the account says so, at three quarters, and in the coin again when the BNB runs out', async () => {
  const burn = () => client.signed('GET', '/sapi/v1/bnbBurn');
  expect((await burn()).body).toEqual({ spotBNBBurn: false, interestBNBBurn: false });
  const wrong = await client.signed('POST', '/sapi/v1/bnbBurn', { spotBNBBurn: 'yes' });
  expect(wrong).toMatchObject({ status: 400, body: { code: -1130 } });
  const set = await client.signed('POST', '/sapi/v1/bnbBurn', { spotBNBBurn: 'true' });
  expect(set.body).toMatchObject({ spotBNBBurn: true });
  expect((await burn()).body).toMatchObject({ spotBNBBurn: true });
  await client.control('balance', { account: 'desk', asset: 'BNB', free: '0.0002' });
  const { last } = simulator.simulation.exchange.market('BNBUSDT');
  const [first] = (await buy('0.001')).body.fills;
  expect(first.commissionAsset).toBe('BNB');
  const value = Number(first.price) * Number(first.qty);
  expect(Number(first.commission)).toBeCloseTo((value * 0.00075) / (Number(last) / 1e8), 7);
  // More than what is left: the whole fee comes out of the coin.
  const [second] = (await buy('0.01')).body.fills;
  expect(second).toMatchObject({ commissionAsset: 'BTC', commission: '0.00001000' });
});

it('tells the rates and the discount of a symbol, and refuses one that does not exist', async () => {
  const path = '/api/v3/account/commission';
  const rates = { maker: '0.00100000', taker: '0.00100000', buyer: '0.00000000', seller: '0.00000000' };
  const { body } = await client.signed('GET', path, { symbol: 'BTCUSDT' });
  expect(body).toMatchObject({
    symbol: 'BTCUSDT',
    standardCommission: rates,
    discount: { enabledForAccount: false, discountAsset: 'BNB', discount: '0.75000000' },
  });
  expect((await client.signed('GET', path)).body.code).toBe(-1102);
  expect((await client.signed('GET', path, { symbol: 'NOSUCH' })).body.code).toBe(-1121);
});

it('tells the filters of a symbol to its account, with its weight', async () => {
  const used = () => simulator.simulation.limits.shown().count as number;
  const before = used();
  const { body } = await client.signed('GET', '/api/v3/myFilters', { symbol: 'BTCUSDT' });
  expect(body).toMatchObject({ exchangeFilters: [], assetFilters: [] });
  const kinds = body.symbolFilters.map(({ filterType }: { filterType: string }) => filterType);
  expect(kinds).toEqual(expect.arrayContaining(['PRICE_FILTER', 'LOT_SIZE', 'NOTIONAL']));
  expect([40, 40 + before, 40 - before]).toContain(used() - before);
});

it('tells old trades from an id on, at most as many as asked for, and the newest without one', async () => {
  for (const price of ['60001', '60002', '60003'])
    await client.control('price', { symbol: 'BTCUSDT', price });
  const all = (await client.open('/api/v3/historicalTrades', { symbol: 'BTCUSDT' })).body;
  expect(all.map(({ price }: { price: string }) => price)).toEqual(
    ['60001', '60002', '60003'].map((price) => `${price}.00000000`),
  );
  const from = { symbol: 'BTCUSDT', fromId: String(all[0].id), limit: '2' };
  expect((await client.open('/api/v3/historicalTrades', from)).body).toEqual(all.slice(0, 2));
  const tooMany = { symbol: 'BTCUSDT', limit: '1001' };
  expect((await client.open('/api/v3/historicalTrades', tooMany)).status).toBe(400);
});

it('tells the trading day since midnight UTC, of one symbol or of some, and refuses a zone that it does not have', async () => {
  const path = '/api/v3/ticker/tradingDay';
  await client.control('price', { symbol: 'BTCUSDT', price: '61000' });
  const { body } = await client.open(path, { symbol: 'BTCUSDT' });
  expect(body).toMatchObject({ symbol: 'BTCUSDT', lastPrice: '61000.00000000' });
  expect(body.openTime % 86_400_000).toBe(0);
  const some = await client.open(path, { symbols: '["BTCUSDT","ETHUSDT"]', type: 'MINI' });
  expect(some.body.map(({ symbol }: { symbol: string }) => symbol)).toEqual(['BTCUSDT', 'ETHUSDT']);
  expect(some.body[0]).not.toHaveProperty('weightedAvgPrice');
  expect((await client.open(path, { symbol: 'BTCUSDT', timeZone: '+08:00' })).body.code).toBe(-1130);
});
