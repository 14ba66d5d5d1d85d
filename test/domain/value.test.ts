import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scalesFor, stepsOf } from '../../src/domain/book-steps.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { DecimalError, parseDecimal } from '../../src/domain/decimal.js';
import type { Instrument, InstrumentKind } from '../../src/domain/instrument.js';
import { formatUnits, mulDivUnits, type Units, worth } from '../../src/domain/money.js';
import { isOwned, moneyText, settleOf, VALUE } from '../../src/domain/value.js';
import { applyExecution } from '../../src/engine/apply-cash.js';
import { sameInstruments } from '../../src/engine/apply-config.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import { averageTicks, heldAt } from '../../src/engine/books.js';
import { MarketBook } from '../../src/engine/market-book.js';
import { createState, type EngineState } from '../../src/engine/state.js';

const NO_FEES = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
const KINDS = Object.keys(VALUE) as InstrumentKind[];

interface Row {
  readonly instrument: Instrument;
  readonly side: 'buy' | 'sell';
  readonly lots: number;
  readonly entryTicks: number;
  readonly exitTicks: number;
  /** Decimal text. */
  readonly result: string;
  /** The currency of it. */
  readonly paidIn: string;
}

const ROWS: readonly (readonly [string, Row])[] = readFileSync(
  new URL('./tables/value.csv', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [
      kind,
      symbol = '',
      tickSize = '',
      lotSize = '',
      multiplier = '',
      side,
      lots,
      entry,
      exit,
      result = '',
      paidIn = '',
    ] = line.split(',');
    const instrument = buildInstrument(0, {
      ...{ symbol, kind: kind as InstrumentKind, tickSize, lotSize, multiplier, ...NO_FEES },
    });
    const row: Row = {
      ...{ instrument, side: side as Row['side'], lots: Number(lots), result, paidIn },
      entryTicks: parseDecimal(entry ?? '', tickSize),
      exitTicks: parseDecimal(exit ?? '', tickSize),
    };
    return [
      `${kind} ${symbol}: ${side} ${lots} from ${entry} to ${exit} makes ${result} ${paidIn}`,
      row,
    ] as const;
  });

function deskWith(instrument: Instrument): EngineState {
  const state = createState();
  applyRecord(state, {
    ...{ type: 'config', configHash: 'hash', desk: 'desk', symbols: [instrument.symbol] },
    ...{ instruments: [instrument], startingCash: 0, marketMs: 0 },
  });
  return state;
}

function trade(state: EngineState, instrument: Instrument, signedLots: number, priceTicks: number): void {
  applyExecution(state, instrument, {
    side: signedLots > 0 ? 'buy' : 'sell',
    quantityLots: Math.abs(signedLots),
    priceTicks,
    ...{ fee: 0n, paidFrom: 'cash', coins: 0n, order: null, why: 'venue', marketMs: 0 },
  });
}

const signed = ({ side, lots }: Row): number => (side === 'buy' ? lots : -lots);
const withoutZeros = (text: string): string => text.replace(/\.?0+$/, '');

describe('what a round trip earns, worked out by hand', () => {
  it.each(ROWS)('%s', (_, row) => {
    const { instrument, entryTicks, exitTicks, result, paidIn } = row;
    const state = deskWith(instrument);
    trade(state, instrument, signed(row), entryTicks);
    trade(state, instrument, -signed(row), exitTicks);
    const earned = formatUnits(state.balances.get(paidIn) ?? 0n, state.scales.get(paidIn));
    expect(withoutZeros(earned)).toBe(result);
    expect(state.positions[0]).toMatchObject({ quantityLots: 0, cost: 0n });
  });

  it.each(ROWS)('%s, also while it is open, at what it would bring now', (_, row) => {
    const { instrument, entryTicks, exitTicks, result } = row;
    const state = deskWith(instrument);
    trade(state, instrument, signed(row), entryTicks);
    const [position] = state.positions;
    const book = new MarketBook([instrument]);
    const cash = Number(state.balances.get(settleOf(instrument)) ?? 0n) / Number(state.steps[0]!.perMoney);
    book.hold([heldAt(state, position!)], cash);
    book.quote(0, exitTicks, exitTicks, 0);
    const off = Math.abs(book.equity - Number(result) * 1e8);
    expect(off).toBeLessThanOrEqual(1);
    expect(book.unrealised(heldAt(state, position!))).toBeCloseTo(book.equity, -1);
    expect(averageTicks(state, position!) / entryTicks).toBeCloseTo(1, 6);
  });
});

describe('the average of several fills, worked out by hand', () => {
  // Lots at ticks; the mean; the whole tick at which a purchase and a sale lose nothing.
  it.each([
    [
      'linear',
      [
        [400, 10_000],
        [600, 9_000],
      ],
      9_400,
      9_400,
      9_400,
    ], // (4,000,000 + 5,400,000) ÷ 1,000
    [
      'linear',
      [
        [1, 10_000],
        [2, 10_001],
      ],
      10_000.666_667,
      10_001,
      10_000,
    ],
    [
      'inverse',
      [
        [400, 10_000],
        [600, 9_000],
      ],
      9_375,
      9_375,
      9_375,
    ], // 1,000 ÷ (0.04 + 0.066667)
    [
      'inverse',
      [
        [500, 10_000],
        [500, 9_000],
      ],
      9_473.684_211,
      9_474,
      9_473,
    ], // 1,000 ÷ (0.05 + 0.055556)
    [
      'inverse',
      [
        [400, 10_000],
        [600, 12_000],
      ],
      11_111.111_111,
      11_112,
      11_111,
    ], // 1,000 ÷ (0.04 + 0.05)
    ['inverse', [[7, 30_001]], 30_001, 30_001, 30_001],
    [
      'inverse',
      [
        [1, 99_991],
        [1, 99_991],
        [1, 99_991],
      ],
      99_991,
      99_991,
      99_991,
    ],
  ] as const)('%s: %j', (kind, fills, mean, bought, sold) => {
    const rule = VALUE[kind];
    const sum = fills.reduce((total, [lots, ticks]) => total + rule.averaged(lots, ticks), 0n);
    const lots = fills.reduce((total, [some]) => total + some, 0);
    expect(rule.meanTicks(sum, lots)).toBeCloseTo(mean, 6);
    expect([rule.evenTicks(sum, lots, true), rule.evenTicks(sum, lots, false)]).toEqual([bought, sold]);
  });

  it('is a whole tick where all fills are at it', () => {
    const anyTicks = fc.integer({ min: 1, max: 100_000_000 });
    const anyLots = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(anyTicks, anyLots, (ticks, parts) => {
        for (const { averaged, meanTicks, evenTicks } of Object.values(VALUE)) {
          const sum = parts.reduce((total, some) => total + averaged(some, ticks), 0n);
          const lots = parts.reduce((total, some) => total + some, 0);
          expect([meanTicks(sum, lots), evenTicks(sum, lots, true), evenTicks(sum, lots, false)]).toEqual([
            ...[ticks, ticks, ticks],
          ]);
        }
      }),
    );
  });
});

it('what is owned is paid for when it is bought, a contract when it is closed', () => {
  expect(KINDS.filter((kind) => isOwned({ kind }))).toEqual(['spot', 'stock']);
  for (const kind of KINDS) {
    const instrument = buildInstrument(0, { ...COIN, kind });
    const state = deskWith(instrument);
    trade(state, instrument, 3, 100);
    const paid = state.balances.get(settleOf(instrument)) ?? 0n;
    expect(paid !== 0n).toBe(isOwned(instrument));
  }
});

it('another exchange or month is another contract: what is held is not that', () => {
  const [traded, elsewhere, later] = [
    { exchange: 'CME', contractMonth: '202612' },
    { exchange: 'EUREX', contractMonth: '202612' },
    { exchange: 'CME', contractMonth: '202703' },
  ].map((place) => [buildInstrument(0, { ...COIN, kind: 'future', ...place })]);
  expect(sameInstruments(traded!, [...traded!])).toBe(true);
  expect(sameInstruments(traded!, elsewhere!)).toBe(false);
  expect(sameInstruments(traded!, later!)).toBe(false);
});

it('another multiplier is another instrument: what is held would be worth something else', () => {
  const withMultiplier = (multiplier?: string) =>
    buildInstrument(0, {
      ...{ ...COIN, kind: 'future' as const },
      ...(multiplier === undefined ? {} : { multiplier }),
    });
  expect(sameInstruments([withMultiplier('20')], [withMultiplier('20')])).toBe(true);
  expect(sameInstruments([withMultiplier('20')], [withMultiplier('50')])).toBe(false);
  expect(sameInstruments([withMultiplier()], [withMultiplier('1')])).toBe(true);
  expect(sameInstruments([withMultiplier()], [withMultiplier('20')])).toBe(false);
});

it('a multiplier of nothing is refused', () => {
  expect(() => buildInstrument(0, { ...COIN, kind: 'future', multiplier: '0' })).toThrow(DecimalError);
});

const COIN = { symbol: 'BTC/USD', tickSize: '0.5', lotSize: '1', ...NO_FEES } as const;
const lots = fc.integer({ min: 1, max: 1_000_000 });
const ticks = fc.integer({ min: 1, max: 10_000_000 });
const kinds = fc.constantFrom(...KINDS);

it('a position that is closed in parts earns what it earns at once, whatever it is', () => {
  fc.assert(
    fc.property(kinds, lots, lots, ticks, ticks, (kind, first, second, entry, exit) => {
      const instrument = buildInstrument(0, { ...COIN, kind, multiplier: '3' });
      const [atOnce, inParts] = [deskWith(instrument), deskWith(instrument)];
      for (const state of [atOnce, inParts]) trade(state, instrument, first + second, entry);
      trade(atOnce, instrument, -(first + second), exit);
      trade(inParts, instrument, -first, exit);
      trade(inParts, instrument, -second, exit);
      const settle = settleOf(instrument);
      const off = (atOnce.balances.get(settle) ?? 0n) - (inParts.balances.get(settle) ?? 0n);
      // A reciprocal is rounded once a fill.
      const rounded = kind === 'inverse' ? 2n : 0n;
      expect(off <= rounded && off >= -rounded).toBe(true);
    }),
  );
});

describe('spot and linear', () => {
  it('are computed as they were before there were other kinds', () => {
    const step = fc.constantFrom('1', '5', '0.5', '0.25', '0.01', '0.0001', '0.00001', '0.000000001');
    const kind = fc.constantFrom('spot' as const, 'linear' as const);
    const many = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 });
    fc.assert(
      fc.property(kind, step, step, many, ticks, (of, tickSize, lotSize, count, price) => {
        const instrument = buildInstrument(0, { ...COIN, kind: of, tickSize, lotSize });
        const before = stepsBefore(instrument);
        const steps = stepsOf(instrument, scalesFor([instrument], new Map()));
        expect(steps).toEqual({ kind: of, ...before });
        const rule = VALUE[of];
        expect(rule.cost(steps.perTickLot, count, price)).toBe(
          BigInt(count) * BigInt(price) * before.perTickLot,
        );
        expect(instrument.moneyPerTickLot).toBe(moneyBefore(tickSize, lotSize));
        expect(rule.worth(count, price, instrument.moneyPerTickLot)).toBe(
          worth(count, price, instrument.moneyPerTickLot),
        );
      }),
      { numRuns: 10_000 },
    );
  });
});

/** As it was then. */
function stepsBefore({ base, quote, tickSize, lotSize }: Instrument) {
  const quotePlaces = Math.max(8, places(tickSize) + places(lotSize));
  const basePlaces = Math.max(8, places(lotSize));
  return {
    ...{ base, quote },
    perTickLot: (fine(tickSize) * fine(lotSize)) / 10n ** BigInt(24 - quotePlaces),
    perLot: fine(lotSize) / 10n ** BigInt(12 - basePlaces),
    perMoney: 10n ** BigInt(quotePlaces - 8),
  };
}

function moneyBefore(tickSize: string, lotSize: string): number {
  const unit = 10n ** 16n;
  const product = fine(tickSize) * fine(lotSize);
  return product % unit === 0n ? Number(product / unit) : Number(product) / Number(unit);
}

function fine(step: string): Units {
  return mulDivUnits(BigInt(step.replace('.', '')), 10n ** 12n, 10n ** BigInt(places(step)));
}

function places(step: string): number {
  return step.includes('.') ? step.length - step.indexOf('.') - 1 : 0;
}

it.each([
  ['spot', 'ETH/BTC', '0.00120000 BTC'],
  ['spot', 'BTC/USDT', '0.00 USDT'],
  ['inverse', 'BTC/USD', '0.00120000 BTC'],
] as const)('an amount of a coin has all its places in words: %s %s', (kind, symbol, words) => {
  const steps = { tickSize: '0.00001', lotSize: kind === 'inverse' ? '1' : '0.001', multiplier: '100' };
  expect(moneyText(buildInstrument(0, { symbol, kind, ...steps, ...NO_FEES }), 120_000)).toBe(words);
});
