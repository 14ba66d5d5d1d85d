import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BarStatus } from '../../src/contracts/trader-status.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { collectSeen, type SeenCollector } from '../../src/ledger/start-ledger.js';
import { findBarGaps, readCoverage } from '../../src/store/bars.js';
import { readEquitySteps } from '../../src/store/ledger-figures.js';
import type { TraderClient } from '../../src/trader/client.js';
import { EquityCurve } from '../../src/trader/status/since-start.js';
import { until } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { entriesOf } from './support/journal-of-trades.js';

const START = Date.parse('2026-01-05T00:00:00Z');
const MINUTE = 60_000;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** A trader's memory of bars and equity, which a test fills and which forgets. */
class Bars {
  bars: BarStatus[] = [];
  startedWallMs = 1;
  asked = 0;
  gone = false;
  /** What its status says, and what its bars are of. */
  source = 'simulated-303-seed-7';
  sourceOfBars: string | null = null;
  readonly curve = new EquityCurve();

  add(from: number, count: number): void {
    for (let minute = from; minute < from + count; minute += 1) {
      const price = { open: '1', high: '2', low: '0.5', close: '1.5', volume: '3', bid: '1.4', ask: '1.6' };
      this.bars.push({ openMs: START + minute * MINUTE, spanMs: MINUTE, ...price });
    }
  }

  incarnation = 'first';
  starting = false;

  readonly client = {
    call: async (
      method: string,
      params: Record<'sinceMs' | 'count' | 'after', number> & { symbol: string },
    ) => {
      if (this.gone) throw new Error('the trader is not there');
      if (method === 'status')
        return {
          ...{ startedWallMs: this.startedWallMs, trading: 'live', account: { name: 'Binance spot' } },
          ...(this.starting ? { starting: true } : {}),
          marketData: { simulated: !this.starting, identity: this.source },
        };
      if (method === 'equity')
        return { incarnation: this.incarnation, ...this.curve.answer(params.after, params.count) };
      this.asked += 1;
      const bars = this.bars.filter(({ openMs }) => openMs >= params.sinceMs).slice(-params.count);
      return { symbol: params.symbol, source: this.sourceOfBars ?? this.source, bars };
    },
  } as never as TraderClient;
}

function collect(desk: string, trader: Bars, said: string[] = []): SeenCollector {
  return collectSeen({
    desk,
    symbols: ['BTC/USDT'],
    pool: database.pool,
    trader: trader.client,
    log: (_level, text) => void said.push(text),
    everyMs: 20,
  });
}

const range = (desk: string, source = 'simulated-303-seed-7') => ({
  desk,
  source,
  fromMs: START,
  toMs: START + 10_000 * MINUTE,
});
const count = async (desk: string, source?: string): Promise<number> =>
  (await readCoverage(database.pool, range(desk, source)))[0]?.count ?? 0;

test('finished candles are stored once, those from before the start too, and only new ones are asked for', async () => {
  const trader = new Bars();
  trader.add(0, 500);
  const collector = collect('d1', trader);
  await until('the history is stored', async () => (await count('d1')) === 500);
  trader.add(500, 3);
  await until('the new ones are stored', async () => (await count('d1')) === 503);
  await collector.stop();
  expect(await findBarGaps(database.pool, range('d1'))).toEqual([]);
});

test('a trader that is away and comes back with another market is followed from its beginning', async () => {
  const trader = new Bars();
  const said: string[] = [];
  trader.add(100, 10);
  const collector = collect('d2', trader, said);
  await until('stored', async () => (await count('d2')) === 10);
  trader.gone = true;
  await until('it is said', () => said.length > 0);
  trader.bars = [];
  trader.add(0, 5);
  trader.startedWallMs = 2;
  trader.gone = false;
  await until('the earlier market is stored too', async () => (await count('d2')) === 15);
  await collector.stop();
  expect(said).toEqual(['candles and the curve of equity wait: the trader is not there']);
});

test('what the trader forgot before it was asked is a gap with its first minute and its length', async () => {
  const trader = new Bars();
  trader.add(0, 10);
  const collector = collect('d3', trader);
  await until('stored', async () => (await count('d3')) === 10);
  trader.bars = [];
  trader.add(30, 5);
  await until('stored', async () => (await count('d3')) === 15);
  await collector.stop();
  expect(await findBarGaps(database.pool, range('d3'))).toEqual([
    { symbol: 'BTC/USDT', fromMs: START + 10 * MINUTE, toMs: START + 30 * MINUTE, missing: 20 },
  ]);
});

test('each price source has a series of its own, from its first candle, at the same minutes too', async () => {
  const trader = new Bars();
  trader.add(0, 10);
  const collector = collect('d4', trader);
  await until('stored', async () => (await count('d4')) === 10);
  trader.bars = [];
  trader.add(5, 20);
  trader.source = 'live-binance';
  trader.startedWallMs = 2;
  await until('the other is stored too', async () => (await count('d4', 'live-binance')) === 20);
  await collector.stop();
  expect(await count('d4')).toBe(10);
});

test('candles of prices that the trader had not chosen yet when it was asked wait until its status names them', async () => {
  const trader = new Bars();
  trader.add(0, 10);
  // As a trader that is starting: its status answers at once, its bars when the prices are chosen.
  trader.source = '';
  trader.sourceOfBars = 'live-binance';
  const collector = collect('d5', trader);
  await until('it was asked', () => trader.asked > 2);
  trader.source = 'live-binance';
  await until('stored', async () => (await count('d5', 'live-binance')) === 10);
  await collector.stop();
  expect(await count('d5', '')).toBe(0);
});

const UNIT = 100_000_000;
const pointAt = (minute: number) => ({
  ...{ equity: (1_000 + minute) * UNIT + 1, peak: 5_000 * UNIT, cash: 900n * BigInt(UNIT) + 1n },
  ...{ unrealised: -3 * UNIT, capitalMoved: 250n * BigInt(UNIT), marketMs: START + minute * MINUTE },
});

/** So much of the journal the ledger holds. */
async function heard(desk: string, incarnation: string, records: readonly EngineRecord[]): Promise<void> {
  await applyBatch(database.pool, { desk, simulated: true }, entriesOf(records, incarnation));
}

const begun = (incarnation: string): EngineRecord => ({
  ...{ type: 'config', configHash: 'hash', desk: 'bot', symbols: [], instruments: [], startingCash: 0 },
  ...{ incarnation, marketMs: START },
});

async function curveOf(desk: string) {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    `select incarnation, simulated, market, equity::text, peak::text, cash::text, unrealised::text, capital_moved::text
      from equity where desk = $1 order by incarnation, market`,
    [desk],
  );
  return rows;
}

test('the curve of equity is stored as the trader drew it: to the unit, each point once, over its restarts', async () => {
  const trader = new Bars();
  await heard('d6', 'first', [begun('first')]);
  for (let minute = 0; minute < 2_500; minute += 1) trader.curve.add(pointAt(minute));
  const collector = collect('d6', trader);
  await until('its memory is stored', async () => (await curveOf('d6')).length === 2_500);
  trader.curve.add(pointAt(2_500));
  await until('the new one is stored', async () => (await curveOf('d6')).length === 2_501);
  await collector.stop();
  // Of another process, which asks for all of it once more.
  const other = collect('d6', trader);
  trader.curve.add(pointAt(2_501));
  await until('the next is stored', async () => (await curveOf('d6')).length === 2_502);
  await other.stop();
  expect((await curveOf('d6')).at(-1)).toEqual({
    ...{ incarnation: 'first', simulated: true, market: new Date(START + 2_501 * MINUTE) },
    ...{ equity: '3501.00000001', peak: '5000.00000000', cash: '900.00000001' },
    ...{ unrealised: '-3.00000000', capital_moved: '250.00000000' },
  });
});

test('a trader that began anew is asked for its curve from its first point on, under its journal', async () => {
  const trader = new Bars();
  for (const incarnation of ['first', 'second']) await heard('d7', incarnation, [begun(incarnation)]);
  for (let minute = 0; minute < 5; minute += 1) trader.curve.add(pointAt(minute));
  const collector = collect('d7', trader);
  await until('stored', async () => (await curveOf('d7')).length === 5);
  const again = new Bars();
  again.curve.add(pointAt(3));
  again.curve.add(pointAt(9));
  Object.assign(trader, { curve: again.curve, startedWallMs: 2, incarnation: 'second', starting: true });
  trader.add(0, 1);
  await until('it was asked while it starts', async () => (await count('d7')) === 1);
  trader.starting = false;
  await until('the other journal is stored', async () => (await curveOf('d7')).length === 7);
  await collector.stop();
  expect((await curveOf('d7')).slice(5)).toMatchObject(
    [1, 2].map(() => ({ incarnation: 'second', simulated: true })),
  );
});

test('capital that a restored journal repeats moved once: no point of its curve counts it, however late the ledger hears of it', async () => {
  const deposit = (amount: number, marketMs: number): EngineRecord => ({
    ...{
      type: 'cash',
      kind: 'deposit',
      amount: amount * UNIT,
      currency: 'USDT',
      by: 'anna',
      source: 'person',
    },
    ...{ movementId: null, reason: 'mine', marketMs },
  });
  const equity = (amount: number, minute: number): EngineRecord => {
    const units = amount * UNIT;
    const of = { equity: units, peak: units, cash: units, unrealised: 0 };
    return { type: 'equity', ...of, marketMs: START + minute * MINUTE };
  };
  const before = [begun('first'), deposit(500, START), equity(1_500, 1)];
  await heard('d8', 'first', before);
  const trader = new Bars();
  trader.incarnation = 'second';
  // Its trader counts both deposits: the one of before, and the one since.
  const moved = (amount: number) => ({
    capitalMoved: BigInt(amount) * BigInt(UNIT),
    cash: 0n,
    unrealised: 0,
  });
  trader.curve.add({ equity: 1_500 * UNIT, peak: 0, ...moved(500), marketMs: START + 2 * MINUTE });
  trader.curve.add({ equity: 1_520 * UNIT, peak: 0, ...moved(520), marketMs: START + 4 * MINUTE });
  trader.add(0, 1);
  const collector = collect('d8', trader);
  await until('it was asked', () => trader.asked > 2);
  expect(await curveOf('d8')).toHaveLength(1);
  const since = [begun('second'), equity(1_500, 3), deposit(20, START + 3 * MINUTE), equity(1_520, 5)];
  await heard('d8', 'second', [...before, ...since]);
  await until('the points are stored', async () => (await curveOf('d8')).length === 5);
  await collector.stop();
  const span = { desk: 'd8', fromMs: START, toMs: START + 10 * MINUTE };
  const steps = await readEquitySteps(database.pool, span, MINUTE);
  expect(steps.map(({ equity, capital }) => [equity, capital])).toEqual([
    [1_500, 0],
    [1_500, 0],
    [1_500, 0],
    [1_520, 20],
    [1_520, 0],
  ]);
});

test('what was dropped from the memory before it was asked is left out of the curve, and nothing else', () => {
  const curve = new EquityCurve();
  for (let minute = 0; minute < 10_000; minute += 1) curve.add(pointAt(minute));
  const first = curve.answer(0, 1);
  expect(first.points[0]?.marketMs).toBeGreaterThan(START + 6_000 * MINUTE);
  const at = (first.points[0]?.marketMs ?? 0) - START;
  expect(first.next).toBe(at / MINUTE + 1);
  expect(curve.answer(first.next, 2).points.map(({ marketMs }) => marketMs)).toEqual(
    [1, 2].map((minutes) => START + at + minutes * MINUTE),
  );
  expect(curve.answer(10_000, 5)).toEqual({ next: 10_000, points: [] });
});
