import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_TIMING } from '../../src/contracts/emergency.js';
import { emergencyQueue, emergencyStopId } from '../../src/contracts/queues.js';
import { RESUMPTION_TIMING } from '../../src/contracts/resumption.js';
import type { RoutineStep } from '../../src/contracts/routine.js';
import type { Decision } from '../../src/domain/decision.js';
import type { ResumeRule } from '../../src/domain/mode.js';
import { endPerson } from '../../src/home/people-folder.js';
import type { Runtime } from '../../src/home/runtime.js';
import { whoDecided } from '../../src/operations/resume-trading.js';
import { until } from '../support/eventually.js';
import { decisionOf as signedDecision } from './support/decisions.js';
import { type Bench, type BenchDesk, DECISION_KEY, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';
import { refusalOf } from './support/refusal.js';
import { resume as startResumption } from './support/resumptions.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** What these tests need: each worker costs time to start. */
const SERVED = { serve: ['engine', 'operations'] } as const;

/** They answer at once, and a busy machine has time for it. */
const STEPS: RoutineStep[] = [
  {
    key: 'data',
    title: 'Market data fresh',
    check: 'data-fresh',
    onFail: 'halt',
    timeoutSeconds: 60,
    with: {},
  },
  {
    key: 'database',
    title: 'Database answers',
    check: 'database',
    onFail: 'warn',
    timeoutSeconds: 60,
    with: {},
  },
];

const resume = (desk: BenchDesk, haltId: string) => startResumption(bench, desk, haltId, { steps: STEPS });

function decisionOf(desk: BenchDesk, subject: string, person = 'anna', key = DECISION_KEY): Decision {
  return signedDecision(desk.name, 'resume', subject, { person, reason: `${person} looked` }, key);
}

async function waiting(rule: ResumeRule) {
  const desk = await bench.desk(SERVED);
  const haltId = desk.trader.halt(rule === 'auto' ? 'startup' : 'person', rule);
  const run = await resume(desk, haltId);
  await until('the resumption waits', async () => (await run.progress()).state === 'waiting');
  return { desk, haltId, run };
}

describe.concurrent('resumption', () => {
  it('arms by itself where the rule allows that and every check is clean, quoting the halt id', async () => {
    const desk = await bench.desk(SERVED);
    const haltId = desk.trader.halt('startup', 'auto');
    const run = await resume(desk, haltId);
    expect(await run.result()).toMatchObject({ state: 'armed' });
    expect(desk.trader.mode).toBe('ACTIVE');
    expect(desk.trader.sent('arm')).toMatchObject([
      { haltId, configHash: desk.trader.configHash, decisions: [] },
    ]);
    const steps = (await desk.evidence('resumption')).map(
      ({ step_key, verdict }) => `${step_key} ${verdict}`,
    );
    expect(steps.sort()).toEqual(['arm pass', 'data pass', 'database pass', 'why pass']);
  });

  it('waits while a check that stands in the way fails, and arms when it is clean', async () => {
    const desk = await bench.desk(SERVED);
    desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: '9 s old', expected: 'fresh' }));
    const run = await resume(desk, desk.trader.halt('stale-data', 'auto'));
    await until('it says what it waits for', async () =>
      (await run.progress()).detail.includes('Market data fresh'),
    );
    expect(desk.trader.sent('arm')).toEqual([]);
    desk.checks.delete('data-fresh');
    expect(await run.result()).toMatchObject({ state: 'armed' });
  });

  it('waits while a required check can not be run, and not for another one', async () => {
    const desk = await bench.desk(SERVED);
    const notRun = () =>
      ({ verdict: 'not_run', observed: 'the venue was not read', expected: 'read' }) as const;
    desk.checks.set('data-fresh', notRun);
    desk.checks.set('database', notRun);
    const [data, database] = STEPS as [RoutineStep, RoutineStep];
    const steps = [data, { ...database, required: true }];
    const run = await startResumption(bench, desk, desk.trader.halt('startup', 'auto'), { steps });
    const { detail } = await run.waitsFor('Database answers');
    expect(detail).not.toContain('Market data fresh');
    expect(desk.trader.sent('arm')).toEqual([]);
    desk.checks.delete('database');
    expect(await run.result()).toMatchObject({ state: 'armed' });
    await keepHistory(bench, 'resumption-required-not-run', run.workflowId);
  });

  it('arms in spite of a failed check that only warns', async () => {
    const desk = await bench.desk(SERVED);
    desk.checks.set('database', () => ({ verdict: 'fail', observed: 'down', expected: 'up' }));
    const run = await resume(desk, desk.trader.halt('startup', 'auto'));
    expect(await run.result()).toMatchObject({ state: 'armed' });
  });

  it('never lifts a person’s stop by itself, and does so at a person’s decision', async () => {
    const { desk, haltId, run } = await waiting('person');
    expect((await run.progress()).detail).toBe('waits for a person to decide');
    expect(desk.trader.sent('arm')).toEqual([]);
    const decision = decisionOf(desk, haltId);
    expect(await run.decide(decision)).toMatchObject({ armed: true });
    expect(desk.trader.sent('arm')).toMatchObject([{ by: 'anna', decisions: [decision] }]);
    expect(await run.result()).toMatchObject({ state: 'armed' });
    const human = (await desk.evidence('resumption')).find(({ kind }) => kind === 'human');
    expect(human).toMatchObject({
      ...{ person: 'anna', verdict: 'pass' },
      observed: 'anna (web): resume: "anna looked"',
    });
  });

  it('lets the strictest of several halts decide: a person’s stop outlives a restart', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.halt('person', 'person');
    const run = await resume(desk, desk.trader.halt('startup', 'auto'));
    await until('it waits for a person', async () => (await run.progress()).detail.includes('a person'));
    expect(desk.trader.sent('arm')).toEqual([]);
    await run.end();
  });

  it('refuses a decision that was not made with the installation’s key', async () => {
    const { desk, haltId, run } = await waiting('person');
    const refusal = await refusalOf(run.decide(decisionOf(desk, haltId, 'mallory', 'cd'.repeat(32))));
    expect(refusal).toContain('authentication code is wrong');
    expect(desk.trader.mode).toBe('HALTED');
    expect((await run.progress()).decidedBy).toEqual([]);
    await run.end();
  });

  it('refuses a decision about another halt, another desk, or one that has expired', async () => {
    const { desk, haltId, run } = await waiting('person');
    const good = decisionOf(desk, haltId);
    expect(await refusalOf(run.decide(decisionOf(desk, 'f'.repeat(32))))).toContain('another halt');
    expect(await refusalOf(run.decide({ ...good, desk: 'other' }))).toContain('this is the desk');
    expect(await refusalOf(run.decide({ ...good, expiresWallMs: 1 }))).toContain('expired');
    expect(desk.trader.sent('arm')).toEqual([]);
    await run.end();
  });

  it('arms nothing while a stop has not reached the trader yet: that one comes first', async () => {
    const desk = await bench.desk();
    desk.trader.refuses = 'stop';
    const workflowId = emergencyStopId(desk.name);
    const timing = { ...EMERGENCY_TIMING, retryMs: 50, retryMsMax: 200, queueWaitMs: 30_000 };
    await bench.client.workflow.signalWithStart('emergencyStop', {
      workflowId,
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, incarnations: null, orders: [], timing }],
      signal: 'stop',
      signalArgs: [{ commandId: 'stop-1', by: 'anna', via: 'web', reason: 'r', sentTo: [] }],
    });
    await until('the stop to be refused', () => desk.trader.sent('stop').length > 0);
    const run = await resume(desk, desk.trader.halt('startup', 'auto'));
    await run.waitsFor('the trader to accept arming: A stop has not reached this trader yet');
    expect(desk.trader.sent('arm')).toEqual([]);
    desk.trader.refuses = null;
    expect(await run.result()).toMatchObject({ state: 'superseded' });
    expect(desk.trader.halts.at(-1)).toMatchObject({ cause: 'person', by: 'anna' });
    // Once it has, nothing of it stands in the way.
    const haltId = desk.trader.haltId ?? '';
    const next = await resume(desk, haltId);
    await next.waitsFor('a person');
    expect(await next.decide(decisionOf(desk, haltId))).toMatchObject({ armed: true });
  });

  it('waits for a stop that is being delivered once more, and who decided after it need not again', async () => {
    const desk = await bench.desk();
    const order = { commandId: 'stop-1', by: 'anna', via: 'web', reason: 'r', sentTo: [] };
    // As the socket delivers it, whose answer the workflow did not hear in time.
    const { haltId } = await desk.trader.answer('stop', order);
    desk.trader.losesAnswersTo = 'stop';
    const timing = { ...EMERGENCY_TIMING, retryMs: 50, retryMsMax: 200, queueWaitMs: 30_000 };
    await bench.client.workflow.signalWithStart('emergencyStop', {
      workflowId: emergencyStopId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, incarnations: null, orders: [], timing }],
      signal: 'stop',
      signalArgs: [order],
    });
    await until('the stop to be sent again', () => desk.trader.sent('stop').length > 1);
    const run = await resume(desk, haltId ?? '');
    await run.waitsFor('a person');
    const decided = run.decide(decisionOf(desk, haltId ?? ''));
    const sent = desk.trader.sent('stop').length;
    await until('the stop to be sent once more', () => desk.trader.sent('stop').length > sent);
    expect(desk.trader.sent('arm')).toEqual([]);
    desk.trader.losesAnswersTo = null;
    expect(await decided).toMatchObject({ armed: true });
  });

  it('needs two people where the rule says so, and counts each of them once', async () => {
    const { desk, haltId, run } = await waiting('two-people');
    const first = await run.decide(decisionOf(desk, haltId, 'anna'));
    expect(first).toMatchObject({
      armed: false,
      checking: true,
      detail: 'waits for 1 more of two people to decide',
    });
    expect(await run.decide(decisionOf(desk, haltId, 'anna'))).toEqual({
      ...first,
      atWallMs: expect.any(Number),
    });
    expect((await run.progress()).decidedBy).toEqual(['anna']);
    await until('the others are asked, each time', async () => {
      const told = await bench.database.pool.query(
        `select 1 from notice where desk = $1 and title = $2 and audience = '{approver,-anna}' and body like $3`,
        [desk.name, `anna wants ${desk.name} to trade again`, 'Why: "anna looked".%'],
      );
      return told.rowCount === 2;
    });
    expect(await run.decide(decisionOf(desk, haltId, 'ben'))).toMatchObject({ armed: true });
    expect(desk.trader.sent('arm')).toMatchObject([{ by: 'anna and ben' }]);
  });

  it('leaves out the decision of a person who was removed since, and says so', async ({ onTestFinished }) => {
    const home = mkdtempSync(join(tmpdir(), 'fermata-removed-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const desk = await bench.desk({ ...SERVED, context: { runtime: { home } as Runtime } });
    const haltId = desk.trader.halt('person', 'two-people');
    const run = await resume(desk, haltId);
    await run.waitsFor('two people');
    await run.decide(decisionOf(desk, haltId, 'anna'));
    endPerson(home, 'anna');
    expect(await run.decide(decisionOf(desk, haltId, 'ben'))).toMatchObject({
      armed: false,
      detail: 'waits for 1 more of two people to decide; that of anna counts no more: removed since',
    });
    expect((await run.progress()).decidedBy).toEqual(['ben']);
    expect(await run.decide(decisionOf(desk, haltId, 'carl'))).toMatchObject({ armed: true });
    expect(desk.trader.sent('arm')).toMatchObject([{ by: 'ben and carl' }]);
  });

  it('tells the second person at which size the first one wants to trade', async () => {
    const { desk, haltId, run } = await waiting('two-people');
    const told = async () => {
      const { rows } = await bench.database.pool.query<{ body: string }>(
        'select body from notice where desk = $1 and title = $2 order by id',
        [desk.name, `anna wants ${desk.name} to trade again`],
      );
      return rows.map(({ body }) => body);
    };
    await run.decide(signedDecision(desk.name, 'resume', haltId, { sizePct: 80 }));
    await until('the others are asked', async () => (await told()).length === 1);
    expect((await run.progress()).decisions).toMatchObject([{ person: 'anna', sizePct: 80 }]);
    const askedBy = (person: string, nowMs = Date.now()) => {
      const trader = { call: async () => ({ haltId }) };
      const asked = { desk: { desk: desk.name }, temporal: bench.temporal, trader, nowMs: () => nowMs };
      return whoDecided(asked as never, person);
    };
    expect(await askedBy('ben')).toEqual([
      expect.stringMatching(/^anna has decided to resume at 80 % .*, which counts until .* UTC\. /),
    ]);
    expect(await askedBy('anna')).toEqual([]);
    // The run lists it until it does something again.
    expect(await askedBy('ben', Date.now() + 3_600_000)).toEqual([]);
    await run.decide(signedDecision(desk.name, 'resume', haltId));
    await until('the others are asked again', async () => (await told()).length === 2);
    expect((await run.progress()).decisions).toEqual([{ person: 'anna', expiresWallMs: expect.any(Number) }]);
    expect(await told()).toEqual([
      expect.stringContaining('At 80 % of the full position size'),
      expect.stringContaining('At the position size as it is now'),
    ]);
    await run.end();
  });

  it('counts the newest decision of a person alone: at its size, and the earlier one never again', async () => {
    const desk = await bench.desk(SERVED);
    desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: '9 s old', expected: 'fresh' }));
    const haltId = desk.trader.halt('person', 'person');
    // It looks again by itself only long after this test: what arms is the person's next decision.
    const timing = { ...RESUMPTION_TIMING, retryMs: 3_600_000, decisionWaitMs: 200_000 };
    const run = await startResumption(bench, desk, haltId, { steps: STEPS, timing });
    await run.waitsFor('Market data fresh');
    const full = decisionOf(desk, haltId);
    const half = signedDecision(desk.name, 'resume', haltId, { sizePct: 50 });
    expect(await run.decide(full)).toMatchObject({ armed: false, checking: true, atWallMs: full.atWallMs });
    expect(await refusalOf(run.decide(full))).toContain('counts already');
    expect(await run.decide(half)).toMatchObject({ armed: false, checking: true });
    expect(await refusalOf(run.decide(full))).toContain('used up');
    desk.checks.clear();
    const less = signedDecision(desk.name, 'resume', haltId, { sizePct: 40 });
    expect(await run.decide(less)).toMatchObject({ armed: true });
    expect(desk.trader.sent('arm')).toMatchObject([{ by: 'anna', decisions: [less] }]);
    await run.result();
    await keepHistory(bench, 'resumption-decided-again', run.workflowId);
  });

  it('ends when a newer halt takes the place of its own', async () => {
    const { desk, run } = await waiting('person');
    desk.trader.halt('stale-data', 'auto');
    expect(await run.result()).toMatchObject({ state: 'superseded' });
    expect(desk.trader.sent('arm')).toEqual([]);
    expect((await desk.evidence('resumption')).at(-1)).toMatchObject({
      ...{ step_key: 'superseded', verdict: 'not_run', observed: 'a newer halt has taken its place' },
    });
  });

  it('answers a person, too, whose decision was being verified when that of another had armed it', async () => {
    let verified = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const desk = await bench.desk({
      ...SERVED,
      afterActivity: async (name) => {
        if (name !== 'verifyDecision') return;
        verified += 1;
        if (verified === 1) await until('both to be verified', () => verified > 1);
        else if (verified === 2) await released;
      },
    });
    const haltId = desk.trader.halt('venue', 'person');
    const run = await resume(desk, haltId);
    await run.waitsFor('a person');
    const answers = ['anna', 'ben'].map((person) => run.decide(decisionOf(desk, haltId, person)));
    expect(await Promise.race(answers)).toMatchObject({ armed: true });
    release();
    expect(await Promise.all(answers)).toMatchObject([{ armed: true }, { armed: true }]);
    expect(await run.result()).toMatchObject({ state: 'armed' });
    await keepHistory(bench, 'resumption-decided-as-it-ended', run.workflowId);
  });

  it('answers a second, equal decision that comes while the first is being verified as it answers the first', async () => {
    let verifying = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const desk = await bench.desk({
      ...SERVED,
      afterActivity: async (name) => {
        if (name !== 'verifyDecision') return;
        verifying += 1;
        await released;
      },
    });
    const haltId = desk.trader.halt('person', 'two-people');
    const run = await resume(desk, haltId);
    await run.waitsFor('two people');
    const first = run.decide(signedDecision(desk.name, 'resume', haltId, { sizePct: 50 }));
    await until('the first to be verified', () => verifying === 1);
    const again = signedDecision(desk.name, 'resume', haltId, { sizePct: 50 });
    const second = run.decide(again);
    const other = run.decide(signedDecision(desk.name, 'resume', haltId, { sizePct: 60 }));
    expect(await refusalOf(other)).toContain('an earlier decision by anna is being verified');
    release();
    const answer = await first;
    expect(answer).toMatchObject({ armed: false, checking: true, detail: expect.stringContaining('1 more') });
    expect(await second).toEqual({ ...answer, atWallMs: again.atWallMs });
    expect(verifying).toBe(1);
    await run.decide(decisionOf(desk, haltId, 'ben'));
    expect(await run.result()).toMatchObject({ state: 'armed' });
    await keepHistory(bench, 'resumption-decided-twice-at-once', run.workflowId);
  });

  it('tells the person when the trader refuses to be armed, and the decision is spent', async () => {
    const { desk, haltId, run } = await waiting('person');
    desk.trader.refusesArming = 'the configuration has changed';
    const outcome = await run.decide(decisionOf(desk, haltId));
    expect(outcome).toMatchObject({ armed: false });
    expect(outcome).not.toHaveProperty('checking');
    expect(outcome.detail).toContain('the configuration has changed');
    expect((await run.progress()).decidedBy).toEqual([]);
    desk.trader.refusesArming = null;
    expect(await run.decide(decisionOf(desk, haltId))).toMatchObject({ armed: true });
  });

  it('tells the person so too where the decision came while it looked at the trader', async () => {
    let isHeld = false;
    let release: (() => void) | null = null;
    const desk = await bench.desk({
      ...SERVED,
      afterActivity: async (name) => {
        if (!isHeld || name !== 'readSituation') return;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    });
    const haltId = desk.trader.halt('person', 'person');
    const run = await resume(desk, haltId);
    await run.waitsFor('a person');
    desk.trader.refusesArming = 'the configuration has changed';
    isHeld = true;
    await until('a look that is not over', () => release);
    const deciding = run.decide(decisionOf(desk, haltId));
    await until('the decision', async () => (await run.progress()).decidedBy.length === 1);
    isHeld = false;
    (release as (() => void) | null)?.();
    expect((await deciding).detail).toContain('the configuration has changed');
    await run.end();
  });

  it('does not arm while the venue’s book and ours differ', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.reconciliation = 'differences';
    const run = await resume(desk, desk.trader.halt('startup', 'auto'));
    await until('it says so', async () => (await run.progress()).detail.includes('the books differ'));
    expect(desk.trader.sent('arm')).toEqual([]);
    desk.trader.reconciliation = 'clean';
    expect(await run.result()).toMatchObject({ state: 'armed' });
  });

  it('waits for the next trading day where the halt ends with its day', async () => {
    const { desk, run } = await waiting('next-day');
    expect((await run.progress()).detail).toContain('2026-03-03T00:00:00.000Z');
    desk.trader.marketMs = Date.parse('2026-03-03T00:01:00Z');
    expect(await run.result()).toMatchObject({ state: 'armed' });
    expect(desk.trader.sent('arm')).toMatchObject([{ by: 'rule next-day' }]);
  });

  it('goes on when a trader that did not answer is back', async () => {
    const desk = await bench.desk(SERVED);
    const haltId = desk.trader.halt('startup', 'auto');
    desk.trader.gone = true;
    const run = await resume(desk, haltId);
    await until('it says so', async () => (await run.progress()).detail.includes('the trader to answer'));
    desk.trader.gone = false;
    expect(await run.result()).toMatchObject({ state: 'armed' });
  });
});
