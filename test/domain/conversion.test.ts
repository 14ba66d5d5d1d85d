/** Lots, pips and rates of currency pairs, worked out by hand. */

import { expect, it } from 'vitest';
import { buildInstrument, pipText, withConversions } from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { parseUnits } from '../../src/domain/money.js';
import { convertedUnits, rateAt } from '../../src/domain/value.js';

const FREE = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
const pair = (id: number, symbol: string, tickSize: string, pip: string): Instrument =>
  buildInstrument(id, {
    ...{ symbol, kind: 'fx', tickSize, pip, lotSize: '0.01', multiplier: '100000' },
    ...FREE,
  });
const EURUSD = pair(0, 'EUR/USD', '0.00001', '0.0001');
const USDJPY = pair(1, 'USD/JPY', '0.001', '0.01');
const GBPJPY = pair(2, 'GBP/JPY', '0.001', '0.01');
const EURGBP = pair(3, 'EUR/GBP', '0.00001', '0.0001');
const GBPUSD = pair(4, 'GBP/USD', '0.00001', '0.0001');

/** So many pips of so many lots, in the currency of the account, with the rate at the middle of these prices. */
it.each([
  // One pip of one lot: 100,000 × 0.0001.
  [EURUSD, 1, 1, null, '10'],
  // 100,000 × 0.01 = 1,000 yen, at 150.00 a dollar.
  [USDJPY, 1, 1, [USDJPY, 149_990, 150_010], '6.66666667'],
  [USDJPY, 1, 1, [USDJPY, 100_000, 100_000], '10'],
  // The same yen, by the price of another pair.
  [GBPJPY, 1, 1, [USDJPY, 160_000, 160_000], '6.25'],
  [GBPJPY, -40, 0.25, [USDJPY, 160_000, 160_000], '-62.5'],
  // 100,000 × 0.0001 = 10 pounds, at 1.25 dollars a pound.
  [EURGBP, 1, 1, [GBPUSD, 124_990, 125_010], '12.5'],
  [EURGBP, 3, 0.1, [GBPUSD, 125_000, 125_000], '3.75'],
] as const)('%#: %o', (instrument, pips, lots, by, worth) => {
  const [, known = instrument] = withConversions(
    by === null ? [EURUSD, instrument] : [{ ...by[0], id: 0 }, instrument],
    'USD',
  );
  const ticks = (pips * Number(instrument.pip)) / Number(instrument.tickSize);
  const result = parseUnits(String(Math.round(ticks * lots * 100 * instrument.moneyPerTickLot)), 0);
  const rate = by === null ? undefined : rateAt(known.conversion!, by[1], by[2]);
  expect(known.conversion === undefined).toBe(by === null);
  expect(convertedUnits(result, rate)).toBe(parseUnits(worth));
});

it('is converted by the pair of both currencies, whichever way round it is quoted, or not at all', () => {
  const found = withConversions([EURUSD, USDJPY, GBPJPY, EURGBP], 'USD').map(({ conversion }) => conversion);
  const byUsdJpy = { to: 'USD', by: 1, tickSize: '0.001', isInverse: true };
  expect(found).toEqual([undefined, byUsdJpy, byUsdJpy, undefined]);
  const inYen = withConversions([EURUSD, USDJPY], 'JPY').map(({ conversion }) => conversion);
  expect(inYen).toEqual([{ to: 'JPY', by: 1, tickSize: '0.001', isInverse: false }, undefined]);
});

it('says what a pip of a lot is worth', () => {
  expect(pipText(EURUSD, 'USD')).toBe(
    'EUR/USD: a lot is 100000 EUR, and a pip of 0.0001 of it is worth 10 USD',
  );
  expect(pipText(USDJPY, 'USD')).toBe(
    'USD/JPY: a lot is 100000 USD, and a pip of 0.01 of it is worth 1000 JPY, converted to USD at the price of the moment',
  );
  expect(pipText({ symbol: 'NQ/USD' }, 'USD')).toBeNull();
});
