/** A trade that is closed before its session ends: by what its entry asks for, beside what the desk file says. */
import { describe, expect, it } from 'vitest';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import type { StrategyContext } from '../../src/engine/strategies/strategy.js';
import { exitsStatus } from '../../src/trader/status/instrument-status.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { type Asks, waiting } from './support/waiting.js';

const MINUTE_MS = 60_000;
/** On Mondays: the tests begin on Monday, January 5, at 12:00 UTC. */
const calendar = new SessionCalendar(
  withOwnHours(ALWAYS_OPEN, { hours: { mon: ['10:00-13:00', '18:00-20:00'] } }),
  () => 0,
);
const EXITS = { beforeCloseMs: 5 * MINUTE_MS };

function deskOf(wish: object = {}, asks: Asks = {}, sessions: object | null = { calendar }): DeskUnderTest {
  const strategies = [waiting('a', 10_001, 10_011, { exits: EXITS, restBars: 100, ...wish }, asks)];
  return new DeskUnderTest(
    { strategies, capabilities: FUTURES, ...(sessions === null ? {} : { sessions: [sessions as never] }) },
    1,
  ).active();
}

function passTo(desk: DeskUnderTest, utc: string): void {
  desk.wait(Date.parse(`2026-01-05T${utc}Z`) - desk.marketMs);
  desk.quote(0, 10_000);
  desk.pass(0);
}

function held(desk = deskOf()): DeskUnderTest {
  passTo(desk, '12:40');
  desk.bar(0, 10_001);
  desk.fillEntry(0, 10_000);
  return desk;
}

const denials = (desk: DeskUnderTest) => desk.recorded('order.denied').map(({ limit }) => limit);
/** Of a symbol: nobody answers its readings here, which is told, too. */
const said = (desk: DeskUnderTest, level: string) =>
  desk.recorded('note').flatMap((note) => (note.level === level && note.symbol !== null ? [note.text] : []));

describe('a trade that ends with its session', () => {
  it('is closed so long before it, and says why', () => {
    const desk = held();
    passTo(desk, '12:54:59');
    expect(desk.live('exit', 0)).toEqual([]);
    passTo(desk, '12:55');
    const [exit] = desk.live('exit', 0);
    expect(exit).toMatchObject({ side: 'sell', type: 'market', why: 'sessionEnd' });
    desk.accept(exit!);
    desk.fill(exit!, 10_000);
    expect(desk.recorded('trade.closed')).toMatchObject([{ why: 'sessionEnd', strategy: 'a' }]);
    expect(said(desk, 'info')).toContainEqual(expect.stringMatching(/^the session ends .*13:00/));
  });

  it('is told of in words', () => {
    const { exits } = held().engine.view.positions[0]!.trade!;
    expect(exitsStatus(exits!, { tickSize: '0.01' })).toMatchObject({
      beforeCloseSeconds: 300,
      words: ['closed 300 s before its session ends'],
    });
  });

  it('is still so after a start', () => {
    const before = held();
    const after = new DeskUnderTest(before.config, 1, before.records);
    after.marketMs = before.marketMs;
    after.begin();
    after.quote(0, 10_000);
    after.snapshot({ positions: [before.lots(0)] });
    after.arm();
    passTo(after, '12:55');
    expect(after.live('exit', 0)).toMatchObject([{ why: 'sessionEnd' }]);
  });

  it('is not closed by a halted desk, which says so in time, and again when the market has closed', () => {
    const desk = held();
    desk.command({ name: 'stop' });
    passTo(desk, '12:55');
    passTo(desk, '12:56');
    expect(desk.live('exit', 0)).toEqual([]);
    expect(said(desk, 'alarm')).toEqual([
      expect.stringMatching(
        /^BTC\/USDT: the session ends .* and a trade is to end with it, .* fermata position close BTC\/USDT does$/,
      ),
    ]);
    passTo(desk, '13:00');
    expect(said(desk, 'alarm').slice(1)).toEqual([
      'BTC/USDT: the market has closed and the position is still open; its stop stays',
    ]);
  });

  it('beside a desk that closes later for all, is closed at its own time', () => {
    const rules = { calendar, flatBeforeCloseMs: 2 * MINUTE_MS };
    const desk = held(deskOf({}, {}, rules));
    passTo(desk, '12:55');
    expect(desk.live('exit', 0)).toHaveLength(1);
  });
});

describe('its entry', () => {
  it('is refused where it would be closed again at once, and in a market that never closes', () => {
    const late = deskOf();
    passTo(late, '12:55');
    late.bar(0, 10_001);
    expect(denials(late)).toEqual(['exits']);
    const never = deskOf({}, {}, null);
    never.bar(0, 10_001);
    expect(denials(never)).toEqual(['exits']);
    expect(never.recorded('order.denied')[0]?.reason).toBe(
      'this market never closes: a trade in it has no session to end with',
    );
  });

  it.each([
    ['limit', {}],
    ['stop', { type: 'stop', stopTicks: 10_050, slippageTicks: 10 }],
  ])('by a %s is taken off by then', (_type, wish) => {
    const desk = deskOf(wish);
    passTo(desk, '12:40');
    desk.bar(0, 10_001);
    const [entry] = desk.live('entry', 0);
    desk.accept(entry!);
    passTo(desk, '12:54:59');
    expect(desk.stateOf(entry!)).toBe('working');
    passTo(desk, '12:55');
    expect(desk.stateOf(entry!)).toBe('cancelling');
  });

  it('at the close is refused at once where its trade would be closed before', () => {
    const atClose = { type: 'atClose', leadMs: MINUTE_MS, slippageTicks: 10 };
    const desk = deskOf(atClose);
    desk.bar(0, 10_001);
    expect(denials(desk)).toEqual(['at-close']);
  });

  it('that turns a trade round is refused before that is closed', () => {
    const turn = (context: StrategyContext) =>
      context.enter({
        ...{ side: 'sell', limitTicks: 9_900, protectTicks: 10_300, restBars: 3, because: 'round' },
        ...{ exits: EXITS, reverses: true },
      });
    const desk = deskOf({ exits: {} }, { 10002: turn }, null);
    desk.bar(0, 10_001);
    desk.fillEntry(0, 10_000);
    desk.bar(0, 10_002);
    expect(denials(desk)).toEqual(['exits']);
    expect(desk.recorded('entry.waits')).toEqual([]);
    expect(desk.live('exit', 0)).toEqual([]);
  });

  it('that is changed rests as long as its new exits say', () => {
    const change = (exits: object) => (context: StrategyContext) =>
      context.change({ exits, protectTicks: 9_700, because: 'otherwise' });
    const desk = deskOf({}, { 10002: change({ beforeCloseMs: MINUTE_MS }) });
    passTo(desk, '12:40');
    desk.bar(0, 10_001);
    desk.accept(desk.live('entry', 0)[0]!);
    desk.bar(0, 10_002);
    const [old] = desk.live('entry', 0);
    desk.happen({ kind: 'order.cancelled', clientId: old!.clientId });
    const [next] = desk.live('entry', 0);
    expect(next).toMatchObject({ protectTicks: 9_700, untilMs: Date.parse('2026-01-05T12:59Z') });
  });

  it('is refused where hours are written that never close', () => {
    const always = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, ['00:00-24:00']]);
    const hours = withOwnHours(ALWAYS_OPEN, { hours: Object.fromEntries(always) });
    const desk = deskOf({}, {}, { calendar: new SessionCalendar(hours, () => 0) });
    desk.bar(0, 10_001);
    expect(denials(desk)).toEqual(['exits']);
  });

  it('that waits in the core is refused before, where the market never closes', () => {
    const touched = { type: 'ifTouched', touchTicks: 9_900, limitTicks: null, slippageTicks: 10 };
    const desk = deskOf(touched, {}, null);
    desk.bar(0, 10_001);
    expect(denials(desk)).toEqual(['exits']);
  });
});

describe('its moment', () => {
  it('is one at which the engine is to be woken, whatever prices come', () => {
    const desk = held();
    expect(desk.engine.nextDueMs()).toBe(Date.parse('2026-01-05T12:55Z'));
    const untilMs = Date.parse('2026-01-05T12:55Z') - desk.marketMs;
    expect(desk.engine.nextWakeMs()).toBeLessThanOrEqual(desk.monotonicMs + untilMs);
    passTo(desk, '12:55');
    expect(desk.engine.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a position of which one trade is to end with the session', () => {
  /** Side by side: what is left of `a` is too small to sell, and `b` is held over. */
  function withDust(): DeskUnderTest {
    const strategies = [waiting('a', 10_001, 10_011, { exits: EXITS }), waiting('b', 10_002, 10_012, {})];
    const desk = new DeskUnderTest(
      { strategies, capabilities: SPOT, sessions: [{ calendar } as never] },
      1,
    ).active();
    passTo(desk, '12:40');
    desk.bar(0, 10_001);
    desk.bar(0, 10_002);
    const [small, large] = desk.live('entry', 0);
    for (const entry of [small!, large!]) desk.accept(entry);
    desk.fill(small!, 10_000, 20);
    desk.expire(small!.clientId);
    desk.fill(large!, 10_000);
    for (const stop of desk.live('protective', 0)) desk.accept(stop);
    return desk;
  }

  it('is not told of for what is too small to sell', () => {
    const desk = withDust();
    passTo(desk, '12:55');
    passTo(desk, '13:00');
    expect(desk.live('exit', 0)).toEqual([]);
    expect(said(desk, 'alarm')).toEqual([]);
  });
});

describe('a strategy', () => {
  const ask = (beforeCloseMs: number | null) => (context: StrategyContext) =>
    context.adjust({ beforeCloseMs, because: 'changed its mind' });

  it('may give it to an open trade, and take it away', () => {
    const given = held(deskOf({ exits: {} }, { 10002: ask(MINUTE_MS) }));
    given.bar(0, 10_002);
    passTo(given, '12:58:59');
    expect(given.live('exit', 0)).toEqual([]);
    passTo(given, '12:59');
    expect(given.live('exit', 0)).toMatchObject([{ why: 'sessionEnd' }]);
    const taken = held(deskOf({}, { 10002: ask(null) }));
    taken.bar(0, 10_002);
    passTo(taken, '12:59');
    expect(taken.live('exit', 0)).toEqual([]);
  });

  it('is refused it where the market never closes', () => {
    const desk = deskOf({ exits: {} }, { 10002: ask(MINUTE_MS) }, null);
    desk.bar(0, 10_001);
    desk.fillEntry(0, 10_000);
    desk.bar(0, 10_002);
    expect(said(desk, 'info')).toContainEqual(expect.stringContaining('this market never closes'));
    expect(desk.recorded('exits.changed')).toEqual([]);
  });
});
