/** Two strategies on one contract of an account that nets: the venue holds their sum, and each has its own trade. */
import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import type { EngineConfig, TradedStrategy } from '../../src/engine/config.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { OwnFill, StrategyContext } from '../../src/engine/strategies/strategy.js';
import { coins, FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { type Asks, waiting } from './support/waiting.js';

const INSTRUMENTS = coins(['BTC'], { kind: 'linear', sideBySide: true, minNotional: '0' });
/** Buys 20 lots at 100.00 when a bar closes at 100.01, and leaves at 100.11. */
const LONG = { size: { lots: 20 } } as const;
/** Sells 10 lots. */
const SHORT = { side: 'sell', limitTicks: 10_000, protectTicks: 10_300, size: { lots: 10 } } as const;

function deskOf(
  { asks = {}, ...changes }: Partial<EngineConfig> & { readonly asks?: Asks } = {},
  journal: readonly EngineRecord[] = [],
): DeskUnderTest {
  const strategies = [waiting('a', 10_001, 10_011, LONG, asks), waiting('b', 10_002, 10_012, SHORT)];
  const more = { instruments: INSTRUMENTS, capabilities: FUTURES, strategies, ...changes };
  return new DeskUnderTest(more, 1, journal);
}

/** The same strategy, told of its fills. */
function listening(
  listed: TradedStrategy,
  onFill: (context: StrategyContext, fill: OwnFill) => void,
): TradedStrategy {
  const own = listed.own!;
  return { ...listed, own: { ...own, create: (...given) => ({ ...own.create(...given), onFill }) } };
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

function enter(desk: DeskUnderTest, atBar: number, priceTicks = 10_000, fee = 0): void {
  desk.bar(0, atBar);
  const entry = desk.live('entry', 0).at(-1)!;
  desk.accept(entry);
  desk.fill(entry, priceTicks, entry.quantityLots, fee);
  settle(desk);
}

/** Long 20 of a at 100.00, short 10 of b at 101.00: the venue holds 10. */
function both(desk = deskOf().active()): DeskUnderTest {
  enter(desk, 10_001);
  enter(desk, 10_002, 10_100);
  return desk;
}

/** Both hold as much: the venue holds nothing. */
function even(): DeskUnderTest {
  const strategies = [
    waiting('a', 10_001, 10_011, { size: { lots: 10 } }),
    waiting('b', 10_002, 10_012, SHORT),
  ];
  return both(deskOf({ strategies }).active());
}

const stopOf = (desk: DeskUnderTest, strategy: string): OrderIntent | undefined =>
  desk.live('protective', 0).find((order) => order.strategy === strategy);

const stops = (desk: DeskUnderTest) =>
  desk
    .live('protective', 0)
    .map(({ strategy, side, quantityLots, stopTicks }) => [strategy, side, quantityLots, stopTicks])
    .sort();

const parts = (desk: DeskUnderTest) =>
  (desk.engine.view.positions[0]?.parts ?? []).map(({ strategy, quantityLots }) => [strategy, quantityLots]);

const closed = (desk: DeskUnderTest) =>
  desk
    .recorded('trade.closed')
    .map(({ strategy, why, quantityLots, result, r }) => [strategy, why, quantityLots, Number(result), r]);

const sent = (desk: DeskUnderTest, ...purposes: readonly OrderIntent['purpose'][]) =>
  desk.recorded('order.intended').filter(({ order }) => purposes.includes(order.purpose));

/** Lot 0.001, tick 0.01: a tick of a lot is worth 0.00001. */
const worth = (tickLots: number): number => Number((tickLots * 0.00001).toFixed(8));

describe('two strategies against each other on a contract', () => {
  it('hold a trade each: the venue has their sum', () => {
    const desk = both();
    expect(parts(desk)).toEqual([
      ['a', 20],
      ['b', -10],
    ]);
    expect(desk.lots(0)).toBe(10);
    expect(desk.engine.view.positions[0]).toMatchObject({ quantityLots: 10, protection: 'confirmed' });
  });

  it('have a stop each for all of their own lots, which may open the other side at the venue', () => {
    const desk = both();
    expect(stops(desk)).toEqual([
      ['a', 'sell', 20, 9_800],
      ['b', 'buy', 10, 10_300],
    ]);
    for (const stop of desk.live('protective', 0)) expect(stop.reduceOnly).toBe(false);
  });

  it('keep their stops where nothing is left of both at the venue, and are shown as two open trades', () => {
    const desk = even();
    expect(desk.lots(0)).toBe(0);
    expect(stops(desk)).toEqual([
      ['a', 'sell', 10, 9_800],
      ['b', 'buy', 10, 10_300],
    ]);
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 0, protection: 'confirmed' }]);
    expect(desk.engine.view.positions[0]!.parts).toHaveLength(2);
  });

  it('lose their own trade when its stop fires: the venue then has the other one’s', () => {
    const desk = both();
    desk.fill(stopOf(desk, 'a')!, 9_800);
    settle(desk);
    // 20 lots lose 2.00 each, what the stop risked.
    expect(closed(desk)).toEqual([['a', 'stop', 20, worth(-4_000), -1]]);
    expect(desk.lots(0)).toBe(-10);
    expect(parts(desk)).toEqual([['b', -10]]);
    expect(stops(desk)).toEqual([['b', 'buy', 10, 10_300]]);
    desk.snapshot();
    expect(desk.engine.view.reconciliation.state).toBe('clean');
  });

  it('leave by themselves: an exit takes its own stop off first, and touches nothing of the other one', () => {
    const desk = both();
    const other = stopOf(desk, 'b')?.clientId;
    desk.bar(0, 10_011);
    expect(sent(desk, 'exit')).toEqual([]);
    settle(desk, 10_011);
    expect(sent(desk, 'exit')).toMatchObject([
      { order: { strategy: 'a', side: 'sell', quantityLots: 20, reduceOnly: false } },
    ]);
    expect(closed(desk)).toEqual([['a', 'strategy', 20, worth(220), 0.055]]);
    expect(desk.lots(0)).toBe(-10);
    expect(desk.live('protective', 0).map(({ clientId }) => clientId)).toEqual([other]);
  });

  it('that leave at the same time are crossed at the mid, and only the rest goes to the venue', () => {
    const desk = both();
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    settle(desk, 10_020);
    // The mid of 100.12 and 100.14.
    expect(desk.recorded('trades.crossed')).toMatchObject([
      {
        ...{ instrument: 0, quantityLots: 10, priceTicks: 10_013 },
        seller: { strategy: 'a', why: 'strategy' },
        buyer: { strategy: 'b', why: 'strategy' },
      },
    ]);
    expect(sent(desk, 'exit')).toMatchObject([
      { order: { strategy: 'a', side: 'sell', quantityLots: 10, reduceOnly: false } },
    ]);
    // b sold 10 at 101.00 and bought at 100.13; a bought 20 at 100.00, 10 at 100.13 crossed and 10 at 100.20 sold.
    expect(closed(desk)).toEqual([
      ['b', 'strategy', 10, worth(870), 0.435],
      ['a', 'strategy', 20, worth(330), 0.0825],
    ]);
    expect(desk.engine.view.positions).toEqual([]);
    expect(desk.engine.view.orders).toEqual([]);
  });

  it('that leave in full against each other send no order, and pay no fee', () => {
    const desk = even();
    const orders = sent(desk, 'entry', 'exit', 'close').length;
    const { cash } = desk.engine.view;
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    settle(desk);
    expect(sent(desk, 'entry', 'exit', 'close')).toHaveLength(orders);
    expect(closed(desk).map(([strategy, why, lots]) => [strategy, why, lots])).toEqual([
      ['a', 'strategy', 10],
      ['b', 'strategy', 10],
    ]);
    // The venue paid the result of the net as it closed: 10 lots, 1.00 each.
    expect(desk.engine.view.cash).toBe(cash);
    expect(desk.engine.view.equity).toBe(cash);
  });

  it('are shown what was crossed as a fill of their exit, once it is done: one that waits for it goes on', () => {
    const shown: unknown[] = [];
    const again = { ...LONG, side: 'buy', limitTicks: 9_990, protectTicks: 9_800, restBars: 3 } as const;
    const desk = deskOf({
      strategies: [
        listening(waiting('a', 10_001, 10_011, LONG), (context, fill) => {
          shown.push(['a', fill, context.positionLots]);
          if (context.positionLots === 0) context.enter({ ...again, because: 'it is out' });
        }),
        listening(waiting('b', 10_002, 10_012, { ...SHORT, size: { lots: 20 } }), (context, fill) =>
          shown.push(['b', fill, context.positionLots]),
        ),
      ],
    }).active();
    both(desk);
    shown.length = 0;
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    settle(desk);
    const fill = { quantityLots: 20, priceTicks: 10_013, purpose: 'exit' };
    expect(shown).toEqual([
      ['a', { ...fill, side: 'sell' }, 0],
      ['b', { ...fill, side: 'buy' }, 0],
    ]);
    expect(desk.live('entry', 0)).toMatchObject([{ strategy: 'a', limitTicks: 9_990 }]);
  });

  it('are switched off by a loss too many also where it was crossed', () => {
    const tracker = { maxConsecutiveLosses: 1, reEnableCheckMs: 3_600_000 };
    const desk = deskOf({ tracker }).active();
    enter(desk, 10_001);
    enter(desk, 10_002, 9_900);
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    for (const { clientId } of desk.live('protective', 0)) desk.happen({ kind: 'order.cancelled', clientId });
    expect(closed(desk)).toMatchObject([['b', 'strategy', 10, worth(-1_130), expect.anything()]]);
    expect(desk.recorded('strategy.toggled')).toMatchObject([
      { strategy: 'b', enabled: false, automatic: true },
    ]);
  });

  it('count what a stop was filled with while it was taken off: only the rest is crossed', () => {
    const desk = both();
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    const [one, other] = [stopOf(desk, 'a')!, stopOf(desk, 'b')!];
    desk.happen({ kind: 'order.cancelled', clientId: one.clientId });
    desk.fill(other, 10_300, 4);
    desk.happen({ kind: 'order.cancelled', clientId: other.clientId });
    settle(desk, 10_011);
    expect(desk.recorded('trades.crossed').map(({ quantityLots }) => quantityLots)).toEqual([6]);
    expect(sent(desk, 'exit').map(({ order }) => order.quantityLots)).toEqual([14]);
    const results = closed(desk).map(([strategy, , lots, result]) => [strategy, lots, result]);
    expect(results).toEqual([
      ['b', 10, worth(-4 * 200 + 6 * 87)],
      ['a', 20, worth(6 * 13 + 14 * 11)],
    ]);
    expect(desk.engine.view.cash / 1e8 - 10_000).toBeCloseTo(worth(-278 + 232), 10);
  });

  it('wait for each other only as long as the venue may take to answer', () => {
    const desk = both();
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    desk.happen({ kind: 'order.cancelled', clientId: stopOf(desk, 'a')!.clientId });
    expect(sent(desk, 'exit')).toEqual([]);
    desk.pass(2_000);
    expect(sent(desk, 'exit')).toMatchObject([{ order: { strategy: 'a', quantityLots: 20 } }]);
    settle(desk, 10_012);
    expect(desk.recorded('trades.crossed')).toEqual([]);
    expect(closed(desk).map(([strategy]) => strategy)).toEqual(['a', 'b']);
  });

  it('wait as long again at their next exit: what they waited for a part of them counts no more', () => {
    const half: Asks = { 10020: (context) => context.exit('half of it', 500_000) };
    const strategies = [
      waiting('a', 10_001, 10_011, { size: { lots: 10 } }, half),
      waiting('b', 10_002, 10_012, SHORT, half),
    ];
    const desk = both(deskOf({ strategies }).active());
    desk.bar(0, 10_020);
    for (const strategy of ['a', 'b']) {
      desk.happen({ kind: 'order.cancelled', clientId: stopOf(desk, strategy)!.clientId });
      desk.accept(stopOf(desk, strategy)!);
    }
    expect(parts(desk)).toEqual([
      ['a', 5],
      ['b', -5],
    ]);
    desk.pass(3_000);
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    desk.happen({ kind: 'order.cancelled', clientId: stopOf(desk, 'a')!.clientId });
    settle(desk, 10_012);
    expect(desk.recorded('trades.crossed').map(({ quantityLots }) => quantityLots)).toEqual([5, 5]);
    expect(sent(desk, 'exit')).toEqual([]);
  });

  it('are all closed by a close-all: what cancels out is crossed first, and the net is closed at the venue', () => {
    const desk = both();
    // The mid of 100.50 and 100.53 is no price of ours: a tick is not divided.
    desk.happen({ kind: 'quote', instrument: 0, bidTicks: 10_050, askTicks: 10_053 });
    desk.command({ name: 'closeAll' });
    expect(sent(desk, 'close')).toEqual([]);
    settle(desk, 10_040);
    expect(desk.recorded('trades.crossed')).toMatchObject([
      { quantityLots: 10, priceTicks: 10_051, seller: { why: 'closeAll' }, buyer: { why: 'closeAll' } },
    ]);
    expect(sent(desk, 'close')).toMatchObject([
      { order: { side: 'sell', quantityLots: 10, strategy: 'fermata' } },
    ]);
    expect(closed(desk).map(([strategy, why, lots]) => [strategy, why, lots])).toEqual([
      ['b', 'closeAll', 10],
      ['a', 'closeAll', 20],
    ]);
    expect(desk.engine.view.positions).toEqual([]);
    desk.snapshot();
    expect(desk.engine.view.closeAll).toBe('flat');
  });

  it('are closed by a close-all without any order where nothing is left of both at the venue', () => {
    const desk = even();
    desk.command({ name: 'closeAll' });
    expect(desk.engine.view.closeAll).toBe('running');
    settle(desk);
    expect(sent(desk, 'close', 'exit')).toEqual([]);
    expect(closed(desk).map(([strategy]) => strategy)).toEqual(['a', 'b']);
    desk.snapshot();
    expect(desk.engine.view.closeAll).toBe('flat');
  });

  it('are both closed where a person closes the position, also where the venue holds nothing of it', () => {
    const desk = even();
    expect(desk.command({ name: 'closePosition', symbol: 'BTC/USDT' })).toMatchObject({ ok: true });
    settle(desk);
    expect(closed(desk).map(([strategy, why]) => [strategy, why])).toEqual([
      ['a', 'person'],
      ['b', 'person'],
    ]);
  });

  it('come back after a restart with the same trades, the same net and the same hash', () => {
    const desk = both();
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    for (const { clientId } of desk.live('protective', 0)) desk.happen({ kind: 'order.cancelled', clientId });
    expect(desk.recorded('trades.crossed')).toHaveLength(1);
    const again = deskOf({}, desk.records);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
    expect(parts(again)).toEqual([['a', 10]]);
    expect(again.lots(0)).toBe(10);
  });

  it('are in the books as the venue counts: results are of the net, and equity is the sum of the trades', () => {
    const desk = both();
    // The venue sold 10 of its 20 at 101.00: 1.00 a lot is in its cash.
    expect(desk.engine.view.cash / 1e8 - 10_000).toBeCloseTo(worth(1_000), 10);
    desk.quote(0, 10_100);
    const [position] = desk.engine.view.positions;
    expect(position).toMatchObject({ averageTicks: 10_000, quantityLots: 10 });
    // At the bid of 101.00: a has won 1.00 a lot, b lost the spread of 0.02.
    expect(position!.parts.map(({ result }) => result / 1e8)).toEqual([worth(2_000), worth(-20)]);
    expect(desk.engine.view.equity / 1e8 - 10_000).toBeCloseTo(worth(2_000), 10);
  });
});

describe('what no order of the desk explains', () => {
  it('is nobody’s, and closes no trade: what another hand sells stands against it', () => {
    const desk = both();
    const stranger = { ...stopOf(desk, 'a')!, clientId: 'stranger', side: 'sell', quantityLots: 20 } as const;
    desk.fill(stranger, 10_000);
    expect(parts(desk)).toEqual([
      ['a', 20],
      ['b', -10],
      ['fermata', -20],
    ]);
    expect(desk.lots(0)).toBe(-10);
    settle(desk);
    expect(stops(desk)).toEqual([
      ['a', 'sell', 20, 9_800],
      ['b', 'buy', 10, 10_300],
      ['fermata', 'buy', 20, 10_500],
    ]);
  });

  it('is what the venue has more or less than the trades: adopted as nobody’s, and said trade by trade', () => {
    const desk = both();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [-5] });
    desk.pass(3_000);
    desk.snapshot({ positions: [-5] });
    expect(parts(desk)).toEqual([
      ['a', 20],
      ['b', -10],
      ['fermata', -15],
    ]);
    expect(desk.recorded('note').map(({ text }) => text)).toContainEqual(
      expect.stringContaining('we held 0.010 (a 0.020, b -0.010), the venue has -0.005'),
    );
    settle(desk);
    expect(stops(desk)).toHaveLength(3);
  });

  it('is what an exit brings beyond its own trade: the other one’s is left alone', () => {
    const desk = both();
    desk.bar(0, 10_011);
    const stop = stopOf(desk, 'a')!;
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [exit] = desk.live('exit', 0);
    desk.accept(exit!);
    desk.fill(stop, 9_800);
    desk.fill(exit!, 10_011);
    expect(parts(desk)).toEqual([
      ['b', -10],
      ['fermata', -20],
    ]);
  });

  it('is what a stop brings that was filled before it was taken off, and is told after the crossing: people hear of it', () => {
    const desk = both();
    desk.bar(0, 10_011);
    desk.bar(0, 10_012);
    const late = stopOf(desk, 'b')!;
    for (const { clientId } of desk.live('protective', 0)) desk.happen({ kind: 'order.cancelled', clientId });
    desk.fill(late, 10_300);
    settle(desk, 10_011);
    expect(parts(desk)).toEqual([['fermata', 10]]);
    expect(desk.lots(0)).toBe(10);
    expect(stops(desk)).toMatchObject([['fermata', 'sell', 10, expect.any(Number)]]);
    expect(desk.recorded('note').filter(({ level }) => level === 'alarm')).toMatchObject([
      { text: expect.stringContaining('a protective order of b filled 0.010 beyond what it was to close') },
    ]);
    desk.command({ name: 'closeAll' });
    settle(desk);
    desk.snapshot();
    expect(desk.engine.view.closeAll).toBe('flat');
  });

  it('is closed first by a close-all, and crossed first', () => {
    const desk = both();
    desk.fill({ ...stopOf(desk, 'a')!, clientId: 'stranger', side: 'sell' }, 10_000, 5);
    settle(desk);
    desk.command({ name: 'closeAll' });
    settle(desk);
    expect(desk.recorded('trades.crossed')).toMatchObject([
      { quantityLots: 5, seller: { strategy: 'a' }, buyer: { strategy: 'fermata' } },
      { quantityLots: 10, seller: { strategy: 'a' }, buyer: { strategy: 'b' } },
    ]);
    expect(sent(desk, 'close')).toMatchObject([{ order: { side: 'sell', quantityLots: 5 } }]);
    expect(desk.engine.view.positions).toEqual([]);
  });
});

describe('limits, where strategies trade side by side', () => {
  const risk = {
    ...{ maxConcurrentPositions: 1, stopLossPct: 5, dailyLossLimitPct: 90, maxDrawdownPct: 90 },
    staleDataSeconds: 10,
  };
  /** 20 lots at 100.00 are 2.00: 0.02 % of 10,000. */
  const limited = (more: Partial<EngineConfig['risk']>) =>
    deskOf({ risk: { ...risk, maxPositionSizePct: 10, ...more } }).active();
  const refused = (desk: DeskUnderTest) => desk.recorded('order.denied').map(({ limit }) => limit);

  it('take the size of a position on each side, as large as it is once the other side is closed', () => {
    const strategies = [
      waiting('a', 10_001, 10_011, LONG),
      waiting('b', 10_002, 10_012, SHORT),
      waiting('c', 10_003, 10_013, LONG),
    ];
    const maxPositionSizePct = 0.0262;
    const desk = deskOf({ strategies, risk: { ...risk, maxPositionSizePct } }).active();
    both(desk);
    enter(desk, 10_003);
    // 26 lots on a side: 6 are left beside those of a, whatever b holds against them.
    expect(parts(desk)).toEqual([
      ['a', 20],
      ['b', -10],
      ['c', 6],
    ]);
  });

  it('add both sides for the exposure of the desk, and take the own trade for that of a strategy', () => {
    const gross = limited({ maxGrossExposurePct: 0.025 });
    enter(gross, 10_001);
    gross.bar(0, 10_002);
    expect(refused(gross)).toEqual(['gross-exposure']);
    expect(both(limited({ maxGrossExposurePct: 0.031, maxStrategyExposurePct: 0.021 })).lots(0)).toBe(10);
  });

  it('count one position for all trades of an instrument', () => {
    expect(both(limited({})).engine.view.risk.find(({ limit }) => limit === 'open-positions')?.now).toBe('1');
  });
});
