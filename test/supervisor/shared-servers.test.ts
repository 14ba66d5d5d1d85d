import { Connection } from '@temporalio/client';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { sharedTemporal } from '../support/temporal.js';

let database: TestDatabase | undefined;
afterAll(() => database?.drop());

test('the product role may add evidence but neither change nor delete it, nor create tables', async () => {
  database = await createTestDatabase();
  const { pool } = database;
  await expect(pool.query('delete from evidence')).rejects.toThrow(/permission denied/);
  await expect(pool.query("update audit set outcome = 'x'")).rejects.toThrow(/permission denied/);
  await expect(pool.query('truncate journal_entry')).rejects.toThrow(/permission denied/);
  await expect(pool.query('create table mine (a int)')).rejects.toThrow(/permission denied/);
  expect((await pool.query('select count(*)::int as n from evidence')).rows[0].n).toBe(0);
});

test('Temporal keeps closed runs for 30 days', async () => {
  const { address, namespace } = await sharedTemporal();
  const connection = await Connection.connect({ address });
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  await connection.close();
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400);
});
