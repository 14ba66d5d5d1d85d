/** A database in which a restored journal was told a second time, as it is made whole by the migration. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MIGRATIONS_DIRECTORY } from '../../src/store/migrate.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const AT = '2026-01-05T10:00:00Z';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('what stands there twice is left once, with the journal that told it first', async () => {
  const { ownerPool } = database;
  await ownerPool.query('drop table repeated_fills; drop index trades_once');
  for (const [place, incarnation] of ['first1', 'second'].entries()) {
    const told = [incarnation, AT, place];
    for (const statement of [
      `insert into ledger_cursor (desk, incarnation, sequence, chain, updated)
         values ('bot', $1, 9, 'c', $2::timestamptz + $3 * interval '1 hour')`,
      `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, result, fees, why, config_hash,
         opened, market, wall, simulated)
         values ('bot', $1, 'tfirst11', 5 + $3, 'BTC/USDT', 'cross', 'long', 1, 9, 0, 'stop', 'hash', $2, $2, $2, false)`,
      `insert into cash_records (desk, incarnation, sequence, kind, currency, amount, booked_by, source, reason, market, wall,
         simulated) select 'bot', $1, 6, 'deposit', 'USDT', 500, 'anna', 'person', 'mine', $2, $2, false where $3 >= 0`,
      `insert into equity (desk, market, equity, peak, cash, unrealised, simulated, incarnation, capital_moved)
         values ('bot', $2::timestamptz + $3 * interval '1 hour', 900, 900, 900, 0, false, $1, 500 + $3 * 20)`,
      `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
         select 'bot', $1, 4, $2, 'fill', '{"fill":{"tradeId":"7","clientId":"ffirst11","marketMs":1767607200000}}', 'c'
         where $3 >= 0`,
    ])
      await ownerPool.query(statement, told);
  }
  // Moved after the journal was restored: it stays with what the sample says.
  await ownerPool.query(
    `insert into cash_records (desk, incarnation, sequence, kind, currency, amount, booked_by, source, reason, market, wall,
       simulated) values ('bot', 'second', 8, 'deposit', 'USDT', 20, 'anna', 'person', 'mine', $1, now(), false)`,
    [AT],
  );
  await ownerPool.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy, realised,
       simulated, market, wall, incarnation, sequence)
     values ('bot', 'BTC/USDT', '7', 'ffirst11', 'buy', 1, 100, 1, 'taker', 'entry', 'cross', 0, false, $1, $1, 'first1', 4)`,
    [AT],
  );
  await ownerPool.query(
    `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, filled, simulated,
       created_market, created, updated)
     values ('bot', 'ffirst11', 'BTC/USDT', 'buy', 'limit', 'entry', 'cross', 'working', 1, 1, false, $1, $1, $1)`,
    [AT],
  );
  await ownerPool.query(readFileSync(join(MIGRATIONS_DIRECTORY, '0034-records-told-once.sql'), 'utf8'));
  const rows = async (of: string) => (await database.pool.query({ text: of, rowMode: 'array' })).rows;
  expect(await rows('select incarnation from trades')).toEqual([['first1']]);
  expect(await rows('select incarnation, amount::int from cash_records order by 1')).toEqual([
    ['first1', 500],
    ['second', 20],
  ]);
  expect(await rows('select incarnation, capital_moved::int from equity order by 1')).toEqual([
    ['first1', 500],
    ['second', 20],
  ]);
  expect(await rows('select incarnation, sequence::int, symbol, trade_id from repeated_fills')).toEqual([
    ['second', 4, 'BTC/USDT', '7'],
  ]);
  expect(await rows('select state from orders')).toEqual([['filled']]);
});
