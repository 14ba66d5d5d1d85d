/** The real engine, runner and journal of a desk that trades NQ at a simulated IB Gateway. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { IbkrSimulator } from '../../simulators/ibkr/start.js';
import { MONEY_SCALE } from '../../src/domain/money.js';
import { type DeskAtVenue, deskAtVenue } from '../support/desk-at-venue.js';
import { eventually } from '../support/eventually.js';
import { NQ, type OpenVenue, startSimulator, venueAt } from './support/at-gateway.js';

let simulator: IbkrSimulator;
let one: OpenVenue;
let desk: DeskAtVenue | null = null;

beforeEach(async () => {
  simulator = await startSimulator({
    accounts: [
      {
        id: 'DU1234567',
        cash: '1000000.00',
        positions: [{ localSymbol: 'NQZ6', quantity: 2, averagePrice: '15234' }],
      },
    ],
  });
  one = await venueAt(simulator.port, { instruments: [NQ] });
});
afterEach(async () => {
  await desk?.close();
  desk = null;
  await one.venue.close();
  await simulator.close();
});

it('adopts what the account holds, protects it at the broker, and closes it: flat, and nothing rests', async () => {
  const records: string[] = [];
  desk = await deskAtVenue(one.venue, {
    positions: 1,
    priceTicks: 15_234 * 4,
    onRecord: ({ type }) => records.push(type),
  });
  const resting = () =>
    simulator.simulation.orders.open.map(({ terms: { type, action, quantity } }) => ({
      type,
      action,
      quantity,
    }));
  expect(resting()).toEqual([{ type: 'STP', action: 'SELL', quantity: 2 }]);
  const { runner, engine } = desk;
  await runner.command({ commandId: 'c', by: 'test', reason: 'test', command: { name: 'closeAll' } });
  await eventually(() => expect(engine.view.closeAll).toBe('flat'));
  await eventually(() => expect(resting()).toEqual([]));
  expect([...(simulator.simulation.accounts.get('DU1234567')?.positions.values() ?? [])]).toEqual([]);
  expect(records).toContain('fill');
  // What the engine counts is what the broker has, to the cent.
  const { cash } = await one.venue.balances();
  await eventually(() =>
    expect(Number(engine.view.cash) / MONEY_SCALE).toBeCloseTo(Number(cash) / MONEY_SCALE, 6),
  );
});
