import { afterAll, beforeAll, expect, it } from 'vitest';
import { scalesFor } from '../../src/domain/book-steps.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { projectRecord } from '../../src/ledger/project/project-record.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const PROJECTION = {
  desk: 'trades',
  simulated: true,
  account: 'paper',
  instruments: cryptoInstruments,
  scales: scalesFor(cryptoInstruments, new Map()),
};
const OPENED = Date.parse('2026-01-05T00:00:00Z');
const CLOSED = OPENED + 3_600_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('a closed trade stands in the ledger with its figures, to the last place', async () => {
  const [{ lotSize = '', tickSize = '', symbol = '' } = {}] = cryptoInstruments;
  const record: EngineRecord = {
    ...{ type: 'trade.closed', trade: 'tabc1231', instrument: 0, strategy: 'cross', side: 'long' },
    ...{ quantityLots: 1_000, entryTicks: 6_000_000.5, exitTicks: null },
    ...{
      result: '-12345678.123456789',
      fees: '0.00000001',
      risk: null,
      r: null,
      why: 'fee',
      configHash: 'hash',
    },
    ...{ openedMs: OPENED, marketMs: CLOSED },
  };
  const client = await database.pool.connect();
  try {
    const entry = { incarnation: 'abc123', sequence: 7, chain: 'c', wallMs: CLOSED + 5 };
    await projectRecord(client, PROJECTION, { ...entry, record });
    const won = {
      ...record,
      trade: 'tabc1232',
      exitTicks: 6_100_000,
      risk: '2.50000000',
      r: 1.25,
      why: 'stop',
    } as const;
    await projectRecord(client, PROJECTION, { ...entry, sequence: 8, record: won });
  } finally {
    client.release();
  }
  const { rows } = await database.pool.query(
    `select incarnation, trade, sequence, symbol, strategy, side, quantity::float8, entry_price::float8, exit_price::float8,
       result::text, fees::text, risk::float8, r, why, config_hash, opened, market, wall, simulated
      from trades where desk = $1 order by sequence`,
    [PROJECTION.desk],
  );
  const first = {
    ...{ incarnation: 'abc123', trade: 'tabc1231', sequence: '7', symbol, strategy: 'cross', side: 'long' },
    ...{ quantity: 1_000 * Number(lotSize), entry_price: expect.closeTo(6_000_000.5 * Number(tickSize), 9) },
    ...{
      exit_price: null,
      result: '-12345678.123456789',
      fees: '0.00000001',
      risk: null,
      r: null,
      why: 'fee',
    },
    ...{ config_hash: 'hash', opened: new Date(OPENED), market: new Date(CLOSED) },
    ...{ wall: new Date(CLOSED + 5), simulated: true },
  };
  expect(rows).toEqual([
    first,
    {
      ...{ ...first, trade: 'tabc1232', sequence: '8', why: 'stop', risk: 2.5, r: 1.25 },
      exit_price: expect.closeTo(6_100_000 * Number(tickSize), 9),
    },
  ]);
});
