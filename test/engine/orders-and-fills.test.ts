import { describe, expect, it } from 'vitest';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import type { VenueCapabilities } from '../../src/domain/order-bounds.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import { createEngine } from '../../src/engine/engine.js';
import { createState, type EngineState } from '../../src/engine/state.js';
import { CODEC } from '../../src/trader/journal/v2/codec.js';
import { SlotReader } from '../../src/trader/journal/v2/slot-reader.js';
import { SlotWriter } from '../../src/trader/journal/v2/slot-writer.js';
import { coins, FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';
import { oneEntry } from './support/one-entry.js';
import { waiting } from './support/waiting.js';

describe('fills', () => {
  it('count before the acknowledgement came', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.fill(entry, 10_000);
    desk.accept(entry);
    expect(desk.lots(0)).toBe(entry.quantityLots);
    expect(desk.engine.view.orders.some(({ clientId }) => clientId === entry.clientId)).toBe(false);
  });

  it('count once, however often they arrive', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    const fill = desk.makeFill(entry, 10_000, 10);
    desk.happen({ kind: 'fill', fill });
    desk.happen({ kind: 'fill', fill });
    desk.command({ name: 'reconcile' });
    desk.snapshot({ fills: [fill] });
    expect(desk.lots(0)).toBe(10);
    expect(desk.recorded('fill')).toHaveLength(1);
  });

  it('beyond the quantity of the order count, and halt the desk', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.fill(entry, 10_000, entry.quantityLots + 1);
    expect(desk.lots(0)).toBe(entry.quantityLots + 1);
    expect(desk.engine.view.halts.map(({ cause }) => cause)).toEqual(['reconciliation']);
  });

  it('of an order that was concluded absent bring it back', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.happen({ kind: 'order.sendUnknown', clientId: entry.clientId, cause: 'timeout' });
    desk.happen({ kind: 'order.lookup', clientId: entry.clientId, found: null });
    desk.pass(3_000);
    desk.happen({ kind: 'order.lookup', clientId: entry.clientId, found: null });
    expect(desk.stateOf(entry)).toBe('absent');
    desk.fill(entry, 10_000, 10);
    expect(desk.stateOf(entry)).toBe('partlyFilled');
    expect(desk.lots(0)).toBe(10);
    // What is left of it was given up, and rests no longer than to the next bar.
    desk.bar(0, 10_000);
    expect(desk.sent('cancel')).toContain(entry.clientId);
  });

  it('that nobody here ordered count, and let only reducing orders leave', () => {
    const desk = new DeskUnderTest().active();
    const foreign = { ...desk.makeFill(desk.enter(0), 10_000, 5), clientId: 'somebody' };
    desk.happen({ kind: 'fill', fill: foreign });
    expect(desk.lots(0)).toBe(5);
    expect(desk.engine.view.mode).toBe('REDUCING');
  });

  it('of our own order that ended too long ago to be known count, and people are told that no strategy owns them', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    const late = { ...desk.makeFill(entry, 10_000), clientId: `${entry.clientId}9` };
    desk.happen({ kind: 'fill', fill: late });
    expect(desk.lots(0)).toBe(entry.quantityLots);
    const told = desk.recorded('note').filter(({ level }) => level === 'alarm');
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^BTC\/USDT: a buy of [\d.]+ came late, of our order .+9, .* no strategy owns it/,
      ),
    ]);
    expect(desk.engine.view.mode).toBe('ACTIVE');
    expect(desk.engine.view.positions[0]?.strategy).toBe('fermata');
    expect(desk.live('protective', 0)).toHaveLength(1);
  });

  it('that can not be are not applied, and halt the desk', () => {
    const desk = new DeskUnderTest().active();
    const fill = desk.makeFill(desk.enter(0), 10_000, 5);
    desk.happen({ kind: 'fill', fill: { ...fill, quantityLots: -5 } });
    desk.happen({ kind: 'fill', fill: { ...fill, tradeId: 'x', instrument: 9 } });
    expect(desk.recorded('fill')).toEqual([]);
    expect(desk.engine.view.mode).toBe('HALTED');
  });
});

describe('an entry', () => {
  it('is of no more lots than the venue takes in one order at the market, so that one stop protects it', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ quantityLimits: [{ instrument: 0, minLots: 1, maxLots: 9_000, maxMarketLots: 1_000 }] });
    expect(desk.enter(0)).toMatchObject({ quantityLots: 1_000 });
    expect(desk.enter(1).quantityLots).toBeGreaterThan(1_000);
  });
});

describe('answers', () => {
  it('that come late end an unknown order as they should', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.pass(2_000);
    expect(desk.stateOf(entry)).toBe('unknown');
    desk.accept(entry);
    expect(desk.stateOf(entry)).toBe('working');
  });

  it('wait for the fills that the venue counts and did not name', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.happen({ kind: 'order.sendUnknown', clientId: entry.clientId, cause: 'timeout' });
    const found = venueOrder(entry, entry.quantityLots, 'filled');
    desk.happen({ kind: 'order.lookup', clientId: entry.clientId, found });
    expect(desk.stateOf(entry)).toBe('working');
    expect(desk.effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    desk.snapshot({
      positions: [entry.quantityLots, 0],
      openOrders: [],
      fills: [desk.makeFill(entry, 10_000)],
    });
    expect(desk.lots(0)).toBe(entry.quantityLots);
    expect(desk.live('entry', 0)).toEqual([]);
  });

  it('to a lookup that come after the order has ended start no further lookups', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.happen({ kind: 'order.sendUnknown', clientId: entry.clientId, cause: 'timeout' });
    desk.happen({ kind: 'order.cancelled', clientId: entry.clientId });
    desk.happen({ kind: 'order.lookupFailed', clientId: entry.clientId, cause: 'timeout' });
    desk.pass(5_000);
    expect(desk.sent('lookup')).toEqual([]);
  });

  it('of orders that we never had change nothing', () => {
    const desk = new DeskUnderTest().active();
    const before = desk.engine.stateHash();
    desk.happen({ kind: 'order.accepted', clientId: 'nobody', venueId: 'v' });
    desk.happen({ kind: 'order.cancelled', clientId: 'nobody' });
    expect(desk.engine.stateHash()).toBe(before);
  });
});

describe('protection', () => {
  it('follows every fill: one stop for the whole position, at the price the entry named', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000, 100);
    const [first] = desk.sent('submit');
    expect(first).toMatchObject({ purpose: 'protective', quantityLots: 100, stopTicks: entry.protectTicks });
    desk.accept(first!);
    desk.fill(entry, 10_000, 50);
    expect(desk.sent('cancel')).toEqual([first!.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: first!.clientId });
    expect(desk.sent('submit')).toMatchObject([{ purpose: 'protective', quantityLots: 150 }]);
  });

  it('is not asked for while the position is smaller than any order, which halts nobody', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000, 10);
    expect(desk.sent('submit')).toEqual([]);
    for (let second = 0; second <= 11; second += 1) {
      desk.quote(0, 10_000);
      desk.pass(1_000);
    }
    expect(desk.engine.view.halts).toEqual([]);
    desk.fill(entry, 10_000, 90);
    expect(desk.sent('submit')).toMatchObject([{ purpose: 'protective', quantityLots: 100 }]);
  });

  it('is cancelled when the position is gone', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { stop } = desk.hold(0);
    for (const close of [9_000, 8_900, 8_800]) desk.bar(0, close);
    const [exit] = desk.live('exit', 0);
    expect(desk.live('protective', 0).map(({ clientId }) => clientId)).toEqual([stop.clientId]);
    desk.fill(exit!, 8_800);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.engine.view.orders).toEqual([]);
  });

  it('that stays missing for ten seconds halts the desk', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000);
    for (let second = 0; second <= 11; second += 1) {
      for (const stop of desk.live('protective', 0)) {
        desk.happen({ kind: 'order.rejected', clientId: stop.clientId, code: '503', text: 'busy' });
      }
      desk.quote(0, 10_000);
      desk.pass(1_000);
    }
    expect(desk.engine.view.halts.map(({ cause }) => cause)).toEqual(['protection-missing']);
    expect(desk.engine.view.positions[0]?.protection).not.toBe('confirmed');
  });

  /** An entry of 200 lots is filled lot by lot, and each answer of the venue takes longer than until the next one. */
  function filledFast(
    answers: (desk: DeskUnderTest, order: OrderIntent, replaced?: string) => void,
    capabilities: VenueCapabilities = { ...SPOT, amends: true, replaces: true },
  ): DeskUnderTest {
    const strategies = [waiting('a', 10_001, 10_011, { size: { lots: 200 } })];
    const instruments = coins(['BTC'], { minNotional: '0' });
    const desk = new DeskUnderTest({ capabilities, strategies, instruments }, 1).active();
    desk.bar(0, 10_001);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    const owed: { readonly atMs: number; readonly answer: () => void }[] = [];
    const note = (): void => {
      const atMs = desk.monotonicMs + 160;
      for (const effect of desk.effects) {
        if (effect.kind === 'submit') owed.push({ atMs, answer: () => answers(desk, effect.order) });
        if (effect.kind === 'replace')
          owed.push({ atMs, answer: () => answers(desk, effect.order, effect.clientId) });
        if (effect.kind === 'cancel')
          owed.push({
            atMs,
            answer: () => desk.happen({ kind: 'order.cancelled', clientId: effect.clientId }),
          });
        if (effect.kind === 'requestSnapshot') desk.snapshot();
      }
    };
    for (let ms = 0; ms < 15_000 && desk.engine.view.mode === 'ACTIVE'; ms += 20) {
      desk.wait(20);
      for (const due of owed.splice(0)) {
        if (due.atMs > desk.monotonicMs) owed.push(due);
        else {
          due.answer();
          note();
        }
      }
      if (ms % 100 === 0) desk.fill(entry!, 10_000, 1);
      note();
      if (ms % 1_000 === 0) desk.quote(0, 10_000);
      desk.pass(0);
      note();
    }
    return desk;
  }

  it('that is always one part behind an entry filled fast is there', () => {
    const desk = filledFast((at, order) => {
      at.accept(order);
    });
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [] });
    expect(desk.lots(0)).toBe(150);
  });

  it('that is taken off for each part, so that none rests in between, is missing', () => {
    const answers = (at: DeskUnderTest, order: OrderIntent) => void at.accept(order);
    const desk = filledFast(answers, { ...FUTURES, reduceOnly: false, linksOrders: true });
    expect(desk.engine.view.halts.map(({ cause }) => cause)).toEqual(['protection-missing']);
  });

  it('for what came in ten seconds ago is missing, however long another one rests for what came before', () => {
    const desk = filledFast((at, order, replaced) => {
      const { clientId, quantityLots } = order;
      if (quantityLots < 20 || replaced === undefined) at.accept(order);
      else
        at.happen({
          ...{ kind: 'order.replaceRejected', clientId, replaced, old: 'rests' },
          ...{ code: '503', text: 'busy' },
        });
    });
    expect(desk.engine.view.halts.map(({ reason }) => reason)).toEqual([
      'BTC/USDT: no confirmed protective stop for 10 s',
    ]);
  });

  it('is restored on spot when a stop of the desk comes in the middle of an exit', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    for (const close of [9_700, 9_600]) desk.bar(0, close);
    expect(desk.stateOf(stop)).toBe('cancelling');
    desk.command({ name: 'stop' });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.sent('submit').map(({ purpose }) => purpose)).toEqual(['protective']);
  });
});

it('an order of which the venue rejects the rest ends with what was filled, protected, and nothing halts', () => {
  const desk = new DeskUnderTest().active();
  const entry = desk.enter(0);
  desk.accept(entry);
  desk.fill(entry, 10_000, 500);
  desk.happen({ kind: 'order.update', order: venueOrder(entry, 500, 'rejected') });
  expect([desk.stateOf(entry), desk.lots(0)]).toEqual(['cancelled', 500]);
  expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 500 }]);
  expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [] });
});

it.each([
  ['is being cancelled', 'cancelling', () => undefined],
  [
    'is of unknown fate',
    'unknown',
    (desk: DeskUnderTest, { clientId }: OrderIntent) =>
      desk.happen({ kind: 'order.cancelRejected', clientId, code: '10148', text: 'Inactive' }),
  ],
])('and so does one that %s then: a fill that comes late counts', (_, state, then) => {
  const desk = new DeskUnderTest().active();
  const entry = desk.enter(0);
  desk.accept(entry);
  desk.fill(entry, 10_000, 500);
  for (let bar = 0; bar < 6 && desk.stateOf(entry) !== 'cancelling'; bar += 1) desk.bar(0, 10_000);
  then(desk, entry);
  expect(desk.stateOf(entry)).toBe(state);
  desk.happen({ kind: 'order.rejected', clientId: entry.clientId, code: '0', text: 'Inactive' });
  expect(desk.stateOf(entry)).toBe('cancelled');
  desk.fill(entry, 10_000, 100);
  expect([desk.stateOf(entry), desk.lots(0)]).toEqual(['cancelled', 600]);
  expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [] });
});

it.each([
  ['between the parts', 100],
  ['while another part is counted and not named yet', 10],
])(
  'an order in many parts, each counted before it is named, is never given up: read %s',
  (_, readAfterMs) => {
    const desk = new DeskUnderTest({ strategies: [waiting('a', 10_001, 10_011)] }, 1).active();
    desk.bar(0, 10_001);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    const named = entry!.quantityLots / 16;
    for (let part = 1; part <= 16; part += 1) {
      const order = venueOrder(entry!, part * named, part === 16 ? 'filled' : 'partlyFilled');
      const read = (): void => {
        desk.command({ name: 'reconcile' });
        desk.snapshot({
          positions: [desk.lots(0)],
          openOrders: desk.engine.view.orders.map((one) =>
            one.clientId === order.clientId ? order : venueOrder(one, one.filledLots),
          ),
        });
      };
      desk.wait(300);
      desk.happen({ kind: 'order.update', order });
      if (readAfterMs < 20) read();
      desk.wait(20);
      desk.fill(entry!, 10_000, named);
      desk.wait(readAfterMs);
      if (readAfterMs > 20) read();
    }
    expect([desk.live('entry', 0), desk.lots(0)]).toEqual([[], entry!.quantityLots]);
    expect(desk.recorded('order.state').map(({ state }) => state)).not.toContain('expired');
  },
);

it.each([
  ['stock', 3_000],
  ['spot', 250],
] as const)(
  'a sale of unknown fate of a %s is believed to be absent after %i ms: a broker sells stock short',
  (kind, graceMs) => {
    const instruments = coins(['BTC'], { kind, lotSize: '1', minNotional: '0' });
    const capabilities = { ...FUTURES, shorting: false, reduceOnly: false };
    const strategies = [waiting('a', 10_001, 10_011, { size: { lots: 4 } })];
    const desk = new DeskUnderTest({ instruments, capabilities, strategies }, 1).active();
    desk.bar(0, 10_001);
    const { stop } = desk.fillEntry(0, 10_000);
    desk.bar(0, 10_011);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [exit] = desk.live('exit', 0);
    desk.happen({ kind: 'order.sendUnknown', clientId: exit!.clientId, cause: 'timeout' });
    const isAbsent = (afterMs: number): boolean => {
      desk.wait(afterMs);
      desk.happen({ kind: 'order.lookup', clientId: exit!.clientId, found: null });
      return desk.stateOf(exit!) === 'absent';
    };
    expect([isAbsent(0), isAbsent(graceMs - 50), isAbsent(50)]).toEqual([false, false, true]);
  },
);

it.each([
  ['201: MINIMUM OF 33000 USD NEEDED', '201: MINIMUM OF 33000 USD NEEDED'],
  [undefined, 'the venue reported it, without a reason'],
])('an order that the venue rejects after it has taken it is told with the reason: %s', (reason, told) => {
  const desk = new DeskUnderTest().active();
  const entry = desk.enter(0);
  desk.accept(entry);
  const order = { ...venueOrder(entry, 0, 'rejected'), ...(reason === undefined ? {} : { reason }) };
  desk.happen({ kind: 'order.update', order });
  expect(desk.recorded('order.state').at(-1)).toMatchObject({ state: 'rejected', reason: told });
  expect(desk.recorded('note').at(-1)?.text).toBe(`the venue refused an entry order: ${told}`);
});

describe('what can’t be represented', () => {
  const LARGEST = Number.MAX_SAFE_INTEGER;

  it.each<[string, Partial<Fill>]>([
    ['a quantity beyond every whole number', { quantityLots: 2 ** 53 }],
    ['a quantity in parts of a lot', { quantityLots: 1.5 }],
    ['a price beyond every whole number', { priceTicks: 2 ** 53 }],
    ['a price that is no number', { priceTicks: Number.NaN }],
    ['a fee that is no number', { fee: Number.POSITIVE_INFINITY }],
    ['a fee in an asset finer than any venue states one', { feeIn: { asset: 'BNB', amount: '0.000000001' } }],
    ['a fee that is worth more than can be written', { feeIn: { asset: 'USDT', amount: '9'.repeat(20) } }],
    ['a fee of more coins than were bought', { feeIn: { asset: 'BTC', amount: '9'.repeat(20) } }],
    ['a fee that is no decimal', { feeIn: { asset: 'USDT', amount: '1e5' } }],
  ])(
    'of a fill, %s, is refused before its trade id is stored: the sound fill counts later',
    (_what, change) => {
      const desk = new DeskUnderTest().active();
      const fill = desk.makeFill(desk.enter(0), 10_000, 5);
      desk.happen({ kind: 'fill', fill: { ...fill, ...change } });
      expect(desk.recorded('fill')).toEqual([]);
      expect(desk.engine.view.mode).toBe('HALTED');
      desk.happen({ kind: 'fill', fill });
      expect(desk.lots(0)).toBe(5);
      expect(desk.recorded('fill').map((record) => record.fill.tradeId)).toEqual([fill.tradeId]);
    },
  );

  it('of a position is kept exactly where each fill can be: money has no largest amount', () => {
    const desk = new DeskUnderTest().active();
    const fill = desk.makeFill(desk.enter(0), 10_000, 5);
    desk.happen({ kind: 'fill', fill: { ...fill, quantityLots: 1_000_000_000, priceTicks: LARGEST } });
    const replayed = createEngine(desk.config);
    for (const record of desk.records) {
      const to = new SlotWriter(8);
      CODEC.write(to, record);
      replayed.apply(CODEC.read(new SlotReader(Buffer.from(to.bytes), 0, to.at)));
    }
    expect(replayed.stateHash()).toBe(desk.engine.stateHash());
    expect(desk.recorded('fill')).toHaveLength(1);
  });
});

describe('of orders that have ended', () => {
  const idOf = (number: number): string => `fabc123${(36 + number).toString(36)}`;

  function begun(): EngineState {
    const state = createState();
    for (const record of new DeskUnderTest({ strategies: [oneEntry()] }, 1).active().records)
      applyRecord(state, record);
    return state;
  }

  function says(state: EngineState, number: number, says: 'working' | 'cancelled' | 'filled'): void {
    const clientId = idOf(number);
    applyRecord(state, {
      ...{ type: 'order.state', clientId, state: says, venueId: null, reason: '', marketMs: number },
    });
  }

  function intend(state: EngineState, number: number): void {
    applyRecord(state, {
      type: 'order.intended',
      order: {
        ...{ clientId: idOf(number), instrument: 0, strategy: 'test', purpose: 'entry', side: 'buy' },
        ...{ type: 'limit', quantityLots: 1, limitTicks: 10_000, stopTicks: null, protectTicks: 9_800 },
        ...{ reduceOnly: false, timeInForce: 'GTC' },
      },
      marketMs: number,
    });
  }

  function ends(state: EngineState, from: number, count: number): void {
    for (let number = from; number < from + count; number += 1) {
      intend(state, number);
      says(state, number, 'cancelled');
    }
  }

  const kept = ({ orders }: EngineState): string[] => [...orders.keys()];
  const numbered = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, at) => idOf(from + at));

  it('the newest 500 are kept for late answers, however many ended before', () => {
    const state = begun();
    ends(state, 1, 500);
    expect(kept(state)).toEqual(numbered(1, 500));
    ends(state, 501, 1);
    expect(kept(state)).toEqual(numbered(2, 501));
    ends(state, 502, 1_200);
    expect(kept(state)).toEqual(numbered(1_202, 1_701));
  });

  it('one that is live again is not forgotten, and is the newest once it has ended again', () => {
    const state = begun();
    ends(state, 1, 600);
    says(state, 300, 'working');
    expect(state.live[0]!.map(({ intent }) => intent.clientId)).toEqual([idOf(300)]);
    ends(state, 601, 500);
    expect(kept(state)).toEqual([idOf(300), ...numbered(601, 1_100)]);
    says(state, 300, 'cancelled');
    expect(state.live[0]).toEqual([]);
    ends(state, 1_101, 499);
    expect(kept(state)).toEqual([idOf(300), ...numbered(1_101, 1_599)]);
    ends(state, 1_600, 1);
    expect(kept(state)).toEqual(numbered(1_101, 1_600));
  });

  it('one that ends once more in another way counts once', () => {
    const state = begun();
    ends(state, 1, 500);
    says(state, 1, 'filled');
    ends(state, 501, 1);
    expect(kept(state)).toEqual(numbered(2, 501));
  });
});

it('the status tells each open position by side, quantity, average price, price now, result and stop', () => {
  const desk = new DeskUnderTest().active();
  const { entry } = desk.hold(0);
  desk.hold(1);
  desk.quote(0, (entry.limitTicks ?? 0) + 150);
  const { positions, openPositions } = desk.status();
  expect([openPositions, positions.map(({ symbol }) => symbol)]).toEqual([2, ['BTC/USDT', 'ETH/USDT']]);
  expect(positions[0]).toMatchObject({
    ...{ side: 'long', quantity: '9.900', averagePrice: '100.99', markPrice: '102.49', unrealised: '14.85' },
    ...{ stopPrice: '97.99', protection: 'confirmed', withoutStopMs: null, strategy: 'cross' },
  });
  desk.command({ name: 'stop' });
  expect(desk.status().positions).toHaveLength(2);
});
