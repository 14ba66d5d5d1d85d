/** A venue that links orders: the target that closes a trade rests beside its stop, in one group with it. */
import { describe, expect, it } from 'vitest';
import type { ExitPlan } from '../../src/domain/exits.js';
import type { OrderIntent } from '../../src/domain/order.js';
import type { TradedStrategy } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import { exitsStatus } from '../../src/trader/status/instrument-status.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';
import { oneEntry } from './support/one-entry.js';

/** As the broker of a future: nothing is changed in place, and what closes could open another position. */
const LINKED = { ...FUTURES, reduceOnly: false, linksOrders: true };
const ONE: ExitPlan = { targets: [{ ticks: 10_200, closedPpm: 1_000_000 }] };
const HALVES: ExitPlan = {
  targets: [
    { ticks: 10_200, closedPpm: 500_000 },
    { ticks: 10_400, closedPpm: 1_000_000 },
  ],
};

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];

/** Long, its stop at rest, and the target on its way where one is. */
function held(exits: ExitPlan = ONE, changes: Changes = {}) {
  const strategies = [oneEntry({ exits })];
  const desk = new DeskUnderTest({ capabilities: LINKED, strategies, ...changes }, 1).active();
  desk.bar(0, 10_000);
  const { entry, stop } = desk.fillEntry(0, 10_000);
  const [target] = desk.live('exit', 0);
  return { desk, entry, stop, target: target!, lots: entry.quantityLots };
}

/** Both rest. */
function bracketed(changes: Changes = {}) {
  const all = held(ONE, changes);
  all.desk.accept(all.target);
  return all;
}

const ended = (desk: DeskUnderTest, { clientId }: OrderIntent) =>
  desk.happen({ kind: 'order.update', order: { ...venueOrderAt(desk, clientId), state: 'cancelled' } });
const madeSmaller = (desk: DeskUnderTest, { clientId }: OrderIntent, quantityLots: number) =>
  desk.happen({ kind: 'order.update', order: { ...venueOrderAt(desk, clientId), quantityLots } });
function venueOrderAt(desk: DeskUnderTest, clientId: string) {
  const order = desk.engine.view.orders.find((one) => one.clientId === clientId);
  if (order === undefined) throw new Error(`${clientId} is not open`);
  return venueOrder(order, order.filledLots);
}
const cancelled = (desk: DeskUnderTest, { clientId }: OrderIntent) =>
  desk.happen({ kind: 'order.cancelled', clientId });
/** What people were told of ends that nobody asked for. */
const blamed = (desk: DeskUnderTest) =>
  desk.recorded('note').flatMap(({ text }) => (text.includes('the venue has ended') ? [text] : []));
const closed = (desk: DeskUnderTest) =>
  desk.recorded('trade.closed').map(({ why, targets, quantityLots }) => ({ why, targets, quantityLots }));
const replayed = (desk: DeskUnderTest) => {
  const engine = createEngine(desk.config);
  for (const record of desk.records) engine.apply(record);
  return engine.stateHash();
};

describe('the target that closes a trade', () => {
  it('joins the group of the stop once that rests, and not before', () => {
    const desk = new DeskUnderTest(
      { capabilities: LINKED, strategies: [oneEntry({ exits: ONE })] },
      1,
    ).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.fill(entry!, 10_000, entry!.quantityLots - 1);
    const [part] = desk.live('protective', 0);
    desk.accept(part!);
    expect(desk.live('exit', 0)).toEqual([]); // the entry still buys
    desk.fill(entry!, 10_000, 1);
    expect(desk.sent('cancel')).toEqual([part!.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: part!.clientId });
    const [stop] = desk.live('protective', 0);
    expect(stop).toMatchObject({ quantityLots: entry!.quantityLots, group: stop!.clientId });
    expect(desk.live('exit', 0)).toEqual([]);
    desk.accept(stop!);
    expect(desk.live('exit', 0)).toMatchObject([
      {
        ...{ side: 'sell', type: 'limit', limitTicks: 10_200, quantityLots: entry!.quantityLots },
        ...{ group: stop!.clientId, why: 'target 1 of 1', timeInForce: 'GTC' },
      },
    ]);
  });

  it('is said to wait at the venue while it rests there, and in the desk elsewhere', () => {
    const { desk, target } = held();
    const shown = () => exitsStatus(desk.engine.view.positions[0]!.trade!.exits!, { tickSize: '0.01' });
    expect(shown().targets).toEqual([{ price: '102.00', pct: 100, reached: false }]);
    desk.accept(target);
    expect(shown()).toMatchObject({ targets: [{ rests: true }], words: ['target 102.00 at the venue'] });
    expect(desk.engine.view.capabilities).toMatchObject([{ linksOrders: true }]);
    expect(held(ONE, { capabilities: FUTURES }).desk.live('exit', 0)).toEqual([]);
  });

  it('is filled by the venue alone: nothing is sold beside it, and its stop’s end is no loss of a stop', () => {
    const { desk, stop, target, lots } = bracketed();
    desk.quote(0, 10_250);
    expect(desk.effects.filter(({ kind }) => kind === 'submit')).toEqual([]);
    expect(desk.recorded('target.reached')).toEqual([]);
    desk.fill(target, 10_200);
    ended(desk, stop);
    expect(closed(desk)).toEqual([{ why: 'target 1 of 1', targets: 1, quantityLots: lots }]);
    expect(desk.engine.view.orders).toEqual([]);
    expect([desk.lots(0), desk.engine.view.mode]).toEqual([0, 'ACTIVE']);
    expect(desk.recorded('stop.gap').filter(({ why }) => why !== 'opened')).toEqual([]);
    expect(replayed(desk)).toBe(desk.engine.stateHash());
  });

  it('whose stop ends before its fill is told opens no second stop, and is asked after', () => {
    const { desk, stop, target, lots } = bracketed();
    ended(desk, stop);
    expect(desk.live('protective', 0)).toEqual([]);
    expect(desk.sent('cancel')).toEqual([target.clientId]);
    desk.wait(30);
    desk.happen({ kind: 'order.cancelRejected', clientId: target.clientId, code: '10148', text: 'Filled' });
    expect(desk.sent('lookup')).toEqual([target.clientId]);
    desk.happen({
      kind: 'order.lookup',
      clientId: target.clientId,
      found: venueOrder(target, lots, 'filled'),
    });
    expect(desk.live('protective', 0)).toEqual([]);
    desk.fill(target, 10_200);
    expect([desk.lots(0), desk.engine.view.orders]).toEqual([0, []]);
    expect(desk.recorded('stop.gap').filter(({ why }) => why !== 'opened')).toEqual([]);
  });

  it('that is cancelled with its stop leaves the position bare for no longer than both take to be placed', () => {
    const { desk, stop, target, lots } = bracketed();
    ended(desk, stop);
    ended(desk, target);
    const [again] = desk.live('protective', 0);
    expect(again).toMatchObject({ quantityLots: lots, stopTicks: 9_800 });
    expect(again!.group).not.toBe(stop.group);
    desk.accept(again!);
    expect(desk.live('exit', 0)).toEqual([]);
    desk.pass(1_000);
    expect(desk.live('exit', 0)).toMatchObject([{ limitTicks: 10_200, group: again!.group }]);
  });

  it('that has ended has its stop asked after, before another one joins the group', () => {
    const { desk, stop, target, lots } = bracketed();
    ended(desk, target);
    expect(desk.sent('lookup')).toEqual([stop.clientId]);
    desk.pass(1_000);
    expect(desk.live('exit', 0)).toEqual([]);
    const found = venueOrder(stop, 0, 'cancelled');
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found });
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots, stopTicks: 9_800 }]);
    expect(desk.live('protective', 0)[0]?.group).not.toBe(stop.group);
  });

  it('is cancelled where no position is left, also one that rests after a restart', () => {
    const { desk, stop, target, lots } = bracketed();
    const after = new DeskUnderTest({ capabilities: LINKED, strategies: [oneEntry({ exits: ONE })] }, 1, [
      ...desk.records,
    ]).begin();
    expect(after.sent('lookup').toSorted()).toEqual([stop.clientId, target.clientId].toSorted());
    after.happen({ kind: 'fill', fill: { ...after.makeFill(stop, 9_800, lots), tradeId: 'while away' } });
    expect(after.sent('cancel')).toEqual([target.clientId]);
    expect(after.lots(0)).toBe(0);
  });

  it('that the crash kept from leaving is placed once the desk trades again, one that left is not', () => {
    const crashed = (journal: DeskUnderTest) => {
      const after = new DeskUnderTest({ capabilities: LINKED, strategies: [oneEntry({ exits: ONE })] }, 1, [
        ...journal.records,
      ]).begin();
      after.quote(0, 10_010);
      return after;
    };
    const before = held();
    const stopAlone = crashed(before.desk);
    stopAlone.accept(before.stop);
    for (const waitMs of [0, 4_000]) {
      stopAlone.pass(waitMs);
      stopAlone.happen({ kind: 'order.lookup', clientId: before.target.clientId, found: null });
    }
    stopAlone.snapshot();
    expect(stopAlone.live('exit', 0)).toEqual([]); // HALTED
    stopAlone.pass(30_000);
    stopAlone.quote(0, 10_010);
    stopAlone.snapshot();
    expect(stopAlone.arm()).toMatchObject({ ok: true });
    stopAlone.pass(100);
    expect(stopAlone.live('exit', 0)).toMatchObject([{ group: before.stop.group, limitTicks: 10_200 }]);

    const both = crashed(before.desk);
    both.accept(before.stop);
    both.accept(before.target);
    both.snapshot();
    both.arm();
    expect(both.live('exit', 0)).toMatchObject([{ clientId: before.target.clientId }]);
  });

  it('found at the venue under our name and forgotten here is a target, and no entry', () => {
    const { desk, stop, target } = bracketed();
    const unknown = new DeskUnderTest({ capabilities: LINKED }, 1).active();
    const rest = [stop, target].map((order) => ({ ...venueOrder(order), group: stop.group! }));
    unknown.command({ name: 'reconcile' });
    unknown.snapshot({ openOrders: rest });
    expect(unknown.recorded('order.intended').map(({ order }) => order.purpose)).toEqual([
      'protective',
      'exit',
    ]);
    expect(unknown.sent('cancel').toSorted()).toEqual([stop.clientId, target.clientId].toSorted());
    expect(desk.lots(0)).not.toBe(0);
  });

  it('is held by the desk where the venue refuses it, and tried again later', () => {
    const { desk, target } = held();
    desk.happen({ kind: 'order.rejected', clientId: target.clientId, code: '201', text: 'no' });
    for (let second = 0; second < 29; second += 1) {
      desk.pass(1_000);
      desk.quote(0, 10_000);
      expect(desk.live('exit', 0)).toEqual([]);
    }
    desk.pass(1_000);
    expect(desk.live('exit', 0)).toMatchObject([{ type: 'limit' }]);
    const alone = held();
    alone.desk.happen({ kind: 'order.rejected', clientId: alone.target.clientId, code: '201', text: 'no' });
    alone.desk.quote(0, 10_200);
    for (const stop of alone.desk.live('protective', 0))
      alone.desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(alone.desk.live('exit', 0)).toMatchObject([{ type: 'market', why: 'target 1 of 1' }]);
  });

  it.each([
    ['first', true],
    ['last', false],
  ])('that the venue ends three times, %s of the two, is held by the desk; the stop stays', (_, first) => {
    const { desk, stop, target, lots } = bracketed();
    let both = [stop, target];
    for (let ends = 1; ends <= 3; ends += 1) {
      for (const one of first ? both.toReversed() : both) {
        desk.pass(100);
        ended(desk, one);
      }
      for (let second = 0; second < 2 && desk.live('protective', 0).length === 0; second += 1) desk.pass(500);
      const [again] = desk.live('protective', 0);
      desk.accept(again!);
      for (let second = 0; second < 3; second += 1) {
        desk.quote(0, 10_000);
        desk.pass(1_000);
      }
      const [next] = desk.live('exit', 0);
      expect(next === undefined).toBe(ends === 3);
      if (next === undefined) continue;
      desk.accept(next);
      both = [again!, next];
    }
    for (let second = 0; second < 70; second += 1) {
      desk.quote(0, 10_000);
      desk.pass(1_000);
    }
    expect(desk.live('exit', 0)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ state: 'working' }]);
    expect(desk.recorded('note').filter(({ text }) => text.includes('the desk holds it'))).toHaveLength(1);
    expect(desk.engine.view.mode).toBe('ACTIVE');
    desk.quote(0, 10_200);
    desk.happen({ kind: 'order.cancelled', clientId: desk.live('protective', 0)[0]!.clientId });
    expect(desk.live('exit', 0)).toMatchObject([{ type: 'market', quantityLots: lots }]);
  });

  it('rests only where it closes all: one of two is held by the desk, the last of them rests', () => {
    const { desk, stop, lots } = held(HALVES);
    expect(desk.live('exit', 0)).toEqual([]);
    desk.quote(0, 10_200);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [rest] = desk.live('protective', 0);
    desk.accept(rest!);
    const [sale] = desk.live('exit', 0);
    expect(sale).toMatchObject({ type: 'market', quantityLots: lots / 2 });
    desk.accept(sale!);
    desk.fill(sale!, 10_200);
    expect(desk.live('exit', 0)).toMatchObject([
      { type: 'limit', limitTicks: 10_400, quantityLots: lots / 2, why: 'target 2 of 2', group: rest!.group },
    ]);
  });

  it('stays while the desk is stopped, and fills then', () => {
    const { desk, target } = bracketed();
    desk.command({ name: 'stop' });
    desk.pass(1_000);
    expect(desk.live('exit', 0)).toMatchObject([{ clientId: target.clientId, state: 'working' }]);
    desk.fill(target, 10_200);
    expect(closed(desk)).toMatchObject([{ why: 'target 1 of 1' }]);
  });
});

/** At each bar after its entry it moves its target one tick nearer. */
function moving(): TradedStrategy {
  const once = oneEntry({ exits: ONE });
  const create: NonNullable<TradedStrategy['own']>['create'] = (...given) => {
    const entering = once.own!.create(...given);
    let ticks = 10_200;
    return {
      ...entering,
      onBar(context, ...more) {
        if (context.positionLots === 0) return entering.onBar(context, ...more);
        ticks -= 1;
        context.adjust({ because: 'nearer', targets: [{ ticks, closedPpm: 1_000_000 }] });
      },
    };
  };
  return { ...once, own: { ...once.own!, create } };
}

describe('the target that the strategy moves', () => {
  /** Both rest, and the strategy has just asked for another target. */
  function asked() {
    const all = bracketed({ strategies: [moving()] });
    all.desk.bar(0, 10_000);
    return all;
  }
  /** Until both rest anew. */
  function restAnew(desk: DeskUnderTest) {
    const [stop] = desk.live('protective', 0);
    desk.accept(stop!);
    desk.pass(1_000);
    const [target] = desk.live('exit', 0);
    desk.accept(target!);
    return { stop: stop!, target: target! };
  }

  it.each([
    ['after', false],
    ['before', true],
  ])(
    'counts for nothing, though the venue ends its stop with it and tells that %s its end',
    (_, stopFirst) => {
      const { desk, lots, ...first } = bracketed({ strategies: [moving()] });
      let both = { stop: first.stop, target: first.target };
      for (let move = 1; move <= 12; move += 1) {
        desk.bar(0, 10_000);
        expect(desk.sent('cancel')).toEqual([both.target.clientId]);
        const told = [() => cancelled(desk, both.target), () => ended(desk, both.stop)];
        for (const tell of stopFirst ? told.toReversed() : told) {
          desk.pass(100);
          tell();
        }
        both = restAnew(desk);
        expect(both.target).toMatchObject({ limitTicks: 10_200 - move, group: both.stop.group });
        desk.snapshot();
        for (let second = 0; second < 50; second += 1) {
          desk.quote(0, 10_000);
          desk.pass(1_000);
        }
      }
      expect(blamed(desk)).toEqual([]);
      expect([desk.engine.view.mode, desk.lots(0)]).toEqual(['ACTIVE', lots]);
      expect(desk.recorded('stop.gap').map(({ why }) => why)).not.toContain('lost');
      expect(replayed(desk)).toBe(desk.engine.stateHash());
    },
  );

  it('counts for nothing where the venue refuses to cancel what it has just ended', () => {
    const { desk, stop, target } = asked();
    desk.happen({
      kind: 'order.cancelRejected',
      clientId: target.clientId,
      code: '10148',
      text: 'Cancelled',
    });
    ended(desk, stop);
    const found = venueOrder(target, 0, 'cancelled');
    desk.happen({ kind: 'order.lookup', clientId: target.clientId, found });
    expect(blamed(desk)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ stopTicks: 9_800 }]);
  });

  it.each([
    ['neither', 'target'],
    ['neither', 'stop'],
    ['one', 'target'],
  ])(
    'counts for nothing where a restart came before %s was told to have ended (first the %s)',
    (told, one) => {
      const { desk, stop, target } = asked();
      if (told === 'one') cancelled(desk, target);
      desk.wait(90_000);
      const after = new DeskUnderTest({ capabilities: LINKED, strategies: [moving()] }, 1, desk.records);
      Object.assign(after, { monotonicMs: 5 });
      after.begin().snapshot();
      for (const order of one === 'stop' ? [stop, target] : [target, stop]) {
        after.wait(100);
        const found = venueOrder(order, 0, 'cancelled');
        after.happen({ kind: 'order.lookup', clientId: order.clientId, found });
      }
      expect(blamed(after)).toEqual([]);
      expect(after.live('protective', 0)).toMatchObject([{ stopTicks: 9_800, state: 'intended' }]);
    },
  );

  it('hides no end of the venue’s own in the same minute: of the next two, or of a stop that had stayed', () => {
    const next = asked();
    cancelled(next.desk, next.target);
    ended(next.desk, next.stop);
    const both = restAnew(next.desk);
    next.desk.pass(100);
    ended(next.desk, both.target);
    ended(next.desk, both.stop);
    expect(blamed(next.desk)).toHaveLength(1);

    for (const takesNext of [true, false]) {
      const { desk, stop, target } = asked();
      cancelled(desk, target);
      const found = venueOrder(stop);
      desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found });
      desk.pass(1_000);
      const [other] = desk.live('exit', 0);
      expect(other).toMatchObject({ group: stop.group });
      if (takesNext) desk.accept(other!);
      else desk.happen({ kind: 'order.rejected', clientId: other!.clientId, code: '201', text: 'no' });
      desk.pass(2_000);
      if (takesNext) ended(desk, other!);
      ended(desk, stop);
      expect(blamed(desk)).toHaveLength(1);
    }
  });

  it('ends with its stop for as long as the venue may take to answer, once that was seen to rest', () => {
    for (const [waitMs, times] of [
      [1_900, 0],
      [2_100, 1],
    ] as const) {
      const { desk, stop, target } = asked();
      cancelled(desk, target);
      const found = venueOrder(stop);
      desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found });
      desk.wait(waitMs);
      ended(desk, stop);
      expect(blamed(desk)).toHaveLength(times);
    }
  });
});

describe('what one of the two fills', () => {
  it('is off the other already: neither order of the two messages changes anything', () => {
    for (const fillFirst of [true, false]) {
      const { desk, stop, target, lots } = bracketed();
      const told = [() => desk.fill(target, 10_200, 3), () => madeSmaller(desk, stop, lots - 3)];
      for (const tell of fillFirst ? told : told.toReversed()) {
        tell();
        desk.pass(100);
        expect(desk.effects.filter(({ kind }) => kind !== 'record' && kind !== 'requestSnapshot')).toEqual(
          [],
        );
      }
      expect(desk.lots(0)).toBe(lots - 3);
      expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, quantityLots: lots - 3 }]);
      expect(desk.engine.view.positions[0]).toMatchObject({ protection: 'confirmed', withoutStopMs: null });
      expect(desk.recorded('stop.gap').filter(({ why }) => why !== 'opened')).toEqual([]);
      desk.fill(target, 10_200, lots - 3);
      ended(desk, stop);
      expect(closed(desk)).toEqual([{ why: 'target 1 of 1', targets: 1, quantityLots: lots }]);
    }
  });

  it('by a stop that fires in parts makes the target smaller, and that one is left alone', () => {
    const { desk, stop, target, lots } = bracketed();
    desk.fill(stop, 9_800, 3);
    desk.pass(100);
    expect(desk.sent('cancel')).toEqual([]);
    madeSmaller(desk, target, lots - 3);
    desk.fill(stop, 9_800, lots - 3);
    ended(desk, target);
    expect(closed(desk)).toMatchObject([{ why: 'stop' }]);
    expect(desk.engine.view.orders).toEqual([]);
  });

  it('and the other is never told of is put right once the venue had time to answer', () => {
    const { desk, stop, target, lots } = bracketed();
    desk.fill(target, 10_200, 3);
    desk.pass(1_900);
    expect(desk.sent('cancel')).toEqual([]);
    desk.pass(200);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    ended(desk, target);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots - 3 }]);
  });
});

describe('what else closes or changes the trade', () => {
  it('waits until target and stop are gone: with either it would turn the position round', () => {
    for (const close of [
      (desk: DeskUnderTest) => void desk.command({ name: 'closeAll' }),
      (desk: DeskUnderTest) => void desk.command({ name: 'closePosition', symbol: 'BTC/USDT' }),
    ]) {
      const { desk, stop, target, lots } = bracketed();
      close(desk);
      expect(desk.sent('cancel')).toContain(target.clientId);
      expect(desk.live('close', 0)).toEqual([]);
      desk.happen({ kind: 'order.cancelled', clientId: target.clientId });
      expect(desk.live('close', 0)).toEqual([]);
      expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, state: 'cancelling' }]);
      desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
      expect(desk.live('close', 0)).toMatchObject([{ type: 'market', side: 'sell', quantityLots: lots }]);
    }
  });

  it('and is not sold after a start before the account was read: somebody may have closed it meanwhile', () => {
    for (const isGone of [true, false]) {
      const { desk, stop, target, lots } = bracketed();
      desk.command({ name: 'closeAll' });
      for (const order of [target, stop]) desk.happen({ kind: 'order.cancelled', clientId: order.clientId });
      const [close] = desk.live('close', 0);
      desk.happen({ kind: 'order.rejected', clientId: close!.clientId, code: '201', text: 'no' });
      const again = new DeskUnderTest(desk.config, 1, desk.records);
      again.marketMs = desk.marketMs + 3_600_000;
      again.wallMs = desk.wallMs + 3_600_000;
      again.begin();
      expect(again.sent('submit')).toEqual([]);
      again.quote(0, 10_000);
      again.snapshot({ positions: [isGone ? 0 : lots] });
      expect(again.sent('submit')).toHaveLength(isGone ? 0 : 1);
    }
  });

  it('and halts the desk where an order that was to close it has opened the other side', () => {
    const { desk, stop, target } = bracketed();
    desk.fill(stop, 9_800);
    expect(desk.stateOf(target)).toBe('cancelling');
    expect(desk.engine.view.mode).toBe('ACTIVE');
    desk.happen({ kind: 'fill', fill: desk.makeFill(target, 10_200, 100) });
    expect(desk.lots(0)).toBe(-100);
    expect(desk.engine.view).toMatchObject({ mode: 'HALTED' });
    expect(desk.recorded('note').map(({ text }) => text)).toContainEqual(
      expect.stringContaining('filled beyond the position that it was to close, which is short'),
    );
  });

  it('and finds that the target was filled meanwhile: nothing is sold twice', () => {
    const { desk, stop, target } = bracketed();
    desk.command({ name: 'closeAll' });
    desk.fill(target, 10_200);
    ended(desk, stop);
    expect(desk.live('close', 0)).toEqual([]);
    expect([
      desk.lots(0),
      desk.recorded('order.intended').filter(({ order }) => order.purpose === 'close'),
    ]).toEqual([0, []]);
  });

  it('takes both away and places both anew where the stop moves: no old target beside the new stop', () => {
    const { desk, stop, target } = (() => {
      const all = held({ ...ONE, breakEvenAtTicks: 10_100 });
      all.desk.accept(all.target);
      return all;
    })();
    desk.quote(0, 10_150);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.live('protective', 0)).toEqual([]);
    ended(desk, target);
    const [moved] = desk.live('protective', 0);
    expect(moved).toMatchObject({ stopTicks: 10_000 });
    desk.accept(moved!);
    desk.pass(1_000);
    expect(desk.live('exit', 0)).toMatchObject([{ group: moved!.group, limitTicks: 10_200 }]);
    expect(desk.recorded('stop.gap').map(({ why }) => why)).not.toContain('lost');
  });
});

describe('after a fill', () => {
  it('stop and target are read back from the venue, and said to work there', () => {
    const { desk } = bracketed();
    desk.pass(1_000);
    expect(desk.effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    desk.snapshot();
    expect(desk.recorded('note').map(({ text }) => text)).toContain(
      'BTC/USDT: read back from the venue after the fill, as working: stop 98.00 and target 102.00',
    );
    const notes = desk.recorded('note').length;
    desk.pass(60_000);
    desk.quote(0, 10_010);
    desk.snapshot();
    expect(desk.recorded('note')).toHaveLength(notes);
  });

  it('one that the venue acknowledged and does not list is an alarm, and looked up', () => {
    const { desk, stop, target } = bracketed();
    desk.pass(1_000);
    desk.snapshot({ openOrders: [venueOrder(stop)] });
    expect(
      desk
        .recorded('note')
        .filter(({ level }) => level === 'alarm')
        .map(({ text }) => text),
    ).toEqual([
      'BTC/USDT: the venue has acknowledged target 102.00 and does not list it as open; it is looked up',
    ]);
    expect(desk.sent('lookup')).toEqual([target.clientId]);
  });
});
