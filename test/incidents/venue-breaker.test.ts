import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/engine/effect.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { FUTURES } from '../support/engine-config.js';

const open = {
  kind: 'venue.breaker',
  state: 'open',
  detail: '5 requests in a row without an answer',
} as const;
const halfOpen = { kind: 'venue.breaker', state: 'halfOpen', detail: 'one request tries' } as const;
const closed = { kind: 'venue.breaker', state: 'closed', detail: 'the venue answers again' } as const;

const causes = (desk: DeskUnderTest) =>
  desk.engine.view.halts.map(({ cause, resume }) => `${cause} ${resume}`);

/** Second by second, past the time after which an outage halts. */
function sentWhileAway(desk: DeskUnderTest): readonly Effect[] {
  const sent = [...desk.effects];
  for (let seconds = 0; seconds < 15; seconds += 1) sent.push(...desk.pass(1_000));
  return sent.filter(({ kind }) => kind === 'cancel' || kind === 'submit');
}

describe("the venue's API breaker in the engine", () => {
  it('S2-068 halts when it opens: resting entries leave, nothing new is opened, also half open', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.happen(open);
    expect(causes(desk)).toEqual(['venue auto']);
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect(desk.engine.view.venueBreaker).toMatchObject({ state: 'open', sinceMs: desk.wallMs });
    expect(() => desk.enter(1)).toThrow('no entry was made');
    desk.happen(halfOpen);
    expect(() => desk.enter(1)).toThrow('no entry was made');
  });

  it('S2-069 leaves positions and their stops at the venue alone', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { stop } = desk.hold(0);
    desk.happen(open);
    expect(sentWhileAway(desk)).toEqual([]);
    expect(desk.stateOf(stop)).toBe('working');
    expect(desk.engine.view.positions[0]?.protection).toBe('confirmed');
  });

  it('S2-069 leaves them alone too where the connection to the venue is lost', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { stop } = desk.hold(0);
    desk.happen({ kind: 'venue.health', state: 'down', detail: 'no answer' });
    expect(sentWhileAway(desk)).toEqual([]);
    expect(causes(desk)).toContain('venue auto');
    expect(desk.stateOf(stop)).toBe('working');
    expect(desk.engine.view.positions[0]).toMatchObject({ protection: 'confirmed' });
    expect(desk.engine.view.closeAll).toBe('idle');
  });

  it('can not be armed while it is open; closed again, the venue is read before anything else', () => {
    const desk = new DeskUnderTest().active();
    desk.happen(open);
    expect(desk.arm()).toMatchObject({ ok: false, code: 'venue-breaker' });
    desk.happen(halfOpen);
    const effects = desk.happen(closed);
    expect(effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
  });

  it('S2-071 trades again by rule once it is closed and the books agree', () => {
    const desk = new DeskUnderTest().active();
    desk.happen(open);
    desk.happen(closed);
    desk.snapshot();
    expect(desk.arm('rule')).toMatchObject({ ok: true });
    expect(desk.engine.view.mode).toBe('ACTIVE');
  });

  it("S2-071 never lifts a person's stop that came before or during the outage", () => {
    const desk = new DeskUnderTest().active();
    desk.happen(open);
    desk.command({ name: 'stop' });
    desk.happen(closed);
    desk.snapshot();
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
  });

  it('one outage is one halt, however often it opens', () => {
    const desk = new DeskUnderTest().active();
    desk.happen(open);
    const { haltId } = desk.engine.view;
    desk.happen(halfOpen);
    desk.happen(open);
    expect(desk.engine.view.haltId).toBe(haltId);
    expect(desk.recorded('note').filter(({ level }) => level === 'warn')).toHaveLength(3);
  });
});
