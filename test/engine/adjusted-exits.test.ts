/** What a strategy asks for while it holds: a part closed at the market, and other exits for its open trade. */
import { describe, expect, it } from 'vitest';
import type { ExitPlan } from '../../src/domain/exits.js';
import type { OrderIntent } from '../../src/domain/order.js';
import type { TradedStrategy } from '../../src/engine/config.js';
import { createEngine } from '../../src/engine/engine.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { StrategySize } from '../../src/engine/strategies/size-entry.js';
import type { StrategyContext } from '../../src/engine/strategies/strategy.js';
import { exitsStatus } from '../../src/trader/status/instrument-status.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';

const ABLE = { ...SPOT, amends: true, replaces: true };
const HALVES: ExitPlan = {
  targets: [
    { ticks: 10_200, closedPpm: 500_000 },
    { ticks: 10_400, closedPpm: 1_000_000 },
  ],
};

type Ask = (context: StrategyContext) => void;
type Changes = ConstructorParameters<typeof DeskUnderTest>[0];

/** At its first bar it enters; at each later one it asks for the next of these. */
function asking(asks: readonly Ask[], exits?: ExitPlan, side: 'buy' | 'sell' = 'buy'): TradedStrategy {
  const kind = './strategies/asks.ts';
  return {
    ...{ name: 'asks', kind, symbols: ['BTC/USDT'], enabled: true, parameters: {} },
    own: {
      ...{ kind, suits: 'trending', parameters: [] },
      create: () => {
        const enter: Ask = (context) =>
          context.enter({
            ...{ side, limitTicks: 10_000, restBars: 3, because: 'in' },
            protectTicks: side === 'buy' ? 9_800 : 10_200,
            ...(exits === undefined ? {} : { exits }),
          });
        const ahead = [enter, ...asks];
        return { warmupBars: 0, onBar: (context) => ahead.shift()?.(context), state: () => '' };
      },
    },
  };
}

/** A position with its stop at rest, before the first of `asks`. */
function held(asks: readonly Ask[], exits?: ExitPlan, changes: Changes = {}, side: 'buy' | 'sell' = 'buy') {
  const desk = new DeskUnderTest(
    { capabilities: ABLE, strategies: [asking(asks, exits, side)], ...changes },
    1,
  ).active();
  desk.bar(0, 10_000);
  const { entry, stop } = desk.fillEntry(0, 10_000);
  return { desk, entry, stop, lots: entry.quantityLots };
}

const amended = (desk: DeskUnderTest, { clientId }: OrderIntent, quantityLots: number) =>
  desk.happen({ kind: 'order.amended', clientId, quantityLots });
const replacing = (desk: DeskUnderTest) =>
  desk.effects.flatMap((effect) => (effect.kind === 'replace' ? [effect.order] : []));
const completed = (desk: DeskUnderTest, next: OrderIntent, old: OrderIntent) =>
  desk.happen({
    ...{ kind: 'order.replaced', clientId: next.clientId, replaced: old.clientId },
    venueId: `v-${next.clientId}`,
  });
const exitsOf = (desk: DeskUnderTest) => desk.engine.view.positions[0]?.trade?.exits;
const refusals = (desk: DeskUnderTest) =>
  desk.recorded('note').flatMap(({ text }) => (text.includes('stay as they are') ? [text] : []));
/** A journal that is read again comes to the state of the engine that wrote it. */
function replays(desk: DeskUnderTest): void {
  const again = createEngine(desk.config);
  for (const record of desk.records) again.apply(JSON.parse(JSON.stringify(record)) as EngineRecord);
  expect(again.stateHash()).toBe(desk.engine.stateHash());
}

const sellsHalf: Ask = (context) => context.exit('half is enough', 500_000);

describe('a part that a strategy closes', () => {
  it('is sold at the market once the stop is for the rest, where the stop locks what is sold', () => {
    const { desk, stop, lots } = held([sellsHalf]);
    desk.bar(0, 10_050);
    expect(desk.effects).toContainEqual(
      expect.objectContaining({ kind: 'amend', clientId: stop.clientId, quantityLots: lots / 2 }),
    );
    expect(desk.live('exit', 0)).toEqual([]);
    amended(desk, stop, lots / 2);
    const [sale] = desk.live('exit', 0);
    expect(sale).toMatchObject({ side: 'sell', type: 'market', quantityLots: lots / 2 });
    expect(sale).not.toHaveProperty('why');
    desk.accept(sale!);
    desk.fill(sale!, 10_050);
    expect(desk.lots(0)).toBe(lots / 2);
    for (const close of [10_050, 10_060]) desk.bar(0, close);
    expect(desk.live('exit', 0)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ stopTicks: 9_800 }]);
    replays(desk);
  });

  it('is sold before a halted desk can be armed again: until then a part of the position has no stop', () => {
    const { desk, stop, lots } = held([sellsHalf]);
    desk.bar(0, 10_050);
    amended(desk, stop, lots / 2);
    const [sale] = desk.live('exit', 0);
    desk.accept(sale!);
    desk.command({ name: 'reconcile' });
    const ours = [{ ...stop, quantityLots: lots / 2 }, sale!];
    desk.snapshot({
      openOrders: [...ours, { ...stop, clientId: 'somebody' }].map((order) => venueOrder(order)),
    });
    expect(desk.engine.view.mode).toBe('REDUCING');
    desk.pass(1_000);
    desk.snapshot();
    expect(desk.arm('person')).toMatchObject({ ok: false, code: 'unprotected' });
    desk.fill(sale!, 10_050);
    desk.snapshot();
    expect(desk.arm('person')).toMatchObject({ ok: true });
  });

  it('leaves with the stop still whole where that can only reduce', () => {
    const { desk, stop, lots } = held([sellsHalf], undefined, { capabilities: { ...FUTURES, amends: true } });
    desk.bar(0, 10_050);
    const [sale] = desk.live('exit', 0);
    expect(sale).toMatchObject({ quantityLots: Math.floor(lots / 2) });
    desk.accept(sale!);
    desk.fill(sale!, 10_050);
    expect(desk.effects).toContainEqual(expect.objectContaining({ kind: 'amend', clientId: stop.clientId }));
  });

  it('is asked for once: another that is asked for meanwhile is not heard, the rest of a partial fill is sold', () => {
    const { desk, stop, lots } = held([sellsHalf, sellsHalf]);
    desk.bar(0, 10_050);
    amended(desk, stop, lots / 2);
    const [sale] = desk.live('exit', 0);
    desk.accept(sale!);
    desk.fill(sale!, 10_050, 1_000);
    desk.bar(0, 10_050);
    expect(desk.recorded('note').filter(({ text }) => text.startsWith('half'))).toHaveLength(1);
    desk.happen({ kind: 'order.update', order: venueOrder(sale!, 1_000, 'cancelled') });
    const more = desk.live('exit', 0).filter(({ clientId }) => clientId !== sale!.clientId);
    expect(more).toMatchObject([{ quantityLots: lots / 2 - 1_000 }]);
  });

  it('is withdrawn by a halt, as a whole exit is, and the stop covers all of it again', () => {
    const { desk, stop, lots } = held([sellsHalf]);
    desk.bar(0, 10_050);
    desk.command({ name: 'stop' });
    amended(desk, stop, lots / 2);
    expect(desk.live('exit', 0)).toEqual([]);
    desk.arm('two-people');
    desk.bar(0, 10_050);
    expect(desk.live('exit', 0)).toEqual([]);
  });

  it('takes all of it where the rest would be too small at its stop, and nothing where the part is', () => {
    const all = held([(context) => context.exit('nearly all', 999_999)]);
    all.desk.bar(0, 10_050);
    expect(all.desk.recorded('note').at(-1)).toMatchObject({ text: 'nearly all: closing the position' });
    const none = held([(context) => context.exit('a crumb', 1)]);
    none.desk.bar(0, 10_050);
    expect(none.desk.recorded('note').at(-1)).toMatchObject({
      text: 'a crumb: the part is too small for an order, and stays',
    });
    expect(none.desk.sent('submit')).toEqual([]);
  });

  it('is of what is held now, and counts towards a target that is reached later', () => {
    const { desk, stop, lots } = held([sellsHalf], HALVES);
    desk.bar(0, 10_050);
    amended(desk, stop, lots / 2);
    const [sale] = desk.live('exit', 0);
    desk.accept(sale!);
    desk.fill(sale!, 10_050);
    desk.quote(0, 10_200);
    expect(desk.recorded('target.reached')).toHaveLength(1);
    expect(desk.live('exit', 0)).toEqual([]);
    desk.quote(0, 10_400);
    expect(desk.recorded('note').at(-1)).toMatchObject({
      text: 'target 2 of 2 is reached: closing the position',
    });
  });
});

describe('the exits of an open trade, changed by its strategy', () => {
  it('take a stop nearer to the market, in one request where the venue can, and say so', () => {
    const { desk, stop } = held([(context) => context.adjust({ stopTicks: 9_900, because: 'a higher low' })]);
    desk.bar(0, 10_050);
    const [next] = replacing(desk);
    expect(next).toMatchObject({ purpose: 'protective', stopTicks: 9_900, why: 'adjustedStop' });
    completed(desk, next!, stop);
    expect(desk.live('protective', 0)).toMatchObject([{ stopTicks: 9_900 }]);
    expect(desk.recorded('stop.moved')).toMatchObject([{ stopTicks: 9_900, why: 'adjustedStop' }]);
    expect(exitsStatus(exitsOf(desk)!, { tickSize: '0.01' })).toMatchObject({
      stopMovedBy: 'adjustedStop',
      words: ['stop moved by its strategy'],
    });
    desk.fill(next!, 9_900);
    expect(desk.recorded('trade.closed')).toMatchObject([{ why: 'adjustedStop' }]);
    replays(desk);
  });

  it.each([
    ['goes back', { stopTicks: 9_700 }, 'a stop comes nearer to the market, and never goes back'],
    ['is where the market is', { stopTicks: 10_050 }, 'the market has reached that stop already'],
    [
      'is behind a target',
      { targets: [{ ticks: 10_040, closedPpm: 1_000_000 }] },
      'target 1 is not beyond the market',
    ],
    ['breaks even at a loss', { breakEvenAtTicks: 9_990 }, 'at a price that is not beyond the entry'],
  ])('that %s is refused, on record, once, with all that was asked for beside it', (_, wish, why) => {
    const ask: Ask = (context) => context.adjust({ maxBars: 500, ...wish, because: 'so' });
    const { desk } = held([ask, ask]);
    desk.bar(0, 10_050);
    desk.bar(0, 10_050);
    expect(refusals(desk)).toEqual([expect.stringContaining(why)]);
    expect([...desk.recorded('stop.moved'), ...desk.recorded('exits.changed')]).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ stopTicks: 9_800 }]);
  });

  it('of a short trade come nearer from above', () => {
    const lower: Ask = (context) => context.adjust({ stopTicks: 10_100, because: 'a lower high' });
    const higher: Ask = (context) => context.adjust({ stopTicks: 10_150, because: 'back' });
    const futures = { capabilities: { ...FUTURES, replaces: true } };
    const { desk, stop } = held([lower, higher], undefined, futures, 'sell');
    desk.bar(0, 9_950);
    const [next] = replacing(desk);
    expect(next).toMatchObject({ side: 'buy', stopTicks: 10_100 });
    completed(desk, next!, stop);
    desk.bar(0, 9_950);
    expect(refusals(desk)).toHaveLength(1);
  });

  it('get other targets, of what is left, once a part of before is closed', () => {
    const targets = [
      { ticks: 10_300, closedPpm: 500_000 },
      { ticks: 10_500, closedPpm: 1_000_000 },
    ];
    const ask: Ask = (context) => context.adjust({ targets, because: 'it runs' });
    const { desk, stop, lots } = held([ask, ask], HALVES);
    desk.quote(0, 10_200);
    // Its part is not sold yet.
    desk.bar(0, 10_210);
    expect(refusals(desk)).toEqual([expect.stringContaining('a part of it is being closed')]);
    amended(desk, stop, lots / 2);
    const [sale] = desk.live('exit', 0);
    desk.accept(sale!);
    desk.fill(sale!, 10_210);
    desk.bar(0, 10_210);
    expect(exitsOf(desk)).toMatchObject({ plan: { targets }, reached: 0 });
    desk.quote(0, 10_300);
    amended(desk, stop, lots / 4);
    expect(desk.live('exit', 0)).toMatchObject([{ quantityLots: lots / 4, why: 'target 1 of 2' }]);
    replays(desk);
  });

  it('get and lose a trailing stop, break-even and a time exit, and lose targets', () => {
    const first: Ask = (context) =>
      context.adjust({ trailTicks: 100, breakEvenAtTicks: 10_300, maxBars: 30, because: 'with these' });
    const second: Ask = (context) =>
      context.adjust({
        targets: [],
        trailTicks: null,
        breakEvenAtTicks: null,
        maxBars: null,
        because: 'without',
      });
    const { desk } = held([first, second], HALVES);
    desk.bar(0, 9_910);
    expect(exitsOf(desk)).toMatchObject({
      plan: { ...HALVES, trailTicks: 100, breakEvenAtTicks: 10_300, maxBars: 30 },
    });
    desk.bar(0, 9_910);
    expect(exitsOf(desk)?.plan).toEqual({});
    expect(exitsOf(desk)?.timeExitMs).toBeNull();
    replays(desk);
  });

  it('that are asked for again as they are change nothing', () => {
    const ask: Ask = (context) =>
      context.adjust({ stopTicks: 9_900, ...HALVES, trailTicks: 400, because: 'again' });
    const { desk, stop } = held([ask, ask, ask]);
    desk.bar(0, 10_050);
    completed(desk, replacing(desk)[0]!, stop);
    const before = desk.records.length;
    for (const close of [10_050, 10_050]) desk.bar(0, close);
    const since = desk.records.slice(before).map(({ type }) => type);
    expect(since.filter((type) => type !== 'equity')).toEqual([]);
  });

  it('count a time exit from the entry, also where it has passed already', () => {
    const late: Ask = (context) => context.adjust({ maxBars: 1, because: 'too long' });
    const { desk } = held([() => undefined, () => undefined, late]);
    for (const close of [10_010, 10_010, 10_010]) desk.bar(0, close);
    expect(desk.recorded('note').at(-1)).toMatchObject({ text: '1 bars have passed: closing the position' });
  });

  it('stay changed over a restart: the stop is where it was moved, the exits are the new ones', () => {
    const ask: Ask = (context) =>
      context.adjust({
        stopTicks: 9_900,
        targets: [{ ticks: 10_600, closedPpm: 1_000_000 }],
        because: 'it runs',
      });
    const { desk, stop } = held([ask], HALVES);
    desk.bar(0, 10_050);
    completed(desk, replacing(desk)[0]!, stop);
    const after = new DeskUnderTest(
      { capabilities: ABLE, strategies: [asking([])] },
      1,
      desk.records,
    ).active();
    expect(after.live('protective', 0)).toMatchObject([{ stopTicks: 9_900 }]);
    expect(exitsOf(after)).toMatchObject({
      ...{ movedBy: 'adjustedStop', reached: 0 },
      plan: { targets: [{ ticks: 10_600, closedPpm: 1_000_000 }] },
    });
  });

  it('do not let a later fill of the entry move the stop back', () => {
    const ask: Ask = (context) => context.adjust({ stopTicks: 9_900, because: 'a higher low' });
    const desk = new DeskUnderTest({ capabilities: ABLE, strategies: [asking([ask])] }, 1).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000, 6_000);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.bar(0, 10_050);
    desk.fill(entry!, 10_000, 1_000);
    expect(desk.recorded('stop.moved')).toHaveLength(1);
    expect(desk.engine.view.positions[0]).toMatchObject({ quantityLots: 7_000 });
    expect(replacing(desk).every(({ stopTicks }) => stopTicks === 9_900)).toBe(true);
    replays(desk);
  });

  it('of a halted desk still take the stop nearer', () => {
    const ask: Ask = (context) => context.adjust({ stopTicks: 9_900, because: 'a higher low' });
    const { desk } = held([ask]);
    desk.command({ name: 'stop' });
    desk.bar(0, 10_050);
    expect(replacing(desk)).toMatchObject([{ stopTicks: 9_900 }]);
  });
});

describe('an entry beside its own trade', () => {
  const adds =
    (protectTicks: number, more: object = {}): Ask =>
    (context) =>
      context.enter({ side: 'buy', limitTicks: 10_040, protectTicks, restBars: 3, because: 'more', ...more });
  /** So small that there is room for more. */
  const small = { risk: { ...new DeskUnderTest().config.risk, maxPositionSizePct: 20 } };
  const heldSmall = (asks: readonly Ask[], exits?: ExitPlan, size: StrategySize = { lots: 6_000 }) => {
    const strategies = [{ ...asking(asks, exits), size }];
    const desk = new DeskUnderTest({ capabilities: ABLE, strategies, ...small }, 1).active();
    desk.bar(0, 10_000);
    const { stop } = desk.fillEntry(0, 10_000);
    desk.bar(0, 10_050);
    return { desk, stop };
  };

  it('adds to it: one trade with one average, and the nearer stop for all of it', () => {
    const { desk } = heldSmall([adds(9_900)]);
    const [more] = desk.live('entry', 0);
    desk.accept(more!);
    desk.fill(more!, 10_040);
    expect(desk.recorded('trade.closed')).toEqual([]);
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 12_000, averageTicks: 10_020 }]);
    expect(replacing(desk)).toMatchObject([{ stopTicks: 9_900, quantityLots: 12_000 }]);
    replays(desk);
  });

  it('is at most what its `maxLots` leaves beside what is held and what rests', () => {
    const { desk } = heldSmall([adds(9_900), adds(9_900)], undefined, { lots: 6_000, maxLots: 9_000 });
    expect(desk.live('entry', 0)).toMatchObject([{ quantityLots: 3_000 }]);
    desk.accept(desk.live('entry', 0)[0]!);
    desk.bar(0, 10_050);
    expect(desk.live('entry', 0)).toHaveLength(1);
    expect(desk.recorded('order.denied')).toMatchObject([
      {
        limit: 'size',
        reason: 'its strategy holds 6000 lots, 3000 more are resting, and its maxLots is 9000',
      },
    ]);
  });

  it('is of its whole `equityPct` again: that is what one entry may be worth', () => {
    const { desk } = heldSmall([adds(9_900)], undefined, { equityPct: 6 });
    expect(desk.lots(0)).toBe(6_000);
    // 6 % of 10,003, at the bid of 10,050.
    expect(desk.live('entry', 0)).toMatchObject([{ quantityLots: 5_971 }]);
  });

  it('is refused, on record, where it would take the stop of the trade back', () => {
    const { desk } = heldSmall([adds(9_700)]);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'exits', reason: 'the stop of the trade that it adds to would go back' },
    ]);
    expect(desk.live('entry', 0)).toEqual([]);
  });

  it('keeps the exits of before where it brings none, and else brings its own for all that is held', () => {
    const own: ExitPlan = { targets: [{ ticks: 10_300, closedPpm: 500_000 }] };
    for (const [exits, plan] of [
      [undefined, HALVES],
      [own, own],
    ] as const) {
      const { desk, stop } = heldSmall([adds(9_800, exits === undefined ? {} : { exits })], HALVES);
      const [more] = desk.live('entry', 0);
      desk.accept(more!);
      desk.fill(more!, 10_040);
      expect(exitsOf(desk)?.plan).toEqual(plan);
      const [whole] = replacing(desk);
      completed(desk, whole!, stop);
      desk.quote(0, 10_300);
      expect(desk.effects).toContainEqual(expect.objectContaining({ kind: 'amend', quantityLots: 6_000 }));
    }
  });

  describe('of which a part is filled later', () => {
    const later: ExitPlan = { targets: [{ ticks: 10_300, closedPpm: 500_000 }] };
    /** The first entry is filled in part, and rests on. */
    function begun(asks: readonly Ask[], exits?: ExitPlan) {
      const strategies = [{ ...asking(asks, exits), size: { lots: 6_000 } }];
      const desk = new DeskUnderTest({ capabilities: ABLE, strategies, ...small }, 1).active();
      desk.bar(0, 10_000);
      const [first] = desk.live('entry', 0);
      desk.accept(first!);
      desk.fill(first!, 10_000, 1_000);
      desk.accept(desk.live('protective', 0)[0]!);
      return { desk, first: first! };
    }
    const second = (desk: DeskUnderTest, first: OrderIntent): OrderIntent => {
      const [more] = desk.live('entry', 0).filter(({ clientId }) => clientId !== first.clientId);
      desk.accept(more!);
      return more!;
    };
    const plan = (desk: DeskUnderTest) => exitsOf(desk)?.plan;

    it('brings no exits back over those of a newer one', () => {
      const { desk, first } = begun([adds(9_800, { exits: later })], HALVES);
      desk.bar(0, 10_050);
      const more = second(desk, first);
      expect(plan(desk)).toEqual(HALVES);
      desk.fill(more, 10_040, 1_000);
      expect(plan(desk)).toEqual(later);
      for (const entry of [first, more]) {
        desk.fill(entry, 10_000, 1_000);
        expect(plan(desk)).toEqual(later);
      }
      replays(desk);
    });

    it('brings none over what its strategy has asked for since, whichever entry it is of', () => {
      const trail: Ask = (context) => context.adjust({ trailTicks: 120, because: 'it runs' });
      const { desk, first } = begun([adds(9_800, { exits: later }), trail], HALVES);
      for (const close of [10_050, 9_950]) desk.bar(0, close);
      const changed = { ...HALVES, trailTicks: 120 };
      expect(plan(desk)).toEqual(changed);
      for (const entry of [second(desk, first), first]) {
        desk.fill(entry, 10_000, 1_000);
        expect(plan(desk)).toEqual(changed);
      }
      replays(desk);
    });

    it('brings its exits where its strategy has moved only the stop since', () => {
      const nearer: Ask = (context) => context.adjust({ stopTicks: 9_850, because: 'a higher low' });
      const { desk, first } = begun([adds(9_800, { exits: later }), nearer]);
      for (const close of [10_050, 10_050]) desk.bar(0, close);
      desk.fill(second(desk, first), 10_040, 1_000);
      expect(plan(desk)).toEqual(later);
      expect(desk.engine.view.positions[0]?.stopTicks).toBe(9_850);
      replays(desk);
    });

    it('brings them in a journal of an earlier build, as it was booked', () => {
      const { desk, first } = begun([adds(9_800, { exits: later })], HALVES);
      desk.bar(0, 10_050);
      const more = second(desk, first);
      desk.fill(more, 10_040, 1_000);
      desk.fill(first, 10_000, 1_000);
      const again = createEngine(desk.config);
      for (const record of desk.records) {
        if (record.type !== 'order.intended') again.apply(record);
        else {
          const { keepsExits: _, ...order } = record.order;
          again.apply({ ...record, order });
        }
      }
      expect(again.view.positions[0]?.trade?.exits?.plan).toEqual(HALVES);
    });
  });

  it('on the other side is refused; once the trade is closed, the fill that closed it may be answered by it', () => {
    const other: Ask = (context) =>
      context.enter({ side: 'sell', limitTicks: 9_990, protectTicks: 10_200, restBars: 3, because: 'turn' });
    const listed = asking([other, (context) => context.exit('turn')]);
    const strategy: TradedStrategy = {
      ...listed,
      own: {
        ...listed.own!,
        create: (...given) => ({
          ...listed.own!.create(...given),
          onFill: (context, { purpose }) => {
            if (purpose !== 'entry' && context.positionLots === 0) other(context);
          },
        }),
      },
    };
    const desk = new DeskUnderTest({ capabilities: FUTURES, strategies: [strategy] }, 1).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.bar(0, 10_000);
    expect(desk.recorded('order.denied')).toMatchObject([
      {
        limit: 'reverses',
        reason: 'its trade is long: it has to be closed before the other side is entered',
      },
    ]);
    desk.bar(0, 10_000);
    const [sale] = desk.live('exit', 0);
    desk.accept(sale!);
    desk.fill(sale!, 9_999);
    expect(desk.lots(0)).toBe(0);
    expect(desk.live('entry', 0)).toMatchObject([{ side: 'sell', limitTicks: 9_990 }]);
  });
});
