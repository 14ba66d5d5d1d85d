/** Postgres that answers late: what is said of it is true, and a process that stood still does not accuse it. */
import { MessageChannel } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NO_ANSWER, writeInTime } from '../../src/operations/record-audit.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query('select 1');
});
afterAll(() => database?.drop());

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('an answer that came while the process stood still is an answer', async () => {
  // Not Postgres, which on a busy machine may answer after this has gone on.
  const { port1: here, port2: there } = new MessageChannel();
  const written = writeInTime(new Promise((answered) => here.once('message', answered)));
  there.postMessage('an answer');
  standStill(1_100);
  expect(await written).toBe('an answer');
  here.close();
});

it('nobody waits longer for one that does not come, and nobody says that nothing was written', async () => {
  expect(await writeInTime(database.pool.query('select pg_sleep(3)'))).toBeNull();
  expect(NO_ANSWER).toBe('Postgres gave no answer within 1000 ms');
});
