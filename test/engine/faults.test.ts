import { describe, expect, it } from 'vitest';
import type { EquitySample } from '../../src/engine/effect.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

function causes(desk: DeskUnderTest): string[] {
  return desk.engine.view.halts.map(({ cause }) => cause);
}

/** What was observed while market time went on by so many seconds, with a quote each second. */
function curveOf(
  desk: DeskUnderTest,
  seconds: number,
  bidTicks: (second: number) => number,
  everySeconds = 1,
): EquitySample[] {
  const points: EquitySample[] = [];
  for (let second = everySeconds; second <= seconds; second += everySeconds) {
    desk.marketMs += everySeconds * 1_000;
    for (const effect of desk.quote(0, bidTicks(second)))
      if (effect.kind === 'equity') points.push(effect.sample);
  }
  return points;
}

describe('what goes wrong around the engine', () => {
  it('a silent feed halts after the bound of the desk file', () => {
    const desk = new DeskUnderTest().active();
    desk.pass(10_000);
    expect(causes(desk)).toEqual([]);
    desk.pass(1);
    expect(causes(desk)).toEqual(['stale-data']);
    expect(desk.engine.view.reason).toContain('BTC/USDT');
  });

  it('a quiet instrument without a position halts nobody, one with a position does', () => {
    const desk = new DeskUnderTest().active();
    desk.wait(9_000);
    desk.quote(0, 10_000);
    desk.pass(2_000);
    expect(causes(desk)).toEqual([]);
    desk.hold(1);
    desk.wait(9_000);
    desk.quote(0, 10_000);
    desk.pass(2_000);
    expect(causes(desk)).toEqual(['stale-data']);
  });

  it('a halted desk whose account can’t be read says so once, if it holds anything and the venue answers', () => {
    const told = (holds: boolean, isAway = false) => {
      const desk = new DeskUnderTest().active();
      if (holds) desk.hold(0);
      desk.command({ name: 'reconcile' });
      desk.snapshot();
      desk.command({ name: 'stop' });
      if (isAway) desk.happen({ kind: 'venue.health', state: 'down', detail: 'no answer' });
      for (let second = 1; second <= 400; second += 1) {
        const asked = desk.pass(1_000).find((effect) => effect.kind === 'requestSnapshot');
        if (asked !== undefined)
          desk.happen({
            kind: 'venue.snapshotFailed',
            requestId: asked.requestId,
            cause: '-2015 Invalid API-key',
          });
      }
      if (isAway) desk.happen({ kind: 'venue.health', state: 'up', detail: 'answers' });
      desk.pass(1_000);
      return desk.recorded('note').flatMap(({ level, text }) => (level === 'alarm' ? [text] : []));
    };
    expect(told(true)).toEqual([
      expect.stringMatching(/^no reading of the account has agreed for 180 s: -2015 .*at the venue$/),
    ]);
    expect(told(false)).toEqual([]);
    expect(told(true, true)).toEqual([]);
  });

  it('a jump of the clock halts each time with a new id, and the venue is read before anything else', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.happen({ kind: 'clock.jump', gapMs: 60_000 });
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect(desk.effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    const first = desk.engine.view.haltId;
    expect(desk.arm()).toMatchObject({ ok: false, code: 'not-reconciled' });
    desk.happen({ kind: 'clock.jump', gapMs: 5_000 });
    expect(desk.engine.view.haltId).not.toBe(first);
    expect(causes(desk)).toEqual(['clock-jump']);
  });

  it('a lost heartbeat does what the desk file says: stop, close all, or nothing', () => {
    const stopped = new DeskUnderTest({ capabilities: FUTURES }).active();
    stopped.hold(0);
    stopped.happen({ kind: 'heartbeat.lost', which: 'operations' });
    expect(causes(stopped)).toEqual(['heartbeat-operations']);
    expect(stopped.live('close', 0)).toEqual([]);
    const closed = new DeskUnderTest({ capabilities: FUTURES }).active();
    closed.hold(0);
    closed.happen({ kind: 'heartbeat.lost', which: 'supervisor' });
    expect(closed.live('close', 0)).toHaveLength(1);
    const none = new DeskUnderTest({
      heartbeatLost: { operations: 'none', supervisor: 'none' },
    }).active();
    none.happen({ kind: 'heartbeat.lost', which: 'operations' });
    expect(causes(none)).toEqual([]);
  });

  it('a venue that is away for ten seconds halts; one that was away is read again', () => {
    const desk = new DeskUnderTest().active();
    desk.happen({ kind: 'venue.health', state: 'down', detail: 'SYM: its lotSize is coarser' });
    desk.quote(0, 10_000);
    desk.pass(9_999);
    expect(causes(desk)).toEqual([]);
    desk.quote(0, 10_000);
    desk.pass(1);
    expect(causes(desk)).toEqual(['venue']);
    expect(desk.status()).toMatchObject({ venueIsUp: false, venueBreaker: { state: 'closed' } });
    // A venue that answers, and takes nothing of this desk, is down by its own words.
    expect(desk.engine.view.halts).toMatchObject([
      { reason: 'the venue has been down for 10 s: SYM: its lotSize is coarser' },
    ]);
    const effects = desk.happen({ kind: 'venue.health', state: 'up', detail: 'x' });
    expect(effects.some(({ kind }) => kind === 'requestSnapshot')).toBe(true);
    expect(desk.status().venueIsUp).toBe(true);
  });

  it('a journal that can not be written halts, and cancels still go out', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.happen({ kind: 'journal.fault', detail: 'no space left' });
    expect(causes(desk)).toEqual(['journal-fault']);
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
  });

  it('a desk whose journal can not be written is armed by nobody', () => {
    const desk = new DeskUnderTest().active();
    desk.happen({ kind: 'journal.fault', detail: 'no space left' });
    expect(desk.arm('two-people')).toMatchObject({ ok: false, code: 'journal-fault' });
  });

  it('a journal that can not be written waits for a person, whatever else is down with the disk', () => {
    const desk = new DeskUnderTest().active();
    desk.happen({ kind: 'journal.fault', detail: 'no space left' });
    desk.happen({ kind: 'venue.health', state: 'down', detail: 'the paper book could not be written' });
    expect(desk.arm('two-people')).toMatchObject({ ok: false, code: 'journal-fault' });
    const of = desk.engine.whyNotTrading().filter(({ reason }) => reason.includes('no space left'));
    expect(of.map(({ waitsFor }) => waitsFor)).toEqual(
      of.map(() => expect.stringContaining('restart trader')),
    );
    expect(of.length).toBeGreaterThan(1);
  });

  it.each(['closeAll', 'kill'] as const)(
    '%s says that it can close nothing while the journal can not be written, and the stop stays',
    (name) => {
      const desk = new DeskUnderTest().active();
      const { stop } = desk.hold(0);
      const entry = desk.enter(1);
      desk.happen({ kind: 'journal.fault', detail: 'no space left' });
      expect(desk.sent('cancel')).toEqual([entry.clientId]);
      expect(desk.command({ name })).toMatchObject({
        ...{ ok: false, code: 'journal-fault' },
        message: expect.stringContaining('the desk is halted until the trader is restarted'),
      });
      desk.pass(60_000);
      expect(desk.stateOf(stop)).toBe('working');
      expect(desk.engine.view).toMatchObject({
        mode: name === 'kill' ? 'KILLED' : 'HALTED',
        closeAll: 'idle',
      });
    },
  );

  it('a close-all that is under way takes no more stops off once the journal can not be written', () => {
    const desk = new DeskUnderTest().active();
    desk.hold(0);
    const { stop } = desk.hold(1);
    desk.happen({ kind: 'journal.fault', detail: 'no space left' });
    desk.happen({ kind: 'heartbeat.lost', which: 'supervisor' });
    expect(desk.engine.view.closeAll).toBe('running');
    expect(desk.stateOf(stop)).toBe('working');
    desk.pass(30_000);
    expect(desk.engine.view.closeAll).toBe('escalated');
  });

  it('the end of a recording halts, and nothing arms after it', () => {
    const desk = new DeskUnderTest().active();
    desk.happen({ kind: 'feed.ended', detail: 'the file is over' });
    expect(causes(desk)).toEqual(['recording-ended']);
    // Said once, with what helps: no price is waited for that can't come.
    desk.pass(60_000);
    const said = desk.engine.whyNotTrading().filter(({ reason }) => /recording|price/.test(reason));
    expect(said).toEqual([
      {
        subject: 'desk',
        reason: 'the recording has ended',
        waitsFor: 'start with another recording or market',
      },
    ]);
    expect(desk.arm('two-people')).toMatchObject({ ok: false, code: 'feed-ended' });
  });
});

describe('losses', () => {
  it('of a day halt at the limit, unrealised results included, and the entries leave', () => {
    const desk = new DeskUnderTest({
      risk: {
        maxPositionSizePct: 90,
        maxConcurrentPositions: 2,
        stopLossPct: 5,
        dailyLossLimitPct: 3,
        maxDrawdownPct: 15,
        staleDataSeconds: 10,
      },
    }).active();
    desk.hold(0);
    desk.quote(0, 9_900);
    expect(causes(desk)).toEqual([]);
    desk.quote(0, 9_600);
    expect(causes(desk)).toEqual(['daily-loss']);
    expect(desk.engine.view.halts[0]).toMatchObject({ resume: 'next-day' });
  });

  /** A day's loss of 3 % halts, and one of 4 % from the peak; the account pays 5 % in one event. */
  const losing = {
    ...{ maxPositionSizePct: 90, maxConcurrentPositions: 2, stopLossPct: 5 },
    staleDataSeconds: 10,
  };
  const loses = (desk: DeskUnderTest, amount = '-500'): void => {
    const movement = { id: 'l', kind: 'funding', amount, asset: 'USDT', source: 'x' } as const;
    desk.happen({ kind: 'venue.movement', movement: { ...movement, marketMs: desk.marketMs } });
  };

  it.each([
    ['-299.99', []],
    ['-300.00', ['daily-loss']],
  ])('of a day halt at the very limit, and not above it: %s of 10,000', (amount, halted) => {
    const desk = new DeskUnderTest({ risk: { ...losing, dailyLossLimitPct: 3, maxDrawdownPct: 4 } }).active();
    loses(desk, amount);
    expect(causes(desk)).toEqual(halted);
  });

  it('that pass both limits at once halt for both, and one decision lifts both', () => {
    const desk = new DeskUnderTest({ risk: { ...losing, dailyLossLimitPct: 3, maxDrawdownPct: 4 } }).active();
    loses(desk);
    expect(causes(desk)).toEqual(['daily-loss', 'drawdown']);
    expect(desk.arm('person')).toMatchObject({ ok: true, detail: 'armed: the desk is ACTIVE' });
    expect(desk.engine.view.mode).toBe('ACTIVE');
  });

  it('that pass a limit while the desk is halted for something else halt it again as it is armed, and the answer says so', () => {
    const desk = new DeskUnderTest({ risk: { ...losing, dailyLossLimitPct: 3, maxDrawdownPct: 9 } }).active();
    desk.command({ name: 'stop' });
    loses(desk);
    const detail = expect.stringMatching(/^armed, and halted again at once: equity .* has lost 3 % or more/);
    expect(desk.arm('person')).toMatchObject({ ok: true, detail });
    expect(causes(desk)).toEqual(['daily-loss']);
    expect(desk.arm('person')).toMatchObject({ ok: true, detail: 'armed: the desk is ACTIVE' });
    expect(desk.engine.view.mode).toBe('ACTIVE');
  });

  it('from the peak halt for a person, and are counted anew once a person has decided', () => {
    const desk = new DeskUnderTest({
      risk: {
        maxPositionSizePct: 90,
        maxConcurrentPositions: 2,
        stopLossPct: 5,
        dailyLossLimitPct: 50,
        maxDrawdownPct: 4,
        staleDataSeconds: 10,
      },
    }).active();
    desk.hold(0);
    desk.quote(0, 11_000);
    desk.quote(0, 10_300);
    expect(causes(desk)).toEqual(['drawdown']);
    desk.quote(1, 10_000);
    expect(desk.arm('rule')).toMatchObject({ ok: false, code: 'authority' });
    expect(desk.arm('person').ok).toBe(true);
    desk.quote(0, 10_299);
    expect(causes(desk)).toEqual([]);
  });

  it('are counted from the first equity of each day, by the market and not by the wall', () => {
    const desk = new DeskUnderTest().active();
    expect(desk.recorded('day')).toHaveLength(1);
    desk.marketMs += 12 * 3_600_000 + 60_000;
    desk.quote(0, 10_000);
    expect(desk.recorded('day')).toHaveLength(2);
  });

  it('leave the quote path silent: no record, no effect, the same empty answer', () => {
    const desk = new DeskUnderTest().active();
    const quote = {
      kind: 'quote',
      instrument: 0,
      bidTicks: 10_000,
      askTicks: 10_001,
      ...desk.stamp(),
    } as const;
    const first = desk.engine.process(quote);
    expect(first).toEqual([]);
    expect(desk.engine.process(quote)).toBe(first);
  });

  it('draw a point of the curve a market minute where equity changed, and record none of it', () => {
    const desk = new DeskUnderTest().active();
    desk.hold(0);
    desk.quote(0, 9_990);
    const records = desk.records.length;
    const { cash, peak, capitalMoved } = desk.engine.view;
    const points = curveOf(desk, 180, (second) => 9_990 - (second % 7));
    expect(points).toHaveLength(3);
    for (const [before, after] of points.slice(1).map((point, at) => [points[at]!, point] as const))
      expect(after.marketMs - before.marketMs).toBe(60_000);
    const { equity, positions } = desk.engine.view;
    expect(points.at(-1)).toEqual({
      ...{ equity, peak, cash: BigInt(cash), capitalMoved, marketMs: desk.marketMs },
      unrealised: positions[0]?.unrealised,
    });
    desk.quote(0, 9_990 - (180 % 7));
    expect(curveOf(desk, 180, () => 9_990 - (180 % 7))).toEqual([]);
    expect(desk.records).toHaveLength(records);
  });

  it('are on record once an hour, a minute after a higher peak, and as a day begins', () => {
    const desk = new DeskUnderTest().active();
    desk.hold(0);
    desk.quote(0, 9_990);
    const before = desk.recorded('equity').length;
    expect(curveOf(desk, 7_200, (second) => 9_990 - (second % 7)).length).toBeGreaterThan(100);
    expect(desk.recorded('equity').length - before).toBe(2);

    const { peak } = desk.engine.view;
    let bidTicks = 9_990;
    for (; desk.engine.view.peak === peak; bidTicks += 1) desk.quote(0, bidTicks + 1);
    // Too little higher to be recorded at once.
    expect(desk.recorded('equity').at(-1)?.peak).toBe(peak);
    curveOf(desk, 60, () => bidTicks);
    expect(desk.recorded('equity').at(-1)).toMatchObject({ peak: desk.engine.view.equity });

    curveOf(desk, 86_400, () => bidTicks, 86_400);
    const { equity } = desk.engine.view;
    expect(desk.records.slice(-2)).toMatchObject([
      { type: 'day', startEquity: equity },
      { type: 'equity', equity },
    ]);
  });
});
