/** What a desk has recorded, as a spreadsheet takes it: all of it, once, in its order. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import type { Runtime } from '../../src/home/runtime.js';
import { EXPORT_KINDS, type ExportKind, exportRecords } from '../../src/operations/export-records.js';
import { readExport, STORED_KINDS } from '../../src/store/export-rows.js';
import { createTestDatabase, stepsOfQuery, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 9, 1);

async function exported(
  desk: string,
  kind: ExportKind,
  fromMs: number | null = null,
  untilMs: number | null = null,
): Promise<string[]> {
  const context = { pool: database.pool, desk: { desk } as Desk, runtime: { desk } as Runtime };
  let text = '';
  for await (const part of exportRecords(context, null, { kind, fromMs, untilMs })) text += part;
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

const run = (query: string, ...values: readonly unknown[]) => database.ownerPool.query(query, [...values]);

async function audit(desk: string, person: string, outcome: string, parameters: object = {}): Promise<void> {
  await run(
    `insert into audit (desk, wall, person, via, action, parameters, outcome)
     values ($1, '2026-10-02T03:04:05.678Z', $2, 'cli', 'stop', $3, $4)`,
    ...[desk, person, JSON.stringify(parameters), outcome],
  );
}

it('is a header alone where nothing is recorded', async () => {
  for (const kind of EXPORT_KINDS) expect(await exported('empty', kind)).toHaveLength(1);
  expect((await exported('empty', 'equity'))[0]).toBe(
    'market_time,equity,peak,cash,unrealised,capital_moved,simulated',
  );
});

it('is every row once and in its order, over many pages, whatever lies at the same moment', async () => {
  const desk = 'many';
  await run(
    `insert into equity (desk, market, equity, peak, cash, unrealised, simulated, incarnation)
     select $1, $2::timestamptz + (n / 3) * interval '1 microsecond', n, 5000, 1, 0, true, 'run-' || n % 3
     from generate_series(0, 2999) n`,
    ...[desk, new Date(START_MS)],
  );
  const [, ...rows] = await exported(desk, 'equity');
  expect(rows).toHaveLength(3_000);
  const values = rows.map((row) => Number(row.split(',')[1]));
  expect(values).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
});

it('is every line of the audit trail once and in its order, over many pages', async () => {
  const desk = 'trail';
  await run(
    `insert into audit (desk, wall, person, via, action, parameters, outcome)
     select $1, $2::timestamptz + n * interval '1 second', 'anna', 'cli', 'stop', '{}', n
     from generate_series(0, 2499) n`,
    ...[desk, new Date(START_MS)],
  );
  const [, ...rows] = await exported(desk, 'audit');
  const outcomes = rows.map((row) => Number(row.slice(row.lastIndexOf(',') + 1)));
  expect(outcomes).toEqual(Array.from({ length: 2_500 }, (_, n) => n));
});

it('is every fill of one moment once and in the order of the journal, over many pages', async () => {
  const desk = 'fills';
  await run(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
       realised, simulated, market, wall, incarnation, sequence)
     select $1, 'BTC/USDT', 't' || n, 'c1', 'buy', 1, 1 + n, 0, 'taker', 'entry', 'ema-cross', 0, true, $2, $2, 'run', n
     from generate_series(0, 2499) n`,
    ...[desk, new Date(START_MS)],
  );
  const [, ...rows] = await exported(desk, 'trades');
  expect(rows.map((row) => Number(row.split(',')[5]))).toEqual(
    Array.from({ length: 2_500 }, (_, n) => 1 + n),
  );
});

it('reads a page of its table at a time, not all that is behind it', async () => {
  const desk = 'years';
  const at = "$2::timestamptz + n * interval '1 minute'";
  const ten = 'generate_series(1, 10000) n';
  const values = [desk, new Date(START_MS)];
  await run(
    `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, simulated, created_market, created, updated)
     select $1, 'c' || n, 'BTC/USDT', 'buy', 'limit', 'entry', 'ema-cross', 'filled', 1, true, ${at}, ${at}, ${at} from ${ten}`,
    ...values,
  );
  await run(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy, realised, simulated, market, wall, incarnation, sequence)
     select $1, 'BTC/USDT', 't' || n, 'c' || n, 'buy', 1, 1, 0, 'taker', 'entry', 'ema-cross', 0, true, ${at}, ${at}, 'run', n from ${ten}`,
    ...values,
  );
  await run(
    `insert into equity (desk, market, equity, peak, cash, unrealised, simulated, incarnation) select $1, ${at}, 1, 1, 1, 0, true, 'run' from ${ten}`,
    ...values,
  );
  await run(
    `insert into audit (desk, wall, person, via, action, parameters, outcome) select $1, ${at}, 'anna', 'cli', 'stop', '{}', 'done' from ${ten}`,
    ...values,
  );
  await run('analyze');
  for (const kind of STORED_KINDS) {
    const read: number[] = [];
    const pool = {
      query: async (query: { text: string; values: unknown[] }) => {
        const steps = await stepsOfQuery(database.ownerPool, query.text, query.values);
        read.push(steps.reduce((sum, { table, rows }) => sum + (table === null ? 0 : rows), 0));
        return database.pool.query(query);
      },
    } as unknown as TestDatabase['pool'];
    let rows = 0;
    for await (const page of readExport(pool, kind, { desk, fromMs: null, untilMs: null }))
      rows += page.length;
    expect(rows, kind).toBe(10_000);
    expect(read.length, kind).toBeGreaterThan(9);
    expect(Math.max(...read), kind).toBeLessThan(5_000);
  }
});

it('is what lies between two days', async () => {
  const desk = 'days';
  await run(
    `insert into equity (desk, market, equity, peak, cash, unrealised, simulated)
     select $1, $2::timestamptz + n * interval '12 hours', 100 + n, 200, 1, 0, true from generate_series(0, 5) n`,
    ...[desk, new Date(START_MS)],
  );
  const [, ...rows] = await exported(desk, 'equity', START_MS + DAY_MS, START_MS + 2 * DAY_MS);
  expect(rows).toEqual([
    '2026-10-02T00:00:00.000Z,102,200,1,0,0,true',
    '2026-10-02T12:00:00.000Z,103,200,1,0,0,true',
  ]);
});

it('has amounts exactly as they are kept, and fields that were not recorded empty', async () => {
  const desk = 'exact';
  await run(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy,
       realised, simulated, market, wall, incarnation, sequence)
     values ($1, 'BTC/USDT', 't1', 'c1', 'buy', 0.00012300, 61250.10, 0.000000000001, 'taker', 'entry', 'ema-cross',
       -12345678901234567.89, true, '2026-10-02T03:04:05.678Z', '2026-10-02T03:04:06Z', 'run', 1)`,
    desk,
  );
  expect(await exported(desk, 'trades')).toEqual([
    'market_time,wall_time,symbol,side,quantity,price,realised,fee,fee_asset,fee_amount,liquidity,purpose,strategy,client_id,trade_id,simulated,caught_up',
    '2026-10-02T03:04:05.678Z,2026-10-02T03:04:06.000Z,BTC/USDT,buy,0.00012300,61250.10,-12345678901234567.89,0.000000000001,,,taker,entry,ema-cross,c1,t1,true,false',
  ]);
  await run(
    `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, reason,
       simulated, created_market, created, updated)
     values ($1, 'c1', 'BTC/USDT', 'buy', 'limit', 'entry', 'ema-cross', 'rejected', 1, null, 'too small, by far',
       true, '2026-10-02T03:04:05Z', '2026-10-02T03:04:05Z', '2026-10-02T03:04:05Z')`,
    desk,
  );
  expect((await exported(desk, 'orders'))[1]).toContain(',rejected,1,0,,"too small, by far",c1,,true');
});

it('quotes what has to be quoted, and carries no formula into a spreadsheet', async () => {
  await audit('text', 'anna', 'said "no", twice', { reason: 'a, b' });
  await audit('text', '=HYPERLINK("http://evil.example")', '+1');
  await audit('others', 'bert', 'done');
  const [, first, second, ...more] = await exported('text', 'audit');
  expect(first).toMatch(
    /^2026-10-02T03:04:05\.678Z,\d+,anna,cli,stop,"\{""reason"": ""a, b""\}","said ""no"", twice"$/,
  );
  expect(second).toMatch(/,"'=HYPERLINK\(""http:\/\/evil\.example""\)",cli,stop,\{\},'\+1$/);
  expect(more).toEqual([]);
});
