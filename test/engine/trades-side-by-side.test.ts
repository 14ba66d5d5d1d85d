import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { createState, type EngineState, type PositionEntry } from '../../src/engine/state.js';
import { Hindsight } from '../../src/engine/strategies/hindsight.js';
import type { StrategySize } from '../../src/engine/strategies/size-entry.js';
import { coins, FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, START_MS, venueOrder } from './support/desk.js';
import { type Asks, waiting } from './support/waiting.js';

const A = waiting('a', 10_001, 10_011);
const B = waiting('b', 10_002, 10_012, { protectTicks: 9_700 });

/** A wish for more. */
const ADDED = { side: 'buy', protectTicks: 9_800, restBars: 3, because: 'asked to', size: { lots: 100 } };

function deskOf(changes: Partial<EngineConfig> = {}, journal: readonly EngineRecord[] = []): DeskUnderTest {
  return new DeskUnderTest({ strategies: [A, B], ...changes }, 1, journal);
}

/** The venue takes and cancels what it was asked, and fills what was sent at the market at this price. */
function settle(desk: DeskUnderTest, marketTicks = 10_000): void {
  for (let round = 0; round < 12; round += 1) {
    for (const order of desk.engine.view.orders) {
      if (order.state === 'cancelling') desk.happen({ kind: 'order.cancelled', clientId: order.clientId });
      else if (order.state === 'intended') desk.accept(order);
      else if (order.type === 'market' && order.state === 'working') desk.fill(order, marketTicks);
    }
  }
}

/** The same, where the venue makes a stop smaller as the newest event asked it to. */
function settleSmaller(desk: DeskUnderTest, marketTicks: number): void {
  for (const effect of desk.effects)
    if (effect.kind === 'amend')
      desk.happen({ kind: 'order.amended', clientId: effect.clientId, quantityLots: effect.quantityLots });
  settle(desk, marketTicks);
}

/** The only entry that rests is filled, and what holds it has its stop. */
function fillEntry(desk: DeskUnderTest): void {
  const entry = desk.live('entry', 0)[0]!;
  desk.accept(entry);
  desk.fill(entry, 10_000);
  settle(desk);
}

/** Both hold 400 lots, each with its stop. */
function both(desk = deskOf().active(), fee = 0): DeskUnderTest {
  desk.bar(0, 10_001);
  desk.bar(0, 10_002);
  for (const entry of desk.live('entry', 0)) {
    desk.accept(entry);
    desk.fill(entry, 10_000, entry.quantityLots, fee);
  }
  settle(desk);
  return desk;
}

const stopOf = (desk: DeskUnderTest, strategy: string): OrderIntent | undefined =>
  desk.live('protective', 0).find((order) => order.strategy === strategy);

const stops = (desk: DeskUnderTest) =>
  desk
    .live('protective', 0)
    .map(({ strategy, quantityLots, stopTicks }) => [strategy, quantityLots, stopTicks])
    .sort();

const parts = (desk: DeskUnderTest) =>
  (desk.engine.view.positions[0]?.parts ?? []).map(({ strategy, quantityLots }) => [strategy, quantityLots]);

const closed = (desk: DeskUnderTest) =>
  desk.recorded('trade.closed').map(({ strategy, why, quantityLots }) => [strategy, why, quantityLots]);

function replayed(desk: DeskUnderTest): string {
  return deskOf({}, desk.records).engine.stateHash();
}

for (const [name, capabilities] of [['on spot', SPOT]] as const) {
  describe(`two strategies on one instrument, ${name}`, () => {
    const held = () => both(deskOf({ capabilities }).active());

    it('come to results of their own, which add up to that of the position', () => {
      const desk = held();
      desk.quote(0, 10_050);
      const [position] = desk.engine.view.positions;
      const results = position?.parts.map(({ result }) => result) ?? [];
      expect(results).toHaveLength(2);
      expect(new Set(results).size).toBe(1);
      expect(results[0]! + results[1]!).toBe(position!.unrealised);
      expect(position!.unrealised).toBeGreaterThan(0);
    });

    it('have a trade each, and each trade its own stop for its own lots', () => {
      const desk = held();
      expect(desk.lots(0)).toBe(800);
      expect(parts(desk)).toEqual([
        ['a', 400],
        ['b', 400],
      ]);
      expect(stops(desk)).toEqual([
        ['a', 400, 9_800],
        ['b', 400, 9_700],
      ]);
      expect(desk.engine.view.positions[0]).toMatchObject({ protection: 'confirmed', stopTicks: 9_800 });
    });

    it('close their own trade only: the stop of the other one is not touched', () => {
      const desk = held();
      const other = stopOf(desk, 'b');
      desk.bar(0, 10_011);
      settle(desk, 10_010);
      expect(closed(desk)).toEqual([['a', 'strategy', 400]]);
      expect(parts(desk)).toEqual([['b', 400]]);
      expect(desk.live('protective', 0).map(({ clientId }) => clientId)).toEqual([other?.clientId]);
      desk.bar(0, 10_012);
      settle(desk, 10_010);
      expect(desk.lots(0)).toBe(0);
      expect(closed(desk)[1]).toEqual(['b', 'strategy', 400]);
      expect(desk.engine.view.orders).toEqual([]);
    });

    it('lose their own trade only when their stop fires', () => {
      const desk = held();
      desk.fill(stopOf(desk, 'a')!, 9_800);
      settle(desk);
      expect(closed(desk)).toEqual([['a', 'stop', 400]]);
      expect(stops(desk)).toEqual([['b', 400, 9_700]]);
    });

    it('are both closed by a close-all, each with its own result', () => {
      const desk = held();
      desk.command({ name: 'closeAll' });
      settle(desk, 9_990);
      expect(desk.lots(0)).toBe(0);
      expect(closed(desk)).toEqual([
        ['a', 'closeAll', 400],
        ['b', 'closeAll', 400],
      ]);
    });

    it('are both closed where a person closes the position', () => {
      const desk = held();
      expect(desk.command({ name: 'closePosition', symbol: 'BTC/USDT' })).toMatchObject({ ok: true });
      settle(desk, 9_990);
      expect(desk.lots(0)).toBe(0);
      expect(closed(desk).map(([strategy]) => strategy)).toEqual(['a', 'b']);
    });

    it('come back after a restart with the same trades, to the same hash', () => {
      const desk = held();
      desk.bar(0, 10_011);
      settle(desk, 10_010);
      expect(deskOf({ capabilities }, desk.records).engine.stateHash()).toBe(desk.engine.stateHash());
    });
  });
}

describe('a stop that the venue refuses for one of two trades', () => {
  /** `b` is filled beside `a`, and the venue says of the stop of `b` that the market has passed its price. */
  const refused = () => {
    const desk = deskOf().active();
    desk.bar(0, 10_001);
    desk.bar(0, 10_002);
    const [a, b] = desk.live('entry', 0);
    desk.accept(a!);
    desk.fill(a!, 10_000);
    settle(desk);
    desk.accept(b!);
    desk.fill(b!, 10_000);
    const stop = stopOf(desk, 'b')!;
    const passed = { code: '-2010', text: 'would trigger', wouldTrigger: true };
    return {
      desk,
      refuse: () => desk.happen({ kind: 'order.rejected', clientId: stop.clientId, ...passed }),
    };
  };

  it('closes that trade alone, and the other one keeps its stop', () => {
    const { desk, refuse } = refused();
    const other = stopOf(desk, 'a')?.clientId;
    refuse();
    settle(desk, 9_690);
    expect(closed(desk)).toEqual([['b', 'unprotectable', 400]]);
    expect(parts(desk)).toEqual([['a', 400]]);
    expect(desk.live('protective', 0).map(({ clientId }) => clientId)).toEqual([other]);
    expect(desk.recorded('note')).toContainEqual(
      expect.objectContaining({
        level: 'alarm',
        text: expect.stringContaining('the trade of b is closed at the market now'),
      }),
    );
    expect(replayed(desk)).toBe(desk.engine.stateHash());
  });

  it('closes all of a halted desk, which sends nothing but the close of a position', () => {
    const { desk, refuse } = refused();
    desk.command({ name: 'stop' });
    refuse();
    settle(desk, 9_690);
    expect(desk.lots(0)).toBe(0);
    expect(closed(desk).map(([, why]) => why)).toEqual(['unprotectable', 'unprotectable']);
  });
});

describe('a venue that takes so many stops of an instrument at a time', () => {
  const three = [A, B, waiting('c', 10_003, 10_013)];
  const taking = (maxStops: number, strategies = three): DeskUnderTest => {
    const desk = deskOf({ strategies }).active();
    const bounds = { instrument: 0, minLots: 1, maxLots: null, maxMarketLots: null, maxStops };
    desk.command({ name: 'reconcile' });
    desk.snapshot({ quantityLimits: [bounds] });
    return desk;
  };
  const denied = (desk: DeskUnderTest) =>
    desk.recorded('order.denied').map(({ limit, reason, order }) => [order.strategy, limit, reason]);
  const noRoom = (strategy: string, needed: number, most: number) => [
    strategy,
    'stop-room',
    `with it, trades and entries in BTC/USDT would need ${needed} stop orders, and the venue takes ${most} at a time`,
  ];

  it('is sent no entry whose stop it would refuse: trades count, and entries that may open one', () => {
    const desk = taking(2);
    desk.bar(0, 10_001);
    fillEntry(desk);
    desk.bar(0, 10_002);
    expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'b' }]);
    desk.bar(0, 10_003);
    fillEntry(desk);
    desk.bar(0, 10_003);
    expect(denied(desk)).toEqual([noRoom('c', 3, 2), noRoom('c', 3, 2)]);
    expect(stops(desk).map(([strategy]) => strategy)).toEqual(['a', 'b']);
    desk.bar(0, 10_011);
    settle(desk);
    desk.bar(0, 10_003);
    expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'c' }]);
  });

  it('is sent what it has room for', () => {
    const desk = taking(3);
    for (const close of [10_001, 10_002, 10_003]) desk.bar(0, close);
    expect(desk.live('entry', 0).map(({ strategy }) => strategy)).toEqual(['a', 'b', 'c']);
    expect(denied(desk)).toEqual([]);
  });

  describe('where a strategy enters by a stop, which rests as one,', () => {
    const stop = { type: 'stop', stopTicks: 10_050, limitTicks: 10_070, slippageTicks: 20 };
    const byStop: Asks = { 10004: (context) => context.enter({ ...ADDED, ...stop } as never) };
    const adding = (maxStops: number) => taking(maxStops, [waiting('a', 10_001, 10_011, {}, byStop)]);
    const resting = (desk: DeskUnderTest) => desk.live('entry', 0).map(({ type }) => type);

    it.each([
      [1, [], [noRoom('a', 2, 1)]],
      [2, ['stop'], []],
    ])('is sent none beside the stop of its trade if it takes %i', (most, entries, refused) => {
      const desk = adding(most);
      desk.bar(0, 10_004);
      expect(resting(desk)).toEqual(['stop']);
      desk.fill(desk.live('entry', 0)[0]!, 10_060);
      settle(desk);
      desk.bar(0, 10_004);
      expect([resting(desk), denied(desk)]).toEqual([entries, refused]);
    });

    it.each([
      [1, ['stop'], [noRoom('a', 2, 1)]],
      [2, ['stop', 'limit'], []],
    ])('is sent no entry at a limit beside it if it takes %i: its stop would be the second', (...row) => {
      const [most, entries, refused] = row;
      const desk = adding(most);
      for (const close of [10_004, 10_001]) desk.bar(0, close);
      expect([resting(desk), denied(desk)]).toEqual([entries, refused]);
    });
  });
});

describe('a second strategy on one instrument', () => {
  /** Both with this size; the first one holds, and the second one enters. */
  const second = (size: StrategySize, maxPositionSizePct = 10) => {
    const strategies = [
      waiting('a', 10_001, 10_011, { size }),
      waiting('b', 10_002, 10_012, { protectTicks: 9_700, size }),
    ];
    const risk = { ...deskOf().config.risk, maxPositionSizePct };
    const desk = deskOf({ strategies, risk }).active();
    desk.bar(0, 10_001);
    fillEntry(desk);
    desk.bar(0, 10_002);
    return desk;
  };

  it.each([
    [{ equityPct: 4 }, 3_999], // 4 % of 10,000, at the bid of 10,001 or 10,002
    [{ lots: 4_000, maxLots: 4_000 }, 4_000],
  ] as const)(
    'enters as large as the first one did by %j: what another holds takes nothing off its size',
    (size, lots) => {
      const desk = second(size);
      expect(parts(desk)).toEqual([['a', lots]]);
      expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'b', quantityLots: lots }]);
    },
  );

  it('has what the limits of the account leave beside the first one', () => {
    // 6 % are 5,998 lots, of which 3,999 are held.
    expect(second({ equityPct: 4 }, 6).live('entry', 0)).toMatchObject([{ quantityLots: 1_999 }]);
  });

  it('is told of its own trade alone', () => {
    const desk = deskOf().active();
    desk.bar(0, 10_001);
    fillEntry(desk);
    desk.bar(0, 10_003);
    expect(desk.engine.view.strategies.map(({ state }) => state)).toEqual(['400', '0']);
  });

  it.each(['buy', 'sell'] as const)(
    'where a stop locks nothing enters once the first one’s trade is closed, and until then is refused a %s on record',
    (side) => {
      const b = waiting('b', 10_002, 10_012, { side, protectTicks: side === 'buy' ? 9_700 : 10_300 });
      const desk = deskOf({ strategies: [A, b], capabilities: FUTURES }).active();
      desk.bar(0, 10_001);
      desk.bar(0, 10_002);
      fillEntry(desk);
      desk.bar(0, 10_002);
      expect(desk.recorded('order.denied')).toMatchObject([
        { limit: 'taken', order: { strategy: 'b' }, reason: expect.stringContaining('an entry of a rests') },
        { limit: 'taken', order: { strategy: 'b' }, reason: expect.stringContaining('a holds a trade') },
      ]);
      expect(stops(desk)).toEqual([['a', 400, 9_800]]);
      desk.bar(0, 10_011);
      settle(desk);
      desk.bar(0, 10_002);
      expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'b', side }]);
      expect(parts(desk)).toEqual([]);
    },
  );

  it('enters there once the trade of the first one is closed: its fill would move the stop of that', () => {
    const desk = deskOf({ capabilities: FUTURES }).active();
    desk.bar(0, 10_001);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    settle(desk);
    desk.bar(0, 10_002);
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'taken', reason: expect.stringContaining('a holds a trade here') },
    ]);
    expect(stops(desk)).toEqual([['a', 400, 9_800]]);
    desk.bar(0, 10_011);
    settle(desk);
    desk.bar(0, 10_002);
    expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'b' }]);
  });

  it('of a contract enters there once the trade of the first one is closed, also beside coins in one account', () => {
    const instruments = [...coins(['BTC'], { kind: 'linear' }), ...coins(['BTC', 'ETH']).slice(1)];
    const desk = deskOf({ instruments, capabilities: SPOT }).active();
    desk.bar(0, 10_001);
    fillEntry(desk);
    desk.bar(0, 10_002);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'taken', order: { strategy: 'b' }, reason: expect.stringContaining('a holds a trade here') },
    ]);
    desk.bar(0, 10_011);
    settle(desk);
    desk.bar(0, 10_002);
    expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'b' }]);
    expect(parts(desk)).toEqual([]);
  });

  it('sells the parts that its targets close, and nothing of the other one', () => {
    const exits = {
      targets: [
        { ticks: 10_100, closedPpm: 500_000 },
        { ticks: 10_200, closedPpm: 1_000_000 },
      ],
    };
    const strategies = [
      waiting('a', 10_001, 10_011, { exits }),
      waiting('b', 10_002, 10_012, {
        exits: {
          targets: [
            { ticks: 10_150, closedPpm: 400_000 },
            { ticks: 10_300, closedPpm: 1_000_000 },
          ],
        },
      }),
    ];
    const desk = both(deskOf({ strategies }).active());
    desk.quote(0, 10_100);
    settle(desk, 10_100);
    expect(parts(desk)).toEqual([
      ['a', 200],
      ['b', 400],
    ]);
    expect(stops(desk)).toEqual([
      ['a', 200, 9_800],
      ['b', 400, 9_800],
    ]);
    desk.quote(0, 10_200);
    settle(desk, 10_200);
    expect(closed(desk)).toEqual([['a', 'target 2 of 2', 400]]);
    expect(parts(desk)).toEqual([['b', 240]]);
    expect(stops(desk)).toEqual([['b', 240, 9_800]]);
  });

  describe('that closes a part of its trade and changes its exits', () => {
    const asks: Asks = {
      10021: (context) => context.exit('half is enough', 500_000),
      10022: (context) => context.adjust({ stopTicks: 9_900, because: 'nearer' }),
      10023: (context) =>
        context.adjust({ targets: [{ ticks: 10_200, closedPpm: 1_000_000 }], because: 'a target' }),
    };
    const strategies = [waiting('a', 10_001, 10_011, {}, asks), B];
    const held = (capabilities = SPOT) => both(deskOf({ strategies, capabilities }).active());

    for (const [how, capabilities] of [
      ['stops are cancelled and placed', SPOT],
      ['stops are amended and replaced', { ...SPOT, amends: true, replaces: true }],
    ] as const) {
      it(`leaves the stop, the exits and the lots of the other one as they are, where ${how}`, () => {
        const desk = held(capabilities);
        const other = stopOf(desk, 'b')?.clientId;
        desk.bar(0, 10_021);
        settleSmaller(desk, 10_010);
        expect(parts(desk)).toEqual([
          ['a', 200],
          ['b', 400],
        ]);
        expect(stops(desk)).toEqual([
          ['a', 200, 9_800],
          ['b', 400, 9_700],
        ]);
        desk.bar(0, 10_022);
        settleSmaller(desk, 10_010);
        expect(stops(desk)).toEqual([
          ['a', 200, 9_900],
          ['b', 400, 9_700],
        ]);
        desk.bar(0, 10_023);
        desk.quote(0, 10_200);
        settleSmaller(desk, 10_200);
        expect(closed(desk)).toEqual([['a', 'target 1 of 1', 400]]);
        expect(parts(desk)).toEqual([['b', 400]]);
        expect(desk.live('protective', 0).map(({ clientId }) => clientId)).toEqual([other]);
        expect(deskOf({ strategies, capabilities }, desk.records).engine.stateHash()).toBe(
          desk.engine.stateHash(),
        );
      });
    }

    it('does neither once a halt came, and each trade has its whole stop again', () => {
      const desk = held();
      desk.bar(0, 10_021);
      desk.bar(0, 10_012);
      desk.command({ name: 'stop' });
      settle(desk, 10_010);
      expect(desk.live('exit', 0)).toEqual([]);
      expect(stops(desk)).toEqual([
        ['a', 400, 9_800],
        ['b', 400, 9_700],
      ]);
      desk.arm('two-people');
      desk.bar(0, 10_000);
      settle(desk, 10_010);
      expect(desk.lots(0)).toBe(800);
    });

    it('asks for another part of its next trade: what was asked for the former one is over with it', () => {
      const desk = held();
      for (const price of [10_021, 10_011, 10_012]) {
        desk.bar(0, price);
        settle(desk, 10_010);
      }
      expect(desk.lots(0)).toBe(0);
      both(desk);
      expect(stops(desk)).toEqual([
        ['a', 400, 9_800],
        ['b', 400, 9_700],
      ]);
      desk.bar(0, 10_021);
      settle(desk, 10_010);
      expect(parts(desk)).toEqual([
        ['a', 200],
        ['b', 400],
      ]);
    });

    it('keeps its changed exits over a restart, and its part is not sold again', () => {
      const desk = held();
      for (const price of [10_022, 10_021]) {
        desk.bar(0, price);
        settle(desk, 10_010);
      }
      const again = deskOf({ strategies }, desk.records).begin();
      again.quote(0, 10_010);
      for (const order of again.engine.view.orders)
        again.happen({ kind: 'order.lookup', clientId: order.clientId, found: venueOrder(order, 0) });
      again.snapshot();
      expect(again.arm()).toMatchObject({ ok: true });
      again.bar(0, 10_000);
      settle(again, 10_010);
      expect(again.lots(0)).toBe(600);
      expect(stops(again)).toEqual([
        ['a', 200, 9_900],
        ['b', 400, 9_700],
      ]);
    });
  });

  it('takes the time that a stop of before was missing over into its trade, whichever is looked at first', () => {
    const exits = { targets: [{ ticks: 10_900, closedPpm: 1_000_000 }] };
    const strategies = [A, waiting('b', 10_002, 10_012, { protectTicks: 9_700, exits })];
    const desk = deskOf({ strategies }).active();
    for (let reading = 0; reading < 4 && desk.lots(0) !== 300; reading += 1) {
      desk.command({ name: 'reconcile' });
      desk.snapshot({ positions: [300] });
      desk.pass(2_500);
      desk.quote(0, 10_000);
    }
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [300] });
    settle(desk);
    expect(desk.arm('person')).toMatchObject({ ok: true });
    desk.bar(0, 10_002);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    const [stop] = desk.live('protective', 0);
    desk.happen({ kind: 'order.update', order: venueOrder(stop!, 0, 'cancelled') });
    desk.pass(400);
    const gone = desk.recorded('stop.gap').length;
    desk.fill(entry!, 10_000);
    settle(desk);
    desk.pass(400);
    expect(stops(desk)).toEqual([
      ['b', 400, 9_700],
      ['fermata', 300, 9_500],
    ]);
    expect(desk.recorded('stop.gap').slice(gone)).toMatchObject([
      { ms: 400, why: 'lost', ended: 'protected' },
    ]);
    expect(desk.engine.view.positions[0]).toMatchObject({ protection: 'confirmed', withoutStopMs: null });
  });

  it('decides in hindsight what it decided then, also about its second trade', () => {
    const desk = deskOf().active();
    const past = new Hindsight(desk.config);
    let told = 0;
    const asked = (name: string, closeTicks: number) => {
      for (; told < desk.records.length; told += 1) past.apply(desk.records[told]!);
      const prices = { openTicks: 10_000, highTicks: 10_020, lowTicks: 9_990, closeTicks };
      const bar = { ...{ instrument: 0, openMs: desk.marketMs, spanMs: 60_000, volumeLots: 1 }, ...prices };
      const slot = past.slots.find((one) => one.name === name)!;
      return past.atBar(slot, bar, { bidTicks: 10_000, askTicks: 10_002 })?.exit;
    };
    for (const round of [1, 2]) {
      both(desk);
      expect([round, asked('a', 10_011), asked('b', 10_012)]).toEqual([round, 'asked to', 'asked to']);
      for (const price of [10_011, 10_012]) {
        desk.bar(0, price);
        settle(desk);
      }
      expect(desk.lots(0)).toBe(0);
      expect([asked('a', 10_011), asked('b', 10_012)]).toEqual([null, null]);
      desk.bar(0, 10_000);
    }
  });

  it('keeps its lots where somebody else sells: those of the oldest trade go first, after what nobody owns', () => {
    const desk = both();
    desk.command({ name: 'reconcile' });
    for (let reading = 0; reading < 4 && desk.lots(0) !== 930; reading += 1) {
      desk.snapshot({ positions: [930] });
      desk.pass(2_500);
      desk.quote(0, 10_000);
      desk.command({ name: 'reconcile' });
    }
    settle(desk);
    expect(parts(desk)).toEqual([
      ['a', 400],
      ['b', 400],
      ['fermata', 130],
    ]);
    expect(stops(desk)).toContainEqual(['fermata', 130, 9_500]);
    for (let reading = 0; reading < 4 && desk.lots(0) !== 600; reading += 1) {
      desk.snapshot({ positions: [600] });
      desk.pass(2_500);
      desk.quote(0, 10_000);
      desk.command({ name: 'reconcile' });
    }
    settle(desk);
    expect(parts(desk)).toEqual([
      ['a', 200],
      ['b', 400],
    ]);
    expect(stops(desk)).toEqual([
      ['a', 200, 9_800],
      ['b', 400, 9_700],
    ]);
    expect(replayed(desk)).toBe(desk.engine.stateHash());
  });

  it('pays fees in coins out of what it bought itself', () => {
    const desk = deskOf().active();
    desk.bar(0, 10_001);
    desk.bar(0, 10_002);
    for (const entry of desk.live('entry', 0)) {
      desk.accept(entry);
      const fill = { ...desk.makeFill(entry, 10_000), feeIn: { asset: 'BTC', amount: '0.0004' } };
      desk.happen({ kind: 'fill', fill });
    }
    settle(desk);
    // 399.6 lots each: the two rests make a whole one, which the older trade takes over.
    expect(desk.lots(0)).toBe(799);
    expect(parts(desk)).toEqual([
      ['a', 400],
      ['b', 399],
    ]);
    expect(stops(desk)).toEqual([
      ['a', 400, 9_800],
      ['b', 399, 9_700],
    ]);
    expect(replayed(desk)).toBe(desk.engine.stateHash());
  });

  it('leaves the trades and what nobody owns together exactly what the position is, whatever is traded', () => {
    const step = fc.record({
      by: fc.constantFrom('a', 'b', 'close', 'nobody'),
      buys: fc.boolean(),
      lots: fc.integer({ min: 1, max: 300 }),
      ticks: fc.integer({ min: 9_000, max: 11_000 }),
      fee: fc.constantFrom('none', 'cash', 'coins'),
    });
    const { records } = deskOf().active();
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const [apart, whole] = [records, records].map(stateOf);
        steps.forEach(({ by, buys, lots, ticks, fee }, at) => {
          const order = orderBy(by, buys, lots, at);
          const paid =
            fee === 'coins' && buys ? { fee: 40_000, feeIn: { asset: 'BTC', amount: '0.00037' } } : {};
          const fill: Fill = {
            ...{ tradeId: `f${at}`, clientId: order.clientId, instrument: 0, side: order.side },
            ...{
              quantityLots: lots,
              priceTicks: ticks,
              fee: fee === 'cash' ? 12_345 : 0,
              liquidity: 'taker',
            },
            ...{ marketMs: START_MS + at, simulated: true },
            ...paid,
          };
          for (const state of [apart!, whole!]) {
            const { ownTrade: _, ...joining } = order;
            const sent = state === apart ? order : joining;
            if (by !== 'nobody')
              applyRecord(state, { type: 'order.intended', order: sent, marketMs: START_MS });
            applyRecord(state, { type: 'fill', fill });
          }
          expectWhole(apart!.positions[0]!);
          const { quantityLots, remainder } = whole!.positions[0]!;
          expect(apart!.positions[0]).toMatchObject({ quantityLots, remainder });
          expect(apart!.balances).toEqual(whole!.balances);
        });
      }),
      { numRuns: 300, examples: [[OWED_A_REST], [SOLD_A_REST]] },
    );
  });
});

const asSteps = (
  steps: readonly (readonly [
    by: 'a' | 'b' | 'close' | 'nobody',
    buys: boolean,
    lots: number,
    fee: 'none' | 'coins',
  ])[],
) => steps.map(([by, buys, lots, fee]) => ({ by, buys, lots, ticks: 9_000, fee }));

/** A sale of what is held and 0.37 lots more, by one strategy alone; then the first trade beside others. */
const OWED_A_REST = asSteps([
  ['a', false, 123, 'none'],
  ['nobody', true, 295, 'coins'],
  ['close', true, 59, 'none'],
  ['b', false, 231, 'none'],
  ['a', true, 1, 'none'],
]);

/** A second strategy sells a lot of which 0.89 are left over from before. */
const SOLD_A_REST = asSteps([
  ['close', true, 2, 'coins'],
  ['a', true, 1, 'coins'],
  ['a', true, 1, 'coins'],
  ['nobody', false, 4, 'none'],
  ['a', false, 1, 'none'],
]);

function stateOf(records: readonly EngineRecord[]): EngineState {
  const state = createState();
  for (const record of records) applyRecord(state, record);
  return state;
}

/** The parts are all on one side, each with a trade but one below a lot, and come to the position. */
function expectWhole({ parts, quantityLots, remainder, cost }: PositionEntry): void {
  if (parts.length === 0) return;
  const sum = (of: (part: PositionEntry['parts'][number]) => bigint) =>
    parts.reduce((all, part) => all + of(part), 0n);
  expect(sum((part) => BigInt(part.quantityLots))).toBe(BigInt(quantityLots));
  expect(sum((part) => part.remainder)).toBe(remainder);
  expect(sum((part) => part.cost)).toBe(cost);
  const trades = parts.filter(({ trade }) => trade !== null);
  for (const part of trades) expect(Math.sign(part.quantityLots)).toBe(Math.sign(quantityLots));
  expect(parts.length - trades.length).toBeLessThan(2);
  expect(new Set(trades.map(({ trade }) => trade?.strategy)).size).toBe(trades.length);
}

/** An order as a journal may have it; the core decides on none of these. */
function orderBy(by: 'a' | 'b' | 'close' | 'nobody', buys: boolean, lots: number, at: number): OrderIntent {
  const isEntry = buys && (by === 'a' || by === 'b');
  return {
    clientId: `fabc123${(100_000 + at).toString(36)}`,
    instrument: 0,
    strategy: by === 'a' || by === 'b' ? by : 'fermata',
    purpose: by === 'close' ? 'close' : buys ? 'entry' : 'exit',
    side: buys ? 'buy' : 'sell',
    ...{ type: 'market', quantityLots: lots, limitTicks: null, stopTicks: null },
    protectTicks: isEntry ? 8_000 : null,
    ...{ reduceOnly: false, timeInForce: 'GTC' },
    ...(isEntry ? { ownTrade: true } : {}),
  };
}
