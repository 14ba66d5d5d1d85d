/** Steps of a routine beside checks: reports, and what a person does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tasksOverdue } from '../../src/checks/tasks-overdue.js';
import type { RoutineResult, RoutineStep } from '../../src/contracts/routine.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { completeTask } from '../../src/operations/tasks/complete-task.js';
import { listTasks } from '../../src/operations/tasks/list-tasks.js';
import { verifyEvidence } from '../../src/store/evidence/verify-evidence.js';
import { readTasks } from '../../src/store/tasks.js';
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { startRoutine } from './support/routines.js';
import { until } from './support/until.js';

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

async function runRoutine(desk: BenchDesk, steps: RoutineStep[]): Promise<RoutineResult> {
  const weekly = { name: 'weekly', title: 'Weekly review', cause: 'person', person: 'anna' } as const;
  const times = { nominalMs: NOMINAL_MS, marketMs: NOMINAL_MS };
  return (await startRoutine(bench, desk, steps, { ...weekly, ...times })).result();
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

describe.concurrent('a routine', () => {
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
