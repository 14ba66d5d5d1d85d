import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { followJournal, type JournalFollower } from '../../src/ledger/follow-journal.js';
import { verifyLedger } from '../../src/ledger/verify-ledger.js';
import { connectTrader, type TraderClient } from '../../src/trader/client.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { readAudit } from '../support/read-audit.js';
import { type FakeTrader, startFakeTrader } from './support/fake-trader.js';
import { recordsOfTrades } from './support/journal-of-trades.js';

let database: TestDatabase;
let trader: FakeTrader;
let client: TraderClient;
const followers: JournalFollower[] = [];
/** What the followers logged in this test: why one did not catch up. */
let said: string[] = [];
let desk = '';
let desks = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  desks += 1;
  desk = `desk-${desks}`;
  said = [];
  trader = await startFakeTrader();
  client = connectTrader(trader.socketPath);
});
afterEach(async () => {
  await Promise.all(followers.splice(0).map((follower) => follower.stop()));
  client.close();
  await trader.close();
});

function startFollowing(): JournalFollower {
  const follower = followJournal({
    desk,
    pool: database.pool,
    trader: client,
    log: (level, text) => said.push(`${level}: ${text}`),
    mismatchPauseMs: 50,
  });
  followers.push(follower);
  return follower;
}

async function untilEqual(): Promise<number> {
  // As long as `expect.poll` waits: on a machine that is busy with other tests, catching up takes many times as long.
  const deadline = Date.now() + 90_000;
  for (;;) {
    const proof = await verifyLedger(database.pool, desk, trader.journalDirectory).catch(() => null);
    if (proof?.equal) return proof.entries;
    if (Date.now() > deadline)
      throw new Error(`the ledger did not catch up: ${JSON.stringify(proof)}; it said ${said.join(' | ')}`);
    await sleep(20);
  }
}

const breakDatabase = (): Promise<unknown> =>
  database.ownerPool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fermata_app' and datname = $1",
    [database.database],
  );

test('follows what is there and what comes, through dropped connections and database breaks', async () => {
  const records = recordsOfTrades(31, 900);
  await trader.write(records.slice(0, 300));
  startFollowing();
  for (let from = 300; from < records.length; from += 50) {
    await trader.write(records.slice(from, from + 50));
    if (from % 100 === 0) trader.drop();
    if (from % 150 === 0) await breakDatabase();
    await sleep(5);
  }
  expect(await untilEqual()).toBe(900);
});

test('goes on after the trader came back, and two ledgers at once do no harm', async () => {
  const records = recordsOfTrades(32, 300);
  startFollowing();
  startFollowing();
  await trader.write(records.slice(0, 150));
  await trader.restart();
  await trader.write(records.slice(150));
  expect(await untilEqual()).toBe(300);
});

test('follows a new journal from its beginning', async () => {
  startFollowing();
  await trader.write(recordsOfTrades(33, 80));
  await untilEqual();
  await trader.restart(true);
  await trader.write(recordsOfTrades(34, 70));
  expect(await untilEqual()).toBe(70);
});

test('tries again less and less often where the database takes no entry', async () => {
  const { ownerPool } = database;
  await ownerPool.query(
    `create function refuse_entry() returns trigger language plpgsql as $$ begin raise exception 'no entry is taken'; end $$`,
  );
  await ownerPool.query(
    `create trigger refuse_entry before insert on journal_entry for each row when (new.desk = '${desk}') execute function refuse_entry()`,
  );
  let attempts = 0;
  const { call } = client;
  client.call = (...asked) => {
    attempts += 1;
    return call(...asked);
  };
  await trader.write(recordsOfTrades(37, 40));
  startFollowing();
  await expect.poll(() => said.join()).toContain('no entry is taken');
  await sleep(4_000);
  expect(attempts).toBeLessThan(9);
  await ownerPool.query('drop trigger refuse_entry on journal_entry');
  expect(await untilEqual()).toBe(40);
});

test('a ledger that holds more than the trader halts it once, by name, and again after somebody armed', async () => {
  startFollowing();
  await trader.write(recordsOfTrades(35, 40));
  await untilEqual();
  trader.claimedSequence = 10;
  trader.drop();
  while (trader.halts.length === 0) await sleep(20);
  expect(trader.halts[0]).toMatchObject({ cause: 'ledger-mismatch', by: 'ledger', resume: 'person' });
  expect(trader.halts[0]?.reason).toMatch(/holds 40 entries .* only 10/);
  await sleep(200);
  expect(trader.halts).toHaveLength(1);
  trader.mode = 'ACTIVE';
  while (trader.halts.length < 2) await sleep(20);
  expect(await readAudit(database.pool, desk)).toContainEqual(
    expect.objectContaining({ person: 'ledger', action: 'halt' }),
  );
});

test('the proof names an entry that was changed in the database', async () => {
  startFollowing();
  await trader.write(recordsOfTrades(36, 40));
  await untilEqual();
  const { ownerPool } = database;
  await ownerPool.query('alter table journal_entry disable trigger journal_entry_append_only');
  await ownerPool.query(
    `update journal_entry set record = jsonb_set(record, '{marketMs}', '1') where desk = $1 and sequence = 3`,
    [desk],
  );
  await ownerPool.query('alter table journal_entry enable trigger journal_entry_append_only');
  expect(await verifyLedger(database.pool, desk, trader.journalDirectory)).toMatchObject({
    equal: false,
    behind: false,
    sequence: 3,
  });
});

test('the proof is not misled by what is written while it reads', async () => {
  startFollowing();
  await trader.write(recordsOfTrades(36, 40));
  const before = await untilEqual();
  let grown = false;
  const growing = {
    query: async (...asked: Parameters<TestDatabase['pool']['query']>) => {
      const answer = await database.pool.query(...asked);
      if (!grown) {
        grown = true;
        await trader.write(recordsOfTrades(4, 4));
        await untilEqual();
      }
      return answer;
    },
  } as unknown as TestDatabase['pool'];
  const proof = await verifyLedger(growing, desk, trader.journalDirectory);
  expect(proof).toMatchObject({ equal: true });
  expect(proof.equal && proof.entries).toBeGreaterThan(before);
});

test('the proof names an entry that the ledger lacks in the middle', async () => {
  startFollowing();
  await trader.write(recordsOfTrades(36, 40));
  await untilEqual();
  const { ownerPool } = database;
  await ownerPool.query('alter table journal_entry disable trigger journal_entry_append_only');
  await ownerPool.query('delete from journal_entry where desk = $1 and sequence = 5', [desk]);
  await ownerPool.query('alter table journal_entry enable trigger journal_entry_append_only');
  expect(await verifyLedger(database.pool, desk, trader.journalDirectory)).toMatchObject({
    equal: false,
    behind: false,
    sequence: 5,
  });
});

test('what was real is not stored as simulated where the trader was starting when it was asked', async () => {
  trader.trading = 'live';
  trader.account = 'Binance spot';
  trader.startingAnswers = 1;
  await trader.write(recordsOfTrades(31, 300, trader.account));
  startFollowing();
  await untilEqual();
  const { rows } = await database.pool.query('select distinct simulated from orders where desk = $1', [desk]);
  expect(rows).toEqual([{ simulated: false }]);
  expect(said).toEqual(['warn: the ledger waits: the trader is starting']);
});

test.each([
  ['Binance simulator', true],
  ['Binance spot testnet', true],
  ['Binance spot', false],
])('orders and equity of the account %s are stored as simulated: %s', async (account, simulated) => {
  trader.trading = 'live';
  trader.account = account;
  await trader.write(recordsOfTrades(31, 300, account));
  startFollowing();
  await untilEqual();
  for (const table of ['orders', 'equity']) {
    const { rows } = await database.pool.query(`select distinct simulated from ${table} where desk = $1`, [
      desk,
    ]);
    expect(rows, table).toEqual([{ simulated }]);
  }
});
