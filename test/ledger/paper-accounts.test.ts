/** Two paper accounts of one desk, traded in turn: what one did is no part of the other's figures. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ledgerPositions } from '../../src/activities/create-incident-activities.js';
import { readEquity } from '../../src/api/routes/results.js';
import { readTrades } from '../../src/api/routes/trades.js';
import { formatDecimal } from '../../src/domain/decimal.js';
import type { Halt } from '../../src/domain/mode.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineRecord, JournalEntry } from '../../src/engine/record.js';
import { createState } from '../../src/engine/state.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { countHalts, readCosts, readEquitySteps } from '../../src/store/performance.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { entriesOf, INSTRUMENTS, recordsOfTrades } from './support/journal-of-trades.js';

const DESK = 'crypto-bot';
const DAY_MS = 86_400_000;
const SPAN = { desk: DESK, fromMs: 0, toMs: Date.UTC(2030, 0) };
const HALT = {
  mode: 'HALTED',
  scope: { kind: 'desk' },
  by: 'anna',
  reason: 'odd',
  resume: 'person',
} as const;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function halt(haltId: string): EngineRecord {
  const one: Halt = { ...HALT, haltId, cause: 'person', atWallMs: 1, atMarketMs: 1 };
  return { type: 'halt', halt: one };
}

/** Both begin at the same market time, as two seeds of the simulated market do. */
function journal(seed: number, incarnation: string, haltId: string): readonly JournalEntry[] {
  const text = JSON.stringify(recordsOfTrades(seed, 150, `paper/seed-${seed}`))
    .replaceAll('"fabc123', `"f${incarnation}`)
    .replaceAll('"tradeId":"', `"tradeId":"${incarnation}-`);
  return entriesOf([...(JSON.parse(text) as EngineRecord[]), halt(haltId)], incarnation);
}

async function apply(entries: readonly JournalEntry[]): Promise<void> {
  await applyBatch(database.pool, { desk: DESK, simulated: true }, entries);
}

/** What the product shows, and what the journal alone says it is. */
async function expectFiguresOf(entries: readonly JournalEntry[]): Promise<void> {
  const { pool } = database;
  const state = createState();
  for (const { record } of entries) applyRecord(state, record);
  const samples = entries.flatMap(({ record }) => (record.type === 'equity' ? [record] : []));
  const ours = samples.map((sample) => sample.equity / 1e8);
  expect((await readEquity(pool, DESK, 1000)).map((point) => Number(point.equity))).toEqual(ours);
  expect((await readEquitySteps(pool, SPAN, 1)).map((point) => point.equity)).toEqual(ours);
  expect((await readTrades(pool, { desk: DESK, symbol: null, limit: 5, before: null })).total).toBe(
    state.counters.fills,
  );
  expect((await readCosts(pool, SPAN)).fills).toBe(state.counters.fills);
  const held = state.positions.filter(({ quantityLots }) => quantityLots !== 0);
  expect(await ledgerPositions(pool, DESK, [])).toEqual(
    held.map(({ instrument, quantityLots }) => {
      const { symbol, lotSize } = INSTRUMENTS[instrument]!;
      return `${symbol} ${Number(formatDecimal(quantityLots, lotSize))}`;
    }),
  );
  expect(await countHalts(pool, SPAN)).toEqual([{ what: 'person', count: 1 }]);
}

test('figures follow the account that is traded, there and back', async () => {
  const first = journal(31, 'inc031', 'a'.repeat(32));
  const second = journal(32, 'inc032', 'b'.repeat(32));
  await apply(first.slice(0, 100));
  await apply(second);
  await expectFiguresOf(second);
  await apply(first);
  await expectFiguresOf(first);
});

test('an account that is armed lifts no halt of the one that rests', async () => {
  const entries = journal(32, 'inc032', 'b'.repeat(32));
  const armed = { type: 'armed', haltId: 'b'.repeat(32), by: 'anna', reason: 'ok' } as const;
  const records = entries.map(({ record }) => record);
  await apply(entriesOf([...records, { ...armed, authority: 'person', marketMs: 2 }], 'inc032'));
  const standing = await database.pool.query(
    'select incarnation from halts where desk = $1 and lifted is null',
    [DESK],
  );
  expect(standing.rows).toEqual([{ incarnation: 'inc031' }]);
});

test('a new journal of the same account goes on with its figures, and tells none of them twice', async () => {
  const before = (await readEquity(database.pool, DESK, 1000)).length;
  const known = recordsOfTrades(32, 150, 'paper/seed-32').filter(({ type }) => type === 'equity');
  const samples = recordsOfTrades(33, 150, 'paper/seed-32').flatMap((record) =>
    record.type === 'equity' ? [{ ...record, marketMs: record.marketMs + DAY_MS }] : [],
  );
  const [config] = recordsOfTrades(33, 1, 'paper/seed-32');
  await apply(entriesOf([config!, ...known, ...samples], 'inc033'));
  const added = samples.filter(({ type }) => type === 'equity').length;
  expect(added).toBeGreaterThan(0);
  expect(await readEquity(database.pool, DESK, 1000)).toHaveLength(before + added);
});
