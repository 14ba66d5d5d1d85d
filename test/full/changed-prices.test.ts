/** Another price source between two starts, and back: every book, the ledger and the auditor follow the account in use. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readEquity } from '../../src/api/routes/charts.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { homePaths, type Runtime } from '../../src/home/runtime.js';
import { openPool, type Pool } from '../../src/store/pool.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { until } from '../support/eventually.js';

const desk: DeskUnderTest = deskUnderTest();
afterAll(() => desk.dispose());

/** Several looks of the auditor. */
const AUDITED_MS = 10_000;
const POINTS_MAX = 2_000;

async function traded(): Promise<TraderStatus> {
  const status = await until(
    'a trade',
    async () => {
      const now = await desk.status();
      return now.mode === 'ACTIVE' && now.fills > 0 ? now : null;
    },
    180_000,
  );
  await new Promise((settle) => setTimeout(settle, AUDITED_MS));
  return status;
}

/** What was recorded of this account, and that it is what the page shows. */
async function checkedBooks(): Promise<readonly number[]> {
  await until('the ledger equal to the journal', async () => {
    const run = await desk.run('journal', '--verify', '--json');
    return run.code === 0 || Promise.reject(new Error(run.stdout + run.stderr));
  });
  const { halts } = await desk.status();
  for (const cause of ['auditor', 'ledger-mismatch', 'reconciliation', 'drawdown'])
    expect(halts.map((halt) => halt.cause)).not.toContain(cause);
  return withPool(async (pool) =>
    (await readEquity(pool, desk.desk, POINTS_MAX)).map(({ equity }) => Number(equity)),
  );
}

async function withPool<T>(ask: (pool: Pool) => Promise<T>): Promise<T> {
  const runtime = JSON.parse(readFileSync(join(homePaths(desk.home).run, 'runtime.json'), 'utf8')) as Runtime;
  const pool = openPool(runtime, 'test');
  try {
    return await ask(pool);
  } finally {
    await pool.end();
  }
}

/** Stored minutes of each price source, and how many of them both have. */
async function seriesOf(
  symbol: string,
): Promise<{ readonly sources: readonly string[]; readonly shared: number }> {
  return withPool(async (pool) => {
    const found = await pool.query<{ sources: string[]; shared: number }>(
      `select array_agg(distinct source order by source) as sources, (count(*) - count(distinct open_time))::int as shared
         from bars where desk = $1 and symbol = $2`,
      [desk.desk, symbol],
    );
    return found.rows[0] ?? { sources: [], shared: 0 };
  });
}

/** Taken, read back and restored on a server of its own, with the account set aside. */
async function backedUp(resting: string): Promise<void> {
  const backup = await desk.run('backup', '--verify', '--json');
  expect(backup.stdout).toMatch(/, 1 account set aside \(\d+ bytes\)/);
  expect(backup.code).toBe(0);
  const drill = await desk.run('drill', '--json');
  expect(drill.stdout).toMatch(new RegExp(`${resting}: \\d+ entries`));
  expect(drill.code).toBe(0);
}

const largestStep = (curve: readonly number[]): number =>
  curve.slice(1).reduce((most, equity, at) => Math.max(most, Math.abs(equity / curve[at]! - 1)), 0);

it('goes on with the account of the prices that it finds, there and back', async () => {
  await desk.up('--market', 'simulated', '--speed', '600');
  const first = await traded();
  const firstCurve = await checkedBooks();
  expect(await desk.interrupt()).toBe(0);

  const screen = await desk.up('--market', 'simulated', '--speed', '600', '--seed', '8');
  expect(screen.account).toEqual({
    name: 'paper/simulated-303-seed-8',
    resting: ['simulated-303-seed-7'],
  });
  const second = await traded();
  expect(second.incarnation).not.toBe(first.incarnation);
  const secondCurve = await checkedBooks();
  expect(secondCurve[0]).toBeCloseTo(10_000, 0);
  const { sources, shared } = await seriesOf('BTC/USDT');
  expect(sources).toEqual(['simulated-303-seed-7', 'simulated-303-seed-8']);
  expect(shared).toBeGreaterThan(100);
  await backedUp('simulated-303-seed-7');
  expect(await desk.interrupt()).toBe(0);

  await desk.up('--market', 'simulated', '--speed', '600');
  const back = await traded();
  expect(back.incarnation).toBe(first.incarnation);
  expect(back.fills).toBeGreaterThanOrEqual(first.fills);
  const curve = await checkedBooks();
  expect(curve.slice(0, firstCurve.length)).toEqual(firstCurve);
  expect(largestStep(curve)).toBeLessThan(0.02);
  expect(await desk.interrupt()).toBe(0);
}, 600_000);
