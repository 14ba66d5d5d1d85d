/** Candles of one symbol from several markets: each reader sees those of one. */
import { readdirSync } from 'node:fs';
import { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findDataGaps } from '../../src/operations/find-data-gaps.js';
import type { OperationContext } from '../../src/operations/operation.js';
import { findBarGaps, newestSource, readBars, readCoverage, storeBars } from '../../src/store/bars.js';
import { MIGRATIONS_DIRECTORY, migrate } from '../../src/store/migrate.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { CRYPTO_DESK_FILE } from '../operations/support/crypto-desk.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const MINUTE = 60_000;
const START = Date.parse('2026-03-02T10:00:00Z');
const NEW = '0019-bars-by-source';
const SIMULATED = 'simulated-303-seed-7';
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const span = (desk: string) => ({ desk, fromMs: START, toMs: START + 60 * MINUTE });

async function store(
  desk: string,
  source: string,
  minutes: readonly number[],
  close = '10',
): Promise<number> {
  const price = { open: close, high: close, low: close, close, volume: '1', bid: null, ask: null };
  const candles = minutes.map((minute) => ({
    symbol: 'BTC/USDT',
    openMs: START + minute * MINUTE,
    spanMs: MINUTE,
    ...price,
  }));
  return storeBars(database.pool, { desk, source, simulated: source === SIMULATED }, candles);
}

test('a minute that two markets have is stored once for each, and stays as it was stored', async () => {
  expect(await store('d1', SIMULATED, [0, 1], '10')).toBe(2);
  expect(await store('d1', 'live-binance', [0, 1], '99')).toBe(2);
  expect(await store('d1', 'live-binance', [0, 1, 2], '50')).toBe(1);
  const found = await database.pool.query(
    'select source, close, simulated from bars where desk = $1 and open_time = $2 order by source',
    ['d1', new Date(START)],
  );
  expect(found.rows).toEqual([
    { source: 'live-binance', close: '99', simulated: false },
    { source: SIMULATED, close: '10', simulated: true },
  ]);
});

test('a gap is one of its own series: another market does not fill it, nor make one', async () => {
  await store('d2', SIMULATED, [0, 1, 4, 5]);
  await store('d2', 'live-binance', [0, 1, 2, 3]);
  const gaps = (source: string) => findBarGaps(database.pool, { ...span('d2'), source });
  expect(await gaps('live-binance')).toEqual([]);
  expect(await gaps(SIMULATED)).toEqual([
    { symbol: 'BTC/USDT', fromMs: START + 2 * MINUTE, toMs: START + 4 * MINUTE, missing: 2 },
  ]);
  expect((await readCoverage(database.pool, { ...span('d2'), source: SIMULATED }))[0]?.count).toBe(4);
});

test('candles are read of one series and span, oldest first', async () => {
  await store('d4', SIMULATED, [3, 1, 2]);
  await store('d4', 'live-binance', [0, 1], '99');
  const range = { desk: 'd4', source: SIMULATED, fromMs: START + MINUTE, toMs: START + 3 * MINUTE };
  const found = await readBars(database.pool, range);
  expect(found.map(({ openMs }) => openMs)).toEqual([START + MINUTE, START + 2 * MINUTE]);
  expect(found[0]).toMatchObject({ symbol: 'BTC/USDT', spanMs: MINUTE, close: '10', volume: '1' });
});

test('a candle whose volume its source does not tell has none', async () => {
  const price = { open: '10', high: '10', low: '10', close: '10' };
  const candle = {
    symbol: 'BTC/USDT',
    openMs: START,
    spanMs: MINUTE,
    ...price,
    volume: null,
    bid: null,
    ask: null,
  };
  const series = { desk: 'd6', source: SIMULATED, simulated: true };
  expect(await storeBars(database.pool, series, [candle])).toBe(1);
  const [found] = await readBars(database.pool, { ...span('d6'), source: SIMULATED });
  expect(found?.volume).toBeNull();
});

test('a candle has the best prices that strategies were shown with it, and none where they are not known', async () => {
  const price = { open: '10', high: '10', low: '10', close: '10', volume: '1' };
  const of = { symbol: 'BTC/USDT', spanMs: MINUTE, ...price };
  const series = { desk: 'd7', source: SIMULATED, simulated: true };
  await storeBars(database.pool, series, [
    { ...of, openMs: START, bid: '9.99', ask: '10.01' },
    { ...of, openMs: START + MINUTE, bid: null, ask: null },
  ]);
  expect(await readBars(database.pool, { ...span('d7'), source: SIMULATED })).toMatchObject([
    { bid: '9.99', ask: '10.01' },
    { bid: null, ask: null },
  ]);
});

test('missing candles are looked for in the prices that are traded on; without a trader, in the newest', async () => {
  const { desk: shipped } = loadDesk(CRYPTO_DESK_FILE);
  const desk = { ...shipped, desk: 'd3' };
  await store('d3', SIMULATED, [0, 1, 4]);
  await store('d3', 'live-binance', [0, 1, 2, 3, 4, 5]);
  const gapsWith = (status: () => Promise<object>) =>
    findDataGaps(
      {
        desk,
        pool: database.pool,
        nowMs: () => START + 60 * MINUTE,
        trader: { call: status },
      } as never as OperationContext,
      { hours: 1 },
    );
  const marketData = { identity: SIMULATED, marketMs: START + 60 * MINUTE };
  const asked = await gapsWith(async () => ({ marketData }));
  expect(asked).toMatchObject({ source: SIMULATED, gaps: [{ missing: 2 }], without: ['ETH/USDT'] });
  const alone = await gapsWith(() => Promise.reject(new Error('nobody there')));
  expect(alone).toMatchObject({ source: 'live-binance', gaps: [], coverage: [{ count: 6 }] });
});

test('a closed market has no gap, and an instrument whose market was closed all along is not missed', async () => {
  const { desk: shipped } = loadDesk(CRYPTO_DESK_FILE);
  // START is a Monday, 10:00 UTC.
  const sessions = { zone: 'UTC', hours: { mon: ['10:00-10:02', '10:04-10:10'] } };
  const closed = { zone: 'UTC', hours: { tue: ['09:00-12:00'] } };
  const [btc, eth] = shipped.instruments;
  const desk = {
    ...shipped,
    desk: 'd8',
    instruments: [
      { ...btc, sessions },
      { ...eth, sessions: closed },
    ],
  };
  await store('d8', SIMULATED, [0, 1, 4, 5, 8]);
  const marketData = { identity: SIMULATED, marketMs: START + 60 * MINUTE };
  const trader = { call: async () => ({ marketData }) };
  const context = { desk, pool: database.pool, nowMs: () => 0, trader };
  expect(await findDataGaps(context as never as OperationContext, { hours: 1 })).toMatchObject({
    gaps: [{ fromMs: START + 6 * MINUTE, missing: 2 }],
    without: [],
  });
});

test('candles from before sources were told apart are kept, and are part of no series', async () => {
  const old = await createTestDatabase({ migrated: false });
  const { host, port, user, password } = old;
  const owner = new Client({ host, port, user, password, database: old.database });
  try {
    await owner.connect();
    await runner({
      dbClient: owner,
      dir: MIGRATIONS_DIRECTORY,
      migrationsTable: 'schema_migration',
      direction: 'up',
      count: readdirSync(MIGRATIONS_DIRECTORY).filter((name) => name < NEW).length,
      log: () => undefined,
    });
    await owner.query(
      `insert into bars (desk, symbol, open_time, span_seconds, open, high, low, close, volume, simulated)
       values ('d4', 'BTC/USDT', $1, 60, 1, 1, 1, 1, 1, true)`,
      [new Date(START)],
    );
    expect(await migrate(old, old.database, old.appPassword)).toContain(NEW);
    expect((await old.pool.query('select source from bars')).rows).toEqual([{ source: 'unknown' }]);
    expect(await newestSource(old.pool, span('d4'))).toBeNull();
    for (const source of ['', SIMULATED, 'live-binance'])
      expect(await readCoverage(old.pool, { ...span('d4'), source })).toEqual([]);
  } finally {
    await owner.end();
    await old.drop();
  }
});
