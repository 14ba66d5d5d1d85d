import { describe, expect, it } from 'vitest';
import { type ExitPlan, movedExits, wrongExits } from '../../src/domain/exits.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import type { FixedOrders } from '../../src/domain/venue.js';
import { createEngine } from '../../src/engine/engine.js';
import type { LimitEntry } from '../../src/engine/strategies/strategy.js';
import { activityText } from '../../src/trader/status/activity.js';
import { exitsStatus } from '../../src/trader/status/instrument-status.js';
import { coins, FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, START_MS, venueOrder } from './support/desk.js';
import { entriesInTurn, oneEntry } from './support/one-entry.js';
import { waiting } from './support/waiting.js';

const ABLE = { ...SPOT, amends: true, replaces: true };
const HALVES: ExitPlan = {
  targets: [
    { ticks: 10_200, closedPpm: 500_000 },
    { ticks: 10_400, closedPpm: 1_000_000 },
  ],
};

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];

/** A position of `lots` with its stop at rest; the entry is for as many. */
function held(
  exits: ExitPlan,
  changes: Changes = {},
  side: 'buy' | 'sell' = 'buy',
  fixedOrders: readonly FixedOrders[] = [],
) {
  const protectTicks = side === 'buy' ? 9_800 : 10_200;
  const strategies = [oneEntry({ exits, side, protectTicks })];
  const desk = new DeskUnderTest({ capabilities: ABLE, strategies, ...changes }, 1).active();
  if (fixedOrders.length > 0) {
    desk.command({ name: 'reconcile' });
    desk.snapshot({ fixedOrders });
  }
  desk.bar(0, 10_000);
  const [entry] = desk.live('entry', 0);
  if (entry === undefined) throw new Error(JSON.stringify(desk.recorded('order.denied')));
  desk.accept(entry);
  desk.fill(entry, 10_000);
  const [stop] = desk.live('protective', 0);
  desk.accept(stop!);
  return { desk, entry, stop: stop!, lots: entry.quantityLots };
}

const amended = (desk: DeskUnderTest, { clientId }: OrderIntent, quantityLots: number) =>
  desk.happen({ kind: 'order.amended', clientId, quantityLots });
const replaced = (desk: DeskUnderTest, next: OrderIntent, old: OrderIntent) =>
  desk.happen({
    kind: 'order.replaced',
    clientId: next.clientId,
    replaced: old.clientId,
    venueId: `v-${next.clientId}`,
  });

const exchanges = (desk: DeskUnderTest) =>
  desk.effects.flatMap((effect) => (effect.kind === 'replace' ? [effect.order] : []));
const why = (desk: DeskUnderTest) => desk.recorded('trade.closed').map((trade) => trade.why);

/** Half of it is sold at the first target. */
function halfSold(changes: Changes = {}) {
  const { desk, stop, lots } = held(HALVES, changes);
  desk.quote(0, 10_200);
  amended(desk, stop, lots / 2);
  const [sale] = desk.live('exit', 0);
  desk.accept(sale!);
  desk.fill(sale!, 10_200);
  return { desk, stop, lots, sale: sale! };
}

describe('what is shown of them', () => {
  const shown = (desk: DeskUnderTest) => {
    const exits = desk.engine.view.positions[0]?.trade?.exits;
    return exits && exitsStatus(exits, { tickSize: '0.01' });
  };

  it('follows what has become of them', () => {
    const { desk, stop, lots } = held({ ...HALVES, breakEvenAtTicks: 10_150, trailTicks: 250, maxBars: 60 });
    expect(shown(desk)).toEqual({
      targets: [
        { price: '102.00', pct: 50, reached: false },
        { price: '104.00', pct: 50, reached: false },
      ],
      trailBy: '2.50',
      breakEven: { price: '101.50', done: false },
      timeExitMs: START_MS + 62 * 60_000,
      stopMovedBy: null,
      words: [
        'target 102.00 (50 %)',
        'target 104.00 (50 %)',
        'held by the desk, which closes at the market there',
        'break-even at 101.50',
        'trails by 2.50, not moved yet',
        'time exit 01-05 13:02 UTC',
      ],
    });
    desk.quote(0, 10_150);
    expect(shown(desk)).toMatchObject({ breakEven: { done: true }, stopMovedBy: 'breakEvenStop' });
    desk.quote(0, 10_300);
    expect(shown(desk)).toMatchObject({
      targets: [{ reached: true }, { reached: false }],
      stopMovedBy: 'trailingStop',
    });
    expect(shown(desk)?.words.slice(0, 5)).toEqual([
      'target 102.00 (50 %) reached',
      'target 104.00 (50 %)',
      'held by the desk, which closes at the market there',
      'break-even done',
      'trails by 2.50',
    ]);
    expect([stop.quantityLots, desk.lots(0)]).toEqual([lots, lots]);
  });

  it('still knows that the stop has trailed, where break-even moved it last', () => {
    const { desk } = held({ breakEvenAtTicks: 10_150, trailTicks: 180 });
    desk.quote(0, 10_100);
    expect(shown(desk)).toMatchObject({ stopMovedBy: 'trailingStop' });
    desk.quote(0, 10_150);
    expect(shown(desk)).toMatchObject({
      stopMovedBy: 'breakEvenStop',
      words: ['break-even done', 'trails by 1.80'],
    });
  });

  it('is nothing where nothing but the stop closes it', () => {
    const { desk } = held({});
    expect(desk.engine.view.positions[0]?.trade?.exits).toMatchObject({ plan: {} });
    const bare = new DeskUnderTest({ strategies: [oneEntry({ protectTicks: 9_800 })] }, 1).active();
    bare.bar(0, 10_000);
    bare.fill(bare.live('entry', 0)[0]!, 10_000);
    expect(bare.engine.view.positions[0]?.trade).toMatchObject({ exits: null });
  });
});

it.each([
  ['-0.81352091', '-0.8135'],
  ['0.00045678', '0.0004567'],
  ['-12.34567891', '-12.34'],
  ['0.00000000', '0.00'],
])('the line about a closed trade says a result of %s as %s', (result, said) => {
  const { instruments } = held(HALVES).desk.config;
  const closed = { type: 'trade.closed', instrument: 0, side: 'long', result, r: null, why: 'target 1 of 1' };
  const line = activityText(closed as never, { instruments, number: (decimal) => decimal });
  expect(line).toBe(`BTC/USDT: the long trade was closed by its target, result ${said}`);
});

describe('targets', () => {
  it('make the stop smaller first, where it locks what is to be sold', () => {
    const { desk, stop, lots } = held(HALVES);
    desk.quote(0, 10_199);
    expect(desk.recorded('target.reached')).toEqual([]);
    desk.quote(0, 10_200);
    expect(desk.recorded('target.reached')).toMatchObject([{ targets: 1, priceTicks: 10_200 }]);
    const [reached] = desk.recorded('target.reached');
    const wording = { instruments: desk.config.instruments, number: (decimal: string) => decimal };
    expect(activityText(reached!, wording)).toBe('BTC/USDT: target 1 was reached at 102.00');
    expect(desk.effects.at(-1)).toEqual({
      ...{ kind: 'amend', clientId: stop.clientId, instrument: 0, quantityLots: lots / 2 },
    });
    expect(desk.live('exit', 0)).toEqual([]);
    amended(desk, stop, lots / 2);
    expect(desk.live('exit', 0)).toMatchObject([
      { side: 'sell', type: 'market', quantityLots: lots / 2, why: 'target 1 of 2' },
    ]);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots / 2, stopTicks: 9_800 }]);
  });

  it('close their part and leave the rest with a stop of its size', () => {
    const { desk, stop, lots } = halfSold();
    expect(desk.lots(0)).toBe(lots / 2);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, quantityLots: lots / 2 }]);
    expect(desk.engine.view.positions[0]).toMatchObject({ protection: 'confirmed' });
    expect(why(desk)).toEqual([]);
  });

  it('close the trade with the last one, and say so', () => {
    const { desk, stop } = halfSold();
    desk.quote(0, 10_400);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [sale] = desk.live('exit', 0);
    desk.fill(sale!, 10_400);
    expect(why(desk)).toEqual(['target 2 of 2']);
    expect(desk.recorded('trade.closed')[0]).toMatchObject({ exitTicks: 10_300, targets: 2, r: 1.5 });
  });

  it('stay reached when the price goes back before the part is sold', () => {
    const { desk, stop, lots } = held(HALVES);
    desk.quote(0, 10_200);
    desk.quote(0, 9_900);
    amended(desk, stop, lots / 2);
    expect(desk.live('exit', 0)).toHaveLength(1);
  });

  it('have the time measured in which the stop is for less than is held', () => {
    const { desk, stop, lots } = held(HALVES);
    desk.wait(1_000);
    desk.quote(0, 10_200);
    desk.wait(30);
    amended(desk, stop, lots / 2);
    desk.pass(50);
    expect(desk.engine.view.positions[0]).toMatchObject({ withoutStopMs: 50 });
    desk.fill(desk.live('exit', 0)[0]!, 10_200);
    expect(desk.recorded('stop.gap')).toMatchObject([{ why: 'part', ms: 50, ended: 'protected' }]);
    desk.wait(1_000);
    desk.quote(0, 10_400);
    desk.wait(70);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.fill(desk.live('exit', 0)[0]!, 10_400);
    // A stop that makes way for the sale of all that is left is part of the sale.
    expect(desk.recorded('stop.gap')).toHaveLength(1);
  });

  it('have it measured as well where the stop is exchanged for a smaller one: until then the old one rests', () => {
    const { desk, stop, lots } = held(HALVES, { capabilities: { ...SPOT, replaces: true } });
    desk.wait(1_000);
    desk.quote(0, 10_200);
    desk.wait(30);
    replaced(desk, exchanges(desk)[0]!, stop);
    desk.wait(50);
    desk.fill(desk.live('exit', 0)[0]!, 10_200);
    expect(desk.recorded('stop.gap')).toMatchObject([{ why: 'part', ms: 50 }]);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots / 2 }]);
  });

  it('have it cancelled first where the venue changes no order of this instrument, and only there', () => {
    const { desk, stop, lots } = held(HALVES, {}, 'buy', [{ instrument: 0, amends: false, replaces: false }]);
    expect(desk.recorded('note').map(({ text }) => text)).toContain(
      'the venue exchanges no orders in it: a stop that changes is cancelled first',
    );
    desk.wait(1_000);
    desk.quote(0, 10_200);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.wait(30);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.live('exit', 0)).toEqual([]);
    desk.wait(40);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.wait(50);
    desk.fill(desk.live('exit', 0)[0]!, 10_200);
    expect(desk.recorded('stop.gap')).toMatchObject([{ why: 'part', ms: 120 }]);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots / 2 }]);
    const told = () =>
      desk.recorded('note').filter(({ text }) => text.startsWith('the venue exchanges no orders'));
    desk.command({ name: 'reconcile' });
    desk.snapshot({ fixedOrders: [{ instrument: 0, amends: false, replaces: false }] });
    expect(told()).toHaveLength(1);
    const other = held(HALVES, {}, 'buy', [{ instrument: 1, amends: false, replaces: false }]);
    other.desk.quote(0, 10_200);
    expect(other.desk.effects.at(-1)).toMatchObject({ kind: 'amend' });
  });

  it('keep the stop whole until the sale is done where it can only reduce', () => {
    const { desk, stop, lots } = held(HALVES, { capabilities: { ...FUTURES, amends: true } });
    desk.quote(0, 10_200);
    const [sale] = desk.live('exit', 0);
    expect(sale).toMatchObject({ quantityLots: lots / 2, reduceOnly: true });
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots }]);
    desk.fill(sale!, 10_200);
    expect(desk.effects.at(-1)).toMatchObject({
      kind: 'amend',
      clientId: stop.clientId,
      quantityLots: lots / 2,
    });
  });

  it('leave nothing that no order could sell: the part takes it', () => {
    const { desk, lots } = held(
      { targets: [{ ticks: 10_200, closedPpm: 900_000 }] },
      { instruments: coins(['BTC'], { minNotional: '95' }) },
    );
    desk.quote(0, 10_200);
    desk.live('protective', 0).forEach(({ clientId }) => {
      desk.happen({ kind: 'order.cancelled', clientId });
    });
    expect(desk.live('exit', 0)).toMatchObject([{ quantityLots: lots }]);
  });

  it('let a part too small for an order wait for the next target', () => {
    const { desk, lots, stop } = held(
      {
        targets: [
          { ticks: 10_200, closedPpm: 100_000 },
          { ticks: 10_300, closedPpm: 500_000 },
        ],
      },
      { instruments: coins(['BTC'], { minNotional: '150' }) },
    );
    desk.quote(0, 10_200);
    expect(desk.recorded('target.reached')).toHaveLength(1);
    // Nothing is on its way that would leave a part without its stop.
    expect(desk.effects.map(({ kind }) => kind)).not.toContain('amend');
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots }]);
    expect(desk.live('exit', 0)).toEqual([]);
    desk.quote(0, 10_300);
    amended(desk, stop, lots / 2);
    expect(desk.live('exit', 0)).toMatchObject([{ quantityLots: lots / 2, why: 'target 2 of 2' }]);
  });

  it('are not reached by a price that is old', () => {
    const exits: ExitPlan = { targets: [{ ticks: 9_950, closedPpm: 1_000_000 }] };
    const strategies = [oneEntry({ exits, limitTicks: 9_900, protectTicks: 9_800 })];
    const desk = new DeskUnderTest({ capabilities: ABLE, strategies }, 1).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.wait(desk.config.risk.staleDataSeconds * 1_000 + 1);
    desk.fill(entry!, 9_900);
    expect(desk.recorded('target.reached')).toEqual([]);
    desk.quote(0, 9_950);
    expect(desk.recorded('target.reached')).toHaveLength(1);
  });

  it('wait while the desk is halted, and the stop stays whole', () => {
    const { desk, lots } = held(HALVES);
    desk.command({ name: 'stop' });
    desk.quote(0, 10_250);
    expect(desk.recorded('target.reached')).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots }]);
  });

  it('leave the stop that is being exchanged to the venue where the desk is halted meanwhile', () => {
    const { desk, stop, lots } = held(HALVES, { capabilities: { ...SPOT, replaces: true } });
    desk.quote(0, 10_200);
    const [smaller] = exchanges(desk);
    expect(smaller).toMatchObject({ quantityLots: lots / 2 });
    desk.command({ name: 'stop' });
    expect(desk.sent('cancel')).toEqual([]);
    replaced(desk, smaller!, stop);
    expect(desk.sent('cancel')).toEqual([]);
    expect(exchanges(desk)).toMatchObject([{ quantityLots: lots, stopTicks: 9_800 }]);
  });

  it('wait over a close, and the stop is whole again until the market opens', () => {
    const calendar = new SessionCalendar(
      withOwnHours(ALWAYS_OPEN, { hours: { mon: ['10:00-12:30'] } }),
      () => 0,
    );
    const { desk, stop, lots } = held(HALVES, { sessions: [{ calendar }] });
    desk.wait(START_MS + 30 * 60_000 - 1 - desk.marketMs);
    desk.quote(0, 10_200);
    desk.wait(1);
    amended(desk, stop, lots / 2);
    expect(desk.live('exit', 0)).toEqual([]);
    expect(exchanges(desk)).toMatchObject([{ stopTicks: 9_800, quantityLots: lots }]);
  });

  it('take what is left of the entry off', () => {
    const strategies = [oneEntry({ exits: HALVES })];
    const desk = new DeskUnderTest({ capabilities: ABLE, strategies }, 1).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000, 600);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.quote(0, 10_200);
    expect(desk.sent('cancel')).toEqual([entry!.clientId]);
  });
});

describe('a stop that moves', () => {
  it('goes to the average of the entry at the price asked for, in exchange for the old one', () => {
    const { desk, stop } = held({ breakEvenAtTicks: 10_150 });
    desk.quote(0, 10_149);
    expect(exchanges(desk)).toEqual([]);
    desk.quote(0, 10_150);
    const [next] = exchanges(desk);
    expect(next).toMatchObject({ stopTicks: 10_000, quantityLots: stop.quantityLots, why: 'breakEvenStop' });
    replaced(desk, next!, stop);
    desk.quote(0, 10_400);
    expect(desk.recorded('stop.moved')).toHaveLength(1);
    desk.fill(next!, 10_000);
    expect(why(desk)).toEqual(['breakEvenStop']);
  });

  // 1,000 contracts: of a purchase ÷ (0.05 + 0.055556) = 9,473.68, of a sale ÷ (0.04 + 0.05) = 11,111.11.
  it.each([
    ['buy', 7_000, [500, 10_000], [500, 9_000], 12_000, 9_474, 9_473.684_211],
    ['sell', 14_000, [400, 10_000], [600, 12_000], 9_000, 11_111, 11_111.111_111],
  ] as const)(
    'goes to where a %s of inverse contracts at several prices loses nothing of the coin',
    (side, protectTicks, first, second, breakEvenAtTicks, stopTicks, mean) => {
      const contracts = { kind: 'inverse', tickSize: '0.5', lotSize: '1', multiplier: '100' } as const;
      const changes: Changes = {
        instruments: coins(['BTC'], { ...contracts, makerFeePpm: 0, takerFeePpm: 0, minNotional: '0' }),
        capabilities: { ...FUTURES, replaces: true },
        strategies: [
          { ...oneEntry({ side, protectTicks, exits: { breakEvenAtTicks } }), size: { lots: 1_000 } },
        ],
        risk: { ...new DeskUnderTest().config.risk, stopLossPct: 50 },
      };
      const desk = new DeskUnderTest(changes, 1).active();
      desk.bar(0, 10_000);
      const [entry] = desk.live('entry', 0);
      desk.accept(entry!);
      for (const [lots, ticks] of [first, second]) desk.fill(entry!, ticks, lots);
      for (const stop of desk.live('protective', 0)) desk.accept(stop);
      desk.quote(0, side === 'buy' ? breakEvenAtTicks : breakEvenAtTicks - 10);
      expect(desk.recorded('stop.moved')).toMatchObject([{ stopTicks, why: 'breakEvenStop' }]);
      expect(desk.engine.view.positions).toMatchObject([{ trade: { exits: { atBreakEven: true } } }]);
      for (const stop of desk.live('protective', 0)) {
        desk.accept(stop);
        desk.fill(stop, stopTicks);
      }
      const [closed] = desk.recorded('trade.closed');
      expect(closed?.entryTicks).toBeCloseTo(mean, 6);
      expect(Number(closed?.result)).toBeGreaterThanOrEqual(0);
      expect(new DeskUnderTest(changes, 1, desk.records).engine.stateHash()).toBe(desk.engine.stateHash());
    },
  );

  it('trails the market and never goes back', () => {
    const { desk, stop } = held({ trailTicks: 200 });
    desk.quote(0, 10_019);
    expect(exchanges(desk)).toEqual([]);
    desk.quote(0, 10_020);
    const [next] = exchanges(desk);
    expect(next).toMatchObject({ stopTicks: 9_820, why: 'trailingStop' });
    replaced(desk, next!, stop);
    desk.quote(0, 9_900);
    desk.quote(0, 10_030);
    expect(desk.recorded('stop.moved').map(({ stopTicks }) => stopTicks)).toEqual([9_820]);
    desk.fill(next!, 9_820);
    expect(why(desk)).toEqual(['trailingStop']);
  });

  it('follows a short position from above', () => {
    const { desk } = held(
      { trailTicks: 200, breakEvenAtTicks: 9_900 },
      { capabilities: { ...FUTURES, replaces: true } },
      'sell',
    );
    desk.quote(0, 9_896); // the ask is 9,898
    expect(desk.recorded('stop.moved').map(({ stopTicks, why: by }) => [stopTicks, by])).toEqual([
      [10_000, 'breakEvenStop'],
    ]);
    desk.quote(0, 9_700);
    expect(desk.recorded('stop.moved').at(-1)).toMatchObject({ stopTicks: 9_902, why: 'trailingStop' });
  });

  it('goes on while the desk is halted', () => {
    const { desk } = held({ trailTicks: 200 });
    desk.command({ name: 'stop' });
    desk.quote(0, 10_100);
    expect(exchanges(desk)).toMatchObject([{ stopTicks: 9_900 }]);
  });

  it('is not moved back by a late fill of its entry', () => {
    const strategies = [oneEntry({ exits: { breakEvenAtTicks: 10_100 } })];
    const desk = new DeskUnderTest({ capabilities: ABLE, strategies }, 1).active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000, 60);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.quote(0, 10_100);
    desk.fill(entry!, 10_000, 20);
    expect(desk.engine.view.positions[0]).toMatchObject({ quantityLots: 80, stopTicks: 10_000 });
  });
});

describe('the stop of a trade that several entries make', () => {
  /** Two entries that rest before anything is held, as `first` and `second` bring their stops. */
  function ladder(stops: { readonly first: number; readonly second: number }) {
    const [first, second] = [
      { limitTicks: 9_990, protectTicks: stops.first },
      { limitTicks: 9_900, protectTicks: stops.second },
    ].map(
      (prices) => ({ side: 'buy', restBars: 9, because: 'a step', size: { lots: 100 }, ...prices }) as const,
    );
    const both = waiting(
      'steps',
      0,
      0,
      {},
      {
        10000: (context) => {
          context.enter(first!);
          context.enter(second!);
        },
      },
    );
    const desk = new DeskUnderTest({ capabilities: ABLE, strategies: [both] }, 1).active();
    desk.bar(0, 10_000);
    const entries = desk.live('entry', 0);
    for (const entry of entries) desk.accept(entry);
    const fill = (place: number, priceTicks: number, lots?: number): void => {
      desk.fill(entries[place]!, priceTicks, lots);
      for (const stop of desk.live('protective', 0)) if (desk.stateOf(stop) === 'intended') desk.accept(stop);
    };
    return { desk, fill };
  }
  const stopTicks = (desk: DeskUnderTest) => desk.engine.view.positions[0]?.stopTicks;

  it('is not moved away from the market by a later one, whichever was asked for first', () => {
    const { desk, fill } = ladder({ first: 9_890, second: 9_800 });
    fill(0, 9_990);
    fill(1, 9_900);
    expect([desk.lots(0), stopTicks(desk)]).toEqual([200, 9_890]);

    const other = ladder({ first: 9_800, second: 9_890 });
    other.fill(1, 9_900);
    other.fill(0, 9_900);
    expect([other.desk.lots(0), stopTicks(other.desk)]).toEqual([200, 9_890]);
  });

  it('comes nearer with a later one, and stays there when the rest of the former is filled', () => {
    const { desk, fill } = ladder({ first: 9_800, second: 9_850 });
    fill(0, 9_990, 60);
    expect(stopTicks(desk)).toBe(9_800);
    fill(1, 9_900);
    expect(stopTicks(desk)).toBe(9_850);
    fill(0, 9_990, 40);
    expect([desk.lots(0), stopTicks(desk)]).toEqual([200, 9_850]);
    const again = createEngine(desk.config);
    for (const record of desk.records) again.apply(record);
    expect(again.stateHash()).toBe(desk.engine.stateHash());
  });

  it('is where the newest fill wanted it in a journal of an earlier build, which knew no better', () => {
    const { desk, fill } = ladder({ first: 9_890, second: 9_800 });
    fill(0, 9_990);
    fill(1, 9_900);
    const again = createEngine(desk.config);
    for (const record of desk.records) {
      if (record.type !== 'order.intended') again.apply(record);
      else {
        const { keepsStop: _, ...order } = record.order;
        again.apply({ ...record, order });
      }
    }
    expect(again.view.positions[0]?.stopTicks).toBe(9_800);
  });
});

describe('a time exit', () => {
  it('closes the trade after its bars', () => {
    const { desk } = held({ maxBars: 2 });
    desk.bar(0, 10_010);
    desk.bar(0, 10_010);
    expect(desk.live('exit', 0)).toEqual([]);
    const [stop] = desk.live('protective', 0);
    desk.bar(0, 10_010);
    expect(desk.sent('cancel')).toEqual([stop!.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: stop!.clientId });
    desk.fill(desk.live('exit', 0)[0]!, 10_010);
    expect(why(desk)).toEqual(['time']);
  });

  it('for which the venue does not let go of the stop halts the desk after ten seconds, and the stop is put back', () => {
    const { desk, stop, lots } = held({ maxBars: 2 });
    for (let bar = 0; bar < 3; bar += 1) desk.bar(0, 10_010);
    for (let second = 0; second < 10; second += 1) {
      expect(desk.engine.view.mode).toBe('ACTIVE');
      desk.quote(0, 10_010);
      desk.pass(1_000);
    }
    expect(desk.recorded('halt').at(-1)?.halt).toMatchObject({
      ...{ mode: 'HALTED', cause: 'protection-missing' },
      reason: 'BTC/USDT: no confirmed protective stop for 10 s',
    });
    expect(desk.live('exit', 0)).toEqual([]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: lots, stopTicks: 9_800 }]);
  });
});

/**
 * Two entries; the first position is sold at its target, all but 30 lots: 3 USDT, where the smallest order is 5. Or all but
 * 60, which are worth 6, where the venue takes no fewer than `minLots`.
 */
function leftOver(exits: ExitPlan, next: Partial<LimitEntry>, minLots?: number) {
  const strategies = [entriesInTurn([{ exits }, next])];
  const desk = new DeskUnderTest({ capabilities: ABLE, strategies }, 1).active();
  if (minLots !== undefined) {
    desk.command({ name: 'reconcile' });
    desk.snapshot({ quantityLimits: [{ instrument: 0, minLots, maxLots: null, maxMarketLots: null }] });
  }
  desk.bar(0, 10_000);
  const [entry] = desk.live('entry', 0);
  desk.accept(entry!);
  desk.fill(entry!, 10_000);
  desk.accept(desk.live('protective', 0)[0]!);
  desk.quote(0, 10_200);
  desk.live('protective', 0).forEach(({ clientId }) => {
    desk.happen({ kind: 'order.cancelled', clientId });
  });
  const [sale] = desk.live('exit', 0);
  desk.fill(sale!, 10_200, sale!.quantityLots - (minLots === undefined ? 30 : 60));
  desk.expire(sale!.clientId);
  return desk;
}

describe('what a target leaves below the smallest order', () => {
  const WHOLE: ExitPlan = { targets: [{ ticks: 10_200, closedPpm: 1_000_000 }] };

  it('is not tried to be sold again, and keeps the next entry on', () => {
    const desk = leftOver(WHOLE, { limitTicks: 10_200, protectTicks: 10_000 });
    desk.pass(6_000);
    expect(desk.live('exit', 0)).toEqual([]);
    desk.bar(0, 10_200);
    desk.pass(1_000);
    expect(desk.live('entry', 0)).toMatchObject([{ limitTicks: 10_200 }]);
    expect(desk.sent('cancel')).toEqual([]);
  });

  it('leaves the next entry its own exits: none of those that were reached', () => {
    const desk = leftOver(WHOLE, { limitTicks: 10_200, protectTicks: 10_000 });
    desk.bar(0, 10_200);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_200);
    expect(desk.live('exit', 0)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([
      { quantityLots: entry!.quantityLots + 30, stopTicks: 10_000 },
    ]);
  });

  it('leaves the next entry its own stop, wherever the one before had come', () => {
    const desk = leftOver({ ...WHOLE, trailTicks: 50 }, { limitTicks: 10_000, protectTicks: 9_800 });
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    expect(desk.live('protective', 0)).toMatchObject([{ stopTicks: 9_800 }]);
  });

  it('does so too where only the venue calls it too small, and a replay without its readings comes to the same', () => {
    const next = { limitTicks: 10_000, protectTicks: 9_800 };
    const desk = leftOver({ ...WHOLE, trailTicks: 50 }, next, 100);
    const [first] = desk.recorded('fill');
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    expect(entry).toMatchObject({ besideRestOf: first!.fill.clientId });
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    expect(desk.live('protective', 0)).toMatchObject([
      { quantityLots: entry!.quantityLots + 60, stopTicks: 9_800 },
    ]);
    const again = createEngine(desk.config);
    for (const record of desk.records) again.apply(record);
    expect(again.stateHash()).toBe(desk.engine.stateHash());
  });
});

describe('the gate', () => {
  it.each([
    [{ targets: [{ ticks: 10_000, closedPpm: 1_000_000 }] }, 'target 1 is not beyond the entry'],
    [{ targets: [HALVES.targets![1]!, HALVES.targets![0]!] }, 'target 2 is not beyond the target before it'],
    [
      { targets: [HALVES.targets![0]!, { ticks: 10_300, closedPpm: 500_000 }] },
      'target 2 closes no part of what those before it leave',
    ],
    [{ breakEvenAtTicks: 9_999 }, 'the stop would go to break-even at a price that is not beyond the entry'],
    [{ trailTicks: 0.5 }, 'a stop can trail by whole ticks only, one at the least'],
    [{ maxBars: 0 }, 'a trade can be held for whole bars only, one at the least'],
  ] satisfies [ExitPlan, string][])('refuses exits that can not be: %j', (exits, reason) => {
    expect(() => held(exits)).toThrow(reason);
  });
});

describe('a replay of the journal', () => {
  it('has the same exits after each record', () => {
    const { desk } = halfSold();
    desk.quote(0, 10_450);
    const again = createEngine(desk.config);
    for (const record of desk.records) again.apply(record);
    expect(again.stateHash()).toBe(desk.engine.stateHash());
  });

  it('goes on where a killed trader was: the part that was not sold is sold', () => {
    const { desk, lots } = held(HALVES);
    desk.quote(0, 10_200);
    const after = new DeskUnderTest(desk.config, 1, desk.records).begin();
    after.quote(0, 10_100);
    after.snapshot();
    const [stop] = after.live('protective', 0);
    after.happen({ kind: 'order.lookup', clientId: stop!.clientId, found: venueOrder(stop!) });
    after.arm();
    after.pass(0);
    expect(after.effects).toContainEqual({
      ...{ kind: 'amend', clientId: stop!.clientId, instrument: 0, quantityLots: lots / 2 },
    });
  });
});

it('has five targets at most, and moves with a better price of its entry, all its prices alike', () => {
  const targets = [1, 2, 3, 4, 5, 6].map((part) => ({ ticks: 100 + part, closedPpm: part * 100_000 }));
  expect(wrongExits({ targets: targets.slice(0, 5) }, 'buy', 100)).toBeNull();
  expect(wrongExits({ targets }, 'buy', 100)).toBe('an entry has 5 targets at most');
  const plan = { targets: targets.slice(0, 1), trailTicks: 7, breakEvenAtTicks: 110, maxBars: 3 };
  expect(movedExits(plan, -5)).toEqual({
    ...{ ...plan, targets: [{ ticks: 96, closedPpm: 100_000 }], breakEvenAtTicks: 105 },
  });
});
