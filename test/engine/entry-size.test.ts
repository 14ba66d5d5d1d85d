import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import { alwaysOpen, SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import { DayVolatility } from '../../src/engine/strategies/market-meters.js';
import { type EntryToSize, type StrategySize, sizeEntry } from '../../src/engine/strategies/size-entry.js';
import { DeskUnderTest, START_MS } from './support/desk.js';
import { entriesInTurn, oneEntry } from './support/one-entry.js';

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

/** A contract is worth 100 dollars of the coin. */
const INVERSE = buildInstrument(0, {
  ...{ symbol: 'BTC/USD', kind: 'inverse', tickSize: '0.5', lotSize: '1', multiplier: '100' },
  ...FREE,
});

/** At 5,000 and, by default, with its stop ten points (dollars) below; bounds that let everything through. */
const sized = (size: StrategySize, changes: Partial<EntryToSize> & { points?: number } = {}) => {
  const { instrument = NQ, points = 10, ...more } = changes;
  const perPoint = 1 / Number(instrument.tickSize);
  return sizeEntry(size, {
    ...{ instrument, limitTicks: 5_000 * perPoint, protectTicks: (5_000 - points) * perPoint },
    ...{ bidTicks: 5_000 * perPoint, equity: parseMoney('50000'), maxPositionSizePct: 100_000 },
    ...{ heldLots: 0, ownLots: 0, ownRestingLots: 0 },
    ...{ sizeFactorPpm: 1_000_000, dayVolatility: 0.01, returnsSeen: 480 },
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

  // Equity × percent (0.1001) ÷ (100 ÷ stop − 100 ÷ 5,000), rounded down: more is lost below than above.
  it.each([
    [1, 500, 45], // 0.1001 ÷ (100/4,500 − 0.02 = 0.0022222): 45; a straight line would say 50
    [1, -500, 55], // 0.1001 ÷ (0.02 − 100/5,500 = 0.0018182): 55
    [1, 1_000, 20], // 0.1001 ÷ (100/4,000 − 0.02 = 0.005)
    [1, -1_000, 30], // 0.1001 ÷ (0.02 − 100/6,000 = 0.0033333)
    [1, 2_500, 5], // 0.1001 ÷ (100/2,500 − 0.02 = 0.02)
  ])('inverse: of ten coins %d %% with a stop of %d points are %d contracts', (riskPct, points, lots) => {
    const equity = parseMoney('10.01');
    expect(sized({ riskPct }, { instrument: INVERSE, points, equity }).lots).toBe(lots);
  });

  it('inverse: says in the coin why there is none', () => {
    const few = { instrument: INVERSE, points: 1_000, equity: parseMoney('0.1') };
    expect(sized({ riskPct: 1 }, few)).toEqual({
      lots: 0,
      why: '1 % of equity is 0.00100000 BTC, and one lot loses 0.00500000 BTC at its stop: not one lot fits',
    });
  });

  it('says the part of equity that counts at the desk’s reduced size', () => {
    const half = { points: 30, sizeFactorPpm: 500_000 };
    expect(sized({ riskPct: 1 }, half).why).toBe(
      '0.5 % of equity is 250.00 USD, and one lot loses 600.00 USD at its stop: not one lot fits',
    );
    expect(sized({ volatilityPct: 1 }, { ...half, dayVolatility: 0.02 }).why).toContain(
      '0.5 % of equity is 250.00 USD',
    );
  });

  it('says why there is none', () => {
    expect(sized({ riskPct: 1 }, { points: 30 })).toEqual({
      lots: 0,
      why: '1 % of equity is 500.00 USD, and one lot loses 600.00 USD at its stop: not one lot fits',
    });
  });
});

describe('lots by what a day may move', () => {
  // Equity × percent ÷ (price × standard deviation × dollars a point), rounded down, less what its strategy holds.
  it.each([
    [1, 0.01, '500000', {}, 5], // 5,000 ÷ (5,000 × 0.01 × 20 = 1,000)
    [1, 0.012, '500000', {}, 4], // 5,000 ÷ 1,200 = 4.17
    [0.5, 0.005, '500000', {}, 5], // 2,500 ÷ 500
    [1, 0.01, '500000', { heldLots: 2, ownLots: 2 }, 3],
    [1, 0.01, '500000', { heldLots: 5, ownLots: 5 }, 0],
    [1, 0.01, '500000', { ownRestingLots: 2 }, 3], // all that rests may be filled
    [1, 0.01, '500000', { heldLots: 1, ownLots: 1, ownRestingLots: 4 }, 0],
    [1, 0.01, '500000', { heldLots: 5 }, 5], // of another strategy
    [1, 0.01, '500000', { heldLots: 2, maxPositionSizePct: 60 }, 1], // the limits: 3, of which 2 are held
    [1, 0.01, '500000', { sizeFactorPpm: 500_000 }, 2], // 2,500 ÷ 1,000
    [1, 0.01, '500000', { maxPositionSizePct: 60 }, 3], // the limits: 300,000 ÷ 100,000
    [1, 0.01, '99999', {}, 0], // 999.99 ÷ 1,000
  ] as const)(
    'NQ: %d %% at %d a day of %s with %j are %d',
    (volatilityPct, dayVolatility, equity, more, lots) => {
      expect(sized({ volatilityPct }, { dayVolatility, equity: parseMoney(equity), ...more }).lots).toBe(
        lots,
      );
    },
  );

  it('spot: 1 % of 50,000 at 2 % a day are five coins', () => {
    expect(sized({ volatilityPct: 1 }, { instrument: BTC, dayVolatility: 0.02 }).lots).toBe(5_000);
    expect(sized({ volatilityPct: 1, maxLots: 400 }, { instrument: BTC, dayVolatility: 0.02 }).lots).toBe(
      400,
    );
  });

  it('inverse: 1 % of ten coins at 2 % a day are 250 contracts of 0.02 coins', () => {
    const ten = { instrument: INVERSE, dayVolatility: 0.02, equity: parseMoney('10') };
    expect(sized({ volatilityPct: 1 }, ten).lots).toBe(250);
  });

  it('says why there is none, with the figures', () => {
    const why = (changes: Partial<EntryToSize>) => sized({ volatilityPct: 1 }, changes).why;
    expect(why({ dayVolatility: 0.02 })).toBe(
      '1 % of equity is 500.00 USD, and one lot moves by 2000.00 USD in a day (2.00 %): not one lot fits',
    );
    expect(why({ dayVolatility: null, returnsSeen: 17 })).toBe(
      'what a day moves is known after 240 returns of its minutes, and 17 were seen',
    );
    expect(why({ dayVolatility: 0 })).toContain('has not moved');
  });
});

describe('what a day moves', () => {
  const at = (minute: number): number => START_MS + minute * 60_000;
  /** Up and down by 0.1 %, so that each squared return is about a millionth. */
  const swinging = (calendar: SessionCalendar, bars: number, spanMs = 60_000) => {
    const meter = new DayVolatility(calendar);
    for (let bar = 0; bar < bars; bar += 1)
      meter.update(START_MS + bar * spanMs, spanMs, bar % 2 === 0 ? 1_000_000 : 1_001_000);
    return meter;
  };

  it('is the root of the mean squared return of a minute times the minutes of a day', () => {
    // √(0.000001 × 1,440) = 0.0379
    expect(swinging(alwaysOpen(), 600).ofDay).toBeCloseTo(0.0379, 4);
    // The same moves in five minutes each are a fifth of the variance.
    expect(swinging(alwaysOpen(), 600, 300_000).ofDay).toBeCloseTo(0.0379 / Math.sqrt(5), 4);
  });

  it('counts the minutes in which the market trades', () => {
    const hours = withOwnHours(ALWAYS_OPEN, {
      hours: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, ['09:30-16:00']])),
    });
    // √(0.000001 × 390) = 0.0197
    expect(swinging(new SessionCalendar(hours, () => 0), 600).ofDay).toBeCloseTo(0.0197, 4);
  });

  it('is known from 240 returns on, goes by the newest 480, and has none over a gap', () => {
    expect(swinging(alwaysOpen(), 240).ofDay).toBeNull();
    expect(swinging(alwaysOpen(), 241).ofDay).not.toBeNull();
    const meter = swinging(alwaysOpen(), 241);
    meter.update(at(300), 60_000, 5_000_000);
    expect(meter.seen).toBe(240);
    for (let bar = 301; bar <= 780; bar += 1) meter.update(at(bar), 60_000, 5_000_000);
    expect(meter.ofDay).toBe(0);
  });
});

describe('other sizes', () => {
  it.each([
    [{ lots: 3 }, {}, 3],
    [{ lots: 3, maxLots: 2 }, {}, 2],
    [{ riskPct: 10, maxLots: 4 }, {}, 4],
    [{ equityPct: 400 }, {}, 2], // 200,000 ÷ (5,000 × 20)
    [{ equityPct: 400 }, { heldLots: 1, ownLots: 1 }, 2], // of the entry alone, whoever holds
    [{ equityPct: 400 }, { heldLots: 1, maxPositionSizePct: 400 }, 1],
    [{ lots: 3, maxLots: 4 }, { heldLots: 3, ownLots: 3 }, 1],
    [{ lots: 3, maxLots: 4 }, { ownRestingLots: 2 }, 2],
    [{ lots: 3, maxLots: 4 }, { heldLots: 2, ownLots: 2, ownRestingLots: 2 }, 0],
    [{ riskPct: 10, maxLots: 4 }, { heldLots: 4, ownLots: 5 }, 0],
    [{ riskPct: 10, maxLots: 4 }, { heldLots: 4 }, 4], // of another strategy
    [{ equityPct: 400, maxLots: 2 }, { heldLots: 1, ownLots: 1 }, 1],
    [{ lots: 3 }, { sizeFactorPpm: 500_000 }, 1],
    [{ lots: 1 }, { sizeFactorPpm: 500_000 }, 0],
    [{ riskPct: 1 }, { sizeFactorPpm: 500_000 }, 1],
    [{ lots: 3 }, { maxPositionSizePct: 400 }, 2],
    [{ riskPct: 1 }, { maxPositionSizePct: 200 }, 1],
    [{ riskPct: 1 }, { maxPositionSizePct: 100 }, 0],
  ] satisfies [StrategySize, Partial<EntryToSize>, number][])('%j with %j: %d', (size, changes, lots) => {
    expect(sized(size, changes).lots).toBe(lots);
  });

  it('are at most what one order at the market takes, held lots counted', () => {
    const instrument = { ...NQ, maxMarketLots: 4 };
    expect(sized({ lots: 9 }, { instrument }).lots).toBe(4);
    expect(sized({ lots: 9 }, { instrument, heldLots: 3 }).lots).toBe(1);
  });

  it('count what is sold below the bid at the bid', () => {
    // 245,000 ÷ (5,000 × 20); at 4,000 it would be three.
    expect(sized({ equityPct: 490 }, { limitTicks: 4_000 * 4, protectTicks: 4_010 * 4 }).lots).toBe(2);
  });

  it('say why there is none', () => {
    const why = (size: StrategySize, changes: Partial<EntryToSize> = {}) => sized(size, changes).why;
    expect(why({ riskPct: 1, maxLots: 5 }, { ownLots: 3, ownRestingLots: 2 })).toBe(
      'its strategy holds 3 lots, 2 more are resting, and its maxLots is 5',
    );
    expect(why({ equityPct: 1 })).toBe('one lot is worth more than 1 % of equity: not one lot fits');
    expect(why({ lots: 3 }, { maxPositionSizePct: 1 })).toBe('the limits and what is held leave not one lot');
  });
});

describe('an entry', () => {
  const entered = (size: StrategySize) => {
    const desk = new DeskUnderTest({ strategies: [{ ...oneEntry(), size }] }, 1).active();
    desk.bar(0, 10_000);
    return desk;
  };

  it('by what a day moves is refused before that is known, and sized by it afterwards', () => {
    const desk = entered({ volatilityPct: 0.01 });
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'size', reason: expect.stringContaining('after 240 returns of its minutes, and 0 were seen') },
    ]);
    const wishes = Array.from({ length: 301 }, () => ({}));
    const strategies = [{ ...entriesInTurn(wishes), size: { volatilityPct: 0.01 } }];
    const known = new DeskUnderTest({ strategies }, 1).active();
    for (let bar = 0; bar < 300; bar += 1) known.bar(0, bar % 2 === 0 ? 10_000 : 10_010, true);
    known.bar(0, 10_000);
    // 0.01 % of 10,000 is 1, and √(0.000001 × 1,440) of 10,000 ticks × 0.00001 is 0.0038.
    expect(known.live('entry', 0)).toMatchObject([{ quantityLots: 263 }]);
  });

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

  it('of a strategy without a size says so, too, where the limits leave not one lot', () => {
    const risk = { ...new DeskUnderTest().config.risk, maxPositionSizePct: 0.000_1 };
    const desk = new DeskUnderTest({ strategies: [oneEntry()], risk }, 1).active();
    desk.bar(0, 10_000);
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'size', reason: 'the limits and what is held leave not one lot' },
    ]);
  });
});
