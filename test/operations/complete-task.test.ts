/** The end of a task in a real Postgres that fails in between. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import type { Runtime } from '../../src/home/runtime.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { completeTask } from '../../src/operations/tasks.js';
import { readEvidence } from '../../src/store/evidence-rows.js';
import { openTask, readTask } from '../../src/store/task-rows.js';
import { openStores, type Stores } from '../support/stores.js';

const DESK = 'crypto-bot';
let stores: Stores;
beforeAll(async () => {
  stores = await openStores();
});
afterAll(() => stores?.close());

it('a task whose evidence could not be written is still open, and is done the next time', async () => {
  const { temporal } = stores;
  const { pool, ownerPool } = stores.database;
  const origin = {
    workflowId: 'w',
    firstRunId: randomUUID(),
    routine: 'weekly',
    stepKey: 'review',
    simulated: true,
  };
  const { id } = await openTask(pool, {
    desk: DESK,
    source: origin.firstRunId,
    title: 'Weekly review',
    detail: 'Read it.',
    dueMs: Date.now(),
    origin,
  });
  const done = () =>
    completeTask(
      {
        pool,
        temporal,
        desk: { desk: DESK } as Desk,
        runtime: { desk: DESK } as Runtime,
      } as OperationContext,
      { person: 'anna', via: 'web' },
      {
        id,
        note: 'read',
      },
    );
  await ownerPool.query('revoke insert on evidence from fermata_app');
  await expect(done()).rejects.toThrow(/permission denied/);
  expect(await readTask(pool, DESK, id)).toMatchObject({ state: 'open' });
  await ownerPool.query('grant insert on evidence to fermata_app');
  expect(await done()).toMatchObject({ ok: true, task: { state: 'done', doneBy: 'anna' } });
  expect(await readEvidence(pool, { desk: DESK })).toMatchObject([{ stepKey: 'review', observed: 'read' }]);
});
