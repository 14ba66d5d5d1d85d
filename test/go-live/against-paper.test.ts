/** Live results beside what paper trading led one to expect. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createGoLiveActivities } from '../../src/activities/create-go-live-activities.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';
import { type Bench, preflightBench } from './support/preflight-bench.js';

const BEGIN_MS = Date.parse('2026-01-05T10:00:00Z');
let database: TestDatabase;
let bench: Bench;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  bench = await preflightBench();
  await database.ownerPool.query('delete from fills');
});

/** Closing fills with a fee of 1 each. */
async function closed(...results: readonly number[]): Promise<void> {
  for (const [sequence, realised] of results.entries()) {
    await database.ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
         realised, simulated, market, wall, incarnation, sequence)
       values ($1, 'BTC/USDT', $2, $2, 'sell', 1, 100, 1, 'taker', 'exit', 'ema-cross', $3, false, $4, $4, 'abc', $5)`,
      [bench.desk.desk, randomUUID(), realised, new Date(BEGIN_MS + sequence), sequence],
    );
  }
}

function compare() {
  const { desk, configHash, home, reportFolder } = bench;
  const preflight = () => bench.look();
  const { pool } = database;
  const trader = new ScriptedTrader('abc').client;
  const place = { desk, configHash, home, reportFolder };
  return createGoLiveActivities({ pool, trader, preflight, ...place }).compareWithPaper(BEGIN_MS);
}

it('passes where about as many trades win as on paper, with both figures', async () => {
  await closed(5, 5, -3, 5, -3);
  expect(await compare()).toEqual({
    verdict: 'pass',
    observed: '5 fills, 5 closed, net 4, win rate 60.0 %',
    expected: expect.stringContaining('as on paper: win rate 55.0 % of 40 trades'),
  });
});

it('warns where far fewer win', async () => {
  await closed(5, -3, -3, -3, -3, -3);
  expect(await compare()).toMatchObject({ verdict: 'warn', observed: expect.stringContaining('16.7 %') });
});

it('takes 20 percentage points less than on paper, and not more', async () => {
  const wins = (won: number, of: number) => Array.from({ length: of }, (_, at) => (at < won ? 5 : -3));
  await closed(...wins(7, 20));
  expect(await compare()).toMatchObject({ verdict: 'pass', observed: expect.stringContaining('35.0 %') });
  await database.ownerPool.query('delete from fills');
  await closed(...wins(6, 18));
  expect(await compare()).toMatchObject({ verdict: 'warn', observed: expect.stringContaining('33.3 %') });
});

it('says that it can’t tell from a few trades, or without a validation', async () => {
  await closed(5, -3);
  expect(await compare()).toMatchObject({
    verdict: 'not_run',
    observed: expect.stringContaining('too few closed trades'),
  });
  rmSync(bench.reportFolder, { recursive: true });
  expect(await compare()).toMatchObject({
    verdict: 'not_run',
    observed: expect.stringContaining('no validation report'),
  });
});
