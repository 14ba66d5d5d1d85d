/** One position closed, one entry cancelled: by a person, in every mode, and nothing else of the desk changes. */
import { describe, expect, it } from 'vitest';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

const close = (desk: DeskUnderTest, symbol = 'BTC/USDT') => desk.command({ name: 'closePosition', symbol });

describe('closing one position', () => {
  it('sells it at once, keeps the other with its stop, and the desk trades on', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { entry, stop } = desk.hold(0);
    const other = desk.hold(1);
    expect(close(desk)).toMatchObject({ ok: true });
    expect(desk.sent('submit')).toMatchObject([
      { purpose: 'close', side: 'sell', quantityLots: entry.quantityLots, why: 'person', reduceOnly: true },
    ]);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.fill(desk.live('close', 0)[0]!, 10_000);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.pass(1_000);
    expect([desk.lots(0), desk.lots(1)]).toEqual([0, other.entry.quantityLots]);
    expect(desk.stateOf(other.stop)).toBe('working');
    expect(desk.engine.view.mode).toBe('ACTIVE');
    expect(desk.recorded('trade.closed')).toMatchObject([{ instrument: 0, why: 'person' }]);
    // Over: what is entered next is protected, and kept.
    desk.hold(0);
    desk.pass(1_000);
    expect(desk.live('close', 0)).toEqual([]);
  });

  it.each(['stop'] as const)('is taken on spot after a %s, too: the stop goes first', (name) => {
    const desk = new DeskUnderTest({ capabilities: SPOT }).active();
    const { entry, stop } = desk.hold(0);
    desk.command({ name });
    close(desk);
    expect(desk.sent('submit')).toEqual([]);
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.sent('submit')).toMatchObject([{ purpose: 'close', quantityLots: entry.quantityLots }]);
    desk.fill(desk.live('close', 0)[0]!, 10_000);
    expect([desk.lots(0), desk.live('protective', 0)]).toEqual([0, []]);
  });

  it('is taken back by a stop meanwhile: the position has its stop again', () => {
    const desk = new DeskUnderTest({ capabilities: SPOT }).active();
    const { stop } = desk.hold(0);
    close(desk);
    desk.command({ name: 'stop' });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(desk.sent('submit')).toMatchObject([{ purpose: 'protective' }]);
  });

  it('says of a close-all meanwhile that it was that', () => {
    const desk = new DeskUnderTest({ capabilities: SPOT }).active();
    const { stop } = desk.hold(0);
    close(desk);
    desk.command({ name: 'closeAll' });
    desk.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    desk.fill(desk.live('close', 0)[0]!, 10_000);
    expect(desk.recorded('trade.closed')).toMatchObject([{ why: 'closeAll' }]);
  });

  it('is refused where nothing is held, of a symbol that the desk has not, and while its market is closed', () => {
    const desk = new DeskUnderTest().active();
    expect(close(desk)).toMatchObject({ ok: false, code: 'no-position' });
    expect(close(desk, 'NO/SUCH')).toMatchObject({ ok: false, code: 'unknown-symbol' });
    const hours = withOwnHours(ALWAYS_OPEN, { hours: { mon: ['10:00-13:00'] } });
    const calendar = new SessionCalendar(hours, () => 0);
    const closed = new DeskUnderTest({ sessions: [{ calendar }] }, 1).active();
    const { stop } = closed.hold(0);
    closed.wait(Date.parse('2026-01-05T13:00:01Z') - closed.marketMs);
    expect(close(closed)).toMatchObject({
      ok: false,
      code: 'market-closed',
      message: expect.stringContaining('its stop stays'),
    });
    expect(closed.stateOf(stop)).toBe('working');
  });
});

describe('cancelling one entry', () => {
  it('takes that one off the market, and no other', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    const other = desk.enter(1);
    desk.accept(entry);
    desk.accept(other);
    expect(desk.command({ name: 'cancelEntry', clientId: entry.clientId })).toMatchObject({ ok: true });
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect([desk.engine.view.mode, desk.stateOf(other)]).toEqual(['ACTIVE', 'working']);
  });

  it('takes no stop off, and says what to do instead', () => {
    const desk = new DeskUnderTest().active();
    const { stop } = desk.hold(0);
    expect(desk.command({ name: 'cancelEntry', clientId: stop.clientId })).toMatchObject({
      ok: false,
      code: 'protects',
      doThis: expect.stringContaining('close the position'),
    });
    expect(desk.sent('cancel')).toEqual([]);
    expect(desk.command({ name: 'cancelEntry', clientId: 'nothing' })).toMatchObject({
      ok: false,
      code: 'unknown-order',
    });
  });
});
