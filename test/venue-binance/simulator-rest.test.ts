/** The simulator over plain HTTP, with a client that knows nothing of ours. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BinanceSimulator, startBinanceSimulator } from '../../simulators/binance/start.js';
import { OTHER_KEY, rawClient } from './support/raw-client.js';

let simulator: BinanceSimulator;
let client: ReturnType<typeof rawClient>;

beforeEach(async () => {
  simulator = await startBinanceSimulator();
  client = rawClient(simulator.address);
});
afterEach(() => simulator.close());

const order = (values: Record<string, string>) =>
  client.signed('POST', '/api/v3/order', { symbol: 'BTCUSDT', side: 'BUY', ...values });

async function balance(asset: string): Promise<{ free: string; locked: string }> {
  const { body } = await client.signed('GET', '/api/v3/account');
  const found = body.balances.find((one: { asset: string }) => one.asset === asset);
  return found ? { free: found.free, locked: found.locked } : { free: '0', locked: '0' };
}

describe('the Binance simulator over REST', () => {
  it('lists symbols with their filters, and the time', async () => {
    const info = await client.open('/api/v3/exchangeInfo', { symbols: '["BTCUSDT","ETHUSDT"]' });
    expect(info.body.symbols.map((one: { symbol: string }) => one.symbol)).toEqual(['BTCUSDT', 'ETHUSDT']);
    const lot = info.body.symbols[0].filters.find(
      (one: { filterType: string }) => one.filterType === 'LOT_SIZE',
    );
    expect(lot.stepSize).toBe('0.00001000');
    const time = await client.open('/api/v3/time');
    expect(Math.abs(time.body.serverTime - Date.now())).toBeLessThan(30_000);
    expect(Number(time.headers.get('x-mbx-used-weight-1m'))).toBeGreaterThan(0);
  });

  it('fills a market order against the ladder, takes the fee from what was bought, and keeps the books', async () => {
    const placed = await order({ type: 'MARKET', quantity: '0.01', newClientOrderId: 'first' });
    expect(placed.body).toMatchObject({
      status: 'FILLED',
      executedQty: '0.01000000',
      clientOrderId: 'first',
    });
    expect(placed.body.fills[0]).toMatchObject({
      qty: '0.01000000',
      commission: '0.00001000',
      commissionAsset: 'BTC',
    });
    expect(await balance('BTC')).toEqual({ free: '0.00999000', locked: '0.00000000' });
    const spent = Number(placed.body.cummulativeQuoteQty);
    expect(Number((await balance('USDT')).free)).toBeCloseTo(10_000 - spent, 6);
    const trades = await client.signed('GET', '/api/v3/myTrades', { symbol: 'BTCUSDT' });
    expect(trades.body).toHaveLength(1);
    expect(trades.body[0]).toMatchObject({ orderId: placed.body.orderId, isBuyer: true, isMaker: false });
  });

  it('locks the base balance of a resting stop until it is cancelled', async () => {
    await order({ type: 'MARKET', quantity: '0.01' });
    const stop = await order({
      side: 'SELL',
      type: 'STOP_LOSS',
      quantity: '0.00999',
      stopPrice: '55000',
      newClientOrderId: 'stop1',
      newOrderRespType: 'RESULT',
    });
    expect(stop.body).toMatchObject({ status: 'NEW' });
    expect(await balance('BTC')).toEqual({ free: '0.00000000', locked: '0.00999000' });
    const sale = await order({ side: 'SELL', type: 'MARKET', quantity: '0.00999' });
    expect(sale.body).toEqual({ code: -2010, msg: 'Account has insufficient balance for requested action.' });
    const cancelled = await client.signed('DELETE', '/api/v3/order', {
      symbol: 'BTCUSDT',
      origClientOrderId: 'stop1',
    });
    expect(cancelled.body).toMatchObject({ status: 'CANCELED', origClientOrderId: 'stop1' });
    expect(await balance('BTC')).toEqual({ free: '0.00999000', locked: '0.00000000' });
  });

  it('triggers a stop when the price falls to it, and fills a resting limit order that the price crosses', async () => {
    await order({ type: 'MARKET', quantity: '0.01' });
    await order({
      side: 'SELL',
      type: 'STOP_LOSS',
      quantity: '0.00999',
      stopPrice: '55000',
      newClientOrderId: 'stop2',
    });
    await order({
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.001',
      price: '54000',
      newClientOrderId: 'dip',
    });
    await client.control('price', { symbol: 'BTCUSDT', price: '54900' });
    const stop = await client.signed('GET', '/api/v3/order', {
      symbol: 'BTCUSDT',
      origClientOrderId: 'stop2',
    });
    expect(stop.body).toMatchObject({ status: 'FILLED', executedQty: '0.00999000' });
    await client.control('price', { symbol: 'BTCUSDT', price: '53900' });
    const dip = await client.signed('GET', '/api/v3/order', { symbol: 'BTCUSDT', origClientOrderId: 'dip' });
    expect(dip.body).toMatchObject({ status: 'FILLED', cummulativeQuoteQty: '54.00000000' });
  });

  it('lets two accounts trade with each other at the resting price', async () => {
    const other = rawClient(simulator.address, OTHER_KEY);
    const { body: book } = await client.open('/api/v3/ticker/bookTicker', { symbol: 'BTCUSDT' });
    const price = (Number(book.askPrice) - 0.5).toFixed(2);
    await other.signed('POST', '/api/v3/order', {
      symbol: 'BTCUSDT',
      side: 'SELL',
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.005',
      price,
    });
    const bought = await order({ type: 'MARKET', quantity: '0.005' });
    expect(bought.body.fills).toHaveLength(1);
    expect(Number(bought.body.fills[0].price)).toBe(Number(price));
    const theirs = await other.signed('GET', '/api/v3/myTrades', { symbol: 'BTCUSDT' });
    expect(theirs.body[0]).toMatchObject({ isMaker: true, isBuyer: false });
  });

  it('can apply an order and lose its answer', async () => {
    await client.control('fault', {
      method: 'POST',
      applyFirst: true,
      effect: { kind: 'answer', status: 504 },
    });
    const lost = await order({
      type: 'LIMIT',
      timeInForce: 'GTC',
      quantity: '0.001',
      price: '50000',
      newClientOrderId: 'lost',
    });
    expect(lost.status).toBe(504);
    const found = await client.signed('GET', '/api/v3/order', {
      symbol: 'BTCUSDT',
      origClientOrderId: 'lost',
    });
    expect(found.body.status).toBe('NEW');
  });

  it('gives minutes to warm up with, and candles of longer spans', async () => {
    const minutes = await client.open('/api/v3/klines', { symbol: 'BTCUSDT', interval: '1m', limit: '500' });
    expect(minutes.body).toHaveLength(500);
    for (const [, open, high, low, close] of minutes.body) {
      expect(Number(high)).toBeGreaterThanOrEqual(Math.max(Number(open), Number(close)));
      expect(Number(low)).toBeLessThanOrEqual(Math.min(Number(open), Number(close)));
    }
    const hours = await client.open('/api/v3/klines', { symbol: 'BTCUSDT', interval: '1h', limit: '5' });
    expect(hours.body[0][0] % 3_600_000).toBe(0);
  });
});
