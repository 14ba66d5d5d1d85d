/** "Cancel" on what takes hours: it ends, says so, and nothing half done counts. */

import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure, Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupInput, DrillInput } from '../../src/contracts/backup.js';
import {
  backupWorkflowId,
  drillWorkflowId,
  operationsQueue,
  validationId,
} from '../../src/contracts/queues.js';
import { drillRestore } from '../../src/operations/backups.js';
import type { ValidationInput } from '../../src/workflows/operations/validation.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** An activity that beats until it hears that it is cancelled. */
function forHours(seen: { began: boolean; heardOfIt: boolean }): () => Promise<never> {
  return async () => {
    const context = Context.current();
    seen.began = true;
    for (;;) {
      context.heartbeat();
      try {
        await context.sleep(100);
      } catch (error) {
        if (error instanceof CancelledFailure) seen.heardOfIt = true;
        throw error;
      }
    }
  };
}

async function toldOf(desk: BenchDesk): Promise<string[]> {
  const found = await bench.database.pool.query<{ title: string }>(
    'select title from notice where desk = $1 order by id',
    [desk.name],
  );
  return found.rows.map(({ title }) => title);
}

async function cancelled(
  type: string,
  workflowId: (desk: string) => string,
  argument: (desk: string) => object,
  before: object = {},
) {
  const seen = { began: false, heardOfIt: false };
  const takesHours = forHours(seen);
  const desk = await bench.desk({
    serve: ['operations'],
    activities: () => ({
      ...{ takeBackup: takesHours, verifyBackup: takesHours },
      ...{ restoreBackup: takesHours, runValidation: takesHours, ...before },
    }),
  });
  const handle = await bench.client.workflow.start(type, {
    workflowId: workflowId(desk.name),
    taskQueue: operationsQueue(desk.name),
    args: [argument(desk.name)],
  });
  await until('it to be under way', () => seen.began);
  await sleep(200);
  await handle.cancel();
  const result = await handle.result().catch(String);
  await until('the activity to hear of it', () => seen.heardOfIt);
  return { desk, handle, result };
}

const common = { simulated: true, marketMs: null, person: null, evidenceMs: 600_000 };
const backupInput = (desk: string): BackupInput => ({ desk, verify: true, keep: 5, ...common });
const drillInput = (desk: string): DrillInput => ({ desk, backupId: 'b1', ...common });
const validationInput = (desk: string): ValidationInput => ({
  desk,
  id: 'v1',
  durationMs: 3_600_000,
  person: 'anna',
  runMsMax: 60_000,
  silentMs: 10_000,
  evidenceMs: 600_000,
});

// Side by side: each waits for the heartbeat that brings the news.
describe.concurrent('a run that takes hours and is cancelled', () => {
  it('a backup ends, counts as none, and people are told', async () => {
    const { desk, handle, result } = await cancelled('backup', backupWorkflowId, backupInput);
    expect(result).toMatchObject({ verdict: 'fail', backupId: null });
    expect(await desk.evidence('backup')).toMatchObject([
      { step_key: 'ended', verdict: 'fail', observed: expect.stringMatching(/counts as no backup/) },
    ]);
    expect(await toldOf(desk)).toEqual([`${desk.name}: somebody cancelled the backup`]);
    await keepHistory(bench, 'backup-cancelled', handle.workflowId);
  });

  it('a backup that was written and is being read back is there, and people are told so', async () => {
    const step = { key: 'take', title: 'Backup taken', verdict: 'pass', observed: '', expected: '' };
    const takeBackup = async () => ({ backupId: 'b1', step });
    const { desk, result } = await cancelled('backup', backupWorkflowId, backupInput, { takeBackup });
    expect(result).toMatchObject({ verdict: 'fail', backupId: 'b1' });
    const there = 'backup b1 is there, but was not verified';
    expect(await desk.evidence('backup')).toMatchObject([
      { step_key: 'take', verdict: 'pass' },
      { step_key: 'ended', verdict: 'fail', observed: expect.stringContaining(there) },
    ]);
    const told = await bench.database.pool.query('select body from notice where desk = $1', [desk.name]);
    expect(told.rows).toEqual([{ body: expect.stringContaining(there) }]);
  });

  it('a restore drill ends, proves nothing, and people are told', async () => {
    const { desk, handle, result } = await cancelled('restoreDrill', drillWorkflowId, drillInput);
    expect(result).toMatchObject({ verdict: 'fail' });
    expect(await desk.evidence('restore-drill')).toMatchObject([{ step_key: 'ended', verdict: 'fail' }]);
    expect(await toldOf(desk)).toEqual([`${desk.name}: somebody cancelled the restore drill`]);
    await keepHistory(bench, 'restore-drill-cancelled', handle.workflowId);
  });

  it('a validation ends as cancelled with evidence and a notice, not at the end of its time', async () => {
    const of = (desk: string) => validationId(desk, 'v1');
    const { desk, handle, result } = await cancelled('validation', of, validationInput);
    expect(result).toMatch(/cancelled/i);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(await desk.evidence('validation')).toMatchObject([{ step_key: 'ended', verdict: 'fail' }]);
    expect(await toldOf(desk)).toEqual([`${desk.name}: somebody cancelled the validation v1`]);
    await keepHistory(bench, 'validation-cancelled', handle.workflowId);
  });
});

function drillOf(desk: BenchDesk, patienceMs: number) {
  const context = {
    ...{ desk: { desk: desk.name, mode: 'paper' }, runtime: { desk: desk.name } },
    ...{ trader: desk.trader.client, temporal: bench.temporal, pool: bench.database.pool },
  } as never;
  return drillRestore(context, { person: 'anna', via: 'cli' }, { backupId: null, patienceMs });
}

describe('a restore drill whose run is terminated', () => {
  it('is over for whoever waits, who is not told the result of the next one', async () => {
    const seen = { began: false, heardOfIt: false };
    let restores = 0;
    const desk = await bench.desk({
      serve: ['operations'],
      activities: () => ({
        restoreBackup: async () => {
          restores += 1;
          if (restores === 1) return forHours(seen)();
          return {
            backupId: 'b2',
            steps: [{ key: 'all', title: 'All', verdict: 'pass', observed: '', expected: '' }],
          };
        },
      }),
    });
    const first = drillOf(desk, 60_000);
    await until('it to be under way', () => seen.began);
    await bench.client.workflow.getHandle(drillWorkflowId(desk.name)).terminate('by hand');
    const next = await drillOf(desk, 60_000);
    expect(next).toMatchObject({ proven: true, result: { backupId: 'b2' } });
    expect(await first).toMatchObject({
      ...{ proven: false, result: null },
      detail: 'its run was terminated in Temporal',
    });
  });
});

describe('a drill that is tried again and again', () => {
  it('is named with its attempt and cause to whoever waited long enough', async () => {
    const desk = await bench.desk({
      serve: ['operations'],
      activities: () => ({
        restoreBackup: async () => {
          throw new Error('503 Slow Down');
        },
      }),
    });
    const told = await drillOf(desk, 4_000);
    expect(told.detail).toMatch(/^not finished after 4 s \(restoreBackup, attempt [2-4]: 503 Slow Down\)$/);
    expect(told.proven).toBe(false);
    await bench.client.workflow.getHandle(drillWorkflowId(desk.name)).terminate('by the test');
  });
});

describe('a validation that can not go on', () => {
  it('says why as evidence and to people within its bound', async () => {
    const desk = await bench.desk({
      serve: ['operations'],
      activities: () => ({
        runValidation: async () => {
          throw new Error('its folder is gone');
        },
      }),
    });
    const handle = await bench.client.workflow.start('validation', {
      workflowId: validationId(desk.name, 'v1'),
      taskQueue: operationsQueue(desk.name),
      args: [{ ...validationInput(desk.name), runMsMax: 20_000 }],
    });
    await expect(handle.result()).rejects.toThrow();
    const [evidence] = await desk.evidence('validation');
    expect(evidence).toMatchObject({ step_key: 'ended', observed: expect.stringMatching(/folder is gone/) });
    expect(await toldOf(desk)).toEqual([`Paper validation of ${desk.name}: failed`]);
    await keepHistory(bench, 'validation-failed', handle.workflowId);
  });
});
