import { afterAll, beforeAll, expect, it } from 'vitest';
import { scalesFor } from '../../src/domain/book-steps.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { projectRecord } from '../../src/ledger/project/project-record.js';
import { approved } from '../support/approved-order.js';
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

it('orders, halts and equity stand in the ledger as they were, by the market’s time and the machine’s', async () => {
  const projection = { ...PROJECTION, desk: 'rows' };
  const [{ symbol = '' } = {}] = cryptoInstruments;
  const entry = { type: 'limit', side: 'sell', limitTicks: 6_000_000, strategy: 'cross' } as const;
  const sent = approved({ ...entry, clientId: 'fabc123a' });
  const denied = approved({ ...entry, clientId: 'fabc123b' });
  const stop = approved({
    ...entry,
    clientId: 'fabc123c',
    type: 'stop',
    stopTicks: 6_100_000,
    purpose: 'protective',
  });
  const state = { type: 'order.state', clientId: 'fabc123a', venueId: 'v7', marketMs: CLOSED } as const;
  const halt = { haltId: 'a'.repeat(32), mode: 'HALTED', scope: { kind: 'desk' }, resume: 'auto' } as const;
  const records: readonly EngineRecord[] = [
    { type: 'order.intended', order: sent, marketMs: OPENED },
    { type: 'order.denied', order: denied, limit: 'size', reason: 'too large', marketMs: OPENED },
    { type: 'order.intended', order: stop, marketMs: OPENED },
    { ...state, state: 'rejected', reason: 'no margin' },
    {
      type: 'halt',
      halt: {
        ...halt,
        cause: 'venue',
        by: 'fermata',
        reason: 'no answer',
        atMarketMs: OPENED,
        atWallMs: CLOSED,
      },
    },
    {
      ...{ type: 'equity', equity: 98_00000000, peak: 104_00000000, marketMs: CLOSED },
      ...{ cash: 90_00000000, unrealised: 8_00000000 },
    },
  ];
  const client = await database.pool.connect();
  try {
    for (const [at, record] of records.entries()) {
      const written = { incarnation: 'abc123', sequence: at + 1, chain: 'c', wallMs: CLOSED + at };
      await projectRecord(client, projection, { ...written, record });
    }
  } finally {
    client.release();
  }
  const read = async (columns: string, table: string) =>
    (await database.pool.query(`select ${columns} from ${table} where desk = 'rows' order by 1`)).rows;
  const order = { symbol, side: 'sell', strategy: 'cross', created_market: new Date(OPENED) };
  expect(
    await read(
      'client_id, symbol, side, purpose, strategy, state, reason, venue_id, created_market, created, updated',
      'orders',
    ),
  ).toEqual([
    {
      ...{ ...order, client_id: 'fabc123a', purpose: 'entry', state: 'rejected', reason: 'no margin' },
      ...{ venue_id: 'v7', created: new Date(CLOSED), updated: new Date(CLOSED + 3) },
    },
    {
      ...{ ...order, client_id: 'fabc123b', purpose: 'entry', state: 'denied', reason: 'size: too large' },
      ...{ venue_id: null, created: new Date(CLOSED + 1), updated: new Date(CLOSED + 1) },
    },
    {
      ...{ ...order, client_id: 'fabc123c', purpose: 'protective', state: 'intended', reason: '' },
      ...{ venue_id: null, created: new Date(CLOSED + 2), updated: new Date(CLOSED + 2) },
    },
  ]);
  expect(await read('halt_id, scope, cause, by_whom, reason, resume, market, wall, lifted', 'halts')).toEqual(
    [
      {
        ...{ halt_id: halt.haltId, scope: 'desk', cause: 'venue', by_whom: 'fermata', reason: 'no answer' },
        ...{ resume: 'auto', market: new Date(OPENED), wall: new Date(CLOSED), lifted: null },
      },
    ],
  );
  expect(
    await read('market, equity::float8, peak::float8, cash::float8, unrealised::float8', 'equity'),
  ).toEqual([{ market: new Date(CLOSED), equity: 98, peak: 104, cash: 90, unrealised: 8 }]);
});
