/**
 * What backtrader asserts of a position and of its worth (mementum/backtrader, tests/test_position.py and
 * tests/test_comminfo.py), on the books of the core: averages, sizes, and what a move of the price
 * is worth on shares and on futures. Its results follow from its averages.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../../src/domain/build-instrument.js';
import type { Instrument, InstrumentKind } from '../../../src/domain/instrument.js';
import { formatUnits } from '../../../src/domain/money.js';
import { applyExecution } from '../../../src/engine/apply-cash.js';
import { applyRecord } from '../../../src/engine/apply-record.js';
import { averageTicks, heldAt } from '../../../src/engine/books.js';
import { MarketBook } from '../../../src/engine/market-book.js';
import { createState, type EngineState } from '../../../src/engine/state.js';

const TICKS = 10;

function bookOf(kind: InstrumentKind, multiplier?: string): { state: EngineState; instrument: Instrument } {
  const instrument = buildInstrument(0, {
    ...{ symbol: 'PEER/USD', kind, tickSize: '0.1', lotSize: '1', minNotional: '0' },
    ...{ makerFeePpm: 0, takerFeePpm: 0 },
    ...(multiplier === undefined ? {} : { multiplier }),
  });
  const state = createState();
  applyRecord(state, {
    ...{ type: 'config', configHash: 'hash', desk: 'desk', symbols: [instrument.symbol] },
    ...{ instruments: [instrument], startingCash: 0, marketMs: 0 },
  });
  return { state, instrument };
}

function trade(state: EngineState, instrument: Instrument, lots: number, price: number): void {
  applyExecution(state, instrument, {
    ...{ side: lots > 0 ? 'buy' : 'sell', quantityLots: Math.abs(lots), priceTicks: price * TICKS },
    ...{ fee: 0n, paidFrom: 'cash', coins: 0n, order: null, why: 'venue', marketMs: 0 },
  });
}

const earned = (state: EngineState): number =>
  Number(formatUnits(state.balances.get('USD') ?? 0n, state.scales.get('USD')));

it('a position that grows, shrinks and turns has its sizes, averages and results', () => {
  const table = readFileSync(new URL('./tables/backtrader-position.csv', import.meta.url), 'utf8');
  const { state, instrument } = bookOf('linear');
  for (const line of table.trim().split('\n').slice(1)) {
    const [step, ...figures] = line.split(',');
    const [size, price, held, average, results] = figures.map(Number);
    trade(state, instrument, size!, price!);
    const [position] = state.positions;
    expect([step, position!.quantityLots]).toEqual([step, held]);
    expect(averageTicks(state, position!) / TICKS, step).toBeCloseTo(average!, 6);
    expect(earned(state), step).toBeCloseTo(results!, 6);
  }
});

describe('100 bought at 10 that fall to 5', () => {
  it.each<[string, InstrumentKind, string | undefined, number]>([
    ['lose 500 as shares', 'stock', undefined, -500],
    ['lose 5000 as futures of which a point is worth 10', 'future', '10', -5000],
  ])('%s, open and closed', (_, kind, multiplier, result) => {
    const { state, instrument } = bookOf(kind, multiplier);
    trade(state, instrument, 100, 10);
    const book = new MarketBook([instrument]);
    const cash = Number(state.balances.get('USD') ?? 0n) / Number(state.steps[0]!.perMoney);
    book.hold([heldAt(state, state.positions[0]!)], cash);
    book.quote(0, 5 * TICKS, 5 * TICKS, 0);
    expect(book.equity / 1e8).toBe(result);
    trade(state, instrument, -100, 5);
    expect(earned(state)).toBe(result);
  });
});
