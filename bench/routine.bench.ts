/**
 * A routine of twenty checks on a whole desk, as a user starts it: from the start of its workflow to its verdict, and to
 * the last piece of evidence in Postgres. Aim: under half a second.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { homePaths, type Runtime } from '../src/home/runtime.js';
import { addressForSdk, connectionClass } from '../src/home/temporal-connection.js';
import { openPool } from '../src/store/pool.js';
import { dataConverterOf } from '../src/temporal/payload-codec.js';
import { routineInput, routineStart } from '../src/temporal/start-runs.js';
import { loadDesk } from '../src/venue/load-desk.js';
import { variantOfCryptoBot } from '../test/support/desk-files.js';
import { deskUnderTest } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';
import { atLength, median, print } from './print.js';

const CHECKS = ['venue-reachable', 'data-fresh', 'database', 'disk-space', 'risk-settings', 'configuration'];
const STEPS = 20;
const RUNS = atLength(12, 2);

const desk = deskUnderTest();
try {
  const steps = Array.from({ length: STEPS }, (_, at) => {
    const check = CHECKS[at % CHECKS.length];
    return { key: `check-${at}`, check, title: `Check ${at}`, onFail: 'warn' };
  });
  const routines = [{ name: 'twenty', title: 'Twenty checks', steps }];
  const file = variantOfCryptoBot(desk.home, [[['routines'], routines]]);
  await desk.up('--market', 'simulated', '--desk', file);
  await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE', 60_000);
  const runtime = JSON.parse(readFileSync(join(homePaths(desk.home).run, 'runtime.json'), 'utf8')) as Runtime;
  const { desk: loaded } = loadDesk(runtime.deskFile);
  const [routine] = loaded.routines;
  if (!routine) throw new Error('no routine');
  const connection = await connectionClass(runtime.temporal.address).connect({
    address: addressForSdk(runtime.temporal.address),
  });
  const client = new Client({
    connection,
    namespace: runtime.temporal.namespace,
    dataConverter: dataConverterOf(runtime.home),
  });
  const pool = openPool(runtime, 'bench');
  const verdicts: number[] = [];
  const stored: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const status = await desk.status();
    const occasion = {
      cause: 'person',
      nominalMs: run,
      marketMs: run,
      person: 'bench',
      simulated: true,
    } as const;
    const { workflowType, ...start } = routineStart(
      routineInput(loaded, routine, { ...occasion, incarnation: status.incarnation }),
    );
    const workflowId = `bench:${run}`;
    const beganMs = performance.now();
    const handle = await client.workflow.start(workflowType, { ...start, workflowId });
    // The workflow ends only when its evidence is written.
    await handle.result();
    const tookMs = performance.now() - beganMs;
    const rows = await pool.query<{ count: string; last: Date }>(
      'select count(*) as count, max(finished) as last from evidence where workflow_id = $1',
      [workflowId],
    );
    if (Number(rows.rows[0]?.count) !== STEPS)
      throw new Error(`${rows.rows[0]?.count} of ${STEPS} pieces of evidence`);
    stored.push(tookMs);
    verdicts.push((rows.rows[0]?.last.getTime() ?? 0) - (await handle.describe()).startTime.getTime());
  }
  print(`routine of ${STEPS} checks: start to the last verdict, p50`, median(verdicts), 'ms');
  print(`routine of ${STEPS} checks: start to all evidence stored, p50`, median(stored), 'ms');
  print(`routine of ${STEPS} checks: start to all evidence stored, worst`, Math.max(...stored), 'ms');
  await pool.end();
  await connection.close();
} finally {
  await desk.dispose();
}
