/** Routines, backups, drills, and the two workflows that only prove that workers live. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  backupWorkflowId,
  drillWorkflowId,
  operationsQueue,
  pulseId,
} from '../../../src/contracts/queues.js';
import type { RoutineStep } from '../../../src/contracts/routine.js';
import type { Runtime } from '../../../src/home/runtime.js';
import { completeTask } from '../../../src/operations/tasks.js';
import { readTasks } from '../../../src/store/task-rows.js';
import { until } from '../../support/eventually.js';
import { CHECK_STEPS } from '../support/check-steps.js';
import { type Bench, openBench } from '../support/desk-bench.js';
import { keepHistory } from '../support/keep-history.js';
import { NOMINAL_MS, startRoutine } from '../support/routines.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const given = { onFail: 'warn', timeoutSeconds: 5, with: {} } as const;

describe('histories', () => {
  it.each([
    ['routine-passed', NOMINAL_MS, [], 'pass'],
    ['routine-failed-ends-as-failed', NOMINAL_MS, ['data-fresh', 'database'], 'fail'],
    ['routine-missed', NOMINAL_MS + 86_400_000, [], 'missed'],
  ] as const)('%s', async (name, marketMs, failing, verdict) => {
    const desk = await bench.desk();
    for (const check of failing)
      desk.checks.set(check, () => ({ verdict: 'fail', observed: 'bad', expected: 'good' }));
    const routine = await startRoutine(bench, desk, CHECK_STEPS, { marketMs });
    expect(await routine.result()).toMatchObject({ verdict });
    await keepHistory(bench, name, routine.workflowId);
  });

  it('a routine that waits for a person', async () => {
    const desk = await bench.desk();
    const look: RoutineStep = { key: 'look', title: 'Look', human: 'Look.', waitMinutes: 5, ...given };
    const routine = await startRoutine(bench, desk, [look]);
    const [task] = await until('the task', async () => {
      const tasks = await readTasks(bench.database.pool, desk.name);
      return tasks.length > 0 ? tasks : null;
    });
    const context = {
      pool: bench.database.pool,
      temporal: bench.temporal,
      desk: { desk: desk.name },
      runtime: { desk: desk.name },
    } as never;
    await completeTask(context, { person: 'anna', via: 'cli' }, { id: task?.id ?? 0, note: 'looked' });
    expect(await routine.result()).toMatchObject({ verdict: 'pass' });
    await keepHistory(bench, 'routine-done-by-a-person', routine.workflowId);
  });

  it('a backup, its restore, and a routine of an action, a report and a person', async () => {
    const home = mkdtempSync(join(tmpdir(), 'fermata-histories-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const deskFile = join(home, 'desk.yaml');
    writeFileSync(deskFile, 'desk: test\n');
    const runtime = { home, deskFile, configHash: 'c0ffee' } as Runtime;
    const desk = await bench.desk({ serve: ['operations'], context: { runtime } });
    Object.assign(runtime, { desk: desk.name });
    const taskQueue = operationsQueue(desk.name);
    const common = { desk: desk.name, simulated: true, marketMs: null, person: null, evidenceMs: 600_000 };
    for (const [type, workflowId, input, name] of [
      ['backup', backupWorkflowId(desk.name), { verify: true, keep: 3 }, 'backup'],
      ['restoreDrill', drillWorkflowId(desk.name), { backupId: null }, 'restore-drill'],
    ] as const) {
      await bench.client.workflow.execute(type, { workflowId, taskQueue, args: [{ ...common, ...input }] });
      await keepHistory(bench, name, workflowId);
    }
    const steps: RoutineStep[] = [
      { key: 'drill', title: 'Restored', action: 'restore-drill', ...given },
      { key: 'halts', title: 'Halts', report: 'incidents', ...given },
      { key: 'wait', title: 'Look', human: 'Look.', waitMinutes: 0.01, ...given },
      { key: 'review', title: 'Review', human: 'Read it.', ...given },
    ];
    const weekly = { name: 'weekly', title: 'Weekly', cause: 'person', incarnation: null } as const;
    const routine = await startRoutine(bench, desk, steps, weekly);
    await routine.result();
    await keepHistory(bench, 'routine-of-every-kind', routine.workflowId);
  });

  it('the pulse and the canary', async () => {
    const desk = await bench.desk();
    const taskQueue = operationsQueue(desk.name);
    await bench.client.workflow.execute('canary', { workflowId: `canary:${desk.name}`, taskQueue });
    await keepHistory(bench, 'canary', `canary:${desk.name}`);
    const pulse = await bench.client.workflow.start('pulse', {
      workflowId: pulseId(desk.name),
      taskQueue,
      args: [{ desk: desk.name, everyMs: 50 }],
    });
    await until('some beats', async () => (await pulse.describe()).historyLength > 20);
    await pulse.terminate();
    await keepHistory(bench, 'pulse', pulseId(desk.name));
  });
});
