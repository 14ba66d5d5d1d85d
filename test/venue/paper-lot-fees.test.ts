/** Fees by contract and by share, with a minimum and a maximum of an order, by hand. */
import { expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import { lotFee, NOTHING_CHARGED } from '../../src/domain/order-fee.js';
import { PaperBook } from '../../src/venue/paper/book.js';
import { paperOrderOf } from '../../src/venue/paper/translate.js';
import { approved } from '../support/approved-order.js';
import { SteppedBench } from './stepped-bench.js';

const rates = { minNotional: '0', makerFeePpm: 1000, takerFeePpm: 1000 };
const NQ = buildInstrument(0, {
  ...{ symbol: 'NQ/USD', kind: 'future', tickSize: '0.25', lotSize: '1', multiplier: '20', ...rates },
  ...{ fees: { each: '2.25' }, margin: { initial: '33000', maintenance: '30000' } },
});
const SHARES = { symbol: 'AAPL/USD', kind: 'stock', tickSize: '0.01', lotSize: '1', ...rates } as const;
const AAPL = buildInstrument(0, { ...SHARES, fees: { each: '0.005', minimum: '1', maximumPct: 1 } });

it.each([
  // NQ at 20,000: 2.25 a contract and side.
  [NQ, 1, 80_000, '2.25'],
  [NQ, 3, 80_000, '6.75'],
  // 100 × 0.005 = 0.50: the minimum. 200 are exactly as much.
  [AAPL, 100, 5_000, '1'],
  [AAPL, 200, 5_000, '1'],
  [AAPL, 201, 5_000, '1.005'],
  [AAPL, 1_000, 5_000, '5'],
  // One share: the minimum at 150.00, 1 % of 50.00, which is less.
  [AAPL, 1, 15_000, '1'],
  [AAPL, 1, 5_000, '0.5'],
  // 10 at 0.20 are worth 2.00; 300 at 0.25 cost 1.50 by share, and 1 % is 0.75.
  [AAPL, 10, 20, '0.02'],
  [AAPL, 300, 25, '0.75'],
])('%# of $symbol is what the broker’s list says', ({ moneyPerTickLot, lotFees }, lots, ticks, fee) => {
  const value = lots * ticks * moneyPerTickLot;
  expect(lotFee(lotFees ?? fail(), NOTHING_CHARGED, lots, value)).toBe(parseMoney(fee));
});

it('a part of a money unit is a whole one', () => {
  // 33 % of 0.00000001 and of 0.00000004: 0.33 and 1.32 money units.
  const third = { perLot: 10, minimum: 0, maximumPpm: 330_000 };
  expect([1, 4].map((value) => lotFee(third, NOTHING_CHARGED, 1, value))).toEqual([1, 2]);
});

it('gives nothing back where the fees became lower while an order rests', () => {
  const charged = { lots: 1, value: parseMoney('400000'), fee: parseMoney('9') };
  expect(lotFee({ perLot: parseMoney('2.25'), minimum: 0 }, charged, 1, parseMoney('400000'))).toBe(0);
});

it('is taken of the cash, on each side, whatever the order did at the quote', () => {
  const bench = new SteppedBench([NQ], '100000');
  bench.quote(80_000);
  bench.submit({ side: 'sell', quantityLots: 2 });
  bench.quote(80_000);
  bench.submit({ side: 'buy', quantityLots: 2, type: 'limit', limitTicks: 79_999, reduceOnly: true });
  bench.quote(80_000);
  bench.quote(79_999);
  expect(bench.fills.map(({ liquidity }) => liquidity)).toEqual(['taker', 'maker']);
  expect(bench.fees).toEqual([parseMoney('4.5'), parseMoney('4.5')]);
  // One tick of two contracts is 10.00.
  expect(bench.venue.cash).toBe(parseMoney('100001'));
});

it('has its minimum once in an order of several fills', () => {
  const bench = new SteppedBench([AAPL], '100000', { volumePartPpm: 1_000_000 });
  bench.quote(5_000, { lots: 100 });
  bench.submit({ quantityLots: 350, type: 'limit', limitTicks: 5_000 });
  for (const lots of [100, 50, 150, 500]) bench.quote(5_000, { lots });
  expect(bench.fills.map(({ quantityLots }) => quantityLots)).toEqual([100, 50, 150, 50]);
  // 0.50 and 0.75 in all are below the minimum, then 1.50 and 1.75.
  expect(bench.fees).toEqual(['1', '0', '0.5', '0.25'].map(parseMoney));
});

it('counts what was charged before also in a book that is read again', () => {
  const instruments = new Map([[AAPL.symbol, AAPL]]);
  const begun = { bookId: 'b', currency: 'USD', prices: 'p', cash: 1e12, idsGiven: 0, seenMs: 0 };
  const book = new PaperBook({ ...begun, positions: [], orders: [], fills: [] }, instruments);
  const order = approved({ clientId: 'c', type: 'limit', limitTicks: 5_000, quantityLots: 300 });
  const place = { symbol: AAPL.symbol, venueId: 'v', reserveTicks: 5_000, arrivesAtMs: 0 };
  book.apply({ type: 'order', order: paperOrderOf(order, place) });
  const fill = { tradeId: 't', clientId: 'c', symbol: AAPL.symbol, side: 'buy', quantityLots: 100 } as const;
  const done = {
    priceTicks: 5_000,
    fee: parseMoney('1'),
    liquidity: 'maker',
    marketMs: 1,
    caughtUp: false,
  } as const;
  book.apply({ type: 'fill', fill: { ...fill, ...done } });
  const again = new PaperBook(JSON.parse(JSON.stringify(book.state())), instruments);
  const charged = again.orders.get('c')?.charged;
  expect(charged).toEqual({ lots: 100, value: parseMoney('5000'), fee: parseMoney('1') });
  expect(lotFee(AAPL.lotFees ?? fail(), charged ?? fail(), 200, parseMoney('10000'))).toBe(parseMoney('0.5'));
});

it('is part of what a purchase needs, and of what resting purchases hold back', () => {
  const refused = { kind: 'rejected', code: '-2010' };
  const all = { quantityLots: 100, type: 'limit', limitTicks: 5_000 } as const;
  const bench = (cash: string): SteppedBench => {
    const made = new SteppedBench([AAPL], cash);
    made.quote(5_001);
    return made;
  };
  expect(bench('5000.99').submit(all)).toMatchObject(refused);
  expect(bench('5001').submit(all)).toMatchObject({ kind: 'accepted' });
  const two = bench('10001.99');
  two.submit(all);
  expect(two.submit(all)).toMatchObject(refused);
  const enough = bench('10002');
  enough.submit(all);
  expect(enough.submit(all)).toMatchObject({ kind: 'accepted' });
});

it('is part of what cash pays for where the price has run away', () => {
  const bench = new SteppedBench([AAPL], '5001');
  bench.quote(5_000);
  bench.submit({ quantityLots: 100 });
  // 98 at 51.03 are 5,000.94, which leaves 0.06 for the fee of 1.00: 97.
  bench.quote(5_103);
  expect(bench.fills).toMatchObject([{ quantityLots: 97, fee: parseMoney('1') }]);
  expect(bench.venue.cash).toBe(parseMoney('50.09'));
});

function fail(): never {
  throw new Error('nothing is charged by lot');
}
