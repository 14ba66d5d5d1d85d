/**
 * What a desk asks of Temporal: calls a minute of one that trades and has nothing else to do, and of one that a person
 * has stopped, long polls apart; and actions a day, as Temporal Cloud counts them, of an idle desk and of a busy one.
 * Counted by the server itself.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type DeskUnderTest, deskUnderTest } from '../test/support/desk-under-test.js';
import { until } from '../test/support/eventually.js';
import {
  type CallCounts,
  type CountingTemporal,
  callsBetween,
  grownBetween,
  startCountingTemporal,
} from '../test/support/temporal-calls.js';
import { atLength, print } from './print.js';

const MINUTES = atLength(5, 0.2);
/** Until what a start asks once is over. */
const SETTLE_MS = atLength(60_000, 1_000);
const MINUTES_A_DAY = 1_440;
/** A day of the market's in five minutes: every routine that is due in one. */
const BUSY_SPEED = 288;
/** What people do on a busy day; an incident, a resumption and questions come of each stop. */
const STOPS = atLength(10, 1);

/** A desk on a server of its own. */
async function onDesk(
  speed: number,
  work: (temporal: CountingTemporal, desk: DeskUnderTest) => Promise<void>,
): Promise<void> {
  const temporal = await startCountingTemporal();
  const desk = deskUnderTest('crypto-bot', temporal.variables);
  try {
    await desk.up('--market', 'simulated', '--speed', String(speed));
    await untilActive(desk);
    await work(temporal, desk);
  } finally {
    await desk.dispose();
    await temporal.stop();
  }
}

const untilActive = (desk: DeskUnderTest): Promise<unknown> =>
  until('ACTIVE', async () => (await desk.status()).mode === 'ACTIVE', 180_000);

function said(before: CallCounts, after: CallCounts, minutes: number): number {
  const kinds = grownBetween(before, after);
  for (const [kind, count] of kinds) console.error(`  ${kind}: ${(count / minutes).toFixed(1)} a minute`);
  return kinds.reduce((sum, [, count]) => sum + count, 0);
}

/** Gives the actions a minute. */
async function perMinute(temporal: CountingTemporal, what: string): Promise<number> {
  await sleep(SETTLE_MS);
  const [before, actionsBefore] = [await temporal.counts(), await temporal.actions()];
  await sleep(MINUTES * 60_000);
  const after = await temporal.counts();
  const { others, longPolls } = callsBetween(before, after);
  print(`${what}: calls a minute, without long polls`, others / MINUTES, 'calls');
  print(`${what}: long polls a minute`, longPolls / MINUTES, 'calls');
  said(before, after, MINUTES);
  return said(actionsBefore, await temporal.actions(), MINUTES) / MINUTES;
}

let idle = 0;
// At the speed of the wall clock: a market that runs ahead has its routines more often.
await onDesk(1, async (temporal, desk) => {
  idle = await perMinute(temporal, 'idle desk');
  print('idle desk: actions a day, without its routines', idle * MINUTES_A_DAY, 'actions');
  await desk.run('stop', '--reason', 'counted');
  await perMinute(temporal, 'stopped desk');
});

await onDesk(BUSY_SPEED, async (temporal, desk) => {
  await desk.signIn();
  const startedMs = performance.now();
  const before = await temporal.actions();
  for (let count = 0; count < STOPS; count += 1) {
    await desk.run('stop', '--reason', `busy ${count}`);
    await desk.run('resume', '--reason', `busy ${count}`);
    await untilActive(desk);
  }
  await desk.run('backup', '--verify');
  await sleep(Math.max(0, MINUTES * 60_000 - (performance.now() - startedMs)));
  const minutes = (performance.now() - startedMs) / 60_000;
  const taken = said(before, await temporal.actions(), minutes);
  // What goes by the wall clock takes a day of it; what goes by the market's has had its day.
  print('busy desk: actions a day', idle * (MINUTES_A_DAY - minutes) + taken, 'actions');
});
