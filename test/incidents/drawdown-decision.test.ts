import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/domain/decision.js';
import { sizeSubject } from '../../src/domain/settings-change.js';
import { ControlRefusal } from '../../src/trader/control/control-refusal.js';
import { armAuthority, SizeVotes, sizeAuthority } from '../../src/trader/control/votes.js';
import { decisionOf } from '../workflows/support/decisions.js';
import { type Bench, type BenchDesk, DECISION_KEY, openBench } from '../workflows/support/desk-bench.js';
import { resume } from '../workflows/support/resumptions.js';
import { position, strategy } from './incident-bench.js';

const HALT_ID = 'ab'.repeat(16);
const signed = (fields: Partial<Decision>): Decision => decisionOf('desk', 'resume', HALT_ID, fields);

describe('the size that people choose when they lift a halt', () => {
  const question = (decisions: readonly Decision[]) => ({
    desk: 'desk',
    haltId: HALT_ID,
    inForcePpm: 500_000,
    decisions,
    approvers: new Set(['anna', 'bert']),
    readKey: () => DECISION_KEY,
    nowMs: Date.now(),
  });

  it('is part of what the authentication code covers', () => {
    expect(armAuthority(question([signed({ sizePct: 50 })]))).toEqual({
      authority: 'person',
      sizeFactorPpm: 500_000,
    });
    expect(() => armAuthority(question([{ ...signed({ sizePct: 50 }), sizePct: 100 }]))).toThrow(
      'authentication code',
    );
    expect(() => armAuthority(question([{ ...signed({}), sizePct: 100 }]))).toThrow('authentication code');
  });

  it('is the smallest that any of them chose, and left as it is where nobody did', () => {
    const both = [signed({ sizePct: 80 }), signed({ person: 'bert', sizePct: 25 })];
    expect(armAuthority(question(both))).toEqual({ authority: 'two-people', sizeFactorPpm: 250_000 });
    expect(armAuthority(question([signed({})]))).toEqual({ authority: 'person' });
  });

  it('is no larger than the one in force where somebody left it as it is, and smaller where another one said so', () => {
    const leaves = signed({ person: 'bert' });
    const sized = (sizePct: number) => armAuthority(question([signed({ sizePct }), leaves]));
    expect(sized(100)).toEqual({ authority: 'two-people', sizeFactorPpm: 500_000 });
    expect(sized(25)).toEqual({ authority: 'two-people', sizeFactorPpm: 250_000 });
    expect(armAuthority(question([signed({}), leaves]))).toEqual({ authority: 'two-people' });
    expect(armAuthority(question([signed({ sizePct: 100 })]))).toMatchObject({ sizeFactorPpm: 1_000_000 });
  });
});

describe('a larger size', () => {
  const decide = (fields: Partial<Decision> = {}) =>
    decisionOf('desk', 'approve', sizeSubject(50, 100), fields);
  const question = (decisions: readonly Decision[]) => ({
    desk: 'desk',
    commandId: 'c1',
    used: new SizeVotes(),
    fromPct: 50,
    toPct: 100,
    decisions,
    approvers: new Set(['anna']),
    readKey: () => DECISION_KEY,
    nowMs: Date.now(),
  });

  it('is allowed by a decision of an approver on exactly this step', () => {
    expect(sizeAuthority(question([decide()]))).toBe(true);
    expect(sizeAuthority(question([]))).toBe(false);
  });

  it.each([
    [{ subject: sizeSubject(25, 100) }, 'another step'],
    [{ person: 'olga' }, 'does not name this person'],
    [{ choice: 'resume' as const }, 'the choice was resume'],
    [{ desk: 'other' }, 'about the desk other'],
    [{ expiresWallMs: 1 }, 'expired'],
    [{ mac: '00'.repeat(32) }, 'authentication code'],
  ])('is refused for a decision with %j', (fields, why) => {
    expect(() => sizeAuthority(question([decide(fields)]))).toThrow(why);
  });

  it('is allowed once by one decision: again for the same request alone', () => {
    const asked = question([decide()]);
    expect(sizeAuthority(asked)).toBe(true);
    expect(sizeAuthority(asked)).toBe(true);
    expect(() => sizeAuthority({ ...asked, commandId: 'c2' })).toThrow('counted before, for another request');
  });

  it('is refused where no decision can be checked', () => {
    const readKey = () => {
      throw new Error('no key');
    };
    expect(() => sizeAuthority({ ...question([decide()]), readKey })).toThrow(ControlRefusal);
  });
});

describe('resumption after maximum drawdown', () => {
  let bench: Bench;
  let desk: BenchDesk;
  beforeAll(async () => {
    bench = await openBench();
    desk = await bench.desk({ serve: ['operations', 'engine'] });
  });
  afterAll(() => bench?.close());
  beforeEach(() => {
    desk.trader.strategies = [strategy('ema-cross')];
    desk.trader.held = [position('BTC/USDT')];
  });

  it('S2-076 S2-077 puts the evidence and the choice of smaller size before people, and arms with what was chosen', async () => {
    const haltId = desk.trader.halt('drawdown', 'person');
    const run = await resume(bench, desk, haltId, { steps: [] });
    const waiting = await run.waitsFor('a person to decide');
    expect(waiting.evidence).toEqual([
      expect.stringContaining('below its peak'),
      expect.stringContaining('Market:'),
      expect.stringContaining('Today by strategy:'),
      expect.stringContaining('ema-cross BTC/USDT: 3 of 12 won, -40.00, ranging'),
      'Open positions: BTC/USDT 0.5',
      'Position size now: 100 % of the full size',
    ]);
    const told = await bench.database.pool.query<{ body: string }>(
      'select body from notice where fingerprint = $1',
      [`drawdown:${haltId}`],
    );
    expect(told.rows[0]?.body).toContain('fermata resume --reason TEXT --size 50');
    expect(desk.trader.sent('arm')).toEqual([]);
    await run.decide(decisionOf(desk.name, 'resume', haltId, { sizePct: 50 }));
    expect(await run.result()).toMatchObject({ state: 'armed' });
    expect(desk.trader.sent('arm')).toMatchObject([{ decisions: [{ person: 'anna', sizePct: 50 }] }]);
    const human = (await desk.evidence('resumption')).find(({ kind }) => kind === 'human');
    expect(human?.observed).toBe('anna (web): resume at 50 % size');
  });
});
