/** The owner of the desk, terminated or lost, is there again before somebody has looked up how to signal it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EMERGENCY_MESSAGES } from '../../src/contracts/emergency.js';
import { deskOwnerId } from '../../src/contracts/queues.js';
import { ensureSecrets } from '../../src/home/secrets.js';
import { deskOwnerOf, followIncarnation } from '../../src/worker/follow-incarnation.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { until } from '../support/eventually.js';
import { type Bench, openBench } from '../workflows/support/desk-bench.js';

/** Well below the pause between two announcements. */
const SOON_MS = 20_000;

const home = mkdtempSync(join(tmpdir(), 'fermata-owner-'));
let bench: Bench;
beforeAll(async () => {
  await ensureSecrets(home);
  bench = await openBench(home);
});
afterAll(async () => {
  await bench?.close();
  rmSync(home, { recursive: true, force: true });
});

it('takes a stop by signal soon after its run was terminated, and again after the next', async () => {
  const desk = await bench.desk({ serve: ['emergency'] });
  const file = { ...cryptoDesk(), desk: desk.name };
  const context = {
    runtime: { home, temporal: bench.address } as never,
    temporal: bench.temporal,
    log: pino({ level: 'silent' }),
  };
  const { trader } = desk;
  const following = followIncarnation(
    context,
    file,
    trader.client,
    deskOwnerOf(bench.temporal, file, 'home'),
  );
  await following.ready;
  const owner = bench.client.workflow.getHandle(deskOwnerId(desk.name));
  const stops = () => trader.sent('stop').length;
  for (const times of [1, 2]) {
    const { runId } = await owner.describe();
    await owner.terminate('a button');
    await until(
      'the signal to find a run',
      () =>
        owner.signal(EMERGENCY_MESSAGES.stop, 'prices look wrong').then(
          () => true,
          () => false,
        ),
      SOON_MS,
    );
    await until('the stop', () => stops() >= times);
    expect((await owner.describe()).runId).not.toBe(runId);
  }
  await following.stop();
  await owner.terminate('over');
  await desk.stop();
});
