/** The exchange makes its steps finer while a position is open, and what it fills lies between those of the desk file. */

import { describe, expect, it, onTestFinished } from 'vitest';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { Fill } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { createFillBook } from '../../src/venue/binance/fill-book.js';
import { learnSteps, marketsOf } from '../../src/venue/binance/market.js';
import { approved } from '../support/approved-order.js';
import { deskAtVenue } from '../support/desk-at-venue.js';
import { eventually as eventuallyExpect, untilHolds } from '../support/eventually.js';
import { OTHER_KEY, rawClient, TRADING_KEY } from '../venue-binance/support/raw-client.js';

const COIN = buildInstrument(0, {
  symbol: 'COIN/USDT',
  kind: 'spot',
  tickSize: '0.01',
  lotSize: '0.001',
  minNotional: '5',
  makerFeePpm: 1000,
  takerFeePpm: 1000,
});

async function openExchange() {
  const simulator = await startBinanceSimulator({
    symbols: [{ base: 'COIN', price: '100', tickSize: '0.01', stepSize: '0.001' }],
    accounts: [
      { name: 'desk', balances: { USDT: '10000', COIN: '1' } },
      { name: 'other', balances: { USDT: '10000' } },
    ],
  });
  onTestFinished(() => simulator.close());
  const raw = rawClient(simulator.address);
  const venueAt = async () => {
    const venue = await openBinanceVenue({
      endpoint: { kind: 'simulator', address: simulator.address },
      credentials: TRADING_KEY,
      instruments: [COIN],
      times: { requestTimeoutMs: 1000, monitorMs: 100, reconnect: { firstMs: 50, mostMs: 500 } },
    });
    onTestFinished(() => venue.close());
    return venue;
  };
  const makeFiner = () =>
    raw.control('filters', { symbol: 'COINUSDT', stepSize: '0.00001', tickSize: '0.001' });
  return { simulator, raw, venueAt, makeFiner };
}

/** One coin, whose stop rests at 95. */
async function holding() {
  const exchange = await openExchange();
  const venue = await exchange.venueAt();
  await untilHolds(() => venue.state.up);
  let reconciliations = 0;
  const onRecord = ({ type }: EngineRecord) => {
    if (type === 'reconciled') reconciliations += 1;
  };
  const desk = await deskAtVenue(venue, { asExchangeAccount: true, onRecord });
  onTestFinished(() => desk.close());
  await untilHolds(() => desk.engine.view.coins.length > 0);
  const command = { name: 'claimCoins', symbol: 'COIN/USDT', owner: 'desk', cost: '100' } as const;
  await desk.runner.command({ commandId: 'c', by: 'approver', reason: 'bought for it', command });
  await untilHolds(() => desk.engine.view.positions[0]?.protection === 'confirmed');
  await exchange.makeFiner();
  // About 0.0743 coins a level, so that no level is a whole number of the desk's lots.
  await exchange.raw.control('depth', { symbol: 'COINUSDT', levels: 20, levelValue: '7.013' });
  const agrees = async () => {
    const before = reconciliations;
    await desk.runner.command({ commandId: 'r', by: 'test', reason: 'test', command: { name: 'reconcile' } });
    // It stays clean while it is being read: what is seen then is the first one, which found the coin.
    await untilHolds(() => reconciliations > before && desk.engine.view.reconciliation.state === 'clean');
    const { differences } = desk.engine.view.reconciliation;
    // The first was refused on the stream, before the new steps were read: it is found, booked, and no difference to anything.
    expect(differences.filter(({ what }) => what !== 'fill')).toEqual([]);
    expect(desk.engine.view.cash).toBe((await venue.balances()).cash);
    expect(exchange.simulator.simulation.exchange.account('desk').balances.get('COIN')?.free).toBe(0n);
  };
  return { ...exchange, venue, desk, agrees };
}

describe('a position of which the exchange makes the steps finer', () => {
  it('is booked to the last unit when its stop is filled between them', async () => {
    const { simulator, desk, agrees } = await holding();
    simulator.simulation.setPrice('COINUSDT', '94.123');
    await untilHolds(() => desk.engine.view.positions.length === 0);
    expect(desk.engine.view.fills).toBeGreaterThan(5);
    await agrees();
  });

  it('is closed by the desk itself, and proven flat', async () => {
    const { desk, venue, agrees } = await holding();
    const command = { name: 'closeAll' } as const;
    await desk.runner.command({ commandId: 'a', by: 'test', reason: 'test', command });
    await untilHolds(() => ['flat', 'escalated'].includes(desk.engine.view.closeAll));
    expect(desk.engine.view.closeAll).toBe('flat');
    await agrees();
    expect(venue.closedInstruments?.()).toMatchObject([{ why: expect.stringContaining('is coarser') }]);
  });
});

describe('a stop that ends between two lots', () => {
  it('leaves what the account has: the desk adopts it, protects it and sells it', async () => {
    const { simulator, raw, desk } = await holding();
    // One level of about 0.06037 coins, and nobody else.
    await raw.control('depth', { symbol: 'COINUSDT', levels: 1, levelValue: '5.68' });
    simulator.simulation.setPrice('COINUSDT', '94.09');
    await untilHolds(() => coins() < 1);
    await raw.control('depth', { symbol: 'COINUSDT', levels: 0, levelValue: '0' });
    simulator.simulation.setPrice('COINUSDT', '100');
    await raw.signed('DELETE', '/api/v3/openOrders', { symbol: 'COINUSDT' });
    const whole = Math.floor(coins() * 1000);
    expect(coins() * 1000 - whole).toBeGreaterThan(0.1);
    // The fill told of a lot less.
    const isProtected = () =>
      desk.engine.view.positions.some(
        ({ quantityLots, protection }) => quantityLots === whole && protection === 'confirmed',
      );
    await untilHolds(isProtected);
    await raw.control('depth', { symbol: 'COINUSDT', levels: 20, levelValue: '1000000' });
    const command = { name: 'closeAll' } as const;
    await desk.runner.command({ commandId: 'a', by: 'test', reason: 'test', command });
    await untilHolds(() => ['flat', 'escalated'].includes(desk.engine.view.closeAll));
    expect(desk.engine.view.closeAll).toBe('flat');

    function coins(): number {
      const { free, locked } = simulator.simulation.exchange.account('desk').balances.get('COIN') ?? {};
      return Number((free ?? 0n) + (locked ?? 0n)) / 1e8;
    }
  });
});

describe('an order that is filled between the steps of the desk', () => {
  const fillsOf = (fills: readonly Fill[]) =>
    fills.map(({ quantityLots, priceTicks, fee }) => ({ quantityLots, priceTicks, fee }));

  it('names the fee in the asset of the execution that makes the lot whole, and adds no two of them', () => {
    const [market] = marketsOf([COIN]);
    if (market === undefined) throw new Error('no market');
    learnSteps(market, { tick: market.tick, lot: 1_000n });
    const book = createFillBook(() => market, true)(0);
    const trade = (tradeId: number, lots: string, commission: bigint, commissionAsset: string) => ({
      ...{ tradeId, orderId: 1, quantity: BigInt(lots), price: 10_000_000_000n, commission, commissionAsset },
      ...{ timeMs: tradeId, buyer: false, maker: true },
    });
    // Half a lot for 0.05, of which a tenth is kept in cash; then one and a half with the fee in BNB.
    expect(book.add(trade(1, '50000', 500_000n, 'USDT'), 'c', 0n)).toBe('later');
    expect(book.unbooked).toEqual({ coins: -50_000n, cash: 4_500_000n });
    const fill = book.add(trade(2, '150000', 30n, 'BNB'), 'c', 50_000n);
    expect(fill).toMatchObject({ quantityLots: 2, fee: 0, feeIn: { asset: 'BNB', amount: '0.00000030' } });
    expect(book.unbooked).toEqual({ coins: 0n, cash: 0n });
  });

  it('is a fill for each whole lot that it comes to, and no difference to the account in between', async () => {
    const { simulator, raw, venueAt, makeFiner } = await openExchange();
    const venue = await venueAt();
    await untilHolds(() => venue.state.up);
    const beganMs = (await venue.serverTime()) - 1000;
    const streamed: Fill[] = [];
    const other = rawClient(simulator.address, OTHER_KEY);
    venue.onEvent((event) => {
      if (event.kind === 'fill') streamed.push(event.fill);
    });
    const account = async () => [await venue.positions(), (await venue.balances()).cash];
    const before = await account();
    await raw.control('depth', { symbol: 'COINUSDT', levels: 0, levelValue: '0' });
    await makeFiner();
    const sale = { side: 'sell', type: 'limit', quantityLots: 200, limitTicks: 10_000 } as const;
    await venue.submit(approved({ ...sale, purpose: 'close' }));
    const buy = async (quantity: string) => {
      const order = { symbol: 'COINUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'IOC', price: '100' };
      const answer = await other.signed('POST', '/api/v3/order', { ...order, quantity });
      expect(answer.status, answer.text).toBe(200);
    };
    await buy('0.06037');
    const booked = () => venue.fillsSince(beganMs);
    await eventuallyExpect(async () => expect(await booked()).toHaveLength(1));
    // 60 lots for 6, of which a thousandth is kept; the 0.00037 are sold and in no fill yet.
    const first = { quantityLots: 60, priceTicks: 10_000, fee: 600_000 };
    expect(fillsOf(await booked())).toEqual([first]);
    const [positions, cash] = await account();
    expect(positions).toEqual([{ instrument: 0, quantityLots: 940 }]);
    expect(cash).toBe(Number(before[1]) + 600_000_000 - 600_000);
    await buy('0.0702');
    await buy('0.06943');
    await untilHolds(() => streamed.length === 2);
    const later = { quantityLots: 70, priceTicks: 10_000, fee: 700_000 };
    expect(fillsOf(streamed)).toEqual([later, later]);
    expect(fillsOf(await booked())).toEqual([first, later, later]);
    expect(await account()).toEqual([
      [{ instrument: 0, quantityLots: 800 }],
      Number(before[1]) + 2_000_000_000 - 2_000_000,
    ]);
    // Another process works out the same from the history alone.
    const restarted = await venueAt();
    await eventuallyExpect(async () => expect(await restarted.fillsSince(beganMs)).toEqual(await booked()));
  });
});
