/** Attempts in a real Postgres, their workflows on a real Temporal server. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import { endAbandoned, readGoLive } from '../../src/operations/go-live/start-go-live.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { moveAttempt, openAttempt, readAttempts } from '../../src/store/go-live-attempts.js';
import { openStores, type Stores } from '../support/stores.js';

const AFTER_MS = 120_000;
let stores: Stores;
beforeAll(async () => {
  stores = await openStores();
});
afterAll(() => stores?.close());

function attemptOf(desk: string) {
  const { temporal } = stores;
  const { pool } = stores.database;
  const workflowId = `golive:${desk}`;
  return {
    workflowId,
    open: () =>
      openAttempt(pool, { desk, release: 'r', askedBy: 'anna', reason: 'r', workflowIdOf: () => workflowId }),
    endAbandoned: (laterMs: number) =>
      endAbandoned({ desk: { desk } as Desk, pool, temporal, nowMs: () => Date.now() + laterMs }),
    states: async () => (await readAttempts(pool, desk)).map(({ state }) => state),
  };
}

it('an attempt that nobody carries out makes room for the next, once nobody can be just starting it', async () => {
  const attempt = attemptOf(`d-${randomUUID()}`);
  await attempt.open();
  expect(await attempt.endAbandoned(0)).toBe(false);
  expect(await attempt.open()).toBeNull();
  expect(await attempt.endAbandoned(AFTER_MS)).toBe(true);
  expect(await attempt.open()).toMatchObject({ attempt: 2 });
  expect(await attempt.states()).toEqual(['open', 'refused']);
});

it('one that was live, and lost its workflow, has ended', async () => {
  const desk = `d-${randomUUID()}`;
  const attempt = attemptOf(desk);
  await attempt.open();
  await moveAttempt(stores.database.pool, { desk, release: 'r', attempt: 1 }, 'live', '3 %');
  expect(await attempt.endAbandoned(AFTER_MS)).toBe(true);
  expect(await attempt.states()).toEqual(['ended']);
});

it('one whose workflow was terminated shows no progress, but that its run is gone, and what to do', async () => {
  const desk = `d-${randomUUID()}`;
  const attempt = attemptOf(desk);
  await attempt.open();
  const { workflow } = stores.temporal.client;
  const { workflowId } = attempt;
  const handle = await workflow.start('goLive', { workflowId, taskQueue: randomUUID(), args: [] });
  await handle.terminate();
  const trader = { call: () => Promise.reject(new Error('not asked here')) };
  const shown = await readGoLive({
    ...{ pool: stores.database.pool, temporal: stores.temporal, trader },
    desk: { desk, mode: 'live', venue: { name: 'binance' }, people: [], goLive: { needed: 2 } },
  } as unknown as OperationContext);
  expect(shown.progress).toBeNull();
  expect(shown.problems).toContain(
    'attempt 1 of r: its run has ended in Temporal, and nobody carries it on: fermata go-live asks anew',
  );
});

it('one whose workflow runs stays, however long it takes', async () => {
  const attempt = attemptOf(`d-${randomUUID()}`);
  await attempt.open();
  const { workflow } = stores.temporal.client;
  const { workflowId } = attempt;
  // Nobody serves this queue: it runs until it is ended.
  const handle = await workflow.start('goLive', { workflowId, taskQueue: randomUUID(), args: [] });
  expect(await attempt.endAbandoned(AFTER_MS)).toBe(false);
  expect(await attempt.open()).toBeNull();
  await handle.terminate();
  // Temporal knows that it is over: nobody has to wait for what may still be about to start.
  expect(await attempt.endAbandoned(0)).toBe(true);
});
