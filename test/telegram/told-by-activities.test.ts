import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOperationsActivities } from '../../src/activities/operations/create-operations-activities.js';
import type { CheckContext } from '../../src/checks/check.js';
import type { Desk } from '../../src/desk/schema.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const ROUTINES = [
  { name: 'summary', tellResults: true, steps: [{ key: 'disk' }] },
] as unknown as Desk['routines'];

describe('a routine', () => {
  const close = async (desk: string, verdict: 'pass' | 'fail', routine = 'daily'): Promise<void> => {
    const activities = createOperationsActivities({
      pool: database.pool,
      checks: new Map(),
      context: { runtime: {}, desk: { mode: 'paper', routines: ROUTINES } } as CheckContext,
      deskText: '',
      decisionKey: () => '',
      nowMs: Date.now,
      log: { error: () => undefined },
    });
    const run = { desk, workflowId: `routine:${desk}`, firstRunId: '1', runId: '1' };
    await activities.openRoutineRun(run, {
      routine,
      title: 'Daily checks',
      nominalMs: 0,
      startedMs: 0,
      cause: 'schedule',
    });
    await activities.recordEvidenceBatch(run, [
      {
        routine,
        stepKey: 'disk',
        attemptGroup: 0,
        name: 'Disk space',
        kind: 'check',
        verdict,
        observed: '12 MB free',
        expected: '1024 MB',
        startedMs: 0,
        finishedMs: 0,
        marketMs: 0,
        person: null,
        reference: null,
        simulated: true,
      },
    ]);
    for (let attempt = 0; attempt < 2; attempt += 1)
      await activities.closeRoutineRun(run, { verdict, finishedMs: 1 });
  };
  const told = async (desk: string): Promise<unknown[]> =>
    (await database.pool.query('select event, title, body from notice where desk = $1', [desk])).rows;

  it('that failed is told once, with what was observed; one that passed is not', async () => {
    await close('bad', 'fail');
    await close('good', 'pass');
    expect(await told('bad')).toEqual([
      { event: 'routine', title: 'Daily checks: fail', body: 'fail: Disk space: 12 MB free' },
    ]);
    expect(await told('good')).toEqual([]);
  });

  it('that is to tell its results does so once, also where all is well', async () => {
    await close('well', 'pass', 'summary');
    expect(await told('well')).toEqual([
      { event: 'report', title: 'well: Daily checks: pass', body: 'Disk space: 12 MB free' },
    ]);
  });
});
