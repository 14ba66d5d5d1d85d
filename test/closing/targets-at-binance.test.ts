/** Targets in parts where a stop locks what it protects, over the wire at the exchange's simulator. */

import { describe, expect, it, onTestFinished } from 'vitest';
import type { SymbolOptions } from '../../simulators/binance/exchange/symbols.js';
import { startBinanceSimulator } from '../../simulators/binance/start.js';
import type { ExitPlan } from '../../src/domain/exits.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { openBinanceVenue } from '../../src/venue/binance/binance-venue.js';
import { oneEntry } from '../engine/support/one-entry.js';
import { arm, deskAtVenue } from '../support/desk-at-venue.js';
import { coins } from '../support/engine-config.js';
import { EXACTLY, untilHolds } from '../support/eventually.js';
import { TRADING_KEY } from '../venue-binance/support/raw-client.js';

const MINUTE_MS = 60_000;
/** A coin has 1,000 lots. Fees are taken from the coin that is bought, so a little less than 4 coins are held. */
const LOTS = 4_000;
/** Units of the exchange's books. */
const LOT = 100_000n;
const HALVES: ExitPlan = {
  targets: [
    { ticks: 10_200, closedPpm: 500_000 },
    { ticks: 10_400, closedPpm: 1_000_000 },
  ],
};

/** Bought at 100, with its stop at 95 resting at the exchange. */
async function holding(exits: ExitPlan, symbol: Partial<SymbolOptions> = {}) {
  const simulator = await startBinanceSimulator({
    symbols: [{ base: 'BTC', price: '100', tickSize: '0.01', stepSize: '0.001', ...symbol }],
    accounts: [{ name: 'desk', balances: { USDT: '1000000' } }],
  });
  const venue = await openBinanceVenue({
    endpoint: { kind: 'simulator', address: simulator.address },
    credentials: TRADING_KEY,
    instruments: coins(['BTC']),
    times: { requestTimeoutMs: 1000, reconnect: { firstMs: 50, mostMs: 500 } },
  });
  const { simulation } = simulator;
  const stops = (): number[] =>
    [...simulation.exchange.open.values()].map(({ quantity, executed }) =>
      Number((quantity - executed) / LOT),
    );
  const records: EngineRecord[] = [];
  /** What rested at the exchange as each sale of a part left. */
  const atSales: number[][] = [];
  const wish = { exits, limitTicks: 10_010, protectTicks: 9_600, size: { lots: LOTS } };
  const desk = await deskAtVenue(venue, {
    asExchangeAccount: true,
    strategies: [oneEntry(wish)],
    onRecord: (record) => {
      records.push(record);
      if (record.type === 'order.intended' && record.order.purpose === 'exit') atSales.push(stops());
    },
  });
  onTestFinished(async () => {
    await desk.close();
    await venue.close();
    await simulator.close();
  });
  const { engine, runner } = desk;
  const price = (text: string): void => {
    simulation.setPrice('BTCUSDT', text);
    const bidTicks = Math.round(Number(text) * 100);
    runner.post({ kind: 'quote', instrument: 0, bidTicks, askTicks: bidTicks + 1 });
  };
  price('100');
  await untilHolds(() => engine.view.reconciliation.state === 'clean');
  await arm(desk);
  const prices = {
    openTicks: 10_000,
    highTicks: 10_000,
    lowTicks: 10_000,
    closeTicks: 10_000,
    volumeLots: 1,
  };
  const openMs = Date.now() - MINUTE_MS;
  runner.post({ kind: 'bar', instrument: 0, openMs, spanMs: MINUTE_MS, warmup: false, ...prices });
  await untilHolds(() => engine.view.positions[0]?.protection === 'confirmed');
  const sold = (): number =>
    records.filter((record) => record.type === 'fill' && record.fill.side === 'sell').length;
  return { simulation, engine, records, stops, atSales, price, sold };
}

describe('targets in parts at Binance', () => {
  it('are sold part by part, each once the stop rests for no more than what stays', async () => {
    const { engine, records, stops, price, sold } = await holding(HALVES);
    expect(stops()).toEqual([3_996]);
    price('102');
    await untilHolds(() => sold() === 1 && engine.view.positions[0]?.protection === 'confirmed');
    expect(stops()).toEqual([1_998]);
    expect(engine.view.positions[0]).toMatchObject({ quantityLots: 1_998, trade: { exits: { reached: 1 } } });
    expect(engine.view.stopGaps).toContainEqual(expect.objectContaining({ why: 'part', count: 1 }));
    price('104');
    await untilHolds(() => engine.view.positions.length === 0);
    expect(stops()).toEqual([]);
    // 1998 × 102 + 1998 × 104 for what 4,000 × 100.01 bought, in thousandths of a coin.
    const closed = records.find((record) => record.type === 'trade.closed');
    expect(closed).toMatchObject({
      why: 'target 2 of 2',
      targets: 2,
      quantityLots: 4_000,
      exitTicks: 10_299,
    });
    expect(engine.view.stopGaps.map(({ why }) => why)).not.toContain('closing');
  });

  it('have the stop made smaller in place, so that it never leaves the exchange', async () => {
    const { simulation, records, stops, price, sold, atSales } = await holding(HALVES);
    price('102');
    await untilHolds(() => sold() === 1);
    expect(atSales).toEqual([[1_998]]);
    expect(simulation.count('PUT', '/api/v3/order/amend/keepPriority')).toBe(1);
    expect(records.filter(({ type }) => type === 'order.amended')).toHaveLength(1);
    expect(stops()).toEqual([1_998]);
  });

  it('have it exchanged where the symbol takes no amendment: the part is sold once the smaller one rests', async () => {
    const { simulation, engine, stops, price, sold, atSales } = await holding(HALVES, {
      amendAllowed: false,
    });
    price('102');
    await untilHolds(() => sold() === 1 && engine.view.positions[0]?.protection === 'confirmed');
    expect(simulation.count('POST', '/api/v3/order/cancelReplace')).toBe(1);
    expect(atSales).toEqual([[1_998]]);
    expect(stops()).toEqual([1_998]);
    expect(engine.view.positions[0]?.quantityLots).toBe(1_998);
  });

  it('have it cancelled first where the symbol takes neither, and the time without one is measured', async () => {
    const fixed = { amendAllowed: false, cancelReplaceAllowed: false };
    const { simulation, engine, stops, price, sold, atSales } = await holding(HALVES, fixed);
    price('102');
    await untilHolds(() => sold() === 1 && engine.view.positions[0]?.protection === 'confirmed');
    expect(atSales).toEqual([[1_998]]);
    expect(stops()).toEqual([1_998]);
    expect(engine.view.stopGaps).toContainEqual(expect.objectContaining({ why: 'part', count: 1 }));
    expect(simulation.count('POST', '/api/v3/order/cancelReplace')).toBe(0);
    expect(engine.view.mode).toBe('ACTIVE');
  });

  it('keep the stop whole where the part can not be sold, and sell it once it can', async () => {
    const { simulation, engine, stops, price, sold } = await holding(HALVES);
    simulation.addFault({
      ...{ method: 'POST', path: '/api/v3/order', times: 3 },
      effect: { kind: 'answer', status: 400, body: { code: -1013, msg: 'Market is closed.' } },
    });
    price('102');
    await untilHolds(() => stops()[0] === 1_998, EXACTLY);
    await untilHolds(() => stops()[0] === 3_996);
    await untilHolds(() => sold() === 1 && engine.view.positions[0]?.protection === 'confirmed');
    expect(stops()).toEqual([1_998]);
  });
});
