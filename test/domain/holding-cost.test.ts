/** Funding and swap: when they are charged, and how much, each worked out by hand. */
import { describe, expect, it } from 'vitest';
import {
  buildInstrument,
  type InstrumentSource,
  withConversions,
} from '../../src/domain/build-instrument.js';
import {
  chargeAfter,
  chargeFor,
  type HoldingCost,
  type HoldingSource,
  holdingCost,
} from '../../src/domain/holding-cost.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { formatUnits } from '../../src/domain/money.js';
import { zoneOffset } from '../../src/domain/zone-offset.js';

const costOf = (source: HoldingSource): HoldingCost => holdingCost(source, zoneOffset) as HoldingCost;

/** When each charge is after a moment, and the nights that it is for. */
function charges(source: HoldingSource, after: string, count: number): string[] {
  const cost = costOf(source);
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count; ) {
    const { atMs, nights } = chargeAfter(cost, at);
    found.push(`${new Date(atMs).toISOString().slice(0, 16)} ${nights}`);
    at = atMs;
  }
  return found;
}

const SWAP = { longPips: '-0.65', shortPips: '0.2' };

describe('what is held is charged', () => {
  it('every eight hours of UTC for a perpetual, a payment that is due at that very moment being the next one’s', () => {
    const funding = { ratePct: '0.01', everyHours: 8 };
    expect(charges({ funding }, '2026-03-02T07:59:59.999Z', 4)).toEqual([
      ...['2026-03-02T08:00 1', '2026-03-02T16:00 1', '2026-03-03T00:00 1', '2026-03-03T08:00 1'],
    ]);
    expect(charges({ funding }, '2026-03-02T08:00:00.000Z', 1)).toEqual(['2026-03-02T16:00 1']);
    expect(charges({ funding: { ratePct: '0.01', everyHours: 1 } }, '2026-03-02T08:30:00Z', 2)).toEqual([
      ...['2026-03-02T09:00 1', '2026-03-02T10:00 1'],
    ]);
  });

  it('at five in New York on five nights a week, three on Wednesday, whatever its clocks do', () => {
    // On Sunday 8 March 2026 they go from UTC−5 to UTC−4.
    expect(charges({ swap: SWAP }, '2026-03-03T12:00:00Z', 7)).toEqual([
      '2026-03-03T22:00 1',
      '2026-03-04T22:00 3',
      '2026-03-05T22:00 1',
      '2026-03-06T22:00 1',
      '2026-03-09T21:00 1',
      '2026-03-10T21:00 1',
      '2026-03-11T21:00 3',
    ]);
    // On Sunday 1 November back again.
    expect(charges({ swap: SWAP }, '2026-10-30T12:00:00Z', 2)).toEqual([
      ...['2026-10-30T21:00 1', '2026-11-02T22:00 1'],
    ]);
  });

  it('at the hour, in the zone and on the weekday of the desk file', () => {
    const swap = { ...SWAP, rollover: '00:00', zone: 'Europe/Berlin', tripleOn: 'fri' } as const;
    // Berlin changes on 29 March.
    expect(charges({ swap }, '2026-03-26T12:00:00Z', 3)).toEqual([
      ...['2026-03-26T23:00 3', '2026-03-29T22:00 1', '2026-03-30T22:00 1'],
    ]);
  });
});

const step = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
const of = (source: Omit<InstrumentSource, keyof typeof step>): Instrument =>
  buildInstrument(0, { ...source, ...step });

const LINEAR = of({ symbol: 'BTC/USDT', kind: 'linear', tickSize: '0.1', lotSize: '0.001' });
const INVERSE = of({ symbol: 'BTC/USD', kind: 'inverse', tickSize: '0.5', lotSize: '1', multiplier: '100' });
const fx = (symbol: string, tickSize: string, pip: string): Instrument =>
  of({ symbol, kind: 'fx', tickSize, pip, lotSize: '0.01', multiplier: '100000' });
const EURUSD = fx('EUR/USD', '0.00001', '0.0001');
const USDJPY = withConversions([fx('USD/JPY', '0.001', '0.01')], 'USD')[0] as Instrument;

interface Row {
  readonly source: HoldingSource;
  readonly instrument: Instrument;
  readonly lots: number;
  readonly nights?: number;
  readonly quote?: readonly [number, number];
  readonly rate?: number;
}

function charged({ source, instrument, lots, nights = 1, quote, rate = 1 }: Row): string | null {
  const price = quote === undefined ? null : { bidTicks: quote[0], askTicks: quote[1] };
  const amount = chargeFor(costOf(source), instrument, { lots, nights, quote: price, rate });
  return amount === null ? null : formatUnits(amount);
}

const funding = (ratePct: string): HoldingSource => ({ funding: { ratePct, everyHours: 8 } });

describe('the account is charged', () => {
  // 0.5 BTC at 60,000 between 59,999.9 and 60,000.1 are worth 30,000.
  const half = { instrument: LINEAR, quote: [599_999, 600_001] } as const;
  it.each([
    ['a long pays 0.01 % of 30,000', '0.01', 500, '-3.00000000'],
    ['a short receives it', '0.01', -500, '3.00000000'],
    ['below zero a long receives', '-0.0025', 500, '0.75000000'],
    ['below zero a short pays', '-0.0025', -500, '-0.75000000'],
  ])('funding of a linear perpetual: %s', (_what, ratePct, lots, amount) => {
    expect(charged({ source: funding(ratePct), ...half, lots })).toBe(amount);
  });

  it.each([
    // 100 contracts of 100 dollars at 50,000 are 0.2 BTC.
    ['a long pays 0.01 % of 0.2 BTC', 100, [99_999, 100_001], '-0.00002000'],
    ['a short receives it', -100, [99_999, 100_001], '0.00002000'],
    // 10,000 ÷ 60,000 × 0.0001 = 0.000016666…
    ['it is rounded to the unit', 100, [120_000, 120_000], '-0.00001667'],
  ] as const)('funding of an inverse perpetual: %s', (_what, lots, quote, amount) => {
    expect(charged({ source: funding('0.01'), instrument: INVERSE, lots, quote })).toBe(amount);
  });

  it.each([
    // A pip of a lot is 10 dollars; half a lot is 50 steps of 0.01.
    ['half a lot of EUR/USD long for a night', EURUSD, 50, 1, 1, '-3.25000000'],
    ['the same over a Wednesday', EURUSD, 50, 3, 1, '-9.75000000'],
    ['short for a night', EURUSD, -50, 1, 1, '1.00000000'],
    // A pip of a lot is 1,000 yen: 2 × -650 yen at 150 = -8.66666667 dollars.
    ['two lots of USD/JPY long for a night at 150', USDJPY, 200, 1, 1 / 150, '-8.66666667'],
    ['short over a Wednesday at 160', USDJPY, -200, 3, 1 / 160, '7.50000000'],
  ] as const)('swap: %s', (_what, instrument, lots, nights, rate, amount) => {
    expect(charged({ source: { swap: SWAP }, instrument, lots, nights, rate })).toBe(amount);
  });

  it('once the price that it takes is known', () => {
    expect(charged({ source: funding('0.01'), instrument: LINEAR, lots: 500 })).toBeNull();
    expect(charged({ source: { swap: SWAP }, instrument: USDJPY, lots: 200, rate: Number.NaN })).toBeNull();
  });
});
