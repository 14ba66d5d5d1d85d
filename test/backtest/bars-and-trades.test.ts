/**
 * Bars against the trades that they are made of: the same strategy with a stop and a target, on each trade and on bars of a
 * minute, a quarter and an hour. On bars whose extremes were the only prices, its result grew with their length.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadDesk } from '../../src/venue/load-desk.js';
import { temporaryFolder } from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';

const DATA = resolve('../shared/data');
const TRADES = join(DATA, 'binance-XRPETH-trades-2019-10.csv.gz');
const MINUTES = join(DATA, 'binance-XRPETH-1m-2019-10.csv.gz');

/** Buys at the end of each hour in which it holds nothing, with stop and target 0.4 % away. */
const HOURLY = `import { strategy } from 'fermata/strategy';
export default strategy({
  suits: 'trending',
  enters: ['market'],
  parameters: {},
  create() {
    let hour = 0;
    return {
      warmupBars: 0,
      onBar(desk, bar) {
        const ended = Math.floor((bar.openMs + bar.spanMinutes * 60_000) / 3_600_000);
        if (ended === hour || Number.isNaN(desk.bid)) return;
        hour = ended;
        if (desk.lots !== 0) return;
        const at = (part: number) => Math.round(desk.ask * part);
        const exits = { stop: { ticks: at(0.996) }, targets: [{ ticks: at(1.004) }] };
        desk.enter({ side: 'buy', type: 'market', slippage: { ticks: 500 }, because: 'it is the hour', exits });
      },
      state: () => '',
    };
  },
});
`;

function deskIn(folder: string) {
  mkdirSync(join(folder, 'strategies'));
  writeFileSync(join(folder, 'strategies', 'hourly.ts'), HOURLY);
  const file = join(folder, 'desk.yaml');
  const desk = {
    ...{
      desk: 'hourly',
      version: 1,
      mode: 'paper',
      venue: { name: 'binance' },
      feeds: ['binance'],
      timezone: 'UTC',
    },
    instruments: [
      { symbol: 'XRP/ETH', tickSize: '0.00000001', lotSize: '1', minNotional: '0.001', spread: '0.0000001' },
    ],
    paper: {
      balance: '100',
      currency: 'ETH',
      makerFeePpm: 0,
      takerFeePpm: 0,
      slippageTicks: 0,
      latencyMs: 20,
    },
    strategies: [{ name: 'hourly', kind: './strategies/hourly.ts', symbols: ['XRP/ETH'] }],
    risk: {
      maxPositionSizePct: 50,
      maxConcurrentPositions: 1,
      stopLossPct: 5,
      dailyLossLimitPct: 90,
      maxDrawdownPct: 90,
      staleDataSeconds: 600,
    },
    breakers: { strategyMaxConsecutiveLosses: 1000 },
    people: [{ name: 'operator', roles: ['operator', 'approver'] }],
  };
  writeFileSync(file, JSON.stringify(desk));
  return loadDesk(file);
}

/** The recorded minutes as longer bars. */
function barsOf(minutes: number, folder: string): string {
  const [, ...rows] = gunzipSync(readFileSync(MINUTES)).toString('utf8').trim().split('\n');
  const bars = new Map<number, { open: string; high: string; low: string; close: string; volume: number }>();
  for (const row of rows) {
    const [ts, open, high, low, close, volume] = row.split(',') as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const openMs = Math.floor(Number(ts) / (minutes * 60_000)) * minutes * 60_000;
    const bar = bars.get(openMs);
    if (bar === undefined) bars.set(openMs, { open, high, low, close, volume: Number(volume) });
    else {
      const further = {
        high: Number(high) > Number(bar.high) ? high : bar.high,
        low: Number(low) < Number(bar.low) ? low : bar.low,
      };
      bars.set(openMs, { ...bar, ...further, close, volume: bar.volume + Number(volume) });
    }
  }
  const file = join(folder, `bars-${minutes}.csv`);
  const lines = [...bars].map(([ms, { open, high, low, close, volume }]) =>
    [ms, open, high, low, close, volume].join(','),
  );
  writeFileSync(file, `ts,open,high,low,close,volume\n${lines.join('\n')}\n`);
  return file;
}

describe.skipIf(!existsSync(TRADES))('on two days of XRP/ETH, of ../shared/data', () => {
  it('what bars of any length bring is near what the trades bring, and not more the longer they are', async () => {
    const folder = temporaryFolder();
    const { desk, configHash } = deskIn(folder);
    const run = async (file: string) => {
      const { report } = await backtest('', { desk, configHash, files: [{ symbol: 'XRP/ETH', file }] });
      expect(report.data.problems.filter(({ kind }) => kind === 'books-differ')).toEqual([]);
      return { trades: report.trades.length, profit: Number(report.netProfit) };
    };
    const byTrade = await run(TRADES);
    expect(byTrade.trades).toBe(43);
    expect(byTrade.profit).toBeCloseTo(3.2392, 4);
    for (const minutes of [1, 15, 60]) {
      const { trades, profit } = await run(barsOf(minutes, folder));
      expect(trades).toBeGreaterThan(40);
      // A thin market jumps past targets, which bars do not show: what they bring is somewhat less.
      expect(profit / byTrade.profit, `bars of ${minutes} min`).toBeGreaterThan(0.65);
      expect(profit / byTrade.profit, `bars of ${minutes} min`).toBeLessThan(1);
    }
  });
});
