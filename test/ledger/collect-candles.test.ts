import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BarStatus } from '../../src/contracts/trader-status.js';
import { type CandleCollector, collectCandles } from '../../src/ledger/start-ledger.js';
import { findBarGaps, readCoverage } from '../../src/store/bars.js';
import type { TraderClient } from '../../src/trader/client.js';
import { until } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const START = Date.parse('2026-01-05T00:00:00Z');
const MINUTE = 60_000;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** A trader's memory of bars, which a test fills and which forgets. */
class Bars {
  bars: BarStatus[] = [];
  startedWallMs = 1;
  asked = 0;
  gone = false;
  /** What its status says, and what its bars are of. */
  source = 'simulated-303-seed-7';
  sourceOfBars: string | null = null;

  add(from: number, count: number): void {
    for (let minute = from; minute < from + count; minute += 1) {
      const price = { open: '1', high: '2', low: '0.5', close: '1.5', volume: '3', bid: '1.4', ask: '1.6' };
      this.bars.push({ openMs: START + minute * MINUTE, spanMs: MINUTE, ...price });
    }
  }

  readonly client = {
    call: async (method: string, params: { sinceMs: number; count: number; symbol: string }) => {
      if (this.gone) throw new Error('the trader is not there');
      if (method === 'status')
        return { startedWallMs: this.startedWallMs, marketData: { simulated: true, identity: this.source } };
      this.asked += 1;
      const bars = this.bars.filter(({ openMs }) => openMs >= params.sinceMs).slice(-params.count);
      return { symbol: params.symbol, source: this.sourceOfBars ?? this.source, bars };
    },
  } as never as TraderClient;
}

function collect(desk: string, trader: Bars, said: string[] = []): CandleCollector {
  return collectCandles({
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
  expect(said).toEqual(['candles wait: the trader is not there']);
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
