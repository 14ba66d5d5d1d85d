/** Attempts in a real Postgres, their workflows on a real Temporal server. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import { endAbandoned } from '../../src/operations/go-live/end-abandoned.js';
import { openTemporal, type TemporalAccess } from '../../src/operations/temporal/open-temporal.js';
import { moveAttempt, openAttempt, readAttempts } from '../../src/store/go-live-attempts.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { sharedTemporal } from '../support/temporal.js';

const AFTER_MS = 120_000;
let database: TestDatabase;
let temporal: TemporalAccess;

beforeAll(async () => {
  database = await createTestDatabase();
  temporal = openTemporal({ home: null, temporal: await sharedTemporal() });
});
afterAll(async () => {
  await temporal?.close();
  await database?.drop();
});

function attemptOf(desk: string) {
  const { pool } = database;
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
  await moveAttempt(database.pool, { desk, release: 'r', attempt: 1 }, 'live', '3 %');
  expect(await attempt.endAbandoned(AFTER_MS)).toBe(true);
  expect(await attempt.states()).toEqual(['ended']);
});

it('one whose workflow runs stays, however long it takes', async () => {
  const attempt = attemptOf(`d-${randomUUID()}`);
  await attempt.open();
  const { workflow } = temporal.client;
  const { workflowId } = attempt;
  // Nobody serves this queue: it runs until it is ended.
  const handle = await workflow.start('goLive', { workflowId, taskQueue: randomUUID(), args: [] });
  expect(await attempt.endAbandoned(AFTER_MS)).toBe(false);
  expect(await attempt.open()).toBeNull();
  await handle.terminate();
  expect(await attempt.endAbandoned(AFTER_MS)).toBe(true);
});
