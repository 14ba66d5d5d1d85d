/** Two paper accounts of one desk, traded in turn: what one did is no part of the other's figures. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ledgerPositions } from '../../src/activities/create-incident-activities.js';
import { readEquity } from '../../src/api/routes/charts.js';
import { readTrades } from '../../src/api/routes/trading-results.js';
import type { FollowedEntry } from '../../src/contracts/control.js';
import type { Desk } from '../../src/desk/schema.js';
import { formatDecimal } from '../../src/domain/decimal.js';
import type { Halt } from '../../src/domain/mode.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineRecord, JournalEntry } from '../../src/engine/record.js';
import { createState } from '../../src/engine/state.js';
import type { Runtime } from '../../src/home/runtime.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { exportRecords } from '../../src/operations/export-records.js';
import { countHalts, readCosts, readEquitySteps } from '../../src/store/ledger-figures.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { entriesOf, INSTRUMENTS, recordsOfTrades } from './support/journal-of-trades.js';

const DESK = 'crypto-bot';
const DAY_MS = 86_400_000;
const SPAN = { desk: DESK, fromMs: 0, toMs: Date.UTC(2030, 0) };
const SAMPLE = { type: 'equity', equity: 1e12, peak: 1e12, cash: 1e12, unrealised: 0 } as const;
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

/** All begin at the same market time, as two seeds of the simulated market do. */
function journal(
  seed: number,
  incarnation: string,
  haltId: string,
  account = `paper/seed-${seed}`,
): readonly FollowedEntry[] {
  const text = JSON.stringify(recordsOfTrades(seed, 150, account))
    .replaceAll('"fabc123', `"f${incarnation}`)
    .replaceAll('"tradeId":"', `"tradeId":"${incarnation}-`);
  const [config, ...traded] = JSON.parse(text) as EngineRecord[];
  return entriesOf([named(config!, incarnation), ...traded, halt(haltId)], incarnation);
}

/** The configuration as a journal of this name records it. */
const named = (config: EngineRecord, incarnation: string) => ({ ...config, incarnation }) as EngineRecord;

async function apply(entries: readonly FollowedEntry[], desk = DESK): Promise<void> {
  await applyBatch(database.pool, { desk, simulated: true }, entries);
}

const equitiesOf = (entries: readonly JournalEntry[]): number[] =>
  entries.flatMap(({ record }) => (record.type === 'equity' ? [record.equity / 1e8] : []));

const countFills = async (desk: string): Promise<number> =>
  (await readTrades(database.pool, { desk, symbol: null, limit: 5, before: null })).total;

async function exportedLots(desk: string): Promise<string> {
  const context = { pool: database.pool, desk: { desk } as Desk, runtime: { desk } as Runtime };
  const all = { kind: 'lots', fromMs: null, untilMs: null } as const;
  let text = '';
  for await (const part of exportRecords(context, null, all)) text += part;
  return text;
}

/** What the product shows, and what the journal alone says it is. */
async function expectFiguresOf(entries: readonly JournalEntry[], desk = DESK): Promise<void> {
  const { pool } = database;
  const span = { ...SPAN, desk };
  const state = createState();
  for (const { record } of entries) applyRecord(state, record);
  const ours = equitiesOf(entries);
  expect((await readEquity(pool, desk, 1000)).map((point) => Number(point.equity))).toEqual(ours);
  expect((await readEquitySteps(pool, span, 1)).map((point) => point.equity)).toEqual(ours);
  expect(await countFills(desk)).toBe(state.counters.fills);
  expect((await readCosts(pool, span)).fills).toBe(state.counters.fills);
  const held = state.positions.filter(({ quantityLots }) => quantityLots !== 0);
  expect(await ledgerPositions(pool, desk, [])).toEqual(
    held.map(({ instrument, quantityLots }) => {
      const { symbol, lotSize } = INSTRUMENTS[instrument]!;
      return `${symbol} ${Number(formatDecimal(quantityLots, lotSize))}`;
    }),
  );
  expect(await countHalts(pool, span)).toEqual([{ what: 'person', count: 1 }]);
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
  await apply(entriesOf([named(config!, 'inc032'), ...known, ...samples], 'inc033'));
  const added = samples.filter(({ type }) => type === 'equity').length;
  expect(added).toBeGreaterThan(0);
  expect(await readEquity(database.pool, DESK, 1000)).toHaveLength(before + added);
});

test('a paper account that was reset counts no more on the same prices, and what it held is not carried on', async () => {
  const desk = 'reset';
  const account = 'paper/seed-41';
  const before = journal(41, 'inc041', 'c'.repeat(32), account);
  const once = journal(42, 'inc042', 'd'.repeat(32), account);
  const twice = journal(43, 'inc043', 'e'.repeat(32), account);
  await apply(before, desk);
  await expectFiguresOf(before, desk);
  for (const entries of [once, twice]) {
    await apply(entries, desk);
    await expectFiguresOf(entries, desk);
  }
  const lots = await exportedLots(desk);
  expect(lots).toContain('inc043-');
  expect(lots).not.toMatch(/inc04[12]-/);

  // Restored after the resets: what its journal goes on with counts, and what was reset still does not.
  const sample = { ...SAMPLE, marketMs: DAY_MS * 30_000 };
  const copied = twice.map(({ record }) => record);
  const restored = [...copied, named(copied[0]!, 'inc044'), sample];
  const fills = await countFills(desk);
  await apply(entriesOf(restored, 'inc044'), desk);
  expect(await countFills(desk)).toBe(fills);
  expect((await readEquity(database.pool, desk, 1000)).map(({ equity }) => Number(equity))).toEqual(
    equitiesOf([...twice, ...entriesOf([sample], 'inc044')]),
  );
  expect(await exportedLots(desk)).toBe(lots);
});

test('a reset account that meets the very same market again has every sample of its own', async () => {
  const desk = 'same-market';
  const first = journal(51, 'inc051', 'f'.repeat(32));
  const [config, ...others] = first.map(({ record }) => record);
  const second = entriesOf([named(config!, 'inc052'), halt('0'.repeat(32)), ...others], 'inc052');
  await apply(first, desk);
  await apply(second, desk);
  expect((await readEquity(database.pool, desk, 1000)).map(({ equity }) => Number(equity))).toEqual(
    equitiesOf(second),
  );
});

test('an account at a venue stays the same one, also in a journal that begins anew', async () => {
  const desk = 'venue';
  await apply(journal(61, 'inc061', '1'.repeat(32), 'Binance'), desk);
  const fills = await countFills(desk);
  await apply(journal(62, 'inc062', '2'.repeat(32), 'Binance'), desk);
  expect(await countFills(desk)).toBeGreaterThan(fills);
});
