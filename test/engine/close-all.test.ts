import { describe, expect, it } from 'vitest';
import { momentToSecond } from '../../src/domain/moment.js';
import type { OrderIntent } from '../../src/domain/order.js';
import type { Effect } from '../../src/engine/effect.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';

function closeAll(desk: DeskUnderTest) {
  return desk.command({ name: 'closeAll' });
}

const whyHalted = (desk: DeskUnderTest) =>
  desk.engine.whyNotTrading().findLast(({ reason }) => reason.startsWith('HALTED: '))?.reason;

describe('close-all where stops do not lock the balance', () => {
  it('sends the closing orders in the same call as the command, before the stops are cancelled', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const first = desk.hold(0);
    const second = desk.hold(1);
    expect(closeAll(desk).ok).toBe(true);
    const closing = desk.sent('submit');
    expect(
      closing.map(({ purpose, type, side, quantityLots }) => [purpose, type, side, quantityLots]),
    ).toEqual([
      ['close', 'market', 'sell', first.entry.quantityLots],
      ['close', 'market', 'sell', second.entry.quantityLots],
    ]);
    expect(desk.engine.view.mode).toBe('HALTED');
    expect(closing.every(({ reduceOnly }) => reduceOnly)).toBe(true);
    expect(desk.sent('cancel')).toEqual([first.stop.clientId, second.stop.clientId]);
  });

  it('asks for the proof in the same call as the last fill, and proves flat with the answer', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { stop } = desk.hold(0);
    closeAll(desk);
    const [closing] = desk.sent('submit');
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const effects = desk.fill(closing!, 10_000);
    expect(effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    desk.snapshot();
    expect(desk.engine.view.closeAll).toBe('flat');
    expect(desk.recorded('flat.proven')).toHaveLength(1);
  });
});

describe('close-all while cash differs', () => {
  it('is proven without the lists of what moved cash, and asks for them afterwards', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { stop } = desk.hold(0);
    const reading = () => ({ cash: BigInt(desk.engine.view.cash) + 500n });
    desk.command({ name: 'reconcile' });
    desk.snapshot(reading());
    desk.wait(2_100);
    closeAll(desk);
    const [closing] = desk.sent('submit');
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    const asked = desk.fill(closing!, 10_000);
    expect(asked.find(({ kind }) => kind === 'requestSnapshot')).not.toHaveProperty('movementsSinceMs');
    desk.snapshot(reading());
    desk.wait(2_100);
    // Nothing says yet that nothing explains it: nobody is told that it is unexplained.
    expect(desk.engine.view).toMatchObject({ closeAll: 'flat', cashUnexplained: null });
    expect(desk.happen({ kind: 'tick' }).find(({ kind }) => kind === 'requestSnapshot')).toHaveProperty(
      'movementsSinceMs',
    );
    desk.snapshot(reading());
    expect(desk.engine.view.cashUnexplained).toBe(500n);
  });
});

describe('close-all on spot', () => {
  it('cancels the stop first and sells in the call that hears of it', () => {
    const desk = new DeskUnderTest({ capabilities: SPOT }).active();
    const { entry, stop } = desk.hold(0);
    closeAll(desk);
    expect(desk.sent('submit')).toEqual([]);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.sent('submit').map(({ type, quantityLots }) => [type, quantityLots])).toEqual([
      ['market', entry.quantityLots],
    ]);
  });

  it('sells in equal parts what is more than the venue takes in one order at the market', () => {
    const desk = new DeskUnderTest({ capabilities: SPOT }).active();
    desk.command({ name: 'reconcile' });
    const positions = [2_500, 0];
    const quantityLimits = [{ instrument: 0, minLots: 1, maxLots: 9_000, maxMarketLots: 1_000 }];
    desk.snapshot({ positions, quantityLimits });
    desk.pass(250);
    desk.snapshot({ positions, quantityLimits });
    const [stop] = desk.live('protective', 0);
    desk.accept(stop!);
    closeAll(desk);
    desk.happen({ kind: 'order.cancelled', clientId: stop!.clientId });
    const sold: number[] = [];
    for (let part = desk.live('close', 0)[0]; part !== undefined; part = desk.live('close', 0)[0]) {
      sold.push(part.quantityLots);
      desk.accept(part);
      const underWay = desk.live('close', 0).reduce((lots, { quantityLots }) => lots + quantityLots, 0);
      expect(underWay).toBeLessThanOrEqual(desk.lots(0));
      desk.fill(part, 10_000);
    }
    expect(sold).toEqual([834, 833, 833]);
    expect(desk.lots(0)).toBe(0);
    desk.snapshot();
    expect(desk.engine.view.closeAll).toBe('flat');
  });

  it('restores the stop after the third refusal of the sale, and tries again later', () => {
    const desk = new DeskUnderTest({ capabilities: SPOT }).active();
    const { stop } = desk.hold(0);
    closeAll(desk);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    for (let refusal = 1; refusal <= 3; refusal += 1) {
      const [closing] = desk.live('close', 0);
      desk.happen({ kind: 'order.rejected', clientId: closing!.clientId, code: '503', text: 'busy' });
      if (refusal < 3) desk.pass(1_000);
    }
    const restored = desk.live('protective', 0)[0];
    expect(restored?.quantityLots).toBe(stop.quantityLots);
    desk.accept(restored!);
    desk.quote(0, 10_000);
    desk.pass(5_000);
    expect(desk.sent('cancel')).toEqual([restored!.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: restored!.clientId });
    expect(desk.sent('submit').map(({ purpose }) => purpose)).toEqual(['close']);
  });
});

describe('close-all when answers fail', () => {
  it('reads the venue once for several refusals, and leaves it the allowance that the proof needs', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(0);
    desk.hold(1);
    closeAll(desk);
    const readings: Effect[] = [];
    const refuse = ({ clientId }: OrderIntent) =>
      desk.happen({ kind: 'order.rejected', clientId, code: '-1015', text: 'too many new orders' });
    const [first, second] = desk.sent('submit');
    readings.push(...refuse(first!), ...refuse(second!), ...desk.pass(1_000), ...desk.pass(1_000));
    expect(readings.filter(({ kind }) => kind === 'requestSnapshot')).toHaveLength(1);
  });

  it('cancels again soon after a lookup found the order still open', () => {
    const desk = new DeskUnderTest({ capabilities: SPOT }).active();
    const { stop } = desk.hold(0);
    closeAll(desk);
    const found = venueOrder(stop);
    desk.happen({ kind: 'order.lookup', clientId: stop.clientId, found });
    expect(desk.pass(50).filter(({ kind }) => kind === 'cancel')).toEqual([]);
    expect(desk.pass(100).filter(({ kind }) => kind === 'cancel')).toHaveLength(1);
  });

  it('never sends an order of unknown fate again: it looks it up by its client id', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(0);
    closeAll(desk);
    const [closing] = desk.sent('submit');
    desk.happen({ kind: 'order.sendUnknown', clientId: closing!.clientId, cause: 'timeout' });
    expect(desk.sent('lookup')).toEqual([closing!.clientId]);
    expect(desk.sent('submit')).toEqual([]);
  });

  it('sends a new order only after two lookups, apart from each other, found nothing', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(0);
    closeAll(desk);
    const [closing] = desk.sent('submit');
    const nothing = { kind: 'order.lookup', clientId: closing!.clientId, found: null } as const;
    desk.happen({ kind: 'order.sendUnknown', clientId: closing!.clientId, cause: 'timeout' });
    desk.happen(nothing);
    expect(desk.live('close', 0)).toHaveLength(1);
    desk.pass(260);
    expect(desk.sent('lookup')).toEqual([closing!.clientId]);
    desk.happen(nothing);
    desk.pass(200);
    const again = desk.live('close', 0);
    expect(again).toHaveLength(1);
    expect(again[0]!.clientId).not.toBe(closing!.clientId);
  });

  it('waits no longer for the next order where one that was given up as absent is refused after all', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(0);
    closeAll(desk);
    const lost: OrderIntent[] = [];
    for (let round = 0; round < 2; round += 1) {
      const [closing] = desk.live('close', 0);
      lost.push(closing!);
      const nothing = { kind: 'order.lookup', clientId: closing!.clientId, found: null } as const;
      desk.happen({ kind: 'order.sendUnknown', clientId: closing!.clientId, cause: 'timeout' });
      desk.happen(nothing);
      desk.pass(260);
      desk.happen(nothing);
      expect(desk.stateOf(closing!)).toBe('absent');
      if (round < 1)
        for (let ms = 0; desk.live('close', 0).length === 0 && ms < 10_000; ms += 100) desk.pass(100);
    }
    for (const { clientId } of lost)
      desk.happen({ kind: 'order.rejected', clientId, code: '-1021', text: 'outside of the time window' });
    let waitedMs = 0;
    for (; desk.live('close', 0).length === 0 && waitedMs < 20_000; waitedMs += 100) desk.pass(100);
    expect(waitedMs).toBeLessThanOrEqual(200);
  });

  it('waits no longer for the next order where the venue tells the id of one that has ended already', () => {
    const waited = (tellsId: boolean): number => {
      const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
      desk.hold(0);
      closeAll(desk);
      const [closing] = desk.live('close', 0);
      const { clientId } = closing!;
      desk.happen({ kind: 'order.cancelled', clientId });
      if (tellsId) desk.happen({ kind: 'order.accepted', clientId, venueId: 'late' });
      let waitedMs = 0;
      for (; desk.live('close', 0).length === 0 && waitedMs < 20_000; waitedMs += 10) desk.pass(10);
      return waitedMs;
    };
    expect(waited(true)).toBe(waited(false));
  });

  it('takes silence for an unknown answer after the answer timeout', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(0);
    closeAll(desk);
    const [closing] = desk.sent('submit');
    desk.pass(2_000);
    expect(desk.sent('lookup')).toContain(closing!.clientId);
    expect(desk.stateOf(closing!)).toBe('unknown');
  });

  it('escalates by name at the deadline, halts for a person, and keeps on closing', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.hold(1);
    closeAll(desk);
    for (let second = 0; second < 31; second += 1) {
      for (const closing of desk.live('close', 1)) {
        desk.happen({ kind: 'order.rejected', clientId: closing.clientId, code: '503', text: 'busy' });
      }
      desk.quote(1, 10_000);
      desk.pass(1_000);
    }
    expect(desk.recorded('flat.escalated').map(({ symbols }) => symbols)).toEqual([['ETH/USDT']]);
    expect(desk.engine.view.closeAll).toBe('escalated');
    expect(desk.engine.view.halts.some(({ cause }) => cause === 'close-all-incomplete')).toBe(true);
    const before = desk.recorded('order.intended').length;
    for (const closing of desk.live('close', 1)) {
      desk.happen({ kind: 'order.rejected', clientId: closing.clientId, code: '503', text: 'busy' });
    }
    desk.pass(40_000);
    expect(desk.recorded('order.intended').length).toBeGreaterThan(before);
  });

  it('says how it ended where it missed its deadline: flat, since when, and closing again where something opens', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const entry = desk.enter(0);
    const { stop } = desk.hold(1);
    closeAll(desk);
    const [closing] = desk.live('close', 1);
    desk.happen({ kind: 'order.cancelled', clientId: entry.clientId });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.pass(31_000);
    const late = 'not closed after 30 s: ETH/USDT';
    const says = () => [desk.engine.view.reason, whyHalted(desk)];
    expect(says()).toEqual([`${late}; closing goes on`, `HALTED: ${late}; closing goes on`]);
    const { haltId } = desk.engine.view;
    desk.fill(closing!, 10_000);
    desk.snapshot();
    const flat = `nothing is left open: flat was proven at ${momentToSecond(desk.marketMs)} (at first ${late})`;
    expect(says()).toEqual([flat, `HALTED: ${flat}`]);
    expect(desk.status()).toMatchObject({ closeAll: 'flat', reason: flat, haltId });
    expect(desk.status().halts.map(({ reason }) => reason)).toContain(flat);
    desk.fill(entry, 10_000);
    expect(says()).toEqual([`${late}; closing goes on`, `HALTED: ${late}; closing goes on`]);
  });

  it('waits no longer for a refusal once the venue fills: what is left is sold at once', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.fill(entry, 10_000, 100);
    closeAll(desk);
    const [closing] = desk.live('close', 0);
    desk.fill(entry, 10_000, 70);
    for (let refusals = 0; refusals < 3; refusals += 1) {
      const { clientId } = desk.live('close', 0).find(({ quantityLots }) => quantityLots === 70)!;
      desk.happen({ kind: 'order.rejected', clientId, code: '503', text: 'busy' });
      desk.pass(500);
    }
    desk.fill(closing!, 10_000, 30);
    desk.expire(closing!.clientId);
    expect(desk.live('close', 0).reduce((lots, { quantityLots }) => lots + quantityLots, 0)).toBe(140);
  });

  it('closes again what a late fill opened after flat had been proven', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const entry = desk.enter(0);
    closeAll(desk);
    desk.happen({ kind: 'order.cancelled', clientId: entry.clientId });
    desk.snapshot();
    expect(desk.engine.view.closeAll).toBe('flat');
    desk.fill(entry, 10_000);
    expect(desk.engine.view.closeAll).toBe('running');
    expect(desk.live('close', 0).map(({ quantityLots }) => quantityLots)).toEqual([entry.quantityLots]);
  });

  it('is not proven by a reading from before the last fill, nor by one that shows a position', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { entry, stop } = desk.hold(0);
    desk.command({ name: 'reconcile' });
    closeAll(desk);
    const [closing] = desk.sent('submit');
    desk.snapshot({ positions: [0, 0], openOrders: [] });
    expect(desk.engine.view.closeAll).toBe('running');
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.fill(closing!, 10_000);
    desk.snapshot({ positions: [entry.quantityLots, 0] });
    expect(desk.engine.view.closeAll).toBe('running');
  });

  it('is not proven while the venue still shows an order of the desk', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { stop } = desk.hold(0);
    closeAll(desk);
    const [closing] = desk.sent('submit');
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.fill(closing!, 10_000);
    desk.snapshot({ positions: [0, 0], openOrders: [venueOrder(stop)] });
    expect(desk.engine.view.closeAll).toBe('running');
  });
});

describe('kill', () => {
  it('closes all and takes two people to arm', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { stop } = desk.hold(0);
    desk.command({ name: 'kill' });
    expect(desk.engine.view.mode).toBe('KILLED');
    const [closing] = desk.live('close', 0);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.fill(closing!, 10_000);
    desk.snapshot();
    expect(desk.arm('person')).toMatchObject({ ok: false, code: 'authority' });
    expect(desk.arm('two-people').ok).toBe(true);
  });
});
