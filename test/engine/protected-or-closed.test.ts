import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../../src/domain/order.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest, venueOrder } from './support/desk.js';

const AUTO = {
  startup: 'auto',
  fault: 'auto',
  venue: 'auto',
  dailyLoss: 'next-day',
  drawdown: 'person',
  person: 'person',
  kill: 'two-people',
} as const;

/** A long position of 150 lots whose stop has just been sent. */
function bought(changes: ConstructorParameters<typeof DeskUnderTest>[0] = {}) {
  const desk = new DeskUnderTest({ resume: AUTO, ...changes }).active();
  const entry = desk.enter(0);
  desk.accept(entry);
  desk.fill(entry, 10_000);
  const [stop] = desk.sent('submit');
  if (stop === undefined) throw new Error('no stop was sent');
  return { desk, stop };
}

const refuse = (desk: DeskUnderTest, { clientId }: OrderIntent, wouldTrigger = true) =>
  desk.happen({
    kind: 'order.rejected',
    clientId,
    code: '-2010',
    text: wouldTrigger ? 'Stop price would trigger immediately.' : 'Account has insufficient balance.',
    wouldTrigger,
  });

const alarms = (desk: DeskUnderTest) =>
  desk
    .recorded('note')
    .filter(({ level }) => level === 'alarm')
    .map(({ text }) => text);

describe('a stop whose price is already passed', () => {
  it('closes the position at the market at once, with an alarm, and no second stop is tried', () => {
    const { desk, stop } = bought();
    refuse(desk, stop);
    expect(desk.sent('submit')).toMatchObject([
      { purpose: 'close', type: 'market', side: 'sell', quantityLots: stop.quantityLots },
    ]);
    expect(alarms(desk)).toEqual([
      'BTC/USDT: the market has already passed the price of its protective stop; the position is closed at the market now',
    ]);
    expect(desk.engine.view.positions[0]?.protection).toBe('closing');
    desk.accept(desk.live('close', 0)[0]!);
    for (let bid = 9_000; bid > 7_800; bid -= 40) {
      desk.quote(0, bid);
      desk.pass(1_000);
      expect(desk.sent('submit')).toEqual([]);
    }
    const [close] = desk.live('close', 0);
    desk.fill(close!, 8_900);
    expect(desk.engine.view.positions).toEqual([]);
  });

  it.each(['stop', 'kill'] as const)('closes it after a %s too', (name) => {
    const { desk, stop } = bought();
    desk.command({ name });
    refuse(desk, stop);
    const close = desk.live('close', 0);
    expect(close).toMatchObject([{ type: 'market', side: 'sell', quantityLots: stop.quantityLots }]);
  });

  it('closes it after a restart into a market that fell meanwhile', () => {
    const before = new DeskUnderTest().active();
    before.hold(0);
    const desk = new DeskUnderTest({}, 2, before.records).begin();
    desk.quote(0, 8_000);
    for (const lookup of desk.live('protective', 0)) {
      desk.happen({ kind: 'order.lookup', clientId: lookup.clientId, found: null });
      desk.pass(3_000);
      desk.happen({ kind: 'order.lookup', clientId: lookup.clientId, found: null });
      desk.pass(3_000);
      desk.happen({ kind: 'order.lookup', clientId: lookup.clientId, found: null });
    }
    for (let round = 0; round < 20 && desk.live('close', 0).length === 0; round += 1) {
      desk.quote(0, 8_000);
      desk.snapshot({ openOrders: [] });
      for (const stop of desk.live('protective', 0)) {
        if (desk.stateOf(stop) === 'intended') refuse(desk, stop);
        else desk.expire(stop.clientId);
      }
      desk.pass(1_000);
    }
    expect(desk.live('close', 0)).toMatchObject([{ type: 'market', side: 'sell' }]);
    expect(desk.engine.view.mode).toBe('HALTED');
  });

  it('closes a short position by buying', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [-100, 0] });
    desk.pass(300);
    desk.snapshot({ positions: [-100, 0] });
    const [stop] = desk.live('protective', 0);
    refuse(desk, stop!);
    expect(desk.live('close', 0)).toMatchObject([{ side: 'buy', quantityLots: 100 }]);
  });

  it('lets a closing order that the venue refuses be tried again, and restores the stop once that can rest', () => {
    const { desk, stop } = bought();
    refuse(desk, stop);
    for (let tries = 0; tries < 3; tries += 1) {
      const [close] = desk.live('close', 0);
      desk.happen({ kind: 'order.rejected', clientId: close!.clientId, code: '-1015', text: 'too many' });
      desk.quote(0, 10_000);
      desk.pass(600);
    }
    const [again] = desk.live('protective', 0);
    desk.accept(again!);
    expect(desk.engine.view.positions[0]?.protection).toBe('confirmed');
    desk.quote(0, 10_000);
    desk.pass(6_000);
    expect(desk.live('close', 0)).toEqual([]);
  });
});

it('the stop of an entry leaves with its fill, however often those of the trade before were refused', () => {
  const { desk, stop } = bought();
  refuse(desk, stop, false);
  for (let refusals = 0; refusals < 5; refusals += 1) {
    desk.pass(1_700);
    for (const again of desk.live('protective', 0)) refuse(desk, again, false);
  }
  desk.command({ name: 'closePosition', symbol: 'BTC/USDT' });
  desk.fill(desk.live('close', 0)[0]!, 10_000);
  const next = desk.enter(0);
  desk.fill(next, 10_000);
  expect(desk.live('protective', 0)).toMatchObject([{ stopTicks: next.protectTicks }]);
});

describe('nothing arms', () => {
  it('while a position is neither protected nor closed, however often a rule that may would', () => {
    const { desk, stop } = bought();
    desk.happen({ kind: 'clock.jump', gapMs: 60_000 });
    refuse(desk, stop, false);
    desk.snapshot({ openOrders: [] });
    for (let tries = 0; tries < 1_200; tries += 1) {
      expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'unprotected' });
      expect(desk.arm('two-people')).toMatchObject({ ok: false });
    }
    desk.pass(1_000);
    desk.accept(desk.live('protective', 0)[0]!);
    desk.snapshot();
    expect(desk.arm('rule')).toMatchObject({ ok: true });
  });

  it('names the position, and says what a person can do', () => {
    const { desk, stop } = bought();
    desk.happen({ kind: 'clock.jump', gapMs: 60_000 });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    refuse(desk, desk.live('protective', 0).at(-1) ?? stop);
    for (const close of desk.live('close', 0)) desk.accept(close);
    desk.snapshot();
    expect(desk.arm('person')).toMatchObject({
      ok: false,
      code: 'unprotected',
      message: 'no protective stop rests for BTC/USDT',
      doThis: expect.stringContaining('fermata close-all'),
    });
  });
});

describe('a stop that rests although the market is past it', () => {
  const hold = (changes: ConstructorParameters<typeof DeskUnderTest>[0] = {}) => {
    const desk = new DeskUnderTest({ resume: AUTO, stopOverrunMs: 20_000, ...changes }).active();
    return { desk, ...desk.hold(0) };
  };
  const below = (desk: DeskUnderTest, stop: OrderIntent, seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      desk.quote(0, (stop.stopTicks ?? 0) - 100);
      desk.pass(1_000);
    }
  };

  it('is cancelled and the position closed after the bound of the desk file', () => {
    const { desk, stop } = hold();
    below(desk, stop, 20);
    expect(desk.live('protective', 0)).toMatchObject([{ state: 'working' }]);
    expect(desk.engine.view.positions[0]?.protection).toBe('passed');
    below(desk, stop, 1);
    expect(desk.stateOf(stop)).toBe('cancelling');
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'protection-missing' }]);
    expect(alarms(desk)).toEqual([expect.stringContaining('past its protective stop for 20 s')]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.sent('submit')).toMatchObject([{ purpose: 'close', type: 'market', side: 'sell' }]);
    desk.snapshot();
    expect(desk.arm('rule')).toMatchObject({ ok: false });
  });

  it('is left alone while the market only touches it, comes back in time, or shows no fresh price', () => {
    const { desk, stop } = hold();
    for (let second = 0; second < 60; second += 1) {
      desk.quote(0, stop.stopTicks ?? 0);
      desk.pass(1_000);
    }
    below(desk, stop, 19);
    desk.quote(0, (stop.stopTicks ?? 0) + 1);
    desk.pass(1_000);
    below(desk, stop, 9);
    for (let second = 0; second < 60; second += 1) desk.pass(1_000);
    expect(desk.stateOf(stop)).toBe('working');
    expect(desk.live('close', 0)).toEqual([]);
  });

  it('is trusted no longer where the venue refuses the one that is to take its place', () => {
    const { desk, stop } = hold({ capabilities: { ...SPOT, replaces: true } });
    const { clientId: replaced, quantityLots } = stop;
    desk.command({ name: 'reconcile' });
    desk.snapshot({ positions: [quantityLots - 100, 0] });
    desk.pass(250);
    desk.snapshot({ positions: [quantityLots - 100, 0] });
    const refused = {
      kind: 'order.replaceRejected',
      replaced,
      old: 'rests',
      code: '503',
      text: 'busy',
    } as const;
    for (let second = 0; second < 21; second += 1) {
      below(desk, stop, 1);
      for (const { clientId } of desk.live('protective', 0))
        if (clientId !== replaced) desk.happen({ ...refused, clientId });
    }
    expect(desk.stateOf(stop)).toBe('cancelling');
    desk.happen({ kind: 'order.cancelled', clientId: replaced });
    expect(desk.live('close', 0)).toMatchObject([{ quantityLots: quantityLots - 100, side: 'sell' }]);
  });

  it('is not taken off before a wall clock that was set says so', () => {
    const { desk, stop } = hold();
    below(desk, stop, 10);
    desk.wallMs += 3_600_000;
    below(desk, stop, 5);
    expect(desk.stateOf(stop)).toBe('working');
  });
});

describe('a venue that takes no stop', () => {
  it('for ten seconds and three tries gets the position closed', () => {
    const { desk, stop } = bought();
    refuse(desk, stop, false);
    for (let second = 0; second < 9; second += 1) {
      desk.quote(0, 10_000);
      desk.pass(1_000);
      for (const next of desk.live('protective', 0)) refuse(desk, next, false);
    }
    expect(desk.live('close', 0)).toEqual([]);
    desk.quote(0, 10_000);
    desk.pass(1_000);
    for (const next of desk.live('protective', 0)) refuse(desk, next, false);
    desk.pass(10);
    expect(desk.live('close', 0)).toMatchObject([{ type: 'market', side: 'sell' }]);
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'protection-missing' }]);
  });

  it('since it does not answer gets no closing order either: the stop is tried again', () => {
    const { desk, stop } = bought();
    desk.happen({ kind: 'venue.health', state: 'down', detail: 'no answer' });
    refuse(desk, stop, false);
    for (let second = 0; second < 15; second += 1) {
      desk.quote(0, 10_000);
      desk.pass(1_000);
      for (const next of desk.live('protective', 0)) refuse(desk, next, false);
    }
    expect(desk.live('close', 0)).toEqual([]);
  });
});

describe('a venue that accepts each stop and ends it a moment later', () => {
  const end = (desk: DeskUnderTest, { clientId }: OrderIntent) => {
    const order = desk.engine.view.orders.find((one) => one.clientId === clientId)!;
    desk.happen({ kind: 'order.update', order: venueOrder(order, 0, 'cancelled') });
  };
  /** Time passes; each stop that comes is accepted, stays for `staysMs`, and is ended. */
  const keepEnding = (desk: DeskUnderTest, seconds: number, staysMs = 50) => {
    let sent = 0;
    for (let ms = 0; ms < seconds * 1_000; ms += 50) {
      if (ms % 1_000 === 0) desk.quote(0, 10_000);
      desk.pass(50);
      for (const stop of desk.live('protective', 0)) {
        if (desk.stateOf(stop) !== 'intended') continue;
        sent += 1;
        desk.accept(stop);
        desk.pass(staysMs);
        end(desk, stop);
      }
    }
    return sent;
  };
  const warnings = (desk: DeskUnderTest) =>
    desk.recorded('note').filter(({ text }) => text.includes('has ended the protective stop'));

  it('is sent the next at once, then ever later; people are told, and the position is closed', () => {
    const { desk, stop } = bought();
    desk.accept(stop);
    end(desk, stop);
    expect(desk.live('protective', 0)).toHaveLength(1);
    expect(keepEnding(desk, 3)).toBeLessThan(7);
    expect(desk.live('close', 0)).toEqual([]);
    expect(warnings(desk).map(({ level }) => level)).toContain('alarm');
    expect(keepEnding(desk, 12)).toBeLessThan(5);
    expect(desk.live('close', 0)).toMatchObject([{ type: 'market', side: 'sell' }]);
    expect(desk.engine.view.halts).toMatchObject([
      { cause: 'protection-missing', reason: 'BTC/USDT: the venue keeps no protective stop' },
    ]);
  });

  it('is trusted again with one that stays: ends that are far apart close nothing', () => {
    const { desk, stop } = bought();
    desk.accept(stop);
    for (let ends = 0; ends < 12; ends += 1) {
      end(desk, desk.live('protective', 0)[0]!);
      const [next] = desk.live('protective', 0);
      expect(next).toMatchObject({ stopTicks: stop.stopTicks, quantityLots: stop.quantityLots });
      desk.accept(next!);
      for (let second = 0; second < 61; second += 1) {
        desk.quote(0, 10_000);
        desk.pass(1_000);
      }
      desk.snapshot();
    }
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [] });
    expect(warnings(desk).map(({ level }) => level)).toEqual(Array(12).fill('warn'));
  });

  it('is not one where the desk itself cancelled or replaced them, whichever answer comes first', () => {
    const { desk, stop } = bought({ capabilities: { ...SPOT, replaces: true } });
    desk.accept(stop);
    let old = stop;
    for (let fewer = 1; fewer < 12; fewer += 1) {
      desk.command({ name: 'reconcile' });
      for (let reading = 0; reading < 3; reading += 1) {
        desk.snapshot({ positions: [stop.quantityLots - fewer, 0], openOrders: [venueOrder(old)] });
        desk.pass(5_000);
      }
      const next = desk.live('protective', 0).find(({ clientId }) => clientId !== old.clientId)!;
      expect(next.quantityLots).toBe(stop.quantityLots - fewer);
      end(desk, old);
      desk.accept(next);
      old = next;
    }
    expect(warnings(desk)).toEqual([]);
    expect(desk.live('close', 0)).toEqual([]);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: old.clientId, state: 'working' }]);
  });
});
