import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import { type EntryToSize, type StrategySize, sizeEntry } from '../../src/engine/strategies/size-entry.js';
import { DeskUnderTest } from './support/desk.js';
import { oneEntry } from './support/one-entry.js';

const FREE = { makerFeePpm: 0, takerFeePpm: 0, minNotional: '0' };
/** Tick 0.25 × multiplier 20: $5 a tick, $20 a point. */
const NQ = buildInstrument(0, {
  ...{ symbol: 'NQ/USD', kind: 'future', exchange: 'CME', tickSize: '0.25', lotSize: '1', multiplier: '20' },
  ...FREE,
});
const BTC = buildInstrument(0, {
  ...{ symbol: 'BTC/USDT', kind: 'spot', tickSize: '0.01', lotSize: '0.001' },
  ...FREE,
});

/** At 5,000 and, by default, with its stop ten points (dollars) below; bounds that let everything through. */
const sized = (size: StrategySize, changes: Partial<EntryToSize> & { points?: number } = {}) => {
  const { instrument = NQ, points = 10, ...more } = changes;
  const perPoint = 1 / Number(instrument.tickSize);
  return sizeEntry(size, {
    ...{ instrument, limitTicks: 5_000 * perPoint, protectTicks: (5_000 - points) * perPoint },
    ...{ bidTicks: 5_000 * perPoint, heldLots: 0, equity: parseMoney('50000'), maxPositionSizePct: 100_000 },
    sizeFactorPpm: 1_000_000,
    ...more,
  });
};

describe('lots by what the stop may lose', () => {
  // Equity × percent ÷ (points of the stop × dollars a point), rounded down.
  it.each([
    [1, 10, '50000', 2], // 500 ÷ (10 × 20) = 2.5
    [1, 12.5, '50000', 2], // 500 ÷ 250 = 2
    [1, 12.75, '50000', 1], // 500 ÷ 255 = 1.96
    [2, 10, '50000', 5], // 1,000 ÷ 200
    [0.5, 0.25, '50000', 50], // 250 ÷ 5: a stop of one tick
    [1, 10, '19999', 0], // 199.99 ÷ 200
    [1, 10, '20000', 1],
  ])('NQ: %d %% with a stop of %d points at %s are %d contracts', (riskPct, points, equity, lots) => {
    expect(sized({ riskPct }, { points, equity: parseMoney(equity) }).lots).toBe(lots);
  });

  it('is the same above a short entry', () => {
    expect(sized({ riskPct: 1 }, { protectTicks: 5_010 * 4 }).lots).toBe(2);
  });

  it('spot: 1 % of 50,000 with a stop 100 below are five coins', () => {
    expect(sized({ riskPct: 1 }, { instrument: BTC, points: 100 }).lots).toBe(5_000);
  });

  it('says why there is none', () => {
    expect(sized({ riskPct: 1 }, { points: 30 })).toEqual({
      lots: 0,
      why: '1 % of equity is 500.00 USD, and one lot loses 600.00 USD at its stop: not one lot fits',
    });
  });
});

describe('other sizes', () => {
  it.each([
    [{ lots: 3 }, {}, 3],
    [{ lots: 3, maxLots: 2 }, {}, 2],
    [{ riskPct: 10, maxLots: 4 }, {}, 4],
    [{ equityPct: 400 }, {}, 2], // 200,000 ÷ (5,000 × 20)
    [{ equityPct: 400 }, { heldLots: 1 }, 1],
    [{ lots: 3 }, { sizeFactorPpm: 500_000 }, 1],
    [{ lots: 1 }, { sizeFactorPpm: 500_000 }, 0],
    [{ riskPct: 1 }, { sizeFactorPpm: 500_000 }, 1],
    [{ lots: 3 }, { maxPositionSizePct: 400 }, 2],
    [{ riskPct: 1 }, { maxPositionSizePct: 200 }, 1],
    [{ riskPct: 1 }, { maxPositionSizePct: 100 }, 0],
  ] satisfies [StrategySize, Partial<EntryToSize>, number][])('%j with %j: %d', (size, changes, lots) => {
    expect(sized(size, changes).lots).toBe(lots);
  });
});

describe('an entry', () => {
  const entered = (size: StrategySize) => {
    const desk = new DeskUnderTest({ strategies: [{ ...oneEntry(), size }] }, 1).active();
    desk.bar(0, 10_000);
    return desk;
  };

  it('is as large as its strategy says', () => {
    expect(entered({ lots: 70 }).live('entry', 0)).toMatchObject([{ quantityLots: 70 }]);
    // 1 % of 10,000 ÷ (200 ticks × 0.00001) would be 50,000 lots: the limits leave 10,000 (10 % of equity).
    expect(entered({ riskPct: 1 }).live('entry', 0)).toMatchObject([{ quantityLots: 10_000 }]);
    expect(entered({ riskPct: 0.1 }).live('entry', 0)).toMatchObject([{ quantityLots: 5_000 }]);
  });

  it('for not one lot is refused on record, and nothing is sent', () => {
    const desk = entered({ riskPct: 0.000_001 });
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'size', reason: expect.stringContaining('not one lot fits') },
    ]);
  });
});
