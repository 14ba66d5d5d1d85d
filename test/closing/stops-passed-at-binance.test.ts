/** What becomes of a position whose stop can't protect it, over the wire at the exchange's simulator. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { deskAtVenue } from '../support/desk-at-venue.js';
import { untilHolds } from '../support/eventually.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';

const COIN = buildInstrument(0, {
  symbol: 'COIN/USDT',
  kind: 'spot',
  tickSize: '0.01',
  lotSize: '0.001',
  minNotional: '5',
  makerFeePpm: 1000,
  takerFeePpm: 1000,
});

/** One coin is held; the exchange trades at `price`, and the desk has seen 100: its stop belongs at 95. */
async function holding(price: string, stopLossMarket: boolean) {
  const simulator = await startBinanceSimulator({
    symbols: [{ base: 'COIN', price, tickSize: '0.01', stepSize: '0.001', stopLossMarket }],
    accounts: [{ name: 'desk', balances: { USDT: '1000', COIN: '1' } }],
  });
  const venue = await openBinanceVenue({
    endpoint: { kind: 'simulator', address: simulator.address },
    credentials: TRADING_KEY,
    instruments: [COIN],
    times: { requestTimeoutMs: 1000, reconnect: { firstMs: 50, mostMs: 500 } },
  });
  const desk = await deskAtVenue(venue, { stopOverrunMs: 1000 });
  onTestFinished(async () => {
    await desk.close();
    await venue.close();
    await simulator.close();
  });
  const { exchange } = simulator.simulation;
  const coins = () => {
    const balance = exchange.account('desk').balances.get('COIN');
    return (balance?.free ?? 0n) + (balance?.locked ?? 0n);
  };
  const refusals = () => simulator.simulation.count('POST', '/api/v3/order');
  return { simulator, desk, coins, refusals };
}

describe('a position at the exchange', () => {
  it('is sold at once where the exchange says that its stop would trigger immediately', async () => {
    const { desk, coins, refusals } = await holding('90', true);
    await untilHolds(() => coins() === 0n);
    expect(refusals()).toBe(2); // the stop that was refused, and the sale
    expect(desk.engine.view.mode).toBe('HALTED');
    await untilHolds(() => desk.engine.view.positions.length === 0);
  });

  it('is sold once its stop-limit was gapped through and rests without effect', async () => {
    const { simulator, desk, coins } = await holding('100', false);
    await untilHolds(() => desk.engine.view.positions[0]?.protection === 'confirmed');
    simulator.simulation.setPrice('COINUSDT', '80');
    const quote = () => desk.runner.post({ kind: 'quote', instrument: 0, bidTicks: 8_000, askTicks: 8_001 });
    quote();
    const quotes = setInterval(quote, 100);
    onTestFinished(() => clearInterval(quotes));
    await untilHolds(() => desk.engine.view.positions[0]?.protection === 'passed');
    expect(coins()).toBeGreaterThan(0n);
    await untilHolds(() => coins() === 0n);
    expect([...simulator.simulation.exchange.open.values()]).toEqual([]);
    await untilHolds(() => desk.engine.view.positions.length === 0);
  });
});
