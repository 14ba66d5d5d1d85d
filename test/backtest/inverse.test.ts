/** Inverse contracts through core, gate, order path and paper venue, each worked out by hand in the coin. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Desk } from '../../src/desk/schema.js';
import type { Side } from '../../src/domain/order.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategySize } from '../../src/engine/strategies/size-entry.js';
import type { Strategy, StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { BEGIN_MS, temporaryFolder } from '../validation/support/validations.js';
import { type Row as PeerRow, writeRows } from './published/support/peers.js';
import { type BacktestKept, backtest } from './support/backtests.js';

const SYMBOL = 'BTC/USD';
const TICK = 0.5;
const KIND = 'once-and-out';

/** Contracts of 100 dollars, one bitcoin, a fee of 0.05 % of the value. */
const FILE = `
desk: inverse
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [{ symbol: BTC/USD, kind: inverse, tickSize: "0.5", lotSize: "1", multiplier: "100", spread: "0.5" }]
paper: { balance: "1", currency: BTC, makerFeePpm: 500, takerFeePpm: 500, slippageTicks: 0 }
strategies: [{ name: once, kind: emaCross, symbols: [BTC/USD] }]
risk: { maxPositionSizePct: 100, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90, maxDrawdownPct: 90 }
prices: { implausible: { awayPct: 100, spreadPct: 100 } }
people: [{ name: operator, roles: [operator, approver] }]
`;

interface Row {
  readonly side: Side;
  readonly stop: number;
  readonly exitAt: number;
  readonly size: StrategySize;
  readonly risk: Partial<Desk['risk']>;
  readonly bids: readonly string[];
  readonly fills: string;
  readonly equity: string;
  readonly cash: string;
  readonly r: number;
}

/** `lots 100`, `riskPct 1`; `maxPositionSizePct 20`. */
const keyed = (text: string): Record<string, number> =>
  text === '' ? {} : { [text.split(' ')[0] as string]: Number(text.split(' ')[1]) };

const ROWS = readFileSync(new URL('./tables/inverse.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line): [string, Row] => {
    const [
      name = '',
      side,
      stop,
      exitAt,
      size = '',
      risk = '',
      bids = '',
      fills = '',
      equity = '',
      cash = '',
      r,
    ] = line.split(',');
    return [
      name,
      {
        ...{ side: side as Side, stop: Number(stop), exitAt: Number(exitAt), size: keyed(size) },
        ...{ risk: keyed(risk), bids: bids.split(' '), fills, equity, cash, r: Number(r) },
      },
    ];
  });

/** Enters at its third quote at the market, and is out once the bid is where it wants to be. */
function onceAndOut({ side, stop, exitAt, size }: Row): Strategy {
  let quotes = 0;
  return {
    warmupBars: 0,
    state: () => '',
    onBar: () => undefined,
    onQuote: (context) => {
      const { positionLots, lastQuote } = context;
      quotes += 1;
      if (quotes === 3)
        context.enter({
          side,
          type: 'market',
          slippageTicks: 0,
          protectTicks: stop / TICK,
          size,
          because: 'the table',
        });
      if (positionLots !== 0 && lastQuote?.bidTicks === exitAt / TICK) context.exit('the table');
    },
  };
}

async function run(row: Row): Promise<BacktestKept> {
  const file = join(temporaryFolder(), 'quotes.csv');
  const bids = [0, 1, 2]
    .map(() => row.bids[0] as string)
    .concat(row.bids.slice(1).flatMap((bid) => [bid, bid, bid, bid]));
  const lines = bids.map((bid, at) => `${BEGIN_MS + at * 1000},${bid},${Number(bid) + TICK},,`);
  writeFileSync(file, `ts,bid,ask,bid_size,ask_size\n${lines.join('\n')}\n`);
  const { desk, configHash } = parseDesk('desk.yaml', FILE);
  const definition: StrategyDefinition = {
    ...{ kind: KIND, suits: 'trending', parameters: [], enters: ['market'] },
    create: () => onceAndOut(row),
  };
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(KIND, definition);
  try {
    return await backtest(file, {
      configHash,
      desk: {
        ...desk,
        strategies: desk.strategies.map((one) => ({ ...one, kind: KIND, parameters: {} })),
        risk: { ...desk.risk, ...row.risk },
      },
      files: [{ symbol: SYMBOL, file }],
    });
  } finally {
    registry.delete(KIND);
  }
}

const fillsOf = ({ kept }: BacktestKept): string =>
  kept.fills
    .map(({ side, quantityLots, priceTicks }) => `${side} ${quantityLots} at ${priceTicks * TICK}`)
    .join('; ');

describe('an inverse contract', () => {
  it.each(ROWS)('%s', async (_, row) => {
    const ran = await run(row);
    const { report } = ran;
    expect(fillsOf(ran)).toBe(row.fills);
    expect(report.finalEquity).toBe(row.equity);
    expect(report.balances).toEqual([{ asset: 'BTC', amount: row.cash.padEnd(14, '0') }]);
    expect(report.figures?.averageR).toBeCloseTo(row.r, 5);
    expect(report.data.problems).toEqual([]);
  });

  it('is traded long and short for days, and the books of desk, venue and measure agree at the end', async () => {
    const half = (price: number): number => Math.round(price / TICK) * TICK;
    const at = (minute: number): number =>
      half(60_000 * (1 + 0.04 * Math.sin(minute / 180) + 0.01 * Math.sin(minute / 37)));
    const rows = Array.from({ length: 4000 }, (_, minute): PeerRow => {
      const [open, close] = [at(minute), at(minute + 1)];
      const prices = [open, Math.max(open, close) + 10, Math.min(open, close) - 10, close];
      return [BEGIN_MS + minute * 60_000, ...(prices.map(String) as [string, string, string, string])];
    });
    const file = writeRows(temporaryFolder(), rows);
    const { desk, configHash } = parseDesk('desk.yaml', FILE);
    const { report } = await backtest(file, { desk, configHash, files: [{ symbol: SYMBOL, file }] });
    expect(report.figures?.trades).toBeGreaterThan(10);
    expect(report.data.problems).toEqual([]);
    const coins = Number(report.balances[0]?.amount) + Number(report.positions[0]?.unrealised ?? 0);
    expect(Number(report.finalEquity)).toBeCloseTo(coins, 7);
    expect(Number(report.finalEquity)).not.toBeCloseTo(1, 2);
  });
});
