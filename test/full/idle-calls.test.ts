/** What a whole desk asks of its Temporal server while there is nothing to do, counted by that server. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BareTemporal, startBareTemporal } from '../support/bare-temporal.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';
import { callsBetween } from '../support/temporal-calls.js';

const NAMESPACE = 'idle-desk';
const CALLS_A_MINUTE_MAX = 20;
/** What is due less often than each minute may all fall into the one that is counted (src/worker/repeat.ts). */
const LOOKS_AT_THE_EDGE = 4;
/** Of windows of a minute, until nothing began in one. */
const WINDOWS_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), 'fermata-idle-'));
let server: BareTemporal;
let desk: DeskUnderTest;
let connection: Connection;

beforeAll(async () => {
  server = await startBareTemporal();
  connection = await Connection.connect({ address: server.address });
  desk = deskUnderTest('crypto-bot', {
    FERMATA_TEMPORAL: 'external',
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    TEMPORAL_CONFIG_FILE: join(folder, 'no-such-profile.toml'),
  });
  // At the speed of a real market: at the shipped one a minute is an hour, and something of a runbook is due in it.
  await desk.up('--market', 'simulated', '--speed', '1');
}, 240_000);
afterAll(async () => {
  await desk?.dispose();
  await connection?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const isIdle = async (query: string, runs: number): Promise<boolean> => {
  const { count } = await connection.workflowService.countWorkflowExecutions({ namespace: NAMESPACE, query });
  return Number(count) === runs;
};

it('asks it, long polls apart, about 20 times a minute at most', async () => {
  const calls = await until(
    'a minute in which nothing began',
    async () => {
      // The pulse and the owner of the desk always run.
      if (!(await isIdle('ExecutionStatus = "Running"', 2))) return null;
      const since = new Date().toISOString();
      const before = await server.counts(NAMESPACE);
      await sleep(60_000);
      const counted = callsBetween(before, await server.counts(NAMESPACE));
      return (await isIdle(`StartTime > "${since}"`, 0)) ? counted : null;
    },
    WINDOWS_MS,
  );
  const said = calls.byOperation.map(([operation, count]) => `${operation} ${count}`).join(', ');
  expect(calls.others, said).toBeLessThanOrEqual(CALLS_A_MINUTE_MAX + LOOKS_AT_THE_EDGE);
  // Of a desk that asks nothing the server counts nothing: it is the right server, and the right namespace.
  expect(calls.others, said).toBeGreaterThan(5);
});
