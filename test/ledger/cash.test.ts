/** Cash that moved without a trade, from the journal to the figures: capital that came or went is no return. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CashKind } from '../../src/domain/cash-and-coins.js';
import { returnsOnCapital } from '../../src/domain/statistics.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { projectRecord } from '../../src/ledger/project/project-record.js';
import { readAnalytics } from '../../src/operations/results/read-analytics.js';
import { readEquitySteps } from '../../src/store/ledger-figures.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const UNIT = 100_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-01-05T00:00:00Z');

let database: TestDatabase;
let desk = '';
let desks = 0;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => {
  desks += 1;
  desk = `desk-${desks}`;
});
afterAll(() => database.drop());

function cash(kind: CashKind, amount: number, marketMs: number): EngineRecord {
  const rest = {
    currency: 'USDT',
    by: 'binance',
    source: 'capital/deposit',
    movementId: null,
    reason: 'listed',
  };
  return { type: 'cash', kind, amount: amount * UNIT, ...rest, marketMs };
}

function equity(amount: number, marketMs: number): EngineRecord {
  const units = amount * UNIT;
  return { type: 'equity', equity: units, peak: units, cash: units, unrealised: 0, marketMs };
}

/** As the ledger's own role does it, one entry after the other. */
async function project(records: readonly EngineRecord[], incarnation = 'abc123'): Promise<void> {
  const projection = { desk, simulated: false, account: 'binance', instruments: [], scales: new Map() };
  const client = await database.pool.connect();
  try {
    for (const [at, record] of records.entries())
      await projectRecord(client, projection, {
        incarnation,
        sequence: at + 1,
        wallMs: START,
        chain: 'c',
        record,
      });
  } finally {
    client.release();
  }
}

async function dailyReturns(): Promise<readonly number[]> {
  const span = { desk, fromMs: START, toMs: START + 30 * DAY };
  const returns = returnsOnCapital(await readEquitySteps(database.pool, span, DAY));
  return returns.map((part) => Math.round(part * 1e6) / 1e6);
}

it('keeps cash that moved without a trade, to the last place, with who booked it and where it is listed', async () => {
  const record = {
    ...cash('deposit', 1, START),
    amount: '9007199254740993',
    movementId: 'd-17',
  } as EngineRecord;
  await project([record]);
  const { rows } = await database.pool.query(
    `select incarnation, sequence, kind, currency, amount, booked_by, source, movement_id, reason, market, simulated
      from cash_records where desk = $1`,
    [desk],
  );
  expect(rows).toEqual([
    {
      incarnation: 'abc123',
      sequence: '1',
      kind: 'deposit',
      currency: 'USDT',
      amount: '90071992.54740993',
      booked_by: 'binance',
      source: 'capital/deposit',
      movement_id: 'd-17',
      reason: 'listed',
      market: new Date(START),
      simulated: false,
    },
  ]);
});

it('a deposit, a withdrawal and a correction are no return of the day, and interest is one', async () => {
  await project([
    equity(10_000, START),
    cash('deposit', 10_000, START + DAY),
    equity(20_200, START + DAY + HOUR),
    cash('withdrawal', -15_000, START + 2 * DAY),
    cash('correction', -100, START + 2 * DAY),
    equity(5_100, START + 2 * DAY + HOUR),
    cash('interest', 51, START + 3 * DAY),
    equity(5_151, START + 3 * DAY + HOUR),
  ]);
  // 200 on 20 000; nothing, with 15 100 gone; 51 on 5100.
  expect(await dailyReturns()).toEqual([0.01, 0, 0.01]);
});

it('coins that a person gave to the desk are no return, also where a restored journal repeats it', async () => {
  const claimed = (incarnation: string, sequence: number, dayMs: number, worth: number) =>
    database.pool.query(
      `insert into journal_entry (desk, incarnation, sequence, wall, type, record, chain)
        values ($1, $2, $3, now(), 'coins.claimed', $4, 'c')`,
      [desk, incarnation, sequence, { symbol: 'BTC/USDT', value: worth * UNIT, marketMs: START + dayMs }],
    );
  await project([
    equity(10_000, START),
    equity(40_400, START + DAY + HOUR),
    equity(40_804, START + 2 * DAY + HOUR),
  ]);
  await claimed('abc123', 101, DAY, 30_000);
  await claimed('restored', 7, DAY, 30_000);
  // 400 on 40 000, then 404 on 40 400.
  expect(await dailyReturns()).toEqual([0.01, 0.01]);
  await project([equity(41_000, START + 3 * DAY + HOUR)], 'restored');
  await claimed('restored', 12, 3 * DAY, 196);
  expect(await dailyReturns()).toEqual([0.01, 0.01, 0]);
});

it('a sample of the same market time as a deposit is told apart by which came first', async () => {
  await project([
    equity(10_000, START),
    equity(10_100, START + DAY),
    cash('deposit', 5_000, START + DAY),
    equity(15_100, START + 2 * DAY),
  ]);
  expect(await dailyReturns()).toEqual([0.01, 0]);
});

it('a new journal counts what came in from its own beginning', async () => {
  await project([cash('deposit', 5_000, START), equity(10_000, START + HOUR)], 'first');
  await project([equity(10_100, START + DAY), cash('deposit', 100, START + DAY)], 'second');
  await project([equity(10_200, START + 2 * DAY)], 'third');
  expect(await dailyReturns()).toEqual([0.01, 0.009901]);
});

it('money taken out is neither a loss nor a fall in the figures of the web interface', async () => {
  await project([
    equity(10_000, START),
    equity(10_100, START + HOUR),
    cash('withdrawal', -6_000, START + 2 * HOUR),
    equity(4_100, START + 2 * HOUR),
    equity(4_059, START + 3 * HOUR),
  ]);
  const figures = await readAnalytics(database.pool, desk, START, 'USDT');
  // +1 %, 0, −1 %.
  expect(figures).toMatchObject({ hours: 4, returnPct: -0.01, maxDrawdownPct: 1 });
});

it('a fall that is made good within the hour is the largest drawdown all the same', async () => {
  const MINUTE = HOUR / 60;
  await project([
    equity(10_000, START),
    equity(9_900, START + 10 * MINUTE),
    equity(10_000, START + 20 * MINUTE),
    equity(9_950, START + HOUR),
  ]);
  const figures = await readAnalytics(database.pool, desk, START, 'USDT');
  expect(figures).toMatchObject({ hours: 2, maxDrawdownPct: 1 });
});

it('what happens in the first hour counts, from the last equity before it, without the capital of that hour', async () => {
  const MINUTE = HOUR / 60;
  await project([
    equity(9_000, START - 3 * HOUR),
    equity(10_000, START - MINUTE),
    cash('deposit', 5_000, START + MINUTE),
    equity(15_150, START + HOUR - MINUTE),
    equity(15_150, START + 2 * HOUR - MINUTE),
  ]);
  const figures = await readAnalytics(database.pool, desk, START, 'USDT');
  // 150 on 15 000, then nothing.
  expect(figures).toMatchObject({ hours: 2, returnPct: 1, sharpe: 66.18, maxDrawdownPct: 0 });
});

it('the first hour of a desk counts from its first equity', async () => {
  const MINUTE = HOUR / 60;
  await project([
    equity(10_000, START + MINUTE),
    equity(9_900, START + HOUR - MINUTE),
    equity(9_900, START + 2 * HOUR - MINUTE),
  ]);
  const figures = await readAnalytics(database.pool, desk, START, 'USDT');
  expect(figures).toMatchObject({ hours: 2, returnPct: -1, maxDrawdownPct: 1 });
});

it('equity from before a span without any is no figure of it', async () => {
  await project([equity(10_000, START - HOUR)]);
  const figures = await readAnalytics(database.pool, desk, START, 'USDT');
  expect(figures).toMatchObject({ hours: 0, returnPct: null, sharpe: null, maxDrawdownPct: null });
});
