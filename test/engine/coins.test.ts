import { describe, expect, it } from 'vitest';
import type { CoinOwner } from '../../src/domain/cash-and-coins.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { createEngine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { coins, crossStrategy, SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

/** Half a coin was in the account before: 500 lots, worth 50 USDT. */
function withCoins() {
  const desk = new DeskUnderTest({ coinsNeedOwner: true }).begin();
  desk.quote(0, 10_000);
  desk.quote(1, 10_000);
  reading(desk, 500);
  return desk;
}

/** Two readings of the account, as far apart as it takes to be believed. */
/** A close-all takes the stop off and sells; whether that order arrived is not known. */
function saleOfUnknownFate(desk: DeskUnderTest, stop: OrderIntent): OrderIntent {
  desk.command({ name: 'closeAll' });
  desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
  const [sale] = desk.live('close', 0);
  if (sale === undefined) throw new Error('nothing is sold');
  desk.happen({ kind: 'order.sendUnknown', clientId: sale.clientId, cause: 'connection reset' });
  return sale;
}

/** It is looked up after each of these times and not found; the last time only it is given up, and nothing else is sold before. */
function expectAbsentAfter(desk: DeskUnderTest, sale: OrderIntent, waitsMs: readonly number[]): void {
  for (const [nth, ms] of waitsMs.entries()) {
    desk.pass(ms);
    desk.happen({ kind: 'order.lookup', clientId: sale.clientId, found: null });
    if (nth < waitsMs.length - 1) expect(desk.live('close', 0)).toMatchObject([{ clientId: sale.clientId }]);
  }
  expect(desk.stateOf(sale)).toBe('absent');
}

function reading(desk: DeskUnderTest, lots: number): void {
  for (let round = 0; round < 2; round += 1) {
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [lots, 0] });
    desk.pass(300);
    desk.quote(0, 10_000);
  }
}

const say = (desk: DeskUnderTest, owner: CoinOwner, cost: string | null = null) =>
  desk.command({ name: 'claimCoins', symbol: 'BTC/USDT', owner, cost });

/** A position, and the bid at which it was bought. */
function held(desk: DeskUnderTest) {
  const fillPrice = 10_000;
  const { entry } = desk.hold(0);
  return { entry, fillPrice };
}

describe('coins that were in the account before', () => {
  it('are nobody’s: not adopted, not valued, not protected by a stop, and named', () => {
    const desk = withCoins();
    const { view } = desk.engine;
    expect(view.coins).toEqual([{ instrument: 0, nobodys: 500, foreign: 0, toMove: 0 }]);
    expect(view.positions).toEqual([]);
    expect(view.equity).toBe(view.cash);
    expect(desk.recorded('order.intended')).toEqual([]);
    expect(desk.recorded('note').filter(({ level }) => level === 'alarm')).toMatchObject([
      { text: expect.stringContaining("they are nobody's, and left alone") },
    ]);
    expect(view.reconciliation.state).toBe('clean');
  });

  it('keep the desk from arming until a person has said whose they are', () => {
    const desk = withCoins();
    for (const authority of ['rule', 'person', 'two-people'] as const) {
      expect(desk.arm(authority)).toMatchObject({ ok: false, code: 'unclaimed-coins' });
    }
    expect(say(desk, 'foreign')).toMatchObject({ ok: true });
    expect(desk.engine.view.coins).toEqual([{ instrument: 0, nobodys: 0, foreign: 500, toMove: 0 }]);
    expect(desk.arm('rule')).toMatchObject({ ok: true });
  });

  it('are the desk’s at the cost that a person said: a deposit, no profit, and protected', () => {
    const desk = withCoins();
    const before = desk.engine.view;
    expect(say(desk, 'desk', '80.00')).toMatchObject({ ok: true });
    const { view } = desk.engine;
    expect(view.positions).toMatchObject([{ quantityLots: 500, averageTicks: 8_000 }]);
    expect(view.cash).toBe(before.cash);
    expect(Math.round((view.equity - before.equity) / 1e8)).toBe(50);
    expect(view.equity - view.dayStartEquity).toBe(before.equity - before.dayStartEquity);
    expect(view.peak / before.peak).toBeCloseTo(view.equity / before.equity, 12);
    expect(view.peak).toBeGreaterThan(before.peak);
    expect(desk.live('protective', 0)).toMatchObject([{ side: 'sell', quantityLots: 500, stopTicks: 7_600 }]);
  });

  it('are kept, with a stop, where all was closed and proven flat before', () => {
    const desk = withCoins();
    desk.command({ name: 'closeAll' });
    desk.snapshot({ positions: [500, 0] });
    expect(desk.recorded('flat.proven')).toHaveLength(1);
    expect(say(desk, 'desk', '80.00')).toMatchObject({ ok: true });
    desk.pass(5_000);
    expect(desk.live('close', 0)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ side: 'sell', quantityLots: 500, stopTicks: 7_600 }]);
    expect(desk.recorded('closeAll.begun')).toHaveLength(1);
  });

  it('are not called nothing where they were given to the desk after a close-all that was late in proving flat', () => {
    const desk = withCoins();
    desk.command({ name: 'closeAll' });
    desk.pass(31_000);
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [500, 0] });
    expect(desk.engine.view.reason).toMatch(/^nothing is left open: flat was proven at /);
    expect(say(desk, 'desk', '80.00')).toMatchObject({ ok: true });
    expect(desk.engine.view.reason).toMatch(/^flat was proven at /);
  });

  it('are refused while all is being closed, and at a cost whose stop the market has passed', () => {
    const desk = withCoins();
    expect(say(desk, 'desk', '120.00')).toMatchObject({
      ok: false,
      code: 'stop-passed',
      message: expect.stringContaining('their stop would be at 114.00, and the bid is 100.00'),
    });
    expect(desk.recorded('coins.claimed')).toEqual([]);
    desk.command({ name: 'closeAll' });
    expect(say(desk, 'desk', '80.00')).toMatchObject({ ok: false, code: 'closing' });
    expect(say(desk, 'foreign')).toMatchObject({ ok: true });
  });

  it('move the highest equity alike where the desk is below it: neither drawdown nor profit', () => {
    const desk = new DeskUnderTest({ coinsNeedOwner: true }).active();
    const { entry, fillPrice } = held(desk);
    desk.quote(0, fillPrice + 1_000);
    // Too little higher for a record of its own: only the running trader knows of it.
    desk.quote(0, fillPrice + 1_010);
    expect(desk.recorded('equity').at(-1)?.peak).toBeLessThan(desk.engine.view.peak);
    desk.quote(0, fillPrice);
    reading(desk, entry.quantityLots + 500);
    const before = desk.engine.view;
    expect(before.peak).toBeGreaterThan(before.equity);
    expect(say(desk, 'desk', '80.00')).toMatchObject({ ok: true });
    const { equity, peak } = desk.engine.view;
    expect(equity).toBeGreaterThan(before.equity);
    expect(peak / before.peak).toBeCloseTo(equity / before.equity, 12);
  });

  it('are not sold by a close-all, which is flat with them in the account', () => {
    const desk = withCoins();
    say(desk, 'move');
    desk.command({ name: 'closeAll' });
    desk.snapshot({ positions: [500, 0] });
    expect(desk.engine.view.closeAll).toBe('flat');
    expect(desk.recorded('order.intended')).toEqual([]);
  });

  it('are not sold with the desk’s own, and come and go without a halt', () => {
    const desk = withCoins();
    say(desk, 'foreign');
    desk.arm('rule');
    const { entry, stop } = desk.hold(0);
    expect(stop.quantityLots).toBe(entry.quantityLots);
    reading(desk, entry.quantityLots + 500);
    reading(desk, entry.quantityLots + 200);
    expect(desk.engine.view.coins).toMatchObject([{ foreign: 200 }]);
    expect(desk.lots(0)).toBe(entry.quantityLots);
    reading(desk, entry.quantityLots + 900);
    expect(desk.engine.view.coins).toMatchObject([{ foreign: 200, nobodys: 700 }]);
    expect(desk.engine.view.halts).toEqual([]);
  });

  it.each([
    ['without a cost', 'desk', null],
    ['at a cost between two steps', 'desk', '80.001'],
    ['at a cost of nothing', 'desk', '0'],
  ] as const)('stay nobody’s where they are said to be the desk’s %s', (_, owner, cost) => {
    const desk = withCoins();
    expect(say(desk, owner, cost)).toMatchObject({ ok: false, code: 'cost-missing' });
    expect(desk.engine.view.coins).toMatchObject([{ nobodys: 500 }]);
  });

  it('of which one order may not have as many can not be the desk’s: one stop could not protect them', () => {
    const desk = withCoins();
    const limits = (maxMarketLots: number) => {
      desk.command({ name: 'reconcile' });
      const quantityLimits = [{ instrument: 0, minLots: 1, maxLots: null, maxMarketLots }];
      desk.snapshot({ positions: [500, 0], quantityLimits });
    };
    limits(499);
    expect(say(desk, 'desk', '80.00')).toMatchObject({
      ok: false,
      code: 'too-many-coins',
      message: expect.stringMatching(/0\.500 BTC.*0\.499 at most/),
    });
    expect(desk.engine.view.positions).toEqual([]);
    limits(500);
    expect(say(desk, 'desk', '80.00')).toMatchObject({ ok: true });
  });

  it('are the same after a replay of the journal', () => {
    const desk = withCoins();
    say(desk, 'desk', '80.00');
    reading(desk, 900);
    say(desk, 'foreign');
    const replayed = createEngine(desk.config);
    for (const record of desk.records) replayed.apply(record);
    expect(replayed.stateHash()).toBe(desk.engine.stateHash());
  });

  it('are asked about once: a second answer finds none', () => {
    const desk = withCoins();
    say(desk, 'foreign');
    expect(say(desk, 'desk', '80')).toMatchObject({ ok: false, code: 'no-such-coins' });
  });

  it.each([
    ['where they are', (desk: DeskUnderTest) => reading(desk, 500)],
    [
      'where they were, and a venue in trouble said twice that nothing is there',
      (desk: DeskUnderTest) => {
        for (const lots of [500, 0, 0, 0]) reading(desk, lots);
      },
    ],
    [
      'where one reading showed them, and the next one nothing',
      (desk: DeskUnderTest) => {
        desk.command({ name: 'reconcile' });
        desk.snapshot({ positions: [500, 0] });
        reading(desk, 0);
      },
    ],
  ])('are not sold by a second sale while the first may still be on its way: %s', (_, read) => {
    const desk = new DeskUnderTest({ coinsNeedOwner: true, capabilities: SPOT }).active();
    read(desk);
    say(desk, 'foreign');
    desk.arm('person');
    const { stop } = desk.hold(0);
    const sale = saleOfUnknownFate(desk, stop);
    expectAbsentAfter(desk, sale, [0, 300, 3_000, 2_000, 1_000]);
  });
});

describe('an account that was read as having no coins of others', () => {
  it.each([
    ['once, as one in trouble is: a second sale waits', 0, 6_000],
    ['again and again: it does not', 1, 250],
  ])('%s', (_, more, graceMs) => {
    const desk = new DeskUnderTest({ coinsNeedOwner: true, capabilities: SPOT }).active();
    for (let nth = 0; nth < more; nth += 1) reading(desk, 0);
    const { stop } = desk.hold(0);
    const sale = saleOfUnknownFate(desk, stop);
    expectAbsentAfter(desk, sale, [0, graceMs - 50, 50]);
  });
});

describe('what another hand trades in the account', () => {
  /** Half a coin of somebody else, and a desk that trades beside it. */
  function besideForeign() {
    const desk = withCoins();
    say(desk, 'foreign');
    desk.arm('rule');
    return desk;
  }

  /** As the stream tells of it, then readings of what it left. */
  function byHand(desk: DeskUnderTest, side: 'buy' | 'sell', lots: number, left: number): void {
    const order = { clientId: 'web_1', instrument: 0, side, quantityLots: lots } as OrderIntent;
    desk.happen({ kind: 'fill', fill: desk.makeFill(order, 10_000) });
    // The first reading may have been under way before.
    for (let round = 0; round < 2; round += 1) reading(desk, left);
  }

  it('coins that a person sells by hand are no short position: no stop that buys, and a close-all buys nothing', () => {
    const desk = besideForeign();
    byHand(desk, 'sell', 300, 200);
    expect(desk.engine.view.positions).toEqual([]);
    expect(desk.engine.view.coins).toMatchObject([{ foreign: 200 }]);
    expect(desk.engine.view.halts).toMatchObject([
      { cause: 'reconciliation', reason: expect.stringContaining('web_1, which is not ours') },
    ]);
    desk.command({ name: 'closeAll' });
    desk.snapshot({ positions: [200, 0] });
    expect(desk.engine.view.closeAll).toBe('flat');
    expect(desk.recorded('order.intended')).toEqual([]);
  });

  it("coins that a person buys by hand are nobody's: no stop, not sold by a close-all", () => {
    const desk = besideForeign();
    byHand(desk, 'buy', 300, 800);
    expect(desk.engine.view.positions).toEqual([]);
    expect(desk.engine.view.coins).toMatchObject([{ foreign: 500, nobodys: 300 }]);
    desk.command({ name: 'closeAll' });
    desk.snapshot({ positions: [800, 0] });
    expect(desk.engine.view.closeAll).toBe('flat');
    expect(desk.recorded('order.intended')).toEqual([]);
  });

  it('may be what a second sale would sell: it waits also where the coins are not counted yet', () => {
    const desk = new DeskUnderTest({ coinsNeedOwner: true, capabilities: SPOT }).active();
    reading(desk, 0);
    const { stop } = desk.hold(0);
    const sale = saleOfUnknownFate(desk, stop);
    const order = { clientId: 'web_1', instrument: 0, side: 'buy', quantityLots: 300 } as OrderIntent;
    desk.happen({ kind: 'fill', fill: desk.makeFill(order, 10_000) });
    expect(desk.engine.view.coins).toEqual([]);
    expectAbsentAfter(desk, sale, [0, 300, 3_000, 2_000, 1_000]);
  });

  it('many times a second has the account read now and then, and once more after the last fill', () => {
    const desk = besideForeign();
    desk.pass(10_000);
    let asked = 0;
    const count = () => {
      asked += desk.effects.filter(({ kind }) => kind === 'requestSnapshot').length;
    };
    const order = { clientId: 'web_1', instrument: 0, side: 'buy', quantityLots: 1 } as OrderIntent;
    for (let fill = 0; fill < 190; fill += 1) {
      desk.happen({ kind: 'fill', fill: desk.makeFill(order, 10_000) });
      count();
      desk.snapshot();
      count();
      desk.pass(50);
      count();
    }
    expect(asked).toBeLessThan(15);
    const before = asked;
    desk.pass(6_000);
    count();
    expect(asked).toBe(before + 1);
  });

  it('and is of our coins leaves the position that the venue has, read at once, with a stop for it', () => {
    const desk = new DeskUnderTest({ coinsNeedOwner: true }).active();
    const { entry, stop } = desk.hold(0);
    const left = entry.quantityLots - 300;
    const order = { clientId: 'web_1', instrument: 0, side: 'sell', quantityLots: 300 } as OrderIntent;
    desk.happen({ kind: 'fill', fill: desk.makeFill(order, 10_000) });
    expect(desk.effects.filter(({ kind }) => kind === 'requestSnapshot')).toHaveLength(1);
    desk.snapshot({ positions: [left, 0] });
    desk.pass(300);
    desk.snapshot({ positions: [left, 0] });
    expect(desk.lots(0)).toBe(left);
    expect(desk.engine.view.mode).toBe('HALTED');
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.live('protective', 0)).toMatchObject([{ side: 'sell', quantityLots: left }]);
  });

  it('and is more than is held takes the stop off: it would sell what is somebody else’s; then the account is read', () => {
    const desk = new DeskUnderTest().active();
    const { entry, stop } = desk.hold(0);
    const order = { clientId: 'web_1', instrument: 0, side: 'sell' } as OrderIntent;
    desk.happen({ kind: 'fill', fill: desk.makeFill(order, 10_000, entry.quantityLots + 300) });
    expect(desk.lots(0)).toBe(-300);
    expect(desk.stateOf(stop)).toBe('cancelling');
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    for (let round = 0; round < 3; round += 1) {
      desk.pass(3_000);
      desk.snapshot({ positions: [500, 0] });
    }
    expect(desk.lots(0)).toBe(500);
    expect(desk.live('protective', 0)).toMatchObject([{ side: 'sell', quantityLots: 500 }]);
  });

  it('are not sold by a close-all of a journal that was put back: what it knows was sold may be sold already', () => {
    const before = withCoins();
    say(before, 'desk', '80.00');
    const [stop] = before.live('protective', 0);
    before.accept(stop!);
    before.command({ name: 'closeAll' });
    before.happen({ kind: 'order.cancelled', clientId: stop!.clientId });
    const sold = before.records.findIndex(
      (record) => record.type === 'order.intended' && record.order.purpose === 'close',
    );
    const backup = before.records.slice(0, sold);
    const changes = { coinsNeedOwner: true };
    const crashed = new DeskUnderTest(changes, 2, backup).begin();
    expect(crashed.sent('submit')).toMatchObject([{ purpose: 'close', quantityLots: 500 }]);
    const closing = (of: DeskUnderTest) =>
      of.recorded('order.intended').filter(({ order }) => order.purpose === 'close');
    const started = (records: readonly EngineRecord[]): DeskUnderTest => {
      const desk = new DeskUnderTest({ ...changes, incarnation: 'def456' }, 2, records).begin();
      desk.quote(0, 10_000);
      desk.pass(5_000);
      return desk;
    };
    // Nor after another start, before which nothing was read.
    const putBack = started(started(backup).records);
    expect(closing(putBack)).toEqual([]);
    const sale = { clientId: 'fabc12399', instrument: 0, side: 'sell', quantityLots: 500 } as OrderIntent;
    putBack.snapshot({ positions: [0, 0], fills: [putBack.makeFill(sale, 10_000)], openOrders: [] });
    expect([closing(putBack), putBack.engine.view.positions]).toEqual([[], []]);

    // Somebody sold 300 of them: one reading is believed by nobody, two are.
    const half = started(backup);
    half.snapshot({ positions: [200, 0], openOrders: [] });
    expect(closing(half)).toEqual([]);
    reading(half, 200);
    expect(closing(half)).toMatchObject([{ order: { side: 'sell', quantityLots: 200 } }]);
  });

  it('are not sold either where other instruments were declared before the account was read', () => {
    const before = new DeskUnderTest({ coinsNeedOwner: true }).active();
    const { stop } = before.hold(0);
    before.command({ name: 'closeAll' });
    before.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [close] = before.live('close', 0);
    before.accept(close!);
    before.fill(close!, 10_000, close!.quantityLots - 30);
    before.expire(close!.clientId);
    const startedAs = (incarnation: string, names: readonly string[], records: readonly EngineRecord[]) => {
      const instruments = coins(names);
      const strategies = crossStrategy(instruments);
      const changes = { coinsNeedOwner: true, incarnation, instruments, strategies };
      return new DeskUnderTest(changes, names.length, records).begin();
    };
    const restored = startedAs('def456', ['BTC', 'ETH'], before.records);
    for (const [incarnation, past, closes] of [
      ['abc123', before, 1],
      ['def456', restored, 0],
    ] as const) {
      const desk = startedAs(incarnation, ['SOL', 'ETH', 'BTC'], past.records);
      expect(desk.lots(2)).toBe(30);
      // They are worth an order now.
      desk.quote(2, 20_000);
      desk.pass(5_000);
      expect(desk.live('close', 2)).toHaveLength(closes);
    }
  });

  it('is told once, however often it is read, also after a restart', () => {
    const desk = besideForeign();
    const order = { clientId: 'web_1', instrument: 0, side: 'buy', quantityLots: 7 } as OrderIntent;
    const fill = desk.makeFill(order, 10_000);
    const alarms = (of: DeskUnderTest) =>
      of.recorded('note').filter(({ text }) => text.includes('web_1')).length;
    for (let round = 0; round < 3; round += 1) desk.happen({ kind: 'fill', fill });
    expect(alarms(desk)).toBe(1);
    const again = new DeskUnderTest({ coinsNeedOwner: true }, 2, desk.records).begin();
    again.snapshot({ positions: [507, 0], fills: [fill] });
    expect(alarms(again)).toBe(1);
  });

  it('and made a journal of before short is put right: what is owed is nobody’s coins', () => {
    const before = withCoins();
    say(before, 'foreign');
    const order = { clientId: 'web_1', instrument: 0, side: 'sell', quantityLots: 300 } as OrderIntent;
    const old: EngineRecord = { type: 'fill', fill: before.makeFill(order, 10_000) };
    const desk = new DeskUnderTest({ coinsNeedOwner: true }, 2, [...before.records, old]).begin();
    for (const id of [0, 1]) desk.quote(id, 10_000);
    expect(desk.lots(0)).toBe(-300);
    reading(desk, 200);
    expect(desk.engine.view.positions).toEqual([]);
    expect(desk.engine.view.coins).toMatchObject([{ foreign: 200 }]);
    expect(desk.recorded('order.intended')).toEqual([]);
  });
});
