/** The real engine, runner and journal of a desk that trades NQ at a simulated IB Gateway. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IbkrSimulator } from '../../simulators/ibkr/start.js';
import { COMMISSION_REPORT } from '../../simulators/ibkr/wire/to-client.js';
import { MONEY_SCALE } from '../../src/domain/money.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { endOrderly } from '../../src/trader/guard-desk.js';
import { oneEntry } from '../engine/support/one-entry.js';
import { arm, type DeskAtVenue, deskAtVenue } from '../support/desk-at-venue.js';
import { eventually } from '../support/eventually.js';
import { NQ, type OpenVenue, startSimulator, venueAt } from './support/at-gateway.js';

let simulator: IbkrSimulator;
let one: OpenVenue;
let desk: DeskAtVenue | null = null;

const LONG = [{ localSymbol: 'NQZ6', quantity: 2, averagePrice: '15234' }];

async function start(positions: typeof LONG): Promise<void> {
  simulator = await startSimulator({ accounts: [{ id: 'DU1234567', cash: '1000000.00', positions }] });
  one = await venueAt(simulator.port, { instruments: [NQ] });
}
afterEach(async () => {
  await desk?.close();
  desk = null;
  await one.venue.close();
  await simulator.close();
});

it('adopts what the account holds, protects it at the broker, and closes it: flat, and nothing rests', async () => {
  await start(LONG);
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

describe('a trade with one target', () => {
  beforeEach(() => start([]));

  const POINT = 4;
  const open = () =>
    simulator.simulation.orders.open.map(({ terms: { type, ocaGroup } }) => ({ type, ocaGroup }));
  const held = () => [...(simulator.simulation.accounts.get('DU1234567')?.positions.values() ?? [])].length;

  /** Long one contract, its stop and its target at the broker, as the desk has read back from it. */
  async function bracketed(heard: (record: EngineRecord) => void = () => {}) {
    const records: EngineRecord[] = [];
    const entry = oneEntry({
      ...{ limitTicks: 15_240 * POINT, protectTicks: 15_100 * POINT },
      exits: { targets: [{ ticks: 15_300 * POINT, closedPpm: 1_000_000 }] },
    });
    desk = await deskAtVenue(one.venue, {
      ...{ priceTicks: 15_234 * POINT, maxPositionSizePct: 40 },
      strategies: [{ ...entry, symbols: ['NQ/USD'] }],
      onRecord: (record) => {
        records.push(record);
        heard(record);
      },
    });
    const { runner, engine } = desk;
    await eventually(() => expect(engine.view.reconciliation.state).toBe('clean'));
    expect(await arm(desk)).toMatchObject({ ok: true });
    const at = 15_234 * POINT;
    const openMs = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
    runner.post({
      ...{ kind: 'bar', instrument: 0, openMs, spanMs: 60_000, volumeLots: 1, warmup: false },
      ...{ openTicks: at, highTicks: at, lowTicks: at, closeTicks: at },
    });
    await eventually(() => expect(open()).toMatchObject([{ type: 'STP' }, { type: 'LMT' }]));
    const notes = () => records.flatMap((record) => (record.type === 'note' ? [record.text] : []));
    await eventually(() =>
      expect(notes()).toContain(
        'NQ/USD: read back from the venue after the fill, as working: stop 15100.00 and target 15300.00',
      ),
    );
    return { engine, runner, records };
  }

  it.each([
    ['target', '15300', 'target 1 of 1'],
    ['stop', '15099', 'stop'],
  ])(
    'is closed by its %s at the broker: flat, nothing rests, and nothing is sold twice',
    async (_by, price, why) => {
      const { engine, records } = await bracketed();
      const [first, second] = open();
      expect(first?.ocaGroup).toBe(second?.ocaGroup);
      simulator.simulation.setPrice('NQZ6', price, 5);
      await eventually(() => expect(engine.view.positions).toEqual([]));
      await eventually(() => expect(engine.view.orders).toEqual([]));
      expect([held(), open()]).toEqual([0, []]);
      const closed = records.flatMap((record) => (record.type === 'trade.closed' ? [record.why] : []));
      expect([closed, engine.view.mode]).toEqual([[why], 'ACTIVE']);
      const sent = records.flatMap((record) =>
        record.type === 'order.intended' ? [record.order.purpose] : [],
      );
      expect(sent).toEqual(['entry', 'protective', 'exit']);
    },
  );

  it('outlives a restart of the Gateway: its stop and target are still there, once, and its target closes it', async () => {
    const { engine, records } = await bracketed();
    const placed = open();
    simulator.simulation.restart(200);
    await eventually(() => expect(one.venue.state.reasons).not.toEqual([]));
    await eventually(() => expect(one.venue.state.reasons).toEqual([]));
    await eventually(() => expect(engine.view.reconciliation.state).toBe('clean'));
    await eventually(() => expect(engine.view.positions).toMatchObject([{ protection: 'confirmed' }]));
    expect([held(), open()]).toEqual([1, placed]);
    simulator.simulation.setPrice('NQZ6', '15300', 5);
    await eventually(() => expect(engine.view.positions).toEqual([]));
    await eventually(() => expect(open()).toEqual([]));
    expect(held()).toBe(0);
    const sent = records.flatMap((record) =>
      record.type === 'order.intended' ? [record.order.purpose] : [],
    );
    expect(sent).toEqual(['entry', 'protective', 'exit']);
  });

  it('has a stop after an orderly end of the trader that begins as its stop has ended and the next is not sent', async () => {
    let ended: Promise<void> | null = null;
    let end: () => Promise<void> = async () => {};
    const { engine, runner, records } = await bracketed((record) => {
      if (record.type === 'order.state' && record.state === 'cancelled') ended ??= end();
    });
    const warned: string[] = [];
    end = () =>
      endOrderly(
        {
          trader: {
            runner,
            status: () => ({ entriesWorking: engine.view.entriesWorking, positions: engine.view.positions }),
          },
          ...{ runner, feed: { stop: async () => {} }, venue: { port: one.venue }, claim: null },
        } as never,
        { lastSequence: records.length, close: async () => {} } as never,
        'person',
        (_level, text) => warned.push(text),
      );
    const stop = simulator.simulation.orders.open.find(({ terms }) => terms.type === 'STP')!;
    simulator.simulation.orders.cancel(stop.clientId, stop.orderId);
    await eventually(() => expect(ended).not.toBeNull());
    await ended;
    expect(open()).toMatchObject([{ type: 'STP' }]);
    expect(warned).toEqual(['the trader has ended; positions and their stops stay at the venue']);
  });

  it('is closed by a close-all at the market once its target is gone', async () => {
    const { engine, runner } = await bracketed();
    const command = { name: 'closeAll' } as const;
    await runner.command({ commandId: 'd', by: 'test', reason: 'test', command });
    await eventually(() => expect(engine.view.closeAll).toBe('flat'));
    expect([held(), open()]).toEqual([0, []]);
  });

  const untold = (): void =>
    void simulator.simulation.faults.add({
      ...{ answer: COMMISSION_REPORT.id, times: 100_000, effect: { kind: 'lose' } },
    });
  const sentBy = (records: readonly EngineRecord[]) =>
    records.flatMap((record) => (record.type === 'order.intended' ? [record.order.purpose] : []));

  it('has its stop and its target before the broker has told what the entry cost, which is then booked by name', async () => {
    untold();
    const { engine, runner, records } = await bracketed();
    expect(sentBy(records)).toEqual(['entry', 'protective', 'exit']);
    const before = engine.view.cash;
    simulator.simulation.faults.clear();
    const command = { name: 'reconcile' } as const;
    await runner.command({ commandId: 'e', by: 'test', reason: 'test', command });
    const commissions = () =>
      records.flatMap((record) =>
        record.type === 'cash' && record.kind === 'commission' ? [Number(record.amount) / MONEY_SCALE] : [],
      );
    await eventually(() => expect(commissions()).toEqual([-2.25]));
    expect(engine.view.cash).toBe(before - 2.25 * MONEY_SCALE);
    await eventually(() => expect(engine.view.reconciliation.state).toBe('clean'));
    expect([engine.view.mode, (await one.venue.balances()).cash]).toEqual(['ACTIVE', engine.view.cash]);
  });

  it('is over once its stop has filled, whenever the cost is told: nothing is sold that is not held', async () => {
    const { engine, runner, records } = await bracketed();
    untold();
    simulator.simulation.setPrice('NQZ6', '15099', 5);
    await eventually(() => expect(engine.view.positions).toEqual([]));
    const command = { name: 'closeAll' } as const;
    await runner.command({ commandId: 'e', by: 'test', reason: 'test', command });
    await eventually(() => expect(engine.view.closeAll).toBe('flat'));
    expect([held(), open(), sentBy(records)]).toEqual([0, [], ['entry', 'protective', 'exit']]);
  });
});
