import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawFrom } from '../../simulators/random.js';
import type { FollowedEntry } from '../../src/contracts/control.js';
import { placesOf } from '../../src/domain/book-steps.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseDecimal } from '../../src/domain/decimal.js';
import { parseUnits } from '../../src/domain/money.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineRecord, JournalEntry } from '../../src/engine/record.js';
import { createState, type EngineState } from '../../src/engine/state.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { MIGRATIONS_DIRECTORY } from '../../src/store/migrate.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import {
  entriesOf,
  FEES,
  firstFormatEntriesOf,
  INSTRUMENTS,
  recordsOfTrades,
} from './support/journal-of-trades.js';

type ConfigRecord = Extract<EngineRecord, { readonly type: 'config' }>;

/** A fee in the coin that was bought leaves some below a lot. */
function inKeptCoins(record: EngineRecord): EngineRecord {
  if (record.type !== 'fill' || record.fill.side !== 'buy' || record.fill.instrument !== 0) return record;
  const feeIn = { asset: 'BTC', amount: '0.00000123456', priceTicks: 0 };
  return { ...record, fill: { ...record.fill, feeIn } };
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** What the engine itself makes of the same entries. */
function replay(entries: readonly JournalEntry[]): EngineState {
  const state = createState();
  for (const entry of entries) applyRecord(state, entry.record);
  return state;
}

async function expectLedgerEquals(desk: string, entries: readonly JournalEntry[]): Promise<void> {
  const { pool } = database;
  const state = replay(entries);
  const held = await pool.query('select sequence::int, chain from journal_entry where desk = $1 order by 1', [
    desk,
  ]);
  expect(held.rows).toEqual(entries.map(({ sequence, chain }) => ({ sequence, chain })));
  const positions = await pool.query('select * from positions where desk = $1', [desk]);
  for (const row of positions.rows) {
    const instrument = INSTRUMENTS.find(({ symbol }) => symbol === row.symbol)!;
    const expected = state.positions[instrument.id]!;
    const held = BigInt(expected.quantityLots) * state.steps[instrument.id]!.perLot + expected.remainder;
    const [coin, money] = [instrument.base, 'USDT'].map((currency) => placesOf(state.scales, currency));
    expect(parseUnits(row.quantity, coin)).toBe(held);
    expect(parseUnits(row.cost, money)).toBe(expected.cost);
    expect(parseUnits(row.realised, money)).toBe(expected.realised);
  }
  const fills = await pool.query(
    'select sum(realised) as realised, count(*)::int as n from fills where desk = $1',
    [desk],
  );
  expect(fills.rows[0].n).toBe(state.counters.fills);
  const orders = await pool.query('select client_id, state, filled, symbol from orders where desk = $1', [
    desk,
  ]);
  for (const row of orders.rows) {
    const known = state.orders.get(row.client_id);
    if (!known) continue; // Denied, or forgotten by the engine.
    expect([row.client_id, row.state]).toEqual([row.client_id, known.state]);
    expect(parseDecimal(row.filled, INSTRUMENTS[known.intent.instrument]!.lotSize)).toBe(known.filledLots);
  }
}

test.each([1, 2, 3, 4, 5, 6])(
  'entries that come twice, overlapping and from two ledgers at once are applied once (seed %i)',
  async (seed) => {
    const draw = drawFrom(seed * 7919);
    const desk = `desk-${seed}`;
    const entries = entriesOf(recordsOfTrades(seed, 120), 'inc001');
    const ledger = { desk, simulated: true };
    let held = 0;
    while (held < entries.length) {
      const from = draw(held + 1);
      const batch = entries.slice(from, held + 1 + draw(25));
      const other = entries.slice(draw(held + 1), held + 1 + draw(25));
      const applied = await Promise.all(
        [batch, other].map((each) => applyBatch(database.pool, ledger, each)),
      );
      held = Math.max(...applied.map((cursor) => cursor.sequence));
    }
    await expectLedgerEquals(desk, entries);
  },
);

test('amounts keep the places of instruments that the desk file no longer has, and of larger steps than now', async () => {
  const desk = 'desk-coarser';
  const ledger = { desk, simulated: true };
  const before = [
    buildInstrument(0, { symbol: 'BTC/USDT', tickSize: '0.01', lotSize: '0.00000000001', ...FEES }),
    buildInstrument(1, { symbol: 'ETH/USDT', tickSize: '0.01', lotSize: '0.0001', ...FEES }),
    buildInstrument(2, { symbol: 'PEPE/USDT', tickSize: '0.0000000001', lotSize: '0.1', ...FEES }),
  ];
  const records = recordsOfTrades(21, 240);
  const [config, ...traded] = records as [ConfigRecord, ...EngineRecord[]];
  const half = traded.findIndex(({ type }, at) => at >= 120 && type === 'order.intended');
  const symbols = before.map(({ symbol }) => symbol);
  const entries = entriesOf(
    [
      { ...config, instruments: before, symbols },
      ...traded.slice(0, half).map(inKeptCoins),
      { ...config, marketMs: config.marketMs + 10_000_000 },
      ...traded.slice(half),
    ],
    'inc001',
  );
  for (let from = 0; from < entries.length; from += 40)
    await applyBatch(database.pool, ledger, entries.slice(from, from + 40));
  await applyBatch(database.pool, ledger, entries.slice(-5));
  await expectLedgerEquals(desk, entries);
});

test('a batch that fails in the middle leaves nothing behind', async () => {
  const desk = 'desk-half';
  const entries = entriesOf(recordsOfTrades(11, 40), 'inc001');
  await database.ownerPool.query(
    `create function fail_late() returns trigger language plpgsql as $$ begin
       if new.desk = 'desk-half' and new.sequence > 20 then raise exception 'late failure'; end if; return new; end $$`,
  );
  await database.ownerPool.query(
    'create trigger fail_late before insert on fills for each row execute function fail_late()',
  );
  await expect(applyBatch(database.pool, { desk, simulated: true }, entries)).rejects.toThrow('late failure');
  const left = await database.pool.query('select count(*)::int as n from journal_entry where desk = $1', [
    desk,
  ]);
  expect(left.rows[0].n).toBe(0);
  await database.ownerPool.query('drop trigger fail_late on fills');
  await applyBatch(database.pool, { desk, simulated: true }, entries);
  await expectLedgerEquals(desk, entries);
});

test.each([
  ['v1', firstFormatEntriesOf],
  ['v2', entriesOf],
] as const)('a gap and a changed record of %s are refused, and nothing is applied', async (format, told) => {
  const desk = `desk-bad-${format}`;
  const ledger = { desk, simulated: true };
  const entries = told(recordsOfTrades(12, 30), 'inc001');
  const gap = [...entries.slice(0, 5), ...entries.slice(6)];
  await expect(applyBatch(database.pool, ledger, gap)).rejects.toThrow(
    'expected journal entry 6, and 7 came',
  );
  const changed = entries.map((entry) =>
    entry.sequence === 9
      ? { ...entry, record: { type: 'flat.proven' as const, afterMs: 1, marketMs: 1 } }
      : entry,
  );
  await expect(applyBatch(database.pool, ledger, changed)).rejects.toThrow('hash of journal entry 9');
  const held = await database.pool.query('select 1 from journal_entry where desk = $1', [desk]);
  expect(held.rowCount).toBe(0);
});

test('a group without its bytes, with those of another or after another one is refused', async () => {
  const ledger = { desk: 'desk-bad-group', simulated: true };
  const entries = entriesOf(recordsOfTrades(12, 30), 'inc001');
  const others = entriesOf(recordsOfTrades(13, 30), 'inc001');
  const refusal = async (given: readonly FollowedEntry[]): Promise<string> =>
    await applyBatch(database.pool, ledger, given).then(
      () => 'applied',
      (error: Error) => error.message,
    );
  expect(await refusal(entries.map(({ groupBytes: _bytes, ...entry }) => entry))).toMatch(
    /bytes .* did not come/,
  );
  const [, ofOthers] = others.map(({ groupBytes }) => groupBytes).filter((bytes) => bytes !== undefined);
  const exchanged = entries.map((entry) =>
    entry.sequence === 3 ? { ...entry, groupBytes: ofOthers! } : entry,
  );
  expect(await refusal(exchanged)).toMatch(/hash of journal entry 2 does not fit: its commit group says/);
  expect(await refusal([...others.slice(0, 3), ...entries.slice(3)])).toMatch(/does not continue/);
  expect(await refusal(entries.map((entry) => ({ ...entry, groupBytes: 'AAAA' })))).toMatch(
    /can't have 3 bytes/,
  );
  const held = await database.pool.query("select 1 from journal_entry where desk = 'desk-bad-group'");
  expect(held.rowCount).toBe(0);
});

test('a group that has not come whole waits, and a journal of v1 goes on in groups', async () => {
  const desk = 'desk-goes-on';
  const ledger = { desk, simulated: true };
  const records = recordsOfTrades(14, 60);
  const before = firstFormatEntriesOf(records.slice(0, 20), 'inc001');
  const after = entriesOf(records.slice(20), 'inc001', before.at(-1));
  const entries: FollowedEntry[] = [...before, ...after];
  const cut = entries.findLastIndex(({ sequence, group }) => group !== undefined && sequence < group.last);
  const applied = await applyBatch(database.pool, ledger, entries.slice(0, cut + 1));
  expect(applied.sequence).toBe((entries[cut]?.group?.first ?? 0) - 1);
  await applyBatch(database.pool, ledger, entries.slice(applied.sequence));
  await expectLedgerEquals(desk, entries);
});

test('a new journal begins with nothing held and keeps what was recorded before', async () => {
  const desk = 'desk-new';
  const ledger = { desk, simulated: true };
  await applyBatch(database.pool, ledger, entriesOf(recordsOfTrades(21, 60), 'inc001'));
  const before = await database.pool.query('select count(*)::int as n from fills where desk = $1', [desk]);
  const filled = 'select client_id, filled from orders where desk = $1 order by client_id';
  const filledBefore = await database.pool.query(filled, [desk]);
  const fresh = entriesOf(recordsOfTrades(21, 60), 'inc002');
  await applyBatch(database.pool, ledger, fresh);
  expect((await database.pool.query(filled, [desk])).rows).toEqual(filledBefore.rows);
  const after = await database.pool.query('select count(*)::int as n from fills where desk = $1', [desk]);
  expect(after.rows[0].n).toBe(before.rows[0].n);
  const state = replay(fresh);
  const positions = await database.pool.query(
    "select symbol, quantity from positions where desk = $1 and incarnation = 'inc002'",
    [desk],
  );
  expect(positions.rows.length).toBeGreaterThan(0);
  for (const row of positions.rows) {
    const instrument = INSTRUMENTS.find(({ symbol }) => symbol === row.symbol)!;
    expect(parseDecimal(row.quantity, instrument.lotSize)).toBe(state.positions[instrument.id]!.quantityLots);
  }
});

const TOLD = {
  orders: 'client_id',
  fills: 'symbol, trade_id',
  trades: 'trade',
  cash_records: 'sequence',
  equity: 'market',
  settings_change: 'version',
} as const;

interface OrderShown {
  readonly state: string;
}

/** Each row of what is told of a desk's past, whole. */
async function rowsOf(desk: string): Promise<Record<string, readonly unknown[]>> {
  const told: Record<string, readonly unknown[]> = {};
  for (const [table, order] of Object.entries(TOLD))
    told[table] = (
      await database.pool.query(`select * from ${table} where desk = $1 order by ${order}`, [desk])
    ).rows;
  return told;
}

test('a restored journal tells nothing a second time, and what it goes on with is told', async () => {
  const desk = 'desk-restored';
  const ledger = { desk, simulated: true };
  const marketMs = Date.UTC(2026, 0, 6);
  const halt = (haltId: string): EngineRecord => ({
    type: 'halt',
    halt: {
      ...{ haltId, mode: 'HALTED', scope: { kind: 'desk' }, cause: 'person', by: 'anna', reason: 'odd' },
      ...{ resume: 'person', atWallMs: marketMs, atMarketMs: marketMs },
    },
  });
  const deposit = (movementId: string | null): EngineRecord => ({
    ...{ type: 'cash', kind: 'deposit', currency: 'USDT', amount: 500, by: 'anna', source: 'desk' },
    ...{ movementId, reason: 'mine', marketMs },
  });
  const closed = (trade: string): EngineRecord => ({
    ...{ type: 'trade.closed', trade, instrument: 0, strategy: 'ema-cross', side: 'long', quantityLots: 3 },
    ...{
      entryTicks: 5_000_000,
      exitTicks: 5_100_000,
      result: '1',
      fees: '0',
      risk: null,
      r: null,
      why: 'stop',
    },
    ...{ configHash: 'hash', openedMs: marketMs, marketMs },
  });
  const settings: EngineRecord = {
    ...{
      type: 'settings',
      version: 1,
      configHash: 'other',
      changes: [],
      changed: {},
      fileValues: {},
      by: 'anna',
    },
    ...{ reason: 'why', approvedBy: [], marketMs },
  };
  const records = recordsOfTrades(21, 160);
  const backedUp = [...records.slice(0, 90), deposit(null), closed('t1'), settings, halt('a'.repeat(32))];
  const since = [...records.slice(90), deposit('d-1'), closed('t2')];
  await applyBatch(database.pool, ledger, entriesOf([...backedUp, ...since], 'inc001'));
  const before = await rowsOf(desk);
  expect(Object.values(before).map((rows) => rows.length > 0)).toEqual(Object.keys(before).map(() => true));

  const ended = [halt('b'.repeat(32)), { ...records[0], incarnation: 'inc002' } as EngineRecord];
  const copied = entriesOf([...backedUp, ...ended], 'inc002');
  const middle = copied.findIndex(({ sequence, group }) => sequence > 40 && group?.last === sequence) + 1;
  for (const part of [copied.slice(0, middle), copied.slice(middle)])
    await applyBatch(database.pool, ledger, part);
  expect(await rowsOf(desk)).toEqual(before);

  // What the venue lists comes in again, at other places of the new journal; an order is found as it was then.
  const again = entriesOf(since, 'inc002', copied.at(-1));
  await applyBatch(database.pool, ledger, again);
  const { orders, ...others } = await rowsOf(desk);
  const filled = (rows: readonly unknown[] = []) =>
    rows.filter((row) => (row as OrderShown).state === 'filled');
  expect(others).toEqual({ ...before, orders: undefined });
  expect(filled(orders).length).toBeGreaterThan(0);
  expect(filled(orders)).toEqual(filled(before.orders));

  const last = again.at(-1);
  const armed = {
    type: 'armed',
    haltId: 'b'.repeat(32),
    by: 'anna',
    reason: 'ok',
    authority: 'person',
  } as const;
  const more = [{ ...armed, marketMs }, deposit('d-2'), deposit(null), closed('t3')];
  await applyBatch(database.pool, ledger, entriesOf(more, 'inc002', last));
  const after = await rowsOf(desk);
  expect(after.trades).toHaveLength((before.trades?.length ?? 0) + 1);
  expect(after.cash_records).toHaveLength((before.cash_records?.length ?? 0) + 2);
  const standing = await database.pool.query('select halt_id from halts where desk = $1 and lifted is null', [
    desk,
  ]);
  expect(standing.rows).toEqual([]);
});

test('a halt that was lifted after the backup stands again in the journal that was restored from it', async () => {
  const desk = 'desk-halted-again';
  const [config] = recordsOfTrades(1, 1) as [EngineRecord];
  const marketMs = Date.UTC(2026, 0, 6);
  const halts = ['a', 'b'].map(
    (letter): EngineRecord => ({
      type: 'halt',
      halt: {
        ...{
          haltId: letter.repeat(32),
          mode: 'HALTED',
          scope: { kind: 'desk' },
          cause: 'person',
          by: 'anna',
        },
        ...{ reason: 'odd', resume: 'person', atWallMs: marketMs, atMarketMs: marketMs },
      },
    }),
  );
  const armed = (haltId: string): EngineRecord => ({
    ...{ type: 'armed', haltId: haltId.repeat(32), by: 'anna', reason: 'ok', authority: 'person', marketMs },
  });
  const standing = async () =>
    (
      await database.pool.query<{ halt: string }>(
        'select left(halt_id, 1) as halt from halts where desk = $1 and lifted is null',
        [desk],
      )
    ).rows.map(({ halt }) => halt);
  const backedUp = [config, halts[0], armed('a'), halts[1]] as EngineRecord[];
  await applyBatch(database.pool, { desk, simulated: true }, entriesOf([...backedUp, armed('b')], 'inc001'));
  expect(await standing()).toEqual([]);
  const restored = [...backedUp, { ...config, incarnation: 'inc002' } as EngineRecord];
  await applyBatch(database.pool, { desk, simulated: true }, entriesOf(restored, 'inc002'));
  expect(await standing()).toEqual(['b']);
});

test('a fee that had no value has that of the oldest fill which paid it, once, whichever journal told it first', async () => {
  const desk = 'fees-valued';
  const ledger = { desk, simulated: true };
  const [config] = recordsOfTrades(1, 1) as [EngineRecord];
  const paid = { asset: 'BNB', amount: '0.00200000' };
  const deal = (number: number, instrument: number, fee = 0): EngineRecord => ({
    type: 'fill',
    fill: {
      ...{ tradeId: `t${number}`, clientId: `fabc123${number}`, instrument, side: 'buy', quantityLots: 100 },
      ...{ priceTicks: 5_000_000, fee, liquidity: 'taker', marketMs: number, simulated: true },
      feeIn: fee === 0 ? { ...paid, unvalued: true } : { ...paid, priceTicks: 60_000 },
    },
  });
  const valued = (instrument: number | null, fee: number): EngineRecord => ({
    ...{ type: 'fee.valued', instrument, strategy: 'fermata', ...paid, priceTicks: 60_000, fee, marketMs: 9 },
  });
  const fees = async (of = desk) =>
    (
      await database.pool.query<{ told: string }>(
        'select trade_id || $2 || fee as told from fills where desk = $1 order by trade_id',
        [of, ' '],
      )
    ).rows.map(({ told }) => told);

  const backedUp = [config, deal(1, 1), deal(2, 0), deal(3, 0), valued(1, 7_000_000)];
  const since = [valued(0, 5_000_000), deal(4, 1)];
  await applyBatch(database.pool, ledger, entriesOf([...backedUp, ...since], 'inc001'));
  expect(await fees()).toEqual(['t1 0.07000000', 't2 0.05000000', 't3 0.00000000', 't4 0.00000000']);

  // Restored: the first value stays, the second is new, and the last fill is heard of again with its value.
  const restored = { ...config, incarnation: 'inc002' } as EngineRecord;
  const after = [restored, valued(0, 6_000_000), valued(0, 8_000_000), deal(4, 1, 9_000_000)];
  await applyBatch(database.pool, ledger, entriesOf([...backedUp, ...after], 'inc002'));
  const whole = ['t1 0.07000000', 't2 0.05000000', 't3 0.08000000', 't4 0.09000000'];
  expect(await fees()).toEqual(whole);

  // What an earlier build left, and its migration.
  await database.ownerPool.query('update fills set fee = 0 where desk = $1', [desk]);
  const migration = join(MIGRATIONS_DIRECTORY, '0038-fees-valued-later.sql');
  await database.ownerPool.query(readFileSync(migration, 'utf8'));
  expect(await fees()).toEqual(whole);

  // The desk file may have changed meanwhile: their symbols then have another number, or none.
  const moved = [config, deal(1, 0), deal(2, 1), valued(1, 5_000_000), valued(null, 6_000_000)];
  await applyBatch(database.pool, { ...ledger, desk: 'moved' }, entriesOf(moved, 'inc003'));
  expect(await fees('moved')).toEqual(['t1 0.05000000', 't2 0.06000000']);
});

test('coins that the venue kept as its fee leave the position to the last place, as in the engine', async () => {
  const desk = 'fees-in-coins';
  const [config] = recordsOfTrades(1, 1);
  const deal = (number: number, side: 'buy' | 'sell', quantityLots: number, amount?: string) => ({
    type: 'fill' as const,
    fill: {
      ...{
        tradeId: `t${number}`,
        clientId: 'fabc1231',
        instrument: 0,
        side,
        quantityLots,
        priceTicks: 5_000_000,
      },
      ...{ fee: 37_000, liquidity: 'taker' as const, marketMs: number, simulated: true },
      ...(amount === undefined ? {} : { feeIn: { asset: 'BTC', amount } }),
    },
  });
  const records = [
    config!,
    deal(1, 'buy', 1_000, '0.00000753'),
    deal(2, 'sell', 400),
    deal(3, 'buy', 3, '0.00000001'),
    deal(4, 'sell', 602),
    deal(5, 'buy', 10, '0.00000247'),
    // Heard of before the purchase that it sold: the fee is owed until the next one.
    deal(6, 'sell', 500),
    deal(7, 'buy', 491, '0.00000753'),
    deal(8, 'buy', 20),
  ];
  const entries = entriesOf(records, 'inc001');
  await applyBatch(database.pool, { desk, simulated: true }, entries);
  await expectLedgerEquals(desk, entries);
  const { rows } = await database.pool.query('select quantity from positions where desk = $1', [desk]);
  expect(rows).toEqual([{ quantity: '0.00020246' }]);
  const fees = await database.pool.query(
    'select fee_asset, fee_amount from fills where desk = $1 order by market limit 2',
    [desk],
  );
  expect(fees.rows).toEqual([
    { fee_asset: 'BTC', fee_amount: '0.00000753' },
    { fee_asset: null, fee_amount: null },
  ]);
});
