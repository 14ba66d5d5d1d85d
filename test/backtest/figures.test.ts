import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Candles, EquityCurve } from '../../src/backtest/measure/curves.js';
import {
  cagrOf,
  exactUnits,
  type Figures,
  FORMULAS,
  figuresOf,
  HeldTime,
  sortinoRatio,
  sumOf,
  TradeGroups,
  type TradeResult,
  TradeSums,
  UnderwaterMeter,
} from '../../src/backtest/statistics/figures.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { BuyAndHold } from '../../src/domain/buy-and-hold.js';
import type { Instrument, InstrumentKind } from '../../src/domain/instrument.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const priced = (kind: InstrumentKind, id = 0): Instrument =>
  buildInstrument(id, {
    ...{ symbol: 'BTC/USD', kind, tickSize: '0.5', lotSize: '1', multiplier: '100' },
    ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
  });
const hours = (from: number, to: number) => ({ fromMs: from * HOUR_MS, toMs: to * HOUR_MS });

function trade(result: number, r: number | null, lastedHours: number): TradeResult {
  return { result, r, openedMs: 0, closedMs: lastedHours * HOUR_MS };
}

function summed(...trades: readonly TradeResult[]) {
  const sums = new TradeSums();
  for (const one of trades) sums.add(one);
  return sums.exact;
}

function heldMs(...spans: readonly { readonly fromMs: number; readonly toMs: number }[]): number {
  const held = new HeldTime();
  for (const { fromMs, toMs } of spans) held.add(fromMs, toMs);
  return held.within(0, 100 * HOUR_MS);
}

/** What tables/figures.csv is worked from. */
const FIGURES: Figures = figuresOf({
  ...hours(0, 2 * 8760),
  startEquity: 1000,
  finalEquity: 1210,
  hourly: [1000, 1100, 1045, 1149.5, 1149.5],
  maxDrawdown: 0.05,
  longestDrawdown: { ...hours(100, 148), recovered: true },
  trades: summed(
    trade(30, 1.5, 10),
    trade(-10, -0.5, 5),
    trade(-20, null, 10),
    trade(50, 2, 4),
    trade(0, 0, 1),
  ),
  heldMs: heldMs(hours(0, 10), hours(5, 20), hours(40, 50)),
  tradedValue: 10_888,
  fees: 12,
});

const DOCUMENT = readFileSync(new URL('../../docs/BACKTEST.md', import.meta.url), 'utf8');
const TABLE = readFileSync(new URL('./tables/figures.csv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',') as [keyof Figures, string]);

describe('the figures of a run', () => {
  it.each(TABLE)('%s is %s, as worked by hand', (name, value) => {
    expect(FIGURES[name]).toBe(Number(value));
  });

  it('are all in the table, and each has its formula, here and in docs/BACKTEST.md', () => {
    expect(TABLE.map(([name]) => name).sort()).toEqual(Object.keys(FIGURES).sort());
    expect(Object.keys(FORMULAS).sort()).toEqual(Object.keys(FIGURES).sort());
    for (const [name, formula] of Object.entries(FORMULAS))
      expect(DOCUMENT).toContain(`| \`${name}\` | ${formula} |`);
  });

  it('are left unsaid where they would mean nothing', () => {
    const nothing = figuresOf({
      ...hours(0, 5),
      ...{ startEquity: 1000, finalEquity: 1000, hourly: [1000], maxDrawdown: 0, longestDrawdown: null },
      ...{ trades: summed(), heldMs: 0, tradedValue: 0, fees: 0 },
    });
    expect(nothing).toMatchObject({ returnPct: 0, trades: 0, exposurePct: 0, longestDrawdownHours: 0 });
    for (const name of ['cagrPct', 'volatilityPct', 'sharpe', 'sortino', 'calmar', 'winRatePct'] as const)
      expect([name, nothing[name]]).toEqual([name, null]);
    expect(nothing).toMatchObject({ profitFactor: null, expectancy: null, averageR: null });
    // A profit without a loss is no ratio, and a fortnight no rate of a year.
    expect(summed(trade(5, null, 1)).profitFactor).toBeNull();
    expect(sortinoRatio([0.01, 0.02], 8760)).toBeNull();
    expect(cagrOf(1000, 1100, 14 * 24 * HOUR_MS)).toBeNull();
    expect(cagrOf(1000, -5, 8760 * HOUR_MS)).toBeNull();
    expect(cagrOf(1000, 1100, 30 * 24 * HOUR_MS - 1)).toBeNull();
    expect(cagrOf(1000, 1100, 30 * 24 * HOUR_MS)).toBeCloseTo(1.1 ** (365 / 30) - 1, 9);
    // One that broke even is no loss: the next begins a new streak.
    expect(summed(trade(-1, null, 1), trade(0, null, 1), trade(-1, null, 1)).longestLossStreak).toBe(1);
  });
});

it('count nothing earned or lost by the hour once nothing is left: a debt that grows is no gain', () => {
  const ruined = figuresOf({
    ...hours(0, 4),
    ...{ startEquity: 1000, finalEquity: -3000, hourly: [1000, -100, -3000, -3000] },
    ...{ maxDrawdown: 4, longestDrawdown: null, trades: summed(), heldMs: 0, tradedValue: 0, fees: 0 },
  });
  // Returns of -110 %, 0 and 0: mean -36.67 %, deviation 63.51 %.
  expect(ruined.sharpe).toBeCloseTo((-1 / Math.sqrt(3)) * Math.sqrt(8760), 4);
  expect(ruined.sortino).toBeCloseTo((-1 / Math.sqrt(3)) * Math.sqrt(8760), 4);
});

describe('the time in which a position was open', () => {
  it('counts once where trades overlap, however long the one that ends last has been open', () => {
    expect(heldMs(hours(1, 2), hours(4, 6), hours(5, 7))).toBe(4 * HOUR_MS);
    expect(heldMs(hours(1, 2), hours(4, 6), hours(9, 10), hours(5, 11))).toBe(8 * HOUR_MS);
    expect(heldMs(hours(1, 2), hours(4, 6), hours(0, 12))).toBe(12 * HOUR_MS);
    expect(heldMs(hours(-5, 1), hours(99, 120))).toBe(2 * HOUR_MS);
  });
});

describe('the longest drawdown', () => {
  const longest = (values: readonly number[], endMs: number) => {
    const meter = new UnderwaterMeter();
    for (const [at, value] of values.entries()) meter.add(at, value);
    return meter.longest(endMs);
  };

  it('lasts from the last time at the peak until it is reached again', () => {
    // At the peak at 1 and 2, back at 6; then below from 7 on, back at 8.
    expect(longest([100, 120, 120, 90, 119, 110, 120, 125, 124], 9)).toEqual({
      ...{ fromMs: 2, toMs: 6, recovered: true },
    });
  });

  it('is the first of two that are as long', () => {
    expect(longest([100, 90, 100, 90, 100], 9)).toEqual({ fromMs: 0, toMs: 2, recovered: true });
  });

  it('goes on to the end where the peak was not reached again', () => {
    expect(longest([100, 90, 100, 95, 99], 50)).toEqual({ fromMs: 2, toMs: 50, recovered: false });
  });

  it('is none where the value never fell', () => {
    expect(longest([1, 1, 2], 50)).toBeNull();
  });
});

describe('trades in groups', () => {
  const of = (key: string, resultText: string) => ({
    ...trade(Number(resultText), null, 1),
    ...{ key, exactResult: exactUnits(resultText), exactFees: exactUnits('0.1') },
  });

  it('are added up exactly, in the order of their keys', () => {
    const groups = new TradeGroups();
    for (const one of [of('b', '0.1'), of('a', '-0.3'), of('b', '0.2'), of('b', '-0.000000001')])
      groups.add(one.key, one);
    expect(groups.list().map(({ key, trades, result, fees }) => [key, trades, result, fees])).toEqual([
      ['a', 1, '-0.30000000', '0.10000000'],
      ['b', 3, '0.29999999', '0.30000000'],
    ]);
    expect(sumOf([])).toBe('0.00000000');
  });
});

describe('buying and holding', () => {
  it('spends equal parts at the first asks on what strategies trade, and is worth the bids', () => {
    const hold = new BuyAndHold(
      [0, 1, 2].map((id) => priced('spot', id)),
      [true, false, true],
      1000,
    );
    hold.quote(0, 1, 99, 100);
    hold.quote(1, 1, 7, 7);
    expect(hold.equity).toBe(500 * 0.99 + 500);
    hold.quote(2, 2, 50, 50);
    hold.quote(0, 3, 120, 130);
    hold.quote(1, 4, 14, 14);
    hold.quote(2, 4, 40, 41);
    expect(hold.equity).toBe(500 * 1.2 + 500 * 0.8);
    expect(hold.drawdown.worst).toMatchObject({ peak: 1100, trough: 1000, peakMs: 3, troughMs: 4 });
  });

  it('holds inverse contracts for all the coins there are', () => {
    const hold = new BuyAndHold([priced('inverse')], [true], 1000);
    hold.quote(0, 1, 100_000, 100_000);
    expect(hold.equity).toBe(1000);
    // Contracts worth 1,000 at 50,000 are 800 at 62,500: 200 are earned; and 1,250 at 40,000.
    hold.quote(0, 2, 125_000, 125_001);
    expect(hold.equity).toBeCloseTo(1200, 9);
    hold.quote(0, 3, 80_000, 80_001);
    expect(hold.equity).toBeCloseTo(750, 9);
  });

  const byYen = { conversion: { to: 'USD', by: 1, tickSize: '0.01', isInverse: true } };

  it('converts what is gained in another currency at the rate of now', () => {
    const hold = new BuyAndHold([priced('fx'), { ...priced('fx', 1), ...byYen }], [false, true], 1000);
    hold.quote(1, 1, 10_000, 10_000);
    // 500 dollars' worth of yen are gained, and a yen is worth two thirds of what it was.
    hold.quote(1, 2, 15_000, 15_000);
    expect(hold.equity).toBeCloseTo(1333.33, 2);
  });

  it('buys once there is a rate, and is worth less by the rate alone once there is a gain', () => {
    const hold = new BuyAndHold([{ ...priced('fx'), ...byYen }, priced('fx', 1)], [true, false], 1000);
    hold.quote(0, 1, 15_000, 15_002);
    hold.quote(0, 2, 19_998, 20_000);
    expect(hold.equity).toBe(1000);
    hold.quote(1, 3, 9_999, 10_001);
    expect(hold.equity).toBeCloseTo(999.9, 9);
    hold.quote(0, 4, 22_000, 22_002);
    expect(hold.equity).toBeCloseTo(1100, 9);
    hold.quote(1, 5, 12_499, 12_501);
    expect(hold.equity).toBeCloseTo(1080, 9);
    expect(hold.drawdown.worst).toMatchObject({ peakMs: 4, troughMs: 5 });
  });
});

describe('curves of a long run', () => {
  it('stay small and keep what was highest, lowest, first and last', () => {
    const candles = new Candles();
    const curve = new EquityCurve();
    for (let minute = 0; minute < 10_000; minute += 1) {
      const price = 1000 + (minute % 77);
      const highTicks = minute === 4321 ? 9000 : price + 1;
      const lowTicks = minute === 7654 ? 3 : price - 1;
      candles.add(minute * MINUTE_MS, { openTicks: price, highTicks, lowTicks, closeTicks: price });
      curve.add(minute * MINUTE_MS, minute === 5000 ? 500 : 1000 + minute, minute);
    }
    expect(candles.slots.length).toBeLessThan(1440);
    expect(candles.slots.length).toBeGreaterThan(700);
    const at = (minute: number) => Math.floor((minute * MINUTE_MS) / candles.stepMs);
    expect(candles.slots[at(4321)]?.highTicks).toBe(9000);
    expect(candles.slots[at(7654)]?.lowTicks).toBe(3);
    expect(candles.slots[0]).toMatchObject({ startMs: 0, openTicks: 1000 });
    expect(candles.slots.at(-1)?.closeTicks).toBe(1000 + (9999 % 77));
    expect(curve.slots.at(-1)).toMatchObject({ equity: 10_999, buyAndHold: 9999, drawdown: 0 });
    for (const { atMs, equity } of curve.slots) expect(equity).toBe(1000 + atMs / MINUTE_MS);
    // The fall of one minute is still there, though its slot ends high again.
    expect(Math.max(...curve.slots.map(({ drawdown }) => drawdown))).toBe((5999 - 500) / 5999);
  });
});
