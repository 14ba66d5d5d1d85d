/** Strategies against each other on a perpetual of the paper venue, through desk file, core, gate, order path and three books. */
import { expect, it } from 'vitest';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import {
  BEGIN_MS,
  MINUTE_MS,
  recorded,
  temporaryFolder,
  validate,
} from '../validation/support/validations.js';
import { type Row, writeRows } from './published/support/peers.js';
import { backtest } from './support/backtests.js';

const FILE = `
desk: perpetual
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [{ symbol: BTC/USDT, kind: linear, tickSize: "0.1", lotSize: "0.001", spread: "0.1", sideBySide: true }]
paper: { balance: "100000", currency: USDT, makerFeePpm: 200, takerFeePpm: 500, slippageTicks: 0 }
strategies:
  - { name: long, kind: buys-for-a-while, symbols: [BTC/USDT], size: { lots: 20 } }
  - { name: short, kind: sells-for-a-while, symbols: [BTC/USDT], size: { lots: 15 } }
breakers: { strategyMaxConsecutiveLosses: 100 }
risk: { maxPositionSizePct: 20, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90, maxDrawdownPct: 90 }
people: [{ name: operator, roles: [operator, approver] }]
`;

const EVERY_BARS = 40;
const HELD_BARS = 20;

/** In at the market every forty bars, out twenty bars later. */
const forAWhile = (kind: string, side: 'buy' | 'sell'): StrategyDefinition => ({
  ...{ kind, suits: 'trending', parameters: [], enters: ['market'] },
  create: () => {
    let bars = 0;
    return {
      warmupBars: 0,
      state: () => '',
      onBar: (context) => {
        const { positionLots, lastQuote } = context;
        bars += 1;
        if (lastQuote === null) return;
        const protectTicks = Math.round(lastQuote.bidTicks * (side === 'buy' ? 0.7 : 1.3));
        if (bars % EVERY_BARS === 1 && positionLots === 0)
          context.enter({
            side,
            type: 'market',
            slippageTicks: 100,
            protectTicks,
            because: 'it is its turn',
          });
        if (bars % EVERY_BARS === HELD_BARS && positionLots !== 0) context.exit('it was long enough');
      },
    };
  },
});

/** A wave of prices, with a folder of its own. */
function wave(): { readonly rows: readonly Row[]; readonly file: string } {
  const price = (minute: number): number => Math.round(600_000 * (1 + 0.03 * Math.sin(minute / 90))) / 10;
  const rows = Array.from({ length: 1210 }, (_, minute): Row => {
    const [open, close] = [price(minute), price(minute + 1)];
    const prices = [open, Math.max(open, close) + 5, Math.min(open, close) - 5, close];
    return [BEGIN_MS + minute * 60_000, ...(prices.map(String) as [string, string, string, string])];
  });
  return { rows, file: writeRows(temporaryFolder(), rows) };
}

async function withKinds(test: () => Promise<void>): Promise<void> {
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  const kinds = [forAWhile('buys-for-a-while', 'buy'), forAWhile('sells-for-a-while', 'sell')];
  for (const definition of kinds) registry.set(definition.kind, definition);
  try {
    await test();
  } finally {
    for (const { kind } of kinds) registry.delete(kind);
  }
}

it('do so beside coins of the same account, of which nothing is sold short', () =>
  withKinds(async () => {
    const { file } = wave();
    const text = FILE.replace(
      'sideBySide: true }',
      'sideBySide: true }, { symbol: ETH/USDT, kind: spot, tickSize: "0.1", lotSize: "0.001", spread: "0.1" }',
    )
      .replace('symbols: [BTC/USDT], size: { lots: 20 }', 'symbols: [BTC/USDT, ETH/USDT], size: { lots: 20 }')
      .replace('symbols: [BTC/USDT], size: { lots: 15 }', 'symbols: [BTC/USDT, ETH/USDT], size: { lots: 15 }')
      .replace('maxConcurrentPositions: 1', 'maxConcurrentPositions: 2');
    const { desk, configHash } = parseDesk('desk.yaml', text);
    const files = ['BTC/USDT', 'ETH/USDT'].map((symbol) => ({ symbol, file }));
    const { report, kept } = await backtest(file, { desk, configHash, files });
    expect(report.data.problems).toEqual([]);
    const of = (at: number) => kept.fills.filter(({ instrument }) => instrument === at);
    expect(
      of(0)
        .map(({ quantityLots }) => quantityLots)
        .slice(0, 6),
    ).toEqual([20, 15, 5, 20, 15, 5]);
    expect(
      of(1)
        .slice(0, 4)
        .map(({ side, quantityLots }) => [side, quantityLots]),
    ).toEqual([
      ['buy', 20],
      ['sell', 20],
      ['buy', 20],
      ['sell', 20],
    ]);
    const short = report.trades.filter(({ side }) => side === 'short');
    expect(new Set(short.map(({ symbol }) => symbol))).toEqual(new Set(['BTC/USDT']));
  }));

it('hold trades of their own for days, cross what cancels out, and agree with the venue and the measure at the end', () =>
  withKinds(async () => {
    const { rows, file } = wave();
    const { desk, configHash } = parseDesk('desk.yaml', FILE);
    const { report, kept } = await backtest(file, {
      ...{ desk, configHash, files: [{ symbol: 'BTC/USDT', file }] },
    });
    expect(report.data.problems).toEqual([]);
    const trades = report.figures!.trades;
    expect(trades).toBe(60);
    const lots = kept.fills.map(({ quantityLots }) => quantityLots);
    // Each round buys 20 and sells 15; 15 are crossed on the way out, and 5 are sold.
    expect(lots.slice(0, 6)).toEqual([20, 15, 5, 20, 15, 5]);
    expect(lots).toHaveLength((trades / 2) * 3 + 2);
    // The last two are open; the report says whose the net is.
    expect(report.positions).toMatchObject([
      { symbol: 'BTC/USDT', quantity: '0.005', strategy: 'long 0.020, short -0.015' },
    ]);
    // A validation of the same prices judges these very trades, not what the net did from flat to flat.
    const durationMs = rows.length * MINUTE_MS;
    const market = recorded(file, 'BTC/USDT');
    const judged = await validate(
      temporaryFolder(),
      { market, durationMs },
      {},
      { desk, configHash, text: FILE },
    );
    expect(judged.data.problems).toEqual([]);
    expect(judged.results.trades).toBe(trades);
    expect(judged.verdicts.map(({ observed }) => observed)).toEqual(
      [trades, report.figures?.winRatePct, report.figures?.sharpe, report.figures?.maxDrawdownPct].map(
        (figure) => expect.closeTo(figure ?? Number.NaN, 6),
      ),
    );
    expect(judged).toMatchObject({ figures: report.figures, by: report.by });
    const told = judged.trades.map(({ id: _id, profit: result, ...trade }) => ({ ...trade, result }));
    expect(told).toEqual(report.trades.map(({ id: _id, ...trade }) => trade));
  }));
