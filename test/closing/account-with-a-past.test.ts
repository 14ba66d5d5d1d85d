/** A first start on an account at the exchange's simulator that was traded before. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { deskAtVenue } from '../support/desk-at-venue.js';
import { untilHolds } from '../support/eventually.js';
import { rawClient, TRADING_KEY } from '../venue-binance/support/raw-client.js';

const COIN = buildInstrument(0, {
  symbol: 'COIN/USDT',
  kind: 'spot',
  tickSize: '0.01',
  lotSize: '0.001',
  minNotional: '5',
  makerFeePpm: 1000,
  takerFeePpm: 1000,
});
const OLD_TRADES = 44;

async function accountWithAPast() {
  const simulator = await startBinanceSimulator({
    symbols: [{ base: 'COIN', price: '100', tickSize: '0.01', stepSize: '0.001' }],
    accounts: [{ name: 'desk', balances: { USDT: '10000' } }],
  });
  onTestFinished(() => simulator.close());
  const raw = rawClient(simulator.address);
  const trade = async (side: string) => {
    const order = { symbol: 'COINUSDT', side, type: 'MARKET', quantity: '1' };
    const answer = await raw.signed('POST', '/api/v3/order', order);
    expect(answer.status, answer.text).toBe(200);
  };
  await raw.signed('POST', '/api/v3/order', {
    symbol: 'COINUSDT',
    side: 'BUY',
    type: 'MARKET',
    quantity: '5',
  });
  for (let count = 1; count < OLD_TRADES; count += 1) {
    if (count === 20) simulator.simulation.setPrice('COINUSDT', '700'); // far from today's
    if (count === 22) simulator.simulation.setPrice('COINUSDT', '100');
    await trade(count % 2 === 0 ? 'BUY' : 'SELL');
  }
  // What is left of the coins is sold, so that only the past itself could be mistaken for something.
  const held = simulator.simulation.exchange.account('desk').balances.get('COIN')?.free ?? 0n;
  const quantity = (Number(held / 100_000n) / 1000).toFixed(3);
  await raw.signed('POST', '/api/v3/order', { symbol: 'COINUSDT', side: 'SELL', type: 'MARKET', quantity });
  return simulator;
}

/** The account holds half a coin that nobody has said whose it is. `rules`: of the symbol, at the exchange. */
async function deskBesideCoins(rules: { readonly marketMaxQty?: string } = {}) {
  const simulator = await startBinanceSimulator({
    symbols: [{ base: 'COIN', price: '100', tickSize: '0.01', stepSize: '0.001', ...rules }],
    accounts: [{ name: 'desk', balances: { USDT: '10000', COIN: '0.5' } }],
  });
  onTestFinished(() => simulator.close());
  const venue = await openBinanceVenue({
    endpoint: { kind: 'simulator', address: simulator.address },
    credentials: TRADING_KEY,
    instruments: [COIN],
    times: { requestTimeoutMs: 1000, reconnect: { firstMs: 50, mostMs: 500 } },
  });
  onTestFinished(() => venue.close());
  const desk = await deskAtVenue(venue, { asExchangeAccount: true });
  onTestFinished(() => desk.close());
  await untilHolds(() => desk.engine.view.coins.length > 0);
  return { simulator, desk };
}

describe('a journal that begins on an account with a past', () => {
  it('begins at the moment of its creation: no old trade counts, and the books agree with the exchange', async () => {
    const simulator = await accountWithAPast();
    const venue = await openBinanceVenue({
      endpoint: { kind: 'simulator', address: simulator.address },
      credentials: TRADING_KEY,
      instruments: [COIN],
      times: { requestTimeoutMs: 1000, reconnect: { firstMs: 50, mostMs: 500 } },
    });
    onTestFinished(() => venue.close());
    // It knows what the coin costs once it is up: a busy exchange may answer that at the second try.
    await untilHolds(() => venue.state.up);
    // Read from the beginning, this history could not be believed, and the desk would never start.
    await expect(venue.fillsSince(0)).rejects.toThrow(/times off the market/);
    const desk = await deskAtVenue(venue, { asExchangeAccount: true });
    onTestFinished(() => desk.close());
    await untilHolds(() => desk.engine.view.reconciliation.state === 'clean');
    const { view } = desk.engine;
    expect(view).toMatchObject({ fills: 0, positions: [] });
    expect(view.reconciliation.differences).toEqual([]);
    expect(view.cash).toBe((await venue.balances()).cash);
    expect(view.equity).toBe(view.cash);
  });

  it('leaves the coins that are in it alone: no stop, no sale, no value, until a person says whose they are', async () => {
    const { simulator, desk } = await deskBesideCoins();
    expect(desk.engine.view).toMatchObject({ positions: [], coins: [{ nobodys: 500 }] });
    expect(desk.engine.view.equity).toBe(desk.engine.view.cash);
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(0);
    const command = { name: 'claimCoins', symbol: 'COIN/USDT', owner: 'desk', cost: '90' } as const;
    await desk.runner.command({ commandId: 'c', by: 'approver', reason: 'bought for it', command });
    await untilHolds(() => desk.engine.view.positions[0]?.protection === 'confirmed');
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 500, averageTicks: 9_000 }]);
  });

  it('leaves alone also what is more than one stop could protect: it can not become the desk’s', async () => {
    const { simulator, desk } = await deskBesideCoins({ marketMaxQty: '0.2' });
    const command = { name: 'claimCoins', symbol: 'COIN/USDT', owner: 'desk', cost: '90' } as const;
    await desk.runner.command({ commandId: 'c', by: 'approver', reason: 'bought for it', command });
    expect(desk.engine.view).toMatchObject({ positions: [], coins: [{ nobodys: 500 }] });
    expect(simulator.simulation.count('POST', '/api/v3/order')).toBe(0);
  });

  it('sells in parts what the exchange takes in no single order at the market', async () => {
    const { simulator, desk } = await deskBesideCoins({ marketMaxQty: '0.5' });
    const told = { commandId: 'c', by: 'approver', reason: 'bought for it' };
    const claim = { name: 'claimCoins', symbol: 'COIN/USDT', owner: 'desk', cost: '90' } as const;
    await desk.runner.command({ ...told, command: claim });
    await untilHolds(() => desk.engine.view.positions[0]?.protection === 'confirmed');
    // The exchange moves its limits, and tells nobody: the first sale is refused.
    simulator.simulation.exchange.market('COINUSDT').symbol.marketMaxQty = 20_000_000n;
    await desk.runner.command({ ...told, commandId: 'd', command: { name: 'closeAll' } });
    await untilHolds(() => desk.engine.view.closeAll === 'flat');
    expect(simulator.simulation.exchange.account('desk').balances.get('COIN')?.free).toBe(0n);
    expect(desk.engine.view).toMatchObject({ fills: 3, positions: [] });
  });
});
