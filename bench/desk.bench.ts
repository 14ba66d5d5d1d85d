/**
 * A whole desk, started as a user does: from the command to the first paper fill with everything cached; from `kill -9`
 * of the trader to reconciled and HALTED again; from `kill -9` of the emergency worker to a signal handled.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { homePaths, type Runtime } from '../src/home/runtime.js';
import { addressForSdk, connectionClass } from '../src/home/temporal-connection.js';
import { type DeskUnderTest, deskUnderTest } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';
import { untilHaltedAgain } from './killed-trader.js';
import { atLength, median, print } from './print.js';

const RUNS = atLength(3, 1);

async function untilFirstFill(desk: DeskUnderTest): Promise<number> {
  const beganAtMs = performance.now();
  await desk.up('--market', 'simulated');
  await until('a first fill', async () => (await desk.status()).fills > 0, 120_000);
  return performance.now() - beganAtMs;
}

/** The signal that Temporal's UI and CLI send, to the workflow that always runs. */
async function untilSignalHandled(desk: DeskUnderTest): Promise<number> {
  const runtime = JSON.parse(readFileSync(join(homePaths(desk.home).run, 'runtime.json'), 'utf8')) as Runtime;
  const connection = await connectionClass(runtime.temporal.address).connect({
    address: addressForSdk(runtime.temporal.address),
  });
  const client = new Client({ connection, namespace: runtime.temporal.namespace });
  process.kill(desk.pids().get('engine-worker') ?? 0, 'SIGKILL');
  const beganAtMs = performance.now();
  await client.workflow.getHandle(`desk-owner:${desk.desk}`).signal('stop', 'bench');
  await until('stopped', async () => (await desk.status()).halts.some((halt) => halt.cause === 'person'));
  const tookMs = performance.now() - beganAtMs;
  await connection.close();
  return tookMs;
}

const starts: number[] = [];
for (let run = 0; run < RUNS; run += 1) {
  const desk = deskUnderTest();
  try {
    starts.push(await untilFirstFill(desk));
    if (run < RUNS - 1) continue;
    await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE');
    const restarts: number[] = [];
    for (let kill = 0; kill < RUNS; kill += 1) restarts.push(await untilHaltedAgain(desk));
    print('kill -9 of the trader to reconciled and HALTED', median(restarts), 'ms');
    print('kill -9 of the emergency worker to a signal handled', await untilSignalHandled(desk), 'ms');
  } finally {
    await desk.dispose();
  }
}
print('fermata up to the first paper fill, everything cached', median(starts) / 1000, 's');
