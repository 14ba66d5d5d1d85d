/**
 * What a desk asks of Temporal: calls a minute of one that trades and has nothing else to do, and of one that a person
 * has stopped; long polls apart. Counted by the server itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { deskUnderTest, until } from '../test/support/desk-under-test.js';
import { callsBetween, startCountingTemporal } from '../test/support/temporal-calls.js';
import { atLength, print } from './print.js';

const MINUTES = atLength(5, 0.2);
/** Until what a start asks once is over. */
const SETTLE_MS = atLength(60_000, 1_000);

const temporal = await startCountingTemporal();
const desk = deskUnderTest('crypto-bot', temporal.variables);

async function perMinute(what: string): Promise<void> {
  await sleep(SETTLE_MS);
  const before = await temporal.counts();
  await sleep(MINUTES * 60_000);
  const { others, longPolls, byOperation } = callsBetween(before, await temporal.counts());
  print(`${what}: calls a minute, without long polls`, others / MINUTES, 'calls');
  print(`${what}: long polls a minute`, longPolls / MINUTES, 'calls');
  for (const [operation, count] of byOperation)
    console.error(`  ${operation}: ${(count / MINUTES).toFixed(1)} a minute`);
}

try {
  // At the speed of the wall clock: a market that runs ahead has its routines more often.
  await desk.up('--market', 'simulated', '--speed', '1');
  await until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE', 180_000);
  await perMinute('idle desk');
  await desk.run('stop', '--reason', 'counted');
  await perMinute('stopped desk');
} finally {
  await desk.dispose();
  await temporal.stop();
}
