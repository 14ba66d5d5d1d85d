/** Steps of a routine beside checks: reports, and what a person does. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tasksOverdue } from '../../src/checks/tasks-overdue.js';
import type { BackupActivities } from '../../src/contracts/backup.js';
import type { OperationsActivities } from '../../src/contracts/operations-activities.js';
import type { RoutineInput, RoutineResult, RoutineStep } from '../../src/contracts/routine.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { completeTask, listTasks } from '../../src/operations/tasks.js';
import { verifyEvidence } from '../../src/store/evidence-rows.js';
import { readTasks } from '../../src/store/task-rows.js';
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import { routineInput } from '../../src/temporal/start-runs.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';
import { startRoutine } from './support/routines.js';

let bench: Bench;
let temporal: TemporalAccess;
beforeAll(async () => {
  bench = await openBench();
  temporal = openTemporal({ temporal: bench.address, home: null });
});
afterAll(async () => {
  await temporal?.close();
  await bench?.close();
});

const NOMINAL_MS = Date.parse('2026-03-02T06:00:00Z');
const ANNA = { person: 'anna', via: 'cli' } as const;

const step = (key: string, given: Partial<RoutineStep>): RoutineStep => ({
  key,
  title: `Step ${key}`,
  onFail: 'warn',
  timeoutSeconds: 5,
  with: {},
  ...given,
});

async function runRoutine(
  desk: BenchDesk,
  steps: RoutineStep[],
  more: Partial<RoutineInput> = {},
): Promise<RoutineResult> {
  const weekly = { name: 'weekly', title: 'Weekly review', cause: 'person', person: 'anna' } as const;
  const times = { nominalMs: NOMINAL_MS, marketMs: NOMINAL_MS };
  return (await startRoutine(bench, desk, steps, { ...weekly, ...times, ...more })).result();
}

function contextOf(desk: BenchDesk): OperationContext {
  const { pool } = bench.database;
  return { pool, temporal, desk: { desk: desk.name }, runtime: { desk: desk.name } } as never;
}

describe.concurrent('a step that only a person can do', () => {
  it('becomes a task with a due time, and its end is evidence of the same run', async () => {
    const desk = await bench.desk();
    const human = step('review', { human: 'Read the figures.', dueHours: 48 });
    const result = await runRoutine(desk, [human, step('venue', { check: 'venue-reachable' })]);
    expect(result.verdict).toBe('pass');
    const [task] = await listTasks(contextOf(desk), { state: 'open' });
    expect(task).toMatchObject({ title: 'Step review', detail: 'Read the figures.', state: 'open' });
    expect(((task?.dueMs ?? 0) - Date.now()) / 3_600_000).toBeCloseTo(48, 1);
    const done = { id: task?.id ?? 0, note: 'fewer pairs from Monday on' };
    expect(await completeTask(contextOf(desk), ANNA, done)).toMatchObject({ ok: true });
    // The answer was lost, and it is said again; then somebody else says it.
    expect(await completeTask(contextOf(desk), ANNA, done)).toMatchObject({ ok: true });
    const berta = { person: 'berta', via: 'web' } as const;
    expect(await completeTask(contextOf(desk), berta, done)).toMatchObject({ ok: false, reason: 'closed' });
    expect(await completeTask(contextOf(desk), ANNA, { id: 0, note: '' })).toMatchObject({
      reason: 'unknown',
    });
    const evidence = (await desk.evidence('weekly')).filter(({ step_key }) => step_key === 'review');
    expect(evidence).toMatchObject([
      { kind: 'human', verdict: 'not_run', person: null },
      { kind: 'human', verdict: 'pass', person: 'anna', observed: 'fewer pairs from Monday on' },
    ]);
    expect(await verifyEvidence(bench.database.pool, desk.name)).toMatchObject({ ok: true });
  });

  it('holds up a routine that waits for it, until it is done', async () => {
    const desk = await bench.desk();
    const running = runRoutine(desk, [
      step('review', { human: 'Look.', waitMinutes: 5, onFail: 'stop' }),
      step('venue', { check: 'venue-reachable' }),
    ]);
    await until(
      'the task is open',
      async () => (await readTasks(bench.database.pool, desk.name)).length === 1,
    );
    const [task] = await readTasks(bench.database.pool, desk.name);
    expect(await desk.evidence('weekly')).toEqual([]);
    await completeTask(contextOf(desk), ANNA, { id: task?.id ?? 0, note: 'looked' });
    const { verdict, steps } = await running;
    expect(verdict).toBe('pass');
    expect(steps.map(({ key }) => key)).toEqual(['review', 'venue']);
    expect(steps[0]?.observed).toBe('done by anna: looked');
  });

  it('is not looked at again each time that another one is done', async () => {
    const reads = new Map<number, number>();
    const { pool } = bench.database;
    const readTask = async (desk: string, id: number) => {
      reads.set(id, (reads.get(id) ?? 0) + 1);
      return (await readTasks(pool, desk)).find((task) => task.id === id);
    };
    const desk = await bench.desk({ activities: () => ({ readTask }) });
    const keys = Array.from({ length: 16 }, (_, at) => `step-${at}`);
    const running = runRoutine(
      desk,
      keys.map((key) => step(key, { human: 'Look.', waitMinutes: 60 })),
    );
    await until('the tasks are open', async () => (await readTasks(pool, desk.name)).length === keys.length);
    const tasks = await readTasks(pool, desk.name);
    for (const { id, title } of tasks) {
      const before = reads.get(id) ?? 0;
      await completeTask(contextOf(desk), ANNA, { id, note: 'looked' });
      await until(`a look at ${title}`, () => (reads.get(id) ?? 0) > before);
    }
    expect((await running).verdict).toBe('pass');
    // By itself it looks less and less often: a dozen times take longer than a test.
    expect(reads.get(tasks.at(-1)?.id ?? 0)).toBeLessThan(12);
  });

  it('is waited for across a database that is away longer than one look is tried', async () => {
    const { pool } = bench.database;
    let looks = 0;
    const readTask = async (desk: string, id: number) => {
      looks += 1;
      // As it is once its retries are over.
      if (looks === 1) throw ApplicationFailure.nonRetryable('Postgres is away');
      return (await readTasks(pool, desk)).find((task) => task.id === id);
    };
    const desk = await bench.desk({ activities: () => ({ readTask }) });
    const routine = await startRoutine(
      bench,
      desk,
      [step('review', { human: 'Look.', waitMinutes: 5, onFail: 'stop' })],
      { name: 'weekly' },
    );
    await until('a look has failed', () => looks > 0);
    const [task] = await readTasks(pool, desk.name);
    await completeTask(contextOf(desk), ANNA, { id: task?.id ?? 0, note: 'looked' });
    const { verdict, steps } = await routine.result();
    expect(steps[0]?.observed).toBe('done by anna: looked');
    expect(verdict).toBe('pass');
    await keepHistory(bench, 'routine-task-unread', routine.workflowId);
  });

  it('fails where nobody did it in the time that the routine waits', async () => {
    const desk = await bench.desk();
    const human = step('review', {
      human: 'Look.',
      waitMinutes: 0.01,
      onFail: 'incident',
      dueHours: 0.000001,
    });
    const { verdict, steps } = await runRoutine(desk, [human]);
    expect(verdict).toBe('fail');
    expect(steps[0]?.observed).toContain('was not done within');
    const context = { desk: { desk: desk.name }, pool: bench.database.pool } as never;
    await until('it is overdue', async () => (await tasksOverdue(context, {})).verdict === 'warn');
  });
});

it('looks again soon after the worker that was looking has died, however long the look may take', async () => {
  const looks = { runCheck: 0, runCommand: 0, runHttp: 0 };
  const look = (name: keyof typeof looks) => async () => {
    looks[name] += 1;
    // A worker that was killed is silent, and answers nothing.
    if (looks[name] === 1) await Context.current().cancelled;
    return { verdict: 'pass', observed: 'whole', expected: 'whole', reference: null };
  };
  const desk = await bench.desk({
    activities: () => ({
      runCheck: look('runCheck'),
      runCommand: look('runCommand'),
      runHttp: look('runHttp'),
    }),
  });
  const timeoutSeconds = 3_600;
  const { verdict } = await runRoutine(desk, [
    step('intact', { check: 'database-intact', timeoutSeconds }),
    step('program', { command: ['sh'], timeoutSeconds }),
    step('page', { http: 'http://127.0.0.1/', timeoutSeconds }),
  ]);
  expect(verdict).toBe('pass');
  expect(looks).toEqual({ runCheck: 2, runCommand: 2, runHttp: 2 });
});

describe.concurrent('a step that an earlier one makes needless', () => {
  const failing = () => ({ verdict: 'fail', observed: 'short 1 NQ/USD', expected: 'nothing' }) as const;
  /** Of desks/slob: is it flat, and who accepts it where it is not. */
  const overnight = (): RoutineStep[] =>
    (loadDesk(resolveDesk('slob')).desk.routines.find(({ name }) => name === 'close')?.steps ?? [])
      .filter(({ key }) => key === 'flat' || key === 'overnight')
      .map(({ check, ...one }) => ({
        ...one,
        ...(check === undefined ? { waitMinutes: one.waitMinutes / 10 } : { check: 'database' }),
      }));

  it('is left out where that one has passed, which leaves the routine clean, required or not', async () => {
    const desk = await bench.desk();
    const { verdict, steps } = await runRoutine(desk, [
      step('flat', { check: 'database' }),
      step('accepted', { human: 'Accept it.', unless: 'flat', waitMinutes: 5, required: true }),
      step('again', { check: 'disk-space', unless: 'accepted', required: true }),
    ]);
    expect(verdict).toBe('pass');
    expect(steps.slice(1).map(({ observed }) => observed)).toEqual([
      'not run: "Step flat" passed',
      'not run: "Step accepted" passed',
    ]);
    expect(await readTasks(bench.database.pool, desk.name)).toEqual([]);
  });

  it('of SLOB: what is held over night is accepted by a person, in writing', async () => {
    const desk = await bench.desk();
    desk.checks.set('database', failing);
    const running = runRoutine(desk, overnight());
    const [task] = await until('the question', async () => {
      const open = await readTasks(bench.database.pool, desk.name);
      return open.length === 1 ? open : undefined;
    });
    expect(task?.detail).toContain('Accept the risk in writing');
    await completeTask(contextOf(desk), ANNA, { id: task?.id ?? 0, note: 'stop at 15250, ECB tomorrow' });
    expect((await running).verdict).toBe('pass');
    const evidence = (await desk.evidence('weekly')).filter(({ step_key }) => step_key === 'overnight');
    expect(evidence).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...{ verdict: 'pass', person: 'anna', observed: 'done by anna: stop at 15250, ECB tomorrow' },
        }),
      ]),
    );
  });

  it('of SLOB: without that the close has failed, and an incident is opened', async () => {
    const desk = await bench.desk();
    desk.checks.set('database', failing);
    const steps = overnight().map((one) => ({ ...one, waitMinutes: 0.01 }));
    const result = await runRoutine(desk, steps);
    expect(result.verdict).toBe('fail');
    expect(result.steps.at(-1)?.observed).toMatch(/was not done within/);
    // Only where nothing is held is nobody asked.
    expect(steps.map(({ key, unless }) => [key, unless])).toEqual([
      ['flat', undefined],
      ['overnight', 'flat'],
    ]);
    expect(steps.at(-1)?.onFail).toBe('incident');
  });
});

describe.concurrent('a task with items', () => {
  it('is done only where each of them is ticked, and says so in the evidence', async () => {
    const desk = await bench.desk();
    const items = ['system health green', 'no critical errors', 'configuration correct'];
    await runRoutine(desk, [step('sign-off', { human: 'Tick each.', items })]);
    const [task] = await listTasks(contextOf(desk), { state: 'open' });
    expect(task).toMatchObject({ items });
    const done = (...ticked: number[]) =>
      completeTask(contextOf(desk), ANNA, { id: task?.id ?? 0, note: 'looked', ticked });
    expect(await done(1, 3)).toMatchObject({
      ...{ ok: false, reason: 'unticked', detail: expect.stringContaining('left: 2 no critical errors.') },
    });
    expect(await done()).toMatchObject({
      ...{ ok: false, reason: 'unticked', command: `fermata task done ${task?.id} --tick 1,2,3 --note TEXT` },
    });
    expect(await done(3, 2, 1)).toMatchObject({ ok: true, task: { state: 'done' } });
    expect((await desk.evidence('weekly')).at(-1)).toMatchObject({
      person: 'anna',
      observed:
        'looked; ticked: system health green; ticked: no critical errors; ticked: configuration correct',
    });
  });
});

describe.concurrent('a routine', () => {
  it('with a budget fails what has not ended by then, and ends', async () => {
    const desk = await bench.desk();
    const look = step('look', { human: 'Look.', waitMinutes: 0.5, onFail: 'incident' });
    const { verdict, steps } = await runRoutine(desk, [look], { budgetMinutes: 0.02 });
    expect(verdict).toBe('fail');
    expect(steps).toMatchObject([
      {
        ...{ verdict: 'fail', observed: 'not ended when the routine’s time was up' },
        expected: 'the whole routine ends within 0.02 minutes',
      },
    ]);
  });

  it('has failed where a required step was not run, and passed where another one was not', async () => {
    const notRun = () => ({ verdict: 'not_run', observed: 'not set up', expected: 'set up' }) as const;
    const [required, other] = await Promise.all([bench.desk(), bench.desk()]);
    for (const desk of [required, other]) desk.checks.set('backup-age', notRun);
    const backup = { check: 'backup-age' } as const;
    expect((await runRoutine(required, [step('backup', { ...backup, required: true })])).verdict).toBe(
      'fail',
    );
    expect((await runRoutine(other, [step('backup', backup)])).verdict).toBe('pass');
  });

  it('tells a check and a report how late they begin, by the market’s clock or by this machine’s', async () => {
    const late: (number | undefined)[] = [];
    const told = async ({ lateMs }: { readonly lateMs?: number | undefined }) => {
      late.push(lateMs);
      return { verdict: 'pass', observed: '', expected: '' } as const;
    };
    const desk = await bench.desk({
      activities: (): Partial<OperationsActivities> => ({ runCheck: told, runReport: told }),
    });
    const look = [step('errors', { check: 'log-errors' }), step('trades', { report: 'trades' })];
    await runRoutine(desk, look, { marketMs: NOMINAL_MS + 1_200_000 });
    await runRoutine(desk, look, { nominalMs: Date.now() - 300_000, marketMs: null });
    expect(late).toEqual([1_200_000, 1_200_000, expect.any(Number), expect.any(Number)]);
    expect(Math.min(...late.slice(2).map(Number))).toBeGreaterThanOrEqual(300_000);
  });

  it('proves the backup that it takes, not the one before', async () => {
    const done: string[] = [];
    const outcome = (key: string) =>
      ({ key, title: key, verdict: 'pass', observed: '', expected: '' }) as const;
    const desk = await bench.desk({
      activities: () => ({
        takeBackup: async () => {
          await sleep(300);
          done.push('taken');
          return { backupId: 'b1', step: outcome('take') };
        },
        verifyBackup: async () => {
          done.push('verified');
          return outcome('verify');
        },
        restoreBackup: async () => {
          done.push('looked for what to restore');
          throw ApplicationFailure.nonRetryable('none');
        },
      }),
    });
    const steps = [step('backup', { action: 'backup' }), step('drill', { action: 'restore-drill' })];
    const routine = await startRoutine(bench, desk, steps, { name: 'weekly' });
    await routine.result();
    expect(done).toEqual(['taken', 'verified', 'looked for what to restore']);
    await keepHistory(bench, 'routine-proves-its-backup', routine.workflowId);
  });

  it.each([
    ['close', ['take', 'verify', 'prune 60 30']],
    ['friday', ['restore the newest', 'send', 'take weekly', 'verify', 'prune 60 30']],
    ['monthly', ['restore last month’s', 'restore the newest']],
  ])('of SLOB: what backups and drills of %s are told by the desk file', async (name, told) => {
    const asked: string[] = [];
    const step = (key: string) => ({ key, title: key, verdict: 'pass', observed: '', expected: '' }) as const;
    const desk = await bench.desk({
      activities: (): Partial<BackupActivities> => ({
        takeBackup: async ({ tag }) => {
          asked.push(['take', tag ?? []].flat().join(' '));
          return { backupId: 'b1', step: step('take') };
        },
        verifyBackup: async () => {
          asked.push('verify');
          return step('verify');
        },
        pruneBackups: async ({ keep, days }) => {
          asked.push(`prune ${keep} ${days}`);
          return step('prune');
        },
        sendBackup: async () => {
          asked.push('send');
          return step('send');
        },
        restoreBackup: async ({ lastMonth }) => {
          asked.push(`restore ${lastMonth === true ? 'last month’s' : 'the newest'}`);
          throw ApplicationFailure.nonRetryable('none');
        },
      }),
    });
    const { desk: slob } = loadDesk(resolveDesk('slob'));
    const routine = slob.routines.find((one) => one.name === name)!;
    const steps = routine.steps.filter(({ action }) => action === 'backup' || action === 'restore-drill');
    const occasion = { cause: 'person', person: 'anna', simulated: true, incarnation: null } as const;
    const times = { nominalMs: NOMINAL_MS, marketMs: NOMINAL_MS };
    const input = routineInput(
      { ...slob, desk: desk.name },
      { ...routine, steps },
      { ...occasion, ...times },
    );
    await (await startRoutine(bench, desk, steps, input)).result();
    expect(asked.toSorted()).toEqual(told.toSorted());
  });

  it('writes reports down as what they are, and fails where one can not be made', async () => {
    const desk = await bench.desk({ context: { desk: { desk: 'none', strategies: [], risk: {} } as never } });
    const result = await runRoutine(desk, [
      step('incidents', { report: 'incidents', with: { days: 30 } }),
      step('unknown', { report: 'moon-phase', onFail: 'incident' }),
    ]);
    expect(result.verdict).toBe('fail');
    const evidence = await desk.evidence('weekly');
    expect(evidence.find(({ step_key }) => step_key === 'incidents')).toMatchObject({
      kind: 'report',
      verdict: 'pass',
      observed: '30 days: halts none; routines none',
    });
    expect(evidence.find(({ step_key }) => step_key === 'unknown')).toMatchObject({ verdict: 'fail' });
  });
});
