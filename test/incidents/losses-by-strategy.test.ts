/** Whose loss an incident names, where several strategies trade one instrument. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lossesByStrategy } from '../../src/activities/create-incident-activities.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const DESK = 'crypto-bot';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('a loss is that of the strategy whose stop was filled, and one of a close-all that of who entered last', async () => {
  const fills = [
    ['entry', 'cross', 0],
    ['entry', 'meanrev', 0],
    ['protective', 'cross', -80],
    ['close', 'fermata', -20],
  ] as const;
  for (const [at, [purpose, strategy, realised]] of fills.entries())
    await database.ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy, realised,
         simulated, market, wall, incarnation, sequence)
       values ($1, 'BTC/USDT', $2::text, 'f' || $2, 'buy', 1, 100, 1, 'taker', $3, $4, $5, false, $6, $6, 'abc', $2::int)`,
      [DESK, at, purpose, strategy, realised, new Date(1_000 + at)],
    );
  expect(await lossesByStrategy(database.pool, DESK, 0, 'USDT')).toEqual([
    { strategy: 'cross', result: -82, amount: '-82.00', fills: 2 },
    { strategy: 'meanrev', result: -22, amount: '-22.00', fills: 2 },
  ]);
});
