import { describe, expect, it } from 'vitest';
import { DeskUnderTest } from './support/desk.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Set by somebody, or corrected by a time service: the trader learns of it by its next look at its clocks at best. */
const SETTINGS = [-DAY_MS, -HOUR_MS, HOUR_MS, DAY_MS];
const named = SETTINGS.map((ms) => [`${ms / HOUR_MS} h`, ms] as const);

describe('a wall clock that is set changes no deadline', () => {
  it.each(named)('a lost order is looked up after 2 s: set by %s', (_, byMs) => {
    const desk = new DeskUnderTest({ closeAll: { deadlineMs: 30_000, answerTimeoutMs: 2_000 } }).active();
    const entry = desk.enter(0);
    desk.wallMs += byMs;
    desk.pass(1_999);
    expect(desk.sent('lookup')).toEqual([]);
    desk.pass(1);
    expect(desk.sent('lookup')).toEqual([entry.clientId]);
    desk.wallMs -= byMs; // corrected: the answer to the lookup is late after 2 s as well
    desk.pass(1_999);
    expect(desk.sent('lookup')).toEqual([]);
    desk.pass(200);
    desk.pass(200);
    expect(desk.recorded('order.state').filter(({ state }) => state === 'unknown')).toHaveLength(1);
  });

  it.each(named)('a silent feed halts after 10 s: set by %s', (_, byMs) => {
    const desk = new DeskUnderTest().active();
    desk.wallMs += byMs;
    desk.pass(10_000);
    expect(desk.engine.view.halts).toEqual([]);
    desk.pass(1);
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'stale-data' }]);
  });

  it.each(named)('fresh prices stay fresh, and entries go on: set by %s', (_, byMs) => {
    const desk = new DeskUnderTest().active();
    desk.wallMs += byMs;
    desk.pass(1_000);
    expect(desk.engine.view.lastQuoteAgeMs).toBe(1_000);
    desk.wallMs -= byMs;
    expect(desk.enter(0)).toMatchObject({ purpose: 'entry' });
  });

  it.each(named)(
    'a position without a stop and a venue that is down halt after 10 s: set by %s',
    (_, byMs) => {
      const desk = new DeskUnderTest().active();
      desk.happen({ kind: 'venue.health', state: 'down', detail: 'no answer' });
      desk.wallMs += byMs;
      for (let second = 0; second < 9; second += 1) {
        desk.quote(0, 10_000);
        desk.pass(1_000);
      }
      expect(desk.engine.view.halts).toEqual([]);
      desk.quote(0, 10_000);
      desk.pass(1_000);
      expect(desk.engine.view.halts).toMatchObject([{ cause: 'venue' }]);
    },
  );

  it.each(named)('the engine is woken at the same moment: set by %s', (_, byMs) => {
    const desk = new DeskUnderTest().active();
    desk.enter(0);
    const wakeMs = desk.engine.nextWakeMs();
    desk.wallMs += byMs;
    desk.quote(0, 10_000);
    expect(desk.engine.nextWakeMs()).toBe(wakeMs);
    expect((wakeMs ?? 0) - desk.monotonicMs).toBeLessThanOrEqual(2_000);
  });

  it.each(named)('is seen all the same, halts, and has the venue read: set by %s', (_, byMs) => {
    const desk = new DeskUnderTest().active();
    desk.wallMs += byMs;
    desk.happen({ kind: 'clock.jump', gapMs: byMs });
    expect(desk.engine.view.halts).toMatchObject([{ cause: 'clock-jump', atWallMs: desk.wallMs }]);
    expect(desk.effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    desk.snapshot();
    expect(desk.engine.view.reconciliation).toMatchObject({ state: 'clean', atWallMs: desk.wallMs });
    expect(desk.arm()).toMatchObject({ ok: true });
  });
});
