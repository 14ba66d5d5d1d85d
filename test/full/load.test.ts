/** One hour of a market 600 times as fast as the wall: memory stays bounded and every book agrees at the end. */

import { afterAll, expect, it } from 'vitest';
import { deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const HOUR_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;
const TRADER_BYTES_MAX = 160 * 1024 * 1024;

const desk = deskUnderTest();
afterAll(() => desk.dispose());

it('trades for an hour at 600 times the speed of the market', async () => {
  await desk.up('--market', 'simulated', '--speed', '600');
  const untilMs = Date.now() + HOUR_MS;
  while (Date.now() < untilMs) {
    const now = await until('an answer of the trader', () => desk.status());
    expect(now.rssBytes).toBeLessThan(TRADER_BYTES_MAX);
    await new Promise((settle) => setTimeout(settle, LOOK_EVERY_MS));
  }
  const verified = await until('the ledger equal to the journal', async () => {
    const run = await desk.run('journal', '--verify', '--json');
    return run.code === 0 ? JSON.parse(run.stdout) : Promise.reject(new Error(run.stdout + run.stderr));
  });
  expect(verified).toMatchObject({ ledgerEqualsJournal: true });
});
