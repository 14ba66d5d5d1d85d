import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailureCategory } from '@temporalio/common';
import { encodeApplicationFailureCategory } from '@temporalio/common/lib/failure.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routineId } from '../../src/contracts/queues.js';
import type { RoutineInput, RoutineResult, RoutineStep } from '../../src/contracts/routine.js';
import { readRoutineRuns } from '../../src/store/routine-run.js';
import { scheduleDefinitions, scheduledRunId } from '../../src/temporal/schedules/schedule-definition.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { until } from '../support/eventually.js';
import { readMissedRuns } from '../support/read-missed-runs.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';
import { NOMINAL_MS, startRoutine } from './support/routines.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

function step(key: string, check: string, onFail: RoutineStep['onFail']): RoutineStep {
  return { key, title: `Step ${key}`, check, onFail, timeoutSeconds: 5, with: {} };
}

async function runRoutine(
  desk: BenchDesk,
  steps: RoutineStep[],
  given: Partial<RoutineInput> = {},
): Promise<RoutineResult> {
  return (await startRoutine(bench, desk, steps, given)).result();
}

const failing = { verdict: 'fail', observed: '3 seconds', expected: 'at most 2 seconds' } as const;

describe.concurrent('a routine', () => {
  it('says per step what was expected and what was observed, and keeps that as evidence', async () => {
    const desk = await bench.desk();
    desk.checks.set('database', () => failing);
    const result = await runRoutine(desk, [
      step('venue', 'venue-reachable', 'halt'),
      step('database', 'database', 'warn'),
    ]);
    expect(result.verdict).toBe('warn');
    const evidence = await desk.evidence('pre-market');
    expect(evidence.map(({ step_key, verdict }) => `${step_key} ${verdict}`).sort()).toEqual([
      'database fail',
      'venue pass',
    ]);
    const [run] = await readRoutineRuns(bench.database.pool, desk.name);
    expect(run).toMatchObject({
      routine: 'pre-market',
      verdict: 'warn',
      nominalMs: NOMINAL_MS,
      cause: 'market-clock',
    });
    expect(run?.finishedMs).not.toBeNull();
  });

  it('triggered by hand on a market with a clock of its own takes the market’s time', async () => {
    const desk = await bench.desk();
    const given = { cause: 'schedule', nominalMs: null, marketMs: null, marketClock: true } as const;
    expect(await runRoutine(desk, [step('a', 'database', 'warn')], given)).toMatchObject({ verdict: 'pass' });
    const [run] = await readRoutineRuns(bench.database.pool, desk.name);
    expect(run?.nominalMs).toBe(desk.trader.marketMs);
  });

  it('names each failing step in its notice, whichever of three identical failures it was', async () => {
    const desks = await Promise.all([1, 2, 3].map(() => bench.desk()));
    await Promise.all(
      desks.map(async (desk) => {
        desk.checks.set('database', () => failing);
        await runRoutine(desk, [
          step('database', 'database', 'stop'),
          step('venue', 'venue-reachable', 'warn'),
        ]);
      }),
    );
    for (const desk of desks) {
      const told = await bench.database.pool.query('select body from notice where desk = $1', [desk.name]);
      expect(told.rows).toEqual([{ body: 'fail: Step database: 3 seconds' }]);
    }
  });

  it('is closed only after its evidence is written', async () => {
    const { pool } = bench.database;
    const seen: boolean[] = [];
    const desk: BenchDesk = await bench.desk({
      afterActivity: async (name) => {
        if (name !== 'recordEvidenceBatch') return;
        await sleep(500);
        seen.push((await readRoutineRuns(pool, desk.name)).some(({ finishedMs }) => finishedMs !== null));
      },
    });
    await runRoutine(desk, [step('database', 'database', 'stop')]);
    expect(seen).toEqual([false]);
  });

  it('says in its notice that it was missed, and why', async () => {
    const desk = await bench.desk();
    await runRoutine(desk, [step('a', 'database', 'warn')], { marketMs: NOMINAL_MS + 86_400_000 });
    const told = await bench.database.pool.query('select title, body from notice where desk = $1', [
      desk.name,
    ]);
    expect(told.rows).toMatchObject([
      { title: 'Pre-market: missed', body: expect.stringMatching(/later than 60/) },
    ]);
  });

  it('runs independent checks side by side', async () => {
    const desk = await bench.desk();
    let running = 0;
    for (const check of ['venue-reachable', 'data-fresh', 'database']) {
      desk.checks.set(check, async () => {
        running += 1;
        await until('all three at once', () => running === 3);
        return { verdict: 'pass', observed: 'fine', expected: 'fine' };
      });
    }
    const result = await runRoutine(desk, [
      { ...step('a', 'venue-reachable', 'warn'), timeoutSeconds: 60 },
      { ...step('b', 'data-fresh', 'warn'), timeoutSeconds: 60 },
      { ...step('c', 'database', 'warn'), timeoutSeconds: 60 },
    ]);
    expect(result.verdict).toBe('pass');
  });

  it('that begins too late is recorded as missed and does nothing', async () => {
    const desk = await bench.desk();
    let ran = false;
    desk.checks.set('database', () => {
      ran = true;
      return failing;
    });
    const result = await runRoutine(desk, [step('database', 'database', 'halt')], {
      marketMs: NOMINAL_MS + 61 * 60_000,
    });
    expect(result.verdict).toBe('missed');
    expect(ran).toBe(false);
    expect(desk.trader.sent('halt')).toEqual([]);
    const [missed] = await readMissedRuns(bench.database.pool, desk.name);
    expect(missed).toMatchObject({ routine: 'pre-market', nominalMs: NOMINAL_MS });
    expect(missed?.reason).toContain('later than 60 minutes');
  });

  it('halts the trader when a step that asks for it fails, with the rule that lifts it', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => failing);
    const result = await runRoutine(desk, [step('data', 'data-fresh', 'halt')]);
    expect(result.verdict).toBe('fail');
    const { status } = await bench.client.workflow
      .getHandle(routineId(desk.name, 'pre-market', NOMINAL_MS))
      .describe();
    expect(status.name).toBe('FAILED');
    expect(desk.trader.sent('halt')).toMatchObject([
      { cause: 'check-failed', resume: 'auto', by: 'routine pre-market' },
    ]);
    expect(desk.trader.mode).toBe('HALTED');
  });

  it('halts at once, whatever else of it still runs', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => failing);
    let halted = (): void => undefined;
    const isHalted = new Promise<void>((resolve) => {
      halted = resolve;
    });
    desk.checks.set('database', async () => {
      await isHalted;
      return { verdict: 'pass', observed: 'fine', expected: 'fine' };
    });
    const steps = [
      step('data', 'data-fresh', 'halt'),
      { ...step('slow', 'database', 'warn'), timeoutSeconds: 60 },
    ];
    const running = await startRoutine(bench, desk, steps);
    await until('the halt, while the other step runs', () => desk.trader.sent('halt').length > 0);
    halted();
    expect((await running.result()).steps.map(({ key, verdict }) => `${key} ${verdict}`).sort()).toEqual([
      'data fail',
      'slow pass',
    ]);
    expect(desk.trader.sent('halt')).toHaveLength(1);
    await keepHistory(bench, 'routine-halts-at-once', running.workflowId);
  });

  it('halts again, until the trader can write it, and says meanwhile that it is not on disk', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => failing);
    desk.trader.offDisk = 'no space left on device';
    const running = await startRoutine(bench, desk, [step('data', 'data-fresh', 'halt')]);
    await until('people to be told', () => desk.alarms.length > 0);
    expect(desk.alarms).toEqual([
      expect.stringMatching(
        /^.*trading is halted, and it is not on disk, and a restart of the trader takes it back: .*no space left/,
      ),
    ]);
    // Restarted, with its halt lost: nothing but this run holds it back.
    desk.trader.restart();
    expect((await running.result()).verdict).toBe('fail');
    expect(desk.trader.halts).toMatchObject([
      { cause: 'startup' },
      { cause: 'check-failed', by: 'routine pre-market' },
    ]);
    expect(desk.alarms).toHaveLength(1);
    const { memo } = await bench.client.workflow.getHandle(running.workflowId).describe();
    expect(memo).toMatchObject({ phase: expect.stringMatching(/: fail$/) });
    const halts = (await desk.evidence('pre-market')).filter(({ kind }) => kind === 'action');
    expect(halts.map(({ step_key, verdict }) => `${step_key} ${verdict}`)).toEqual(['halt:data:kept pass']);
    await keepHistory(bench, 'routine-halt-not-on-disk', running.workflowId);
  });

  it('sends its halt again to a trader that is being restarted meanwhile, and says so', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => {
      desk.trader.gone = true;
      return failing;
    });
    const running = await startRoutine(bench, desk, [step('data', 'data-fresh', 'halt')]);
    await until('people to be told', () => desk.alarms.length > 0);
    expect([...new Set(desk.alarms)]).toEqual([
      expect.stringMatching(
        /could not be halted yet: .*sent again until it takes it.*the trader is not there/,
      ),
    ]);
    desk.trader.starting = true;
    desk.trader.gone = false;
    await until('it to be sent while it starts', () => desk.trader.sent('halt').length > 1);
    desk.trader.starting = false;
    expect((await running.result()).verdict).toBe('fail');
    expect(desk.trader.halts).toMatchObject([{ cause: 'check-failed', by: 'routine pre-market' }]);
    expect(new Set(desk.alarms).size).toBe(1);
    await keepHistory(bench, 'routine-halt-did-not-arrive', running.workflowId);
  });

  it('leaves a halt to the earlier run that still sends it, and to none that has ended', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => failing);
    desk.trader.offDisk = 'no space left on device';
    const breaker = (minutes: number, given: Partial<RoutineInput> = {}) =>
      startRoutine(bench, desk, [step('data', 'data-fresh', 'halt')], {
        ...given,
        nominalMs: NOMINAL_MS + minutes * 60_000,
        marketMs: NOMINAL_MS + minutes * 60_000,
      });
    const count = async (wanted: string) =>
      (await desk.evidence('pre-market')).filter(({ step_key: key }) => key === wanted).length;
    const owing = (runs: number) =>
      until('what they owe to be on record', async () => (await count('owed:halt:data')) === runs);
    const lost = await breaker(0);
    await owing(1);
    await bench.client.workflow.getHandle(lost.workflowId).terminate('a test');
    const owes = await breaker(5);
    await owing(2);
    const later = [await breaker(10), await breaker(15)];
    for (const run of later) expect((await run.result()).verdict).toBe('fail');
    expect([await count('owed:halt:data'), await count('alarm:halt:data')]).toEqual([2, 2]);
    expect(desk.trader.offDisk).not.toBeNull();
    // Another trader is owed a halt of its own.
    const ofAnother = await breaker(20, { incarnation: 'another' });
    await owing(3);
    await bench.client.workflow.getHandle(ofAnother.workflowId).terminate('a test');
    desk.trader.restart();
    expect((await owes.result()).verdict).toBe('fail');
    expect(desk.trader.halts.map(({ cause }) => cause)).toEqual(['startup', 'check-failed']);
    await keepHistory(bench, 'routine-halt-owed-by-another', later[0]?.workflowId ?? '');
    await keepHistory(bench, 'routine-halt-owed-once', owes.workflowId);
  });

  it('fails attempts to send a halt again as nothing that a log should hold each time', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => failing);
    desk.trader.gone = true;
    const running = await startRoutine(bench, desk, [step('data', 'data-fresh', 'halt')]);
    const attempt = async (number: number) => {
      const { raw } = await bench.client.workflow.getHandle(running.workflowId).describe();
      const sent = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'sendHalt');
      const failure = sent?.lastFailure?.applicationFailureInfo;
      return (sent?.attempt ?? 0) > number && failure ? failure : null;
    };
    const unlogged = encodeApplicationFailureCategory(ApplicationFailureCategory.BENIGN);
    const lost = await until('a fourth attempt to have failed', () => attempt(4));
    expect(lost).toMatchObject({ type: 'TraderUnavailable', category: unlogged });
    desk.trader.offDisk = 'no space left on device';
    desk.trader.gone = false;
    await until('one that is not on disk', async () => {
      const failure = await attempt(4);
      return failure?.type === 'NotOnDisk' && failure.category === unlogged;
    });
    desk.trader.restart();
    await running.result();
  });

  it('does not send a halt again that the trader refuses, and people are told', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => failing);
    desk.trader.refuses = 'halt';
    await runRoutine(desk, [step('data', 'data-fresh', 'halt')]);
    expect([...new Set(desk.alarms)]).toEqual([
      expect.stringContaining('the trader could not be halted (not now'),
    ]);
    const keys = (await desk.evidence('pre-market')).map(({ step_key: key }) => key);
    expect(keys).toContain('alarm:halt:data');
    expect(keys).not.toContain('owed:halt:data');
  });

  it('halts where a required step was not run, and not where another one was not', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => ({ ...failing, verdict: 'not_run' }));
    const other = step('other', 'data-fresh', 'halt');
    expect(
      (await runRoutine(desk, [other, { ...step('data', 'data-fresh', 'halt'), required: true }])).verdict,
    ).toBe('fail');
    expect(desk.trader.sent('halt')).toMatchObject([{ reason: expect.stringContaining('Step data') }]);
  });

  it('halts by the rule of each step that asks for it', async () => {
    const lifted = async (...rules: RoutineStep['resume'][]) => {
      const desk = await bench.desk();
      desk.checks.set('data-fresh', () => failing);
      const steps = rules.map((resume, at) => ({ ...step(`data-${at}`, 'data-fresh', 'halt'), resume }));
      await runRoutine(desk, [
        ...steps,
        { ...step('fine', 'venue-reachable', 'halt'), resume: 'two-people' },
      ]);
      return desk.trader.sent('halt').map(({ resume }) => resume);
    };
    expect(await lifted('next-day')).toEqual(['next-day']);
    expect((await lifted('next-day', 'person', undefined)).sort()).toEqual(['auto', 'next-day', 'person']);
    expect(await lifted(undefined)).toEqual(['auto']);
  });

  it('opens an incident for a step that asks for it, and raises an alarm when there is no trader to halt', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => failing);
    desk.checks.set('database', () => failing);
    const steps = [step('data', 'data-fresh', 'halt'), step('database', 'database', 'incident')];
    expect((await runRoutine(desk, steps, { incarnation: null })).verdict).toBe('fail');
    expect(desk.alarms.join('\n')).toContain('no trader is known to halt');
    expect(desk.symptoms).toMatchObject([
      { kind: 'step-failed', subject: 'pre-market.database', detail: expect.stringContaining('3 seconds') },
    ]);
  });

  it('raises an alarm where the incident can not be opened', async () => {
    const desk = await bench.desk({ incidentsFail: true });
    desk.checks.set('database', () => failing);
    await runRoutine(desk, [step('database', 'database', 'incident')]);
    expect(desk.alarms.join('\n')).toContain('Step database: 3 seconds');
  });

  it('does not run what comes after a failed step that stops the routine', async () => {
    const desk = await bench.desk();
    desk.checks.set('venue-reachable', () => failing);
    const result = await runRoutine(desk, [
      step('first', 'venue-reachable', 'stop'),
      step('second', 'database', 'warn'),
    ]);
    expect(result.verdict).toBe('fail');
    expect(result.steps.map(({ key, verdict }) => `${key} ${verdict}`)).toEqual([
      'first fail',
      'second not_run',
    ]);
  });

  it('counts a check that throws or does not exist as failed, never as passed', async () => {
    const desk = await bench.desk();
    desk.checks.set('database', () => {
      throw new Error('no route to the database');
    });
    const result = await runRoutine(desk, [
      step('database', 'database', 'incident'),
      step('other', 'no-such-check', 'incident'),
    ]);
    expect(result.verdict).toBe('fail');
    expect(result.steps.find(({ key }) => key === 'database')?.observed).toContain(
      'no route to the database',
    );
    expect(result.steps.find(({ key }) => key === 'other')?.observed).toContain('there is no check');
  });

  it('leaves the routine clean where a step was not run or its failure is only noted', async () => {
    const desk = await bench.desk();
    desk.checks.set('database', () => ({ ...failing, verdict: 'not_run' }));
    desk.checks.set('data-fresh', () => failing);
    const result = await runRoutine(desk, [
      step('backup', 'database', 'halt'),
      step('data', 'data-fresh', 'note'),
    ]);
    expect(result.verdict).toBe('pass');
    expect(desk.trader.sent('halt')).toEqual([]);
  });

  it.each(['pass', 'warn'] as const)(
    'that fails because a required step was not run says so to people, where another one is %s',
    async (other) => {
      const desk = await bench.desk();
      desk.checks.set('database', () => ({ verdict: 'not_run', observed: 'not set up', expected: 'set up' }));
      desk.checks.set('data-fresh', () => ({ verdict: other, observed: 'as it is', expected: 'fresh' }));
      const steps = [
        { ...step('backup', 'database', 'warn'), required: true },
        step('data', 'data-fresh', 'warn'),
      ];
      expect((await runRoutine(desk, steps)).verdict).toBe('fail');
      const told = await bench.database.pool.query(
        "select severity, body from notice where desk = $1 and event = 'routine'",
        [desk.name],
      );
      expect(told.rows).toEqual([
        { severity: 'critical', body: expect.stringContaining('not_run: Step backup: not set up') },
      ]);
    },
  );

  it('that a schedule starts takes its time from the schedule, and comes too late when that is long ago', async () => {
    const desk = await bench.desk();
    const [definition] = scheduleDefinitions(
      { ...cryptoDesk(), desk: desk.name },
      desk.trader.incarnation,
      true,
    );
    const { scheduleId, options } = definition!;
    const schedule = await bench.client.schedule.create({ scheduleId, ...options });
    const [start, end] = [new Date(NOMINAL_MS - 60_000), new Date(NOMINAL_MS + 60_000)];
    await schedule.backfill({ start, end, overlap: 'ALLOW_ALL' });
    const missed = await until('it is recorded as missed', async () =>
      (await readMissedRuns(bench.database.pool, desk.name)).find(
        ({ nominalMs }) => nominalMs === NOMINAL_MS,
      ),
    );
    expect(missed.reason).toContain('due 2026-03-02T00:00:00.000Z');
    const triggeredMs = Date.now();
    await schedule.trigger('SKIP');
    const run = await until('it ran', async () =>
      (await readRoutineRuns(bench.database.pool, desk.name)).find(({ verdict }) => verdict === 'pass'),
    );
    expect(run).toMatchObject({ cause: 'schedule' });
    // The server's time of a trigger has no fractions of a second.
    expect(run.nominalMs).toBeGreaterThan(triggeredMs - 1_000);
    expect(run.nominalMs).toBeLessThanOrEqual(Date.now());
    await schedule.delete();
  });

  it.each([
    ['once', { at: ['01:30'] }, ['not_run', 'pass']],
    ['twice as one of an interval', { at: [], every: '30m', session: '01:30-01:45' }, ['pass', 'pass']],
  ] as const)('runs %s where the clocks show its time twice', async (_, times, verdicts) => {
    const desk = await bench.desk();
    const november = new Date(Date.UTC(new Date().getUTCFullYear(), 10, 7));
    const sunday = november.getTime() - november.getUTCDay() * 86_400_000;
    const due = [sunday + 5.5 * 3_600_000, sunday + 6.5 * 3_600_000];
    const routine = {
      ...cryptoDesk().routines[0]!,
      weekdays: [],
      daysOfMonth: [],
      ...times,
      at: [...times.at],
    };
    const of = { ...cryptoDesk(), timezone: 'America/New_York', desk: desk.name, routines: [routine] };
    const [definition] = scheduleDefinitions(of, desk.trader.incarnation, true);
    const { scheduleId, options } = definition!;
    const args = [{ ...(options.action.args?.[0] as RoutineInput), latestMinutes: 1e7 }];
    const action = { ...options.action, args };
    const schedule = await bench.client.schedule.create({ scheduleId, ...options, action });
    const [start, end] = [new Date(sunday), new Date(sunday + 8 * 3_600_000)];
    await schedule.backfill({ start, end, overlap: 'ALLOW_ALL' });
    const results = due.map(async (ms) => {
      const run = bench.client.workflow.getHandle(scheduledRunId(scheduleId, ms));
      await until('the schedule has started it', () => run.describe().catch(() => null));
      return ((await run.result()) as RoutineResult).verdict;
    });
    expect(await Promise.all(results)).toEqual(verdicts);
    const runs = await readRoutineRuns(bench.database.pool, desk.name);
    expect(runs.map(({ nominalMs }) => nominalMs).sort()).toEqual(due.slice(verdicts[0] === 'pass' ? 0 : 1));
    await schedule.delete();
  });
});
