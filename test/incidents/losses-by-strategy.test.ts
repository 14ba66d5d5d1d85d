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

it('what was lost on an adopted position is nobody’s, however the last trade of a strategy ended', async () => {
  const desk = 'adopted';
  const fills = [
    [1, 'entry', 'hand', 0],
    [2, 'close', 'fermata', -613],
    [4, 'close', 'fermata', -29_000],
  ] as const;
  for (const [sequence, purpose, strategy, realised] of fills)
    await database.ownerPool.query(
      `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy, realised,
         simulated, market, wall, incarnation, sequence)
       values ($1, 'NQ/USD', $2::text, 'f' || $2, 'buy', 1, 100, 1, 'taker', $3, $4, $5, false, $6, $6, 'abc', $2::int)`,
      [desk, sequence, purpose, strategy, realised, new Date(1_000)],
    );
  await database.ownerPool.query(
    `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, entry_price, exit_price, result,
       fees, r, why, config_hash, opened, market, wall, simulated)
     values ($1, 'abc', 't1', 3, 'NQ/USD', 'hand', 'long', 1, 100, 69, -614, 2, null, 'close-all', 'hash', $2, $2, $2, false)`,
    [desk, new Date(1_000)],
  );
  expect(await lossesByStrategy(database.pool, desk, 0, 'USD')).toEqual([
    { strategy: 'fermata', result: -29_001, amount: '-29001.00', fills: 1 },
    { strategy: 'hand', result: -615, amount: '-615.00', fills: 2 },
  ]);
});

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
