/** A market that closes: no entry, no bar, and no stale feed. */
import { describe, expect, it } from 'vitest';
import { alwaysOpen, SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import { FUTURES, SPOT } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';
import { waiting } from './support/waiting.js';

const MINUTE_MS = 60_000;

/** On Mondays: the tests begin on Monday, January 5, at 12:00 UTC. */
const open = (...mon: string[]): SessionCalendar =>
  new SessionCalendar(withOwnHours(ALWAYS_OPEN, { hours: { mon } }), () => 0);
const closing = (): SessionCalendar => open('10:00-13:00', '18:00-20:00');

function closingDesk(): DeskUnderTest {
  const sessions = [{ calendar: closing() }, { calendar: alwaysOpen() }];
  return new DeskUnderTest({ sessions }).active();
}

/** Both symbols have prices up to then; only the second one has afterwards. */
function passTo(desk: DeskUnderTest, utc: string, quoted: readonly number[] = [0, 1]): void {
  const toMs = Date.parse(`2026-01-05T${utc}Z`);
  desk.wait(toMs - desk.marketMs);
  for (const at of quoted) desk.quote(at, 10_000);
  desk.pass(0);
}

const silence = (desk: DeskUnderTest, seconds: number, quoted: readonly number[]): void => {
  for (let second = 0; second < seconds; second += 1) {
    for (const at of quoted) desk.quote(at, 10_000);
    desk.pass(1_000);
  }
};

describe('a closed market', () => {
  it('is no stale feed, even where every price is silent and a position is held', () => {
    const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
    desk.hold(0);
    passTo(desk, '12:59:59', [0]);
    desk.pass(1_000);
    silence(desk, 30, []);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [] });
    const words = JSON.stringify(desk.engine.whyNotTrading());
    expect(words).toContain('market closed, opens Mon 18:00 UTC');
    expect(words).not.toMatch(/stale|price/);
  });

  it('makes no price of a quote that came just before the close: nobody contradicts it until the open', () => {
    const quotes = { awaySpreads: 20, awayPct: 3, spreadPct: 2, agreeing: 3, standsMs: 2_000 };
    const desk = new DeskUnderTest({ quotes, sessions: [{ calendar: closing() }] }, 1).active();
    desk.hold(0);
    passTo(desk, '12:59:59', [0]);
    const { equity, peak } = desk.engine.view;
    desk.quote(0, 30_000);
    silence(desk, 30, []);
    expect(desk.engine.view).toMatchObject({ equity, peak });
    desk.wait(Date.parse('2026-01-05T18:00Z') - desk.marketMs);
    desk.pass(0);
    desk.pass(1_000);
    desk.quote(0, 10_010);
    desk.pass(3_000);
    expect(desk.engine.view.quotes).toMatchObject([{ bidTicks: 10_010 }]);
    expect(desk.engine.view.peak).toBeLessThan(peak * 1.01);
  });

  it('takes for its price what others agree with, says the first once, and no older one as it opens', () => {
    const quotes = { awaySpreads: 20, awayPct: 3, spreadPct: 2, agreeing: 3, standsMs: 2_000 };
    const desk = new DeskUnderTest({ quotes, sessions: [{ calendar: closing() }] }, 1).active();
    passTo(desk, '13:00:01', [0]);
    const quoteEachMinute = (ticks: number, minutes: number): void => {
      for (let minute = 0; minute < minutes; minute += 1) {
        desk.quote(0, ticks + minute);
        for (let tick = 0; tick < 6; tick += 1) desk.pass(10_000);
      }
    };
    const said = () => desk.recorded('note').filter(({ text }) => text.includes('implausible'));
    quoteEachMinute(10_500, 30);
    expect(desk.engine.view.quotes).toMatchObject([{ bidTicks: 10_529 }]);
    expect(said()).toHaveLength(1);
    quoteEachMinute(11_500, 2);
    desk.wait(Date.parse('2026-01-05T18:00Z') - desk.marketMs);
    for (let second = 0; second < 10; second += 1) desk.pass(1_000);
    expect(desk.engine.view.quotes).toMatchObject([{ bidTicks: 10_529 }]);
    expect(said()).toHaveLength(2);
  });

  it('is entered no more, and its bars are seen by nobody; another market goes on', () => {
    const desk = closingDesk();
    passTo(desk, '13:30');
    const before = desk.engine.view.strategies.map(({ barsSeen }) => barsSeen);
    expect(() => desk.enter(0)).toThrow('no entry');
    const after = desk.engine.view.strategies.map(({ barsSeen }) => barsSeen);
    expect(after).toEqual(before);
    expect(desk.enter(1)).toMatchObject({ instrument: 1, purpose: 'entry' });
  });

  it('refuses what is asked for at the bar that ends with the session, and says when it opens', () => {
    const desk = closingDesk();
    passTo(desk, '12:54');
    expect(() => desk.enter(0)).toThrow('no entry');
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'session', reason: 'market closed, opens Mon 18:00 UTC' },
    ]);
  });

  it('can be armed, since nothing is entered and no price is due', () => {
    const desk = new DeskUnderTest({ sessions: [{ calendar: open('18:00-20:00') }] }, 1).begin();
    desk.snapshot();
    expect(desk.arm()).toMatchObject({ ok: true });
  });

  it('counts silence again when it has been open for a while, and not at once', () => {
    const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
    desk.hold(0);
    passTo(desk, '13:00', []);
    passTo(desk, '17:59:59', []);
    silence(desk, 61, []);
    expect(desk.engine.view.halts).toEqual([]);
    silence(desk, 2, []);
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'stale-data' }]);
  });

  it('has no stop that did nothing, whatever somebody quotes', () => {
    const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
    desk.hold(0);
    passTo(desk, '13:01', []);
    for (let second = 0; second < 15; second += 1) {
      desk.quote(0, 9_000);
      desk.pass(1_000);
    }
    expect(desk.live('close', 0)).toEqual([]);
    expect(desk.engine.view.halts).toEqual([]);
  });
});

describe('a venue that is away while every market is closed', () => {
  const away = (desk: DeskUnderTest): void => {
    desk.happen({ kind: 'venue.health', state: 'down', detail: 'the gateway restarts' });
    for (let second = 0; second < 11; second += 1) desk.pass(1_000);
  };
  const back = (desk: DeskUnderTest) => desk.happen({ kind: 'venue.health', state: 'up', detail: 'x' });
  const causes = (desk: DeskUnderTest) => desk.engine.view.halts.map(({ cause }) => cause);
  const said = (desk: DeskUnderTest) =>
    desk.recorded('note').filter(({ text }) => text.startsWith('the venue is'));
  const WAITS = 'the desk halts Mon 17:50 UTC, 10 min before the market opens, if it is not back';

  it('halts a desk that holds nothing, and of which nothing rests, ten minutes before the first opening', () => {
    const sessions = [{ calendar: open('10:00-13:00', '19:00-20:00') }, { calendar: closing() }];
    const desk = new DeskUnderTest({ sessions }).active();
    passTo(desk, '13:30');
    away(desk);
    expect(causes(desk)).toEqual([]);
    expect(said(desk).map(({ text }) => text)).toEqual([
      `the venue is down while the market is closed (the gateway restarts); nothing is held and no order rests: ${WAITS}`,
    ]);
    expect(desk.engine.whyNotTrading()).toContainEqual({
      subject: 'desk',
      reason: 'the venue is down while the market is closed: the gateway restarts',
      waitsFor: `the venue; ${WAITS}`,
    });
    passTo(desk, '17:49:59', []);
    expect([causes(desk), said(desk)]).toMatchObject([[], [{}]]);
    passTo(desk, '17:50', []);
    expect(desk.engine.view.halts).toMatchObject([
      {
        cause: 'venue',
        reason: 'the venue is still down, after the market was closed: the gateway restarts',
      },
    ]);
    expect(JSON.stringify(desk.engine.whyNotTrading())).not.toContain('while the market is closed');
  });

  it('and comes back is read, and what could not be read meanwhile halts nobody', () => {
    const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
    passTo(desk, '13:30', []);
    away(desk);
    for (let minute = 0; minute < 10; minute += 1) {
      const asked = desk.effects.find(({ kind }) => kind === 'requestSnapshot');
      if (asked?.kind === 'requestSnapshot')
        desk.happen({ kind: 'venue.snapshotFailed', requestId: asked.requestId, cause: 'it is away' });
      desk.pass(MINUTE_MS);
    }
    const effects = back(desk);
    expect(effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    desk.pass(1_000);
    desk.snapshot();
    desk.pass(1_000);
    expect(desk.engine.view).toMatchObject({ mode: 'ACTIVE', halts: [], reconciliation: { state: 'clean' } });
    expect(said(desk).map(({ text }) => text.slice(0, 22))).toEqual([
      'the venue is down whil',
      'the venue is back',
    ]);
    // Once more, and this time it stays away.
    away(desk);
    passTo(desk, '17:50', []);
    expect(causes(desk)).toEqual(['venue']);
  });

  it.each<[string, () => DeskUnderTest]>([
    [
      'a position is held',
      () => {
        const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
        desk.hold(0);
        passTo(desk, '13:30', []);
        return desk;
      },
    ],
    [
      'an order rests',
      () => {
        const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
        passTo(desk, '12:30', [0]);
        desk.accept(desk.enter(0));
        passTo(desk, '13:30', []);
        return desk;
      },
    ],
    [
      'another market is open',
      () => {
        const desk = closingDesk();
        passTo(desk, '13:30');
        return desk;
      },
    ],
    [
      'the next session is near',
      () => {
        const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
        passTo(desk, '17:49:55', []);
        return desk;
      },
    ],
    [
      'a close-all is under way',
      () => {
        const desk = new DeskUnderTest({ sessions: [{ calendar: closing() }] }, 1).active();
        passTo(desk, '13:30', []);
        desk.command({ name: 'closeAll' });
        return desk;
      },
    ],
    [
      'no reading has shown yet what is held',
      () => {
        const desk = new DeskUnderTest({ sessions: [{ calendar: open('18:00-20:00') }] }, 1).begin();
        return desk;
      },
    ],
  ])('halts after ten seconds as ever where %s', (_, deskOf) => {
    const desk = deskOf();
    const before = causes(desk);
    away(desk);
    expect(causes(desk)).toEqual([...before, 'venue']);
    expect(said(desk)).toEqual([]);
  });
});

describe('the last minutes of a session', () => {
  const rules = { calendar: closing(), noEntriesBeforeCloseMs: 15 * MINUTE_MS };

  it('let nothing be entered, say so, and leave what rests alone', () => {
    const desk = new DeskUnderTest({ sessions: [rules] }, 1).active();
    passTo(desk, '12:30', [0]);
    const entry = desk.enter(0);
    desk.accept(entry);
    passTo(desk, '12:45', [0]);
    expect(desk.live('entry', 0)).toMatchObject([{ clientId: entry.clientId }]);
    expect(JSON.stringify(desk.engine.whyNotTrading())).toContain(
      'nothing is entered in the last 15 min of a session: the market closes Mon 13:00 UTC',
    );
  });

  it('take entries off where the desk file says so, and never a stop', () => {
    const desk = new DeskUnderTest({ sessions: [{ ...rules, cancelsEntries: true }] }, 1).active();
    const { stop } = desk.hold(0);
    passTo(desk, '12:45', [0]);
    expect(desk.live('protective', 0)).toMatchObject([{ clientId: stop.clientId, state: 'working' }]);
    const other = new DeskUnderTest({ sessions: [{ ...rules, cancelsEntries: true }] }, 1).active();
    passTo(other, '12:30', [0]);
    const entry = other.enter(0);
    other.accept(entry);
    passTo(other, '12:44:59', [0]);
    expect(other.stateOf(entry)).toBe('working');
    passTo(other, '12:45', [0]);
    expect(other.stateOf(entry)).toBe('cancelling');
  });
});

describe('a desk that holds nothing over the close', () => {
  const rules = { calendar: open('10:00-13:00', '13:01-20:00'), flatBeforeCloseMs: 5 * MINUTE_MS };
  const desk = (): DeskUnderTest =>
    new DeskUnderTest({ sessions: [rules], capabilities: FUTURES }, 1).active();

  it('closes its position before it, cancels what rests, and says why the trade ended', () => {
    const flat = desk();
    passTo(flat, '12:40', [0]);
    flat.hold(0);
    passTo(flat, '12:54:59', [0]);
    expect(flat.live('exit', 0)).toEqual([]);
    passTo(flat, '12:55', [0]);
    const [exit] = flat.live('exit', 0);
    expect(exit).toMatchObject({ side: 'sell', type: 'market', why: 'sessionEnd' });
    flat.accept(exit!);
    flat.fill(exit!, 10_000);
    expect(flat.recorded('trade.closed')).toMatchObject([{ why: 'sessionEnd' }]);
    const resting = desk();
    passTo(resting, '12:48', [0]);
    const entry = resting.enter(0);
    resting.accept(entry);
    passTo(resting, '12:55', [0]);
    expect(resting.stateOf(entry)).toBe('cancelling');
    expect(resting.live('exit', 0)).toEqual([]);
  });

  it('says so once, also where one of several trades in the position is too small to sell', () => {
    const strategies = [waiting('a', 10_001, 10_011), waiting('b', 10_002, 10_012)];
    const flat = new DeskUnderTest({ sessions: [rules], capabilities: SPOT, strategies }, 1).active();
    flat.bar(0, 10_001);
    flat.bar(0, 10_002);
    const [small, large] = flat.live('entry', 0);
    for (const entry of [small!, large!]) flat.accept(entry);
    flat.fill(small!, 10_000, 20);
    flat.expire(small!.clientId);
    flat.fill(large!, 10_000);
    for (const stop of flat.live('protective', 0)) flat.accept(stop);
    passTo(flat, '12:55', [0]);
    for (const stop of flat.live('protective', 0))
      flat.happen({ kind: 'order.cancelled', clientId: stop.clientId });
    expect(flat.live('exit', 0)).toMatchObject([{ strategy: 'b', quantityLots: 400 }]);
    for (let second = 0; second < 3; second += 1) {
      flat.pass(500);
      flat.quote(0, 10_000);
    }
    const said = flat.recorded('note').filter(({ text }) => text.endsWith(': closing the position'));
    expect(said).toHaveLength(1);
  });

  it('closes nothing while it is halted, and tells people: once in time to close it, and that it is held over', () => {
    const halted = desk();
    // Nobody answers its readings here, which is told, too.
    const alarms = () =>
      halted
        .recorded('note')
        .filter(({ level, symbol }) => level === 'alarm' && symbol !== null)
        .map(({ text }) => text);
    passTo(halted, '12:40', [0]);
    const { stop } = halted.hold(0);
    halted.command({ name: 'stop' });
    passTo(halted, '12:54:59', [0]);
    expect(alarms()).toEqual([]);
    passTo(halted, '12:56', [0]);
    passTo(halted, '12:57', [0]);
    expect(halted.live('exit', 0)).toEqual([]);
    const inTime =
      'BTC/USDT: the session ends Mon 13:00 UTC and nothing is to be held over it, but a halted desk closes nothing by itself: fermata position close BTC/USDT does';
    expect(alarms()).toEqual([inTime]);
    passTo(halted, '13:00', [0]);
    halted.pass(1_000);
    expect(alarms()).toEqual([
      inTime,
      'BTC/USDT: the market has closed and the position is still open; its stop stays',
    ]);
    expect(halted.stateOf(stop)).toBe('working');
  });

  it('says that the stop stays of which a part is filled', () => {
    const halted = desk();
    passTo(halted, '12:40', [0]);
    const { stop } = halted.hold(0);
    halted.command({ name: 'stop' });
    halted.fill(stop, stop.stopTicks!, 1);
    passTo(halted, '13:00', [0]);
    halted.pass(1_000);
    expect(halted.stateOf(stop)).toBe('partlyFilled');
    expect(halted.recorded('note').at(-1)?.text).toBe(
      'BTC/USDT: the market has closed and the position is still open; its stop stays',
    );
  });

  it('says so where one of several trades has no stop', () => {
    const strategies = [waiting('a', 10_001, 10_011), waiting('b', 10_002, 10_012)];
    const halted = new DeskUnderTest({ sessions: [rules], capabilities: SPOT, strategies }, 1).active();
    halted.bar(0, 10_001);
    halted.bar(0, 10_002);
    const [one, other] = halted.live('entry', 0);
    for (const entry of [one!, other!]) halted.accept(entry);
    halted.fill(one!, 10_000);
    halted.accept(halted.live('protective', 0)[0]!);
    halted.command({ name: 'stop' });
    halted.fill(other!, 10_000);
    passTo(halted, '13:00', [0]);
    halted.pass(1_000);
    expect(halted.recorded('note').map(({ text }) => text)).toContain(
      'BTC/USDT: the market has closed and the position is still open; no stop rests for a part of it',
    );
  });

  it('says so where no stop rests for what it holds over', () => {
    const bare = desk();
    passTo(bare, '12:48', [0]);
    const entry = bare.enter(0);
    bare.accept(entry);
    bare.command({ name: 'stop' });
    bare.fill(entry, 10_000);
    passTo(bare, '13:00', [0]);
    bare.pass(1_000);
    expect(bare.recorded('note').at(-1)?.text).toBe(
      'BTC/USDT: the market has closed and the position is still open; no stop rests for it',
    );
  });
});

it('an exit that comes as the market closes waits for the open, behind the stop', () => {
  const desk = new DeskUnderTest(
    { sessions: [{ calendar: open('10:00-13:00', '13:01-20:00') }] },
    1,
  ).active();
  passTo(desk, '12:48', [0]);
  const { stop } = desk.hold(0);
  passTo(desk, '12:59', [0]);
  desk.bar(0, 9_800);
  expect(desk.live('exit', 0)).toEqual([]);
  expect(desk.stateOf(stop)).toBe('working');
  passTo(desk, '13:01', [0]);
  expect(desk.stateOf(stop)).toBe('cancelling');
});

it('a desk without hours behaves as before: silence is stale on a Sunday, too', () => {
  const desk = new DeskUnderTest({}, 1).active();
  desk.pass(15 * MINUTE_MS);
  expect(desk.engine.view.halts).toMatchObject([{ cause: 'stale-data' }]);
});
