/** Whether real orders were filled as they were ordered, by the ledger. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLiveFills } from '../../src/store/ledger-figures.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const DESK = 'crypto-live';
const BEGIN_MS = Date.parse('2026-01-05T10:00:00Z');
let database: TestDatabase;
let made = 0;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Ordered {
  readonly side?: 'buy' | 'sell';
  readonly type?: 'limit' | 'market';
  readonly limit?: number;
  readonly filled?: number;
}

/** A fill of 1 for 100, bought, of an order for 1 unless it says otherwise; null: of no order that the desk made. */
async function fill(
  order: Ordered | null,
  { realised = 0, atMs = BEGIN_MS + 1, filledSide = 'buy' } = {},
): Promise<void> {
  made += 1;
  const id = `f${made}`;
  const wall = new Date(atMs);
  if (order) {
    const { side = 'buy', type = 'limit', limit = 100, filled = 1 } = order;
    await database.ownerPool.query(
      `insert into orders (desk, client_id, symbol, side, type, purpose, quantity, price, filled, state, strategy, simulated,
         created_market, created, updated)
       values ($1, $2, 'BTC/USDT', $3, $4, 'entry', 1, $5, $6, 'filled', 'ema-cross', false, $7, $7, $7)`,
      [DESK, id, side, type, type === 'limit' ? limit : null, filled, wall],
    );
  }
  await database.ownerPool.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy, realised,
       simulated, market, wall, incarnation, sequence)
     values ($1, 'BTC/USDT', $2, $2, $6, 1, 100, 1, 'taker', 'entry', 'ema-cross', $3, false, $4, $4, 'abc', $5)`,
    [DESK, id, realised, wall, made, filledSide],
  );
}

async function closed(trade: string, result: number, atMs: number): Promise<void> {
  made += 1;
  await database.ownerPool.query(
    `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, result, fees, why, config_hash,
       opened, market, wall, simulated)
     values ($1, 'abc', $2, $3, 'BTC/USDT', 'ema-cross', 'long', 2, $4, 1, 'stop', 'hash', $5, $6, $6, false)`,
    [DESK, trade, made, result, new Date(BEGIN_MS - 2), new Date(atMs)],
  );
}

test('fills as ordered are counted, with what they earned after fees, and trades however many fills close them; earlier ones are not', async () => {
  await fill({}, { realised: 900, atMs: BEGIN_MS - 1 });
  await closed('t0', 899, BEGIN_MS - 1);
  await fill({ limit: 101 });
  // Sold in two parts, of which one alone would have won: the trade lost.
  await fill({ type: 'market' }, { realised: 11 });
  await fill({}, { realised: -14 });
  await closed('t1', -6, BEGIN_MS + 1);
  await fill({}, { realised: 5 });
  await closed('t2', 3, BEGIN_MS + 1);
  expect(await readLiveFills(database.pool, DESK, BEGIN_MS)).toEqual({
    fills: 4,
    trades: 2,
    wins: 1,
    netProfit: '-2',
    problems: [],
    halts: [],
  });
});

test('halts are named, with their time and reason, also those that were lifted since; earlier ones are not', async () => {
  const halt = (id: string, reason: string, wallMs: number, lifted: Date | null) =>
    database.ownerPool.query(
      `insert into halts (desk, halt_id, mode, scope, cause, by_whom, reason, resume, market, wall, lifted, incarnation)
       values ($1, $2, 'HALTED', 'desk', 'startup', 'fermata', $3, 'person', $4, $4, $5, 'abc')`,
      [DESK, id, reason, new Date(wallMs), lifted],
    );
  await halt('h1', 'before it was live', BEGIN_MS - 1, new Date(BEGIN_MS));
  await halt('h2', 'the trader started', BEGIN_MS + 60_000, new Date(BEGIN_MS + 90_000));
  const { halts } = await readLiveFills(database.pool, DESK, BEGIN_MS);
  expect(halts).toEqual(['halted 2026-01-05T10:01:00.000Z: the trader started']);
});

test.each<[string, Ordered | null, 'buy' | 'sell']>([
  ['of an order that is not the desk’s', null, 'buy'],
  ['on the other side than ordered', { side: 'sell' }, 'buy'],
  ['more than was ordered', { filled: 2 }, 'buy'],
  ['at a worse price than the order’s limit', { limit: 99 }, 'buy'],
  ['at a worse price than the order’s limit', { side: 'sell', limit: 101 }, 'sell'],
])('a fill %s is named', async (why, order, filledSide) => {
  const beginMs = BEGIN_MS + 1_000 * (made + 1);
  // A sale above its limit is a good one.
  await fill({ side: 'sell', limit: 99 }, { atMs: beginMs, filledSide: 'sell' });
  await fill(order, { atMs: beginMs, filledSide });
  const { problems } = await readLiveFills(database.pool, DESK, beginMs);
  expect(problems).toEqual([`BTC/USDT fill f${made}: ${why.replaceAll('’', "'")}`]);
});
