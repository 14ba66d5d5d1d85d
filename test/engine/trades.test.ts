import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import { clientIdAfter, sequenceOf } from '../../src/engine/orders/client-id.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { DeskUnderTest } from './support/desk.js';

const closed = (desk: DeskUnderTest) => desk.recorded('trade.closed');

function replayed(records: readonly EngineRecord[]): DeskUnderTest {
  return new DeskUnderTest({}, 2, records);
}

/** The stop for so many lots, once the venue has done what it was asked. */
function stopFor(desk: DeskUnderTest, lots: number): OrderIntent {
  for (let round = 0; round < 4; round += 1) {
    for (const order of desk.engine.view.orders.filter(({ purpose }) => purpose === 'protective')) {
      if (order.state === 'cancelling') desk.happen({ kind: 'order.cancelled', clientId: order.clientId });
      else if (order.state === 'intended') desk.accept(order);
    }
  }
  const stop = desk.live('protective', 0).find(({ quantityLots }) => quantityLots === lots);
  if (stop === undefined) throw new Error(`no stop for ${lots} lots`);
  return stop;
}

function venueHas(desk: DeskUnderTest, lots: number): void {
  for (let reading = 0; reading < 4 && desk.lots(0) !== lots; reading += 1) {
    desk.quote(0, 10_000);
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [lots, 0] });
    desk.pass(2_500);
  }
}

/** Bought at 10,000 and 9,999 with fees, stopped out in two parts. */
function stoppedOut() {
  const desk = new DeskUnderTest().active();
  const entry = desk.enter(0);
  desk.accept(entry);
  desk.fill(entry, 10_000, 400, 4_000);
  desk.fill(entry, 9_999, entry.quantityLots - 400, 1_000);
  const opened = desk.engine.view.positions[0];
  const stop = stopFor(desk, entry.quantityLots);
  const stopTicks = entry.protectTicks as number;
  desk.fill(stop, stopTicks, 100, 50);
  const half = closed(desk).length;
  desk.fill(stop, stopTicks - 3, stop.quantityLots - 100, 70);
  return { desk, entry, stopTicks, opened, half };
}

describe('the id of an order', () => {
  it('is never one whose trade would have the name of an adopted one', () => {
    const ids = ['fabc1230'];
    while (ids.length < 20_000) ids.push(clientIdAfter('abc123', sequenceOf(ids.at(-1)!)));
    expect(ids.filter((id) => /^fabc123a[0-9]+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(clientIdAfter('abc123', 359)).toBe('fabc123aa');
  });
});

describe('a trade', () => {
  it('opens with the first fill of an entry, and is closed by the one that leaves nothing', () => {
    const { desk, entry, opened, half } = stoppedOut();
    const id = `t${entry.clientId.slice(1)}`;
    expect(opened).toMatchObject({ strategy: 'cross', trade: { id, fees: 5_000 } });
    expect(half).toBe(0);
    expect(closed(desk)).toMatchObject([
      { trade: id, strategy: 'cross', side: 'long', instrument: 0, why: 'stop', configHash: 'hash' },
    ]);
    expect(desk.engine.view.positions).toEqual([]);
  });

  it('is told with when it was opened and when it was closed', () => {
    const desk = new DeskUnderTest().active();
    const { entry } = desk.hold(0);
    const stop = stopFor(desk, entry.quantityLots);
    desk.pass(1_000);
    desk.fill(stop, entry.protectTicks as number);
    const [openedMs = 0, closedMs = 0] = desk.recorded('fill').map(({ fill }) => fill.marketMs);
    expect(closedMs).toBeGreaterThan(openedMs);
    expect(closed(desk)).toMatchObject([{ openedMs, marketMs: closedMs }]);
  });

  it('is told right behind the fill that closed it', () => {
    const { desk } = stoppedOut();
    const at = desk.records.findIndex(({ type }) => type === 'trade.closed');
    expect(desk.records[at - 1]).toMatchObject({ type: 'fill', fill: { fee: 70 } });
  });

  it('has averages, fees, result and multiple of what was risked of its own fills alone', () => {
    const { desk, entry, stopTicks } = stoppedOut();
    const [told] = closed(desk);
    const { moneyPerTickLot } = desk.config.instruments[0]!;
    const lots = entry.quantityLots;
    const paid = 400 * 10_000 + (lots - 400) * 9_999;
    const got = 100 * stopTicks + (lots - 100) * (stopTicks - 3);
    const fees = 4_000 + 1_000 + 50 + 70;
    const result = (got - paid) * moneyPerTickLot - fees;
    const risk = (paid - lots * stopTicks) * moneyPerTickLot;
    expect(told).toMatchObject({ quantityLots: lots, entryTicks: paid / lots, exitTicks: got / lots });
    expect(Math.round(Number(told?.result) * 1e8)).toBe(result);
    expect(Math.round(Number(told?.fees) * 1e8)).toBe(fees);
    expect(Math.round(Number(told?.risk) * 1e8)).toBe(risk);
    expect(told?.r).toBeCloseTo(result / risk, 12);
  });

  it('that comes next on the instrument has fills, fees and an id of its own', () => {
    const { desk } = stoppedOut();
    const { entry } = desk.hold(0);
    const [position] = desk.engine.view.positions;
    expect(position?.trade).toMatchObject({ id: `t${entry.clientId.slice(1)}`, fees: 0 });
    desk.command({ name: 'closeAll' });
    const [stop] = desk.live('protective', 0);
    if (stop !== undefined) desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [close] = desk.live('close', 0);
    desk.fill(close!, 10_100);
    expect(closed(desk)).toHaveLength(2);
    expect(closed(desk)[1]).toMatchObject({
      quantityLots: entry.quantityLots,
      why: 'closeAll',
      exitTicks: 10_100,
    });
  });

  it('of an entry whose last part came after its first was closed is another one', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000, 200);
    desk.fill(stopFor(desk, 200), 9_900, 200);
    desk.fill(entry, 10_000, 300);
    const id = `t${entry.clientId.slice(1)}`;
    expect(closed(desk).map(({ trade }) => trade)).toEqual([id]);
    expect(desk.engine.view.positions[0]?.trade?.id).toBe(`${id}-2`);
    expect(replayed(desk.records).engine.view.positions[0]?.trade?.id).toBe(`${id}-2`);
  });

  it('of a quantity that was adopted is nobody’s, and nobody knows what it risked', () => {
    const desk = new DeskUnderTest().active();
    venueHas(desk, 70);
    const trade = desk.engine.view.positions[0]?.trade;
    expect(desk.engine.view.positions[0]).toMatchObject({ quantityLots: 70, strategy: 'fermata' });
    expect(trade).toMatchObject({ risk: null, r: null });
    stopFor(desk, 70);
    venueHas(desk, 0);
    expect(closed(desk)).toMatchObject([{ trade: trade?.id, strategy: 'fermata', r: null, why: 'venue' }]);
  });
});

describe('the record of a closed trade', () => {
  it('is refused where its figures are not what the fills come to', () => {
    const { records } = stoppedOut().desk;
    for (const change of [{ result: '1.00000000' }, { why: 'venue' }, { quantityLots: 1 }] as const) {
      const forged = records.map((record) =>
        record.type === 'trade.closed' ? { ...record, ...change } : record,
      );
      expect(() => replayed(forged)).toThrow(Object.keys(change)[0] as string);
    }
  });

  it('is refused where no fill closed one', () => {
    const { records } = stoppedOut().desk;
    const told = records.find((record) => record.type === 'trade.closed');
    expect(() => replayed([...records, told!])).toThrow('closed by no fill');
  });

  it('is missing in journals of before: they come to the same, and give a trade the same id each time', () => {
    const { desk } = stoppedOut();
    desk.hold(1);
    const before = desk.records.filter(({ type }) => type !== 'trade.closed');
    const [once, again] = [replayed(before), replayed(before)];
    expect(once.engine.stateHash()).toBe(desk.engine.stateHash());
    expect(once.engine.view.positions).toEqual(again.engine.view.positions);
    expect(closed(once.begin())).toEqual([]);
  });

  it('is written at the start where the journal ends before it', () => {
    const { records } = stoppedOut().desk;
    const at = records.findIndex(({ type }) => type === 'trade.closed');
    const torn = replayed(records.slice(0, at)).begin();
    expect(closed(torn)).toEqual([records[at]]);
    expect(replayed(torn.records).engine.stateHash()).toBe(torn.engine.stateHash());
  });
});

it('whatever fills, in whatever order: results of closed trades are what their strategy made, replayed too', () => {
  const fill = fc.record({
    lots: fc.integer({ min: 1, max: 60 }),
    priceTicks: fc.integer({ min: 9_000, max: 11_000 }),
    fee: fc.integer({ min: 0, max: 9_999 }),
    sells: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fill, { maxLength: 30 }), (fills) => {
      const desk = new DeskUnderTest().active();
      const entry = desk.enter(0);
      desk.accept(entry);
      for (const { lots, priceTicks, fee, sells } of fills) {
        const made = desk.makeFill(entry, priceTicks, lots, fee);
        desk.happen({ kind: 'fill', fill: { ...made, side: sells ? 'sell' : 'buy' } });
      }
      const told = closed(desk);
      const [own] = desk.engine.view.strategies.filter(
        ({ name, instrument }) => name === 'cross' && instrument === 0,
      );
      const total = told.reduce((sum, { result }) => sum + Math.round(Number(result) * 1e8), 0);
      expect(own).toMatchObject({ trades: told.length, realised: total });
      expect(new Set(told.map(({ trade }) => trade)).size).toBe(told.length);
      expect(replayed(desk.records).engine.stateHash()).toBe(desk.engine.stateHash());
    }),
    { numRuns: 150 },
  );
});
