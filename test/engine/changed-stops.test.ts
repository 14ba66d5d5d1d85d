import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import type { Effect } from '../../src/engine/effect.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';

const ABLE = { ...SPOT, amends: true, replaces: true };
const ABLE_FUTURES = { ...FUTURES, amends: true, replaces: true };

type Changes = ConstructorParameters<typeof DeskUnderTest>[0];
type Sent<K extends Effect['kind']> = Extract<Effect, { readonly kind: K }>;

const sent = <K extends 'amend' | 'replace'>(desk: DeskUnderTest, kind: K): Sent<K>[] =>
  desk.effects.filter((effect): effect is Sent<K> => effect.kind === kind);

/** An entry of which `lots` are filled, with their stop resting. */
function partly(changes: Changes = {}, lots = 100) {
  const desk = new DeskUnderTest({ capabilities: ABLE, ...changes }).active();
  const entry = desk.enter(0);
  desk.accept(entry);
  desk.fill(entry, 10_000, lots);
  const [stop] = desk.live('protective', 0);
  desk.accept(stop!);
  return { desk, entry, stop: stop! };
}

/** A second part of the entry is filled: the stop is too small. */
function grown(changes: Changes = {}) {
  const { desk, entry, stop } = partly(changes);
  desk.wait(1_000);
  desk.fill(entry, 10_000, 30);
  const [next] = sent(desk, 'replace');
  if (next === undefined) throw new Error('nothing was exchanged');
  return { desk, entry, stop, next: next.order };
}

const refuse = (
  desk: DeskUnderTest,
  next: OrderIntent,
  replaced: OrderIntent,
  old: 'rests' | 'cancelled' | 'notOpen',
  wouldTrigger = false,
) =>
  desk.happen({
    kind: 'order.replaceRejected',
    clientId: next.clientId,
    replaced: replaced.clientId,
    ...{ old, code: '-2010', text: 'refused', wouldTrigger },
  });

const replaced = (desk: DeskUnderTest, next: OrderIntent, old: OrderIntent) =>
  desk.happen({
    kind: 'order.replaced',
    clientId: next.clientId,
    replaced: old.clientId,
    venueId: `v-${next.clientId}`,
  });

const gaps = (desk: DeskUnderTest) =>
  desk.recorded('stop.gap').map(({ why, ms, ended }) => ({ why, ms, ended }));

/** The venue holds fewer coins than we do, and says so twice. */
function shrink(desk: DeskUnderTest, lots: number): void {
  desk.command({ name: 'reconcile' });
  desk.snapshot({ positions: [lots, 0] });
  desk.pass(300);
  desk.snapshot({ positions: [lots, 0] });
}

describe('a stop for more than the position', () => {
  it('is made smaller in place: it never leaves the venue', () => {
    const { desk, stop } = partly();
    shrink(desk, 80);
    expect(sent(desk, 'amend')).toEqual([
      { kind: 'amend', clientId: stop.clientId, instrument: 0, quantityLots: 80 },
    ]);
    expect(desk.sent('cancel')).not.toContain(stop.clientId);
    desk.happen({ kind: 'order.amended', clientId: stop.clientId, quantityLots: 80 });
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, quantityLots: 80 }]);
    expect(desk.engine.view.positions[0]).toMatchObject({ protection: 'confirmed', withoutStopMs: null });
    expect(gaps(desk)).toEqual([]);
  });

  it('is looked up where no answer comes, and what the venue holds counts', () => {
    const { desk, stop } = partly();
    shrink(desk, 80);
    desk.pass(desk.config.closeAll.answerTimeoutMs + 1);
    expect(desk.sent('lookup')).toEqual([stop.clientId]);
    expect(sent(desk, 'amend')).toEqual([]);
    const found = venueOrder({ ...stop, quantityLots: 80 });
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found });
    expect(desk.recorded('order.amended')).toMatchObject([{ clientId: stop.clientId, quantityLots: 80 }]);
    expect(sent(desk, 'amend')).toEqual([]);
  });

  it('is asked for again where the lost request did nothing', () => {
    const { desk, stop } = partly();
    shrink(desk, 80);
    desk.pass(desk.config.closeAll.answerTimeoutMs + 1);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop) });
    expect(sent(desk, 'amend')).toMatchObject([{ quantityLots: 80 }]);
  });

  it('is exchanged for another where the venue does not amend it', () => {
    const { desk, stop } = partly();
    shrink(desk, 80);
    desk.happen({
      kind: 'order.amendRejected',
      clientId: stop.clientId,
      code: '-2038',
      text: 'not supported',
    });
    expect(desk.sent('lookup')).toEqual([stop.clientId]);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop) });
    expect(sent(desk, 'replace')).toMatchObject([{ clientId: stop.clientId, order: { quantityLots: 80 } }]);
  });

  it('ends where it was made smaller, and filled as far, while nobody listened', () => {
    const { desk: before, stop } = partly();
    const desk = new DeskUnderTest({ capabilities: ABLE }, 2, before.records).begin();
    desk.quote(0, 10_000);
    const fill = { ...desk.makeFill(stop, 9_500, 50), tradeId: 'while-away' };
    desk.happen({ kind: 'fill', fill });
    const found = venueOrder({ ...stop, quantityLots: 50 }, 50, 'filled');
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found });
    const states = desk.recorded('order.state').filter(({ clientId }) => clientId === stop.clientId);
    expect(states.at(-1)).toMatchObject({ state: 'filled' });
    expect(desk.live('protective', 0)).toEqual([]);
    expect(new DeskUnderTest({ capabilities: ABLE }, 2, desk.records).engine.stateHash()).toBe(
      desk.engine.stateHash(),
    );
  });

  it('comes to the same in a replay', () => {
    const { desk, stop } = partly();
    shrink(desk, 80);
    desk.happen({ kind: 'order.amended', clientId: stop.clientId, quantityLots: 80 });
    expect(new DeskUnderTest({ capabilities: ABLE }, 2, desk.records).engine.stateHash()).toBe(
      desk.engine.stateHash(),
    );
    const forgotten = desk.records.filter(({ type }) => type !== 'order.amended');
    expect(new DeskUnderTest({ capabilities: ABLE }, 2, forgotten).engine.stateHash()).not.toBe(
      desk.engine.stateHash(),
    );
  });
});

describe('a stop for less than the position', () => {
  it('is exchanged in one request, and rests until the venue has done it', () => {
    const { desk, stop, next } = grown();
    expect(next).toMatchObject({ quantityLots: 130, stopTicks: stop.stopTicks, purpose: 'protective' });
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.sent('submit')).toEqual([]);
    desk.pass(500);
    expect(desk.effects).toEqual([]);
    replaced(desk, next, stop);
    expect(desk.stateOf(stop)).toBe('cancelled');
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: next.clientId, state: 'working' }]);
    expect(gaps(desk)).toEqual([{ why: 'opened', ms: 500, ended: 'protected' }]);
  });

  it('rests on where the exchange is refused as a whole, and is tried again with patience', () => {
    const { desk, stop, next } = grown();
    refuse(desk, next, stop, 'rests');
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, state: 'working' }]);
    expect(sent(desk, 'replace')).toEqual([]);
    desk.pass(200);
    expect(sent(desk, 'replace')).toMatchObject([{ clientId: stop.clientId }]);
  });

  it('is cancelled first where the venue takes no more stops beside it; the gap is measured', () => {
    const { desk, stop, next } = grown();
    desk.happen({
      kind: 'order.replaceRejected',
      clientId: next.clientId,
      replaced: stop.clientId,
      ...{ old: 'rests', code: '-1013', text: 'Filter failure: MAX_NUM_ALGO_ORDERS', tooMany: true },
    });
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, state: 'working' }]);
    desk.pass(200);
    expect([sent(desk, 'replace'), desk.sent('cancel')]).toEqual([[], [stop.clientId]]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [sole] = desk.sent('submit');
    expect(sole).toMatchObject({ purpose: 'protective', quantityLots: 130, stopTicks: stop.stopTicks });
    desk.wait(80);
    desk.accept(sole!);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: sole!.clientId, state: 'working' }]);
    expect(gaps(desk).at(-1)).toMatchObject({ ended: 'protected' });
    // There may be room again by the next change.
    desk.fill(desk.live('entry', 0)[0]!, 10_000, 30);
    expect(sent(desk, 'replace')).toMatchObject([{ clientId: sole!.clientId, order: { quantityLots: 160 } }]);
  });

  it('is restored at once where it went and the new one was refused; then the new one is tried again', () => {
    const { desk, stop, next } = grown();
    desk.wait(100);
    refuse(desk, next, stop, 'cancelled');
    const [restored] = desk.sent('submit');
    expect(restored).toMatchObject({ quantityLots: 100, stopTicks: stop.stopTicks, purpose: 'protective' });
    desk.wait(50);
    desk.accept(restored!);
    desk.pass(1_000);
    expect(sent(desk, 'replace')).toMatchObject([
      { clientId: restored!.clientId, order: { quantityLots: 130 } },
    ]);
  });

  it('is looked up with the new one where no answer comes: neither is sent again', () => {
    const { desk, stop, next } = grown();
    desk.happen({ kind: 'order.sendUnknown', clientId: next.clientId, cause: 'no answer' });
    expect(desk.sent('lookup').sort()).toEqual([stop.clientId, next.clientId].sort());
    desk.happen({ kind: 'order.lookup', clientId: next.clientId, found: venueOrder(next) });
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop, 0, 'cancelled') });
    desk.pass(5_000);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: next.clientId, state: 'working' }]);
    expect(
      desk.recorded('order.intended').filter(({ order }) => order.purpose === 'protective'),
    ).toHaveLength(2);
  });

  it('does not count any more once the new one rests, where its end and the answer are both lost', () => {
    const { desk, stop, next } = grown();
    // By what the new one has sold, either of them would fit.
    desk.fill(next, 9_799, 30);
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 100, protection: 'confirmed' }]);
    expect(desk.stateOf(stop)).toBe('cancelled');
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: next.clientId, state: 'partlyFilled' }]);
  });

  it('counts as away from the request on where no answer comes', () => {
    const { desk, stop, next } = grown();
    desk.wait(700);
    desk.happen({ kind: 'order.sendUnknown', clientId: next.clientId, cause: 'no answer' });
    expect(desk.engine.view.positions[0]).toMatchObject({ withoutStopMs: 700 });
    desk.wait(300);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop, 0, 'cancelled') });
    desk.happen({ kind: 'order.lookup', clientId: next.clientId, found: venueOrder(next) });
    expect(gaps(desk)).toEqual([{ why: 'changed', ms: 1_000, ended: 'protected' }]);
    expect(desk.engine.view.stopGaps).toMatchObject([{ why: 'changed', count: 1, longestMs: 1_000 }]);
  });

  it('that was over before is looked up: nothing was sent', () => {
    const { desk, stop, next } = grown();
    refuse(desk, next, stop, 'notOpen');
    expect(desk.sent('lookup')).toEqual([stop.clientId]);
    desk.pass(200);
    expect(desk.sent('submit')).toEqual([]);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop, 0, 'expired') });
    desk.pass(1_000);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 130, stopTicks: stop.stopTicks }]);
  });

  it('is restored though an older one, long replaced, is filled late', () => {
    const { desk, entry, stop, next } = grown();
    replaced(desk, next, stop);
    desk.wait(1_000);
    desk.fill(entry, 10_000, 300);
    const third = sent(desk, 'replace').at(-1);
    desk.fill(stop, 9_799, 10);
    refuse(desk, third!.order, next, 'cancelled');
    desk.pass(200);
    expect(desk.recorded('note').filter(({ text }) => text.includes('the old one is restored'))).toHaveLength(
      1,
    );
  });

  it('is not restored for a refusal that comes when the next one is under way already', () => {
    const { desk, stop, next } = grown();
    const neverCame = (order: OrderIntent): void => {
      desk.happen({ kind: 'order.sendUnknown', clientId: order.clientId, cause: 'no answer' });
      for (let asked = 0; desk.stateOf(order) !== 'absent' && asked < 5; asked += 1) {
        desk.happen({ kind: 'order.lookup', clientId: order.clientId, found: null });
        desk.pass(10_000);
      }
      expect(desk.stateOf(order)).toBe('absent');
    };
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    neverCame(next);
    const [again] = desk.live('protective', 0);
    expect(again).toMatchObject({ quantityLots: 130 });
    refuse(desk, next, stop, 'rests');
    neverCame(again!);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 130 }]);
    expect(desk.recorded('note').filter(({ text }) => text.includes('the old one is restored'))).toEqual([]);
  });

  it('that fires after its exchange was refused is not restored: what is left gets the stop that it wants', () => {
    const { desk, entry, stop, next } = grown();
    refuse(desk, next, stop, 'rests');
    desk.fill(entry, 10_000, 300);
    desk.fill(stop, 9_799, 100);
    desk.pass(1_000);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 330 }]);
    expect(desk.recorded('note').filter(({ text }) => text.includes('the old one is restored'))).toEqual([]);
  });

  it('that has filled before is not restored beside the dust it left: what the entry fills next has a stop of its own', () => {
    const { desk, entry, stop, next } = grown();
    desk.fill(stop, 9_799, 100);
    refuse(desk, next, stop, 'notOpen');
    expect(desk.engine.view.positions).toMatchObject([{ quantityLots: 30, protection: 'dust' }]);
    desk.wait(1_000);
    desk.fill(entry, 10_000, 300);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 330 }]);
    expect(desk.recorded('note').filter(({ text }) => text.includes('the old one is restored'))).toEqual([]);
  });

  it('does not stand for a position of which it covers a part: that one is closed with an alarm', () => {
    const { desk, stop } = grown();
    for (let second = 0; second < 12; second += 1) {
      for (const order of desk.live('protective', 0)) {
        if (order.clientId !== stop.clientId) refuse(desk, order, stop, 'rests');
      }
      desk.quote(0, 10_000);
      desk.pass(1_000);
    }
    for (const { clientId } of desk.live('protective', 0)) desk.happen({ kind: 'order.cancelled', clientId });
    expect(desk.live('close', 0)).toMatchObject([{ type: 'market', side: 'sell', quantityLots: 130 }]);
    expect(desk.recorded('note').filter(({ level }) => level === 'alarm')).toMatchObject([
      { text: expect.stringContaining('the position is closed at the market now') },
    ]);
  });

  it('whose new price is passed means that the position is closed at once', () => {
    const { desk, stop, next } = grown();
    refuse(desk, next, stop, 'cancelled', true);
    expect(desk.sent('submit')).toMatchObject([{ purpose: 'close', type: 'market', quantityLots: 130 }]);
  });

  it.each([0, 30])(
    'is not restored for the next entry where all but %i lots were closed for that',
    (left) => {
      const { desk, entry, stop, next } = grown();
      refuse(desk, next, stop, 'cancelled', true);
      desk.happen({ kind: 'order.cancelled', clientId: entry.clientId });
      const [close] = desk.live('close', 0);
      desk.fill(close!, 9_790, 130 - left);
      if (left > 0) desk.expire(close!.clientId);
      const again = desk.hold(0);
      expect(again.stop).toMatchObject({
        stopTicks: again.entry.protectTicks,
        quantityLots: again.entry.quantityLots + left,
      });
      expect(desk.recorded('note').filter(({ text }) => text.includes('the old one is restored'))).toEqual(
        [],
      );
    },
  );
});

describe('a crash in the middle of an exchange', () => {
  const restarted = (before: DeskUnderTest, ...open: OrderIntent[]) => {
    const desk = new DeskUnderTest({ capabilities: ABLE }, 2, before.records).begin();
    desk.quote(0, 10_000);
    desk.snapshot({ positions: [130, 0], openOrders: open.map((order) => venueOrder(order)) });
    return desk;
  };

  it('leaves the stop that rests alone until both are looked up', () => {
    const { desk: before, stop, next } = grown();
    const desk = new DeskUnderTest({ capabilities: ABLE }, 2, before.records).begin();
    expect(desk.sent('lookup')).toEqual(expect.arrayContaining([stop.clientId, next.clientId]));
    expect(desk.sent('cancel')).not.toContain(stop.clientId);
  });

  it('that the venue did: one stop rests, and no other is sent', () => {
    const { desk: before, stop, next } = grown();
    const desk = restarted(before, next);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop, 0, 'cancelled') });
    desk.happen({ kind: 'order.lookup', clientId: next.clientId, found: venueOrder(next) });
    desk.pass(5_000);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: next.clientId, state: 'working' }]);
    expect(desk.recorded('order.intended')).toHaveLength(before.recorded('order.intended').length);
  });

  it('that the venue did, and filled: the old one covers nothing of what is left', () => {
    const { desk: before, stop, next } = grown();
    before.fill(before.live('entry', 0)[0]!, 10_000, 100);
    const desk = new DeskUnderTest({ capabilities: ABLE }, 2, before.records).begin();
    desk.quote(0, 10_000);
    desk.happen({ kind: 'order.lookup', clientId: next.clientId, found: venueOrder(next, 130, 'filled') });
    expect(desk.stateOf(stop)).toBe('cancelled');
    const fill = { ...desk.makeFill(next, 9_799, 130), tradeId: 'while-away' };
    desk.snapshot({ positions: [100, 0], fills: [fill] });
    expect(desk.lots(0)).toBe(100);
    expect(gaps(desk)).toEqual([]);
    desk.pass(1_000);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 100, state: 'intended' }]);
  });

  it('that never reached the venue: the old one rests until it is exchanged again', () => {
    const { desk: before, stop, next } = grown();
    const desk = restarted(before, stop);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop) });
    for (let looks = 0; looks < 2; looks += 1) {
      desk.happen({ kind: 'order.lookup', clientId: next.clientId, found: null });
      expect(desk.stateOf(stop)).toBe('working');
      desk.pass(3_000);
    }
    expect(desk.sent('cancel')).not.toContain(stop.clientId);
    expect(desk.live('protective', 0)).toMatchObject([
      { clientId: stop.clientId, state: 'working' },
      { quantityLots: 130 },
    ]);
  });

  it('that only cancelled: the next stop is sent once the venue was read', () => {
    const { desk: before, stop, next } = grown();
    const desk = restarted(before);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found: venueOrder(stop, 0, 'cancelled') });
    for (let looks = 0; looks < 2; looks += 1) {
      desk.happen({ kind: 'order.lookup', clientId: next.clientId, found: null });
      desk.pass(3_000);
    }
    desk.pass(200);
    expect(desk.live('protective', 0)).toMatchObject([{ quantityLots: 130, state: 'intended' }]);
  });
});

describe('at a venue that can neither', () => {
  it('the old stop is cancelled first, and the gap is measured until the new one rests', () => {
    const { desk, entry, stop } = partly({ capabilities: SPOT });
    desk.fill(entry, 10_000, 30);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.wait(120);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [next] = desk.sent('submit');
    desk.wait(80);
    desk.accept(next!);
    expect(gaps(desk)).toEqual([{ why: 'changed', ms: 200, ended: 'protected' }]);
  });

  it('the old stop is restored where the new one is refused', () => {
    const { desk, entry, stop } = partly({ capabilities: SPOT });
    desk.fill(entry, 10_000, 30);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const [next] = desk.sent('submit');
    desk.happen({ kind: 'order.rejected', clientId: next!.clientId, code: '-1013', text: 'filter' });
    expect(desk.sent('submit')).toMatchObject([{ quantityLots: 100, stopTicks: stop.stopTicks }]);
  });
});

describe('the time without a stop', () => {
  it('is measured from the fill until the first stop rests', () => {
    const desk = new DeskUnderTest({ capabilities: ABLE }).active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000);
    desk.wait(340);
    expect(desk.pass(0)).toEqual([]);
    expect(desk.engine.view.positions[0]).toMatchObject({ protection: 'pending', withoutStopMs: 340 });
    desk.accept(desk.live('protective', 0)[0]!);
    expect(gaps(desk)).toEqual([{ why: 'opened', ms: 340, ended: 'protected' }]);
  });

  it('runs by the monotonic clock', () => {
    const desk = new DeskUnderTest({ capabilities: ABLE }).active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000);
    desk.wait(340);
    desk.wallMs -= 3_600_000;
    desk.marketMs -= 3_600_000;
    desk.accept(desk.live('protective', 0)[0]!);
    expect(gaps(desk)).toMatchObject([{ ms: 340 }]);
  });

  it('is measured where the venue ends a stop by itself', () => {
    const desk = new DeskUnderTest({ capabilities: ABLE }).active();
    const { stop } = desk.hold(0);
    desk.expire(stop.clientId);
    desk.pass(150);
    desk.accept(desk.live('protective', 0)[0]!);
    expect(gaps(desk)).toEqual([{ why: 'lost', ms: 150, ended: 'protected' }]);
  });

  it('is none where a stop makes way for a sale that fills', () => {
    const desk = new DeskUnderTest({ capabilities: ABLE }).active();
    const { stop } = desk.hold(0);
    desk.command({ name: 'closeAll' });
    desk.wait(100);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.wait(100);
    desk.fill(desk.live('close', 0)[0]!, 10_000);
    expect(gaps(desk)).toEqual([]);
  });

  it('keeps the longest of each cause, over a restart too', () => {
    const desk = new DeskUnderTest({ capabilities: ABLE }).active();
    desk.hold(0);
    for (const ms of [100, 600, 450]) {
      desk.expire(desk.live('protective', 0)[0]!.clientId);
      for (let _at = 0; desk.live('protective', 0).length === 0; _at += 1) desk.pass(50);
      const [stop] = desk.live('protective', 0);
      const { withoutStopMs } = desk.engine.view.positions[0]!;
      desk.wait(Math.max(0, ms - (withoutStopMs ?? 0)));
      desk.accept(stop!);
    }
    const shown = [{ why: 'lost', count: 3, longestMs: 600, newestMs: 450, symbol: 'BTC/USDT' }];
    expect(desk.engine.view.stopGaps).toMatchObject(shown);
    const again = new DeskUnderTest({ capabilities: ABLE }, 2, desk.records);
    expect(again.engine.view.stopGaps).toMatchObject(shown);
    expect(again.engine.stateHash()).toBe(desk.engine.stateHash());
  });
});

describe("a strategy's exit where the stop locks nothing and can only reduce", () => {
  const exiting = (capabilities = ABLE_FUTURES) => {
    const desk = new DeskUnderTest({ capabilities }).active();
    const { stop } = desk.hold(0);
    for (const close of [10_000, 9_900, 9_800, 9_700]) {
      if (desk.live('exit', 0).length === 0) desk.bar(0, close);
    }
    const [exit] = desk.live('exit', 0);
    if (exit === undefined) throw new Error('the strategy did not leave');
    return { desk, stop, exit };
  };

  it('leaves the stop where it is until it has filled', () => {
    const { desk, stop, exit } = exiting();
    expect(desk.stateOf(stop)).toBe('working');
    desk.fill(exit, 9_800);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    expect(gaps(desk)).toEqual([]);
  });

  it('that fills in part and ends: the stop is made smaller while the rest waits', () => {
    const { desk, stop, exit } = exiting();
    const sold = Math.floor(exit.quantityLots / 3);
    desk.fill(exit, 9_800, sold);
    desk.expire(exit.clientId);
    for (let tries = 0; tries < 3 && sent(desk, 'amend').length === 0; tries += 1) {
      for (const { clientId } of desk.live('exit', 0))
        desk.happen({ kind: 'order.rejected', clientId, code: '-1015', text: 'too many' });
    }
    expect(sent(desk, 'amend')).toMatchObject([
      { clientId: stop.clientId, quantityLots: stop.quantityLots - sold },
    ]);
    expect(desk.stateOf(stop)).toBe('working');
  });

  const refuseExit = (desk: DeskUnderTest) => {
    for (const { clientId } of desk.live('exit', 0))
      desk.happen({ kind: 'order.rejected', clientId, code: '-1015', text: 'too many' });
  };

  it.each(['before', 'after'])(
    'of the next trade waits for no refusal from %s the end of the last',
    (when) => {
      const { desk, stop } = exiting();
      for (let refusals = 0; refusals < 3; refusals += 1) {
        refuseExit(desk);
        desk.pass(500);
      }
      expect(desk.live('exit', 0)).toEqual([]);
      if (when === 'after') desk.pass(5_000);
      desk.fill(stop, stop.stopTicks!);
      refuseExit(desk);
      desk.hold(0);
      for (const close of [9_900, 9_800]) desk.bar(0, close);
      for (let refusals = 0; refusals < 3; refusals += 1) {
        expect(desk.live('exit', 0)).toMatchObject([{ type: 'market' }]);
        refuseExit(desk);
        desk.pass(500);
      }
    },
  );
});
