import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  amountText,
  gainText,
  grouped,
  groupedWithin,
  roundedAmount,
  signed,
  ungrouped,
} from '../../src/domain/figure-text.js';
import { forPeople } from '../../src/domain/moment.js';

describe('a number for people', () => {
  it.each([
    ['1234567.891', '1\u202f234\u202f567.891'],
    ['999.999999', '999.999999'],
    ['-10042.18', '\u221210\u202f042.18'],
    ['-0.00', '0.00'],
    ['unknown', 'unknown'],
    ['2026-01-05', '2026-01-05'],
  ])('%s is written %s', (decimal, written) => {
    expect(grouped(decimal)).toBe(written);
  });

  it.each([
    ['12.5', '+12.5'],
    ['0.00', '0.00'],
    ['-1000', '\u22121\u202f000'],
  ])('%s with its sign is written %s', (decimal, written) => {
    expect(signed(decimal)).toBe(written);
  });

  it.each([
    ['341', 'USD', '+341.00'],
    ['-1234.56789', 'USDT', '\u22121\u202f234.57'],
    ['0.999', 'USD', '+1.00'],
    ['-0.004', 'USD', '0.00'],
    ['1.005', 'USD', '+1.01'],
    ['0.00012345', 'BTC', '+0.00012345'],
    ['0.00012345', null, '+0.00012345'],
  ])('%s of %s is an amount with the places of its currency: %s', (decimal, currency, written) => {
    expect(gainText(decimal, currency)).toBe(written);
    expect(amountText(decimal, currency)).toBe(written.replace('+', ''));
  });

  it.each([
    [0.29, 'USD', '+0.29'],
    [0.1 + 0.2, 'USD', '+0.30'],
    [-1.005, 'USD', '\u22121.01'],
    [3e-8, 'BTC', '+0.00000003'],
    [-0.12345, null, '\u22120.12'],
  ])(
    '%s of %s is rounded as it is written, not as a binary fraction of it falls out: %s',
    (amount, currency, written) => {
      expect(roundedAmount(amount, currency, gainText)).toBe(written);
      expect(roundedAmount(amount, currency)).toBe(written.replace('+', ''));
    },
  );

  it.each([
    ['equity 10042.18, today -1234.50 (-1.00 %)', 'equity 10 042.18, today \u22121 234.50 (-1.00 %)'],
    ['SHORT NQ @ 15010.75, stop 15028.00.', 'SHORT NQ @ 15 010.75, stop 15 028.00.'],
    ['1000.00 2000.00', '1 000.00 2 000.00'],
    ['999.99 of 40500 lots in 2026', '999.99 of 40500 lots in 2026'],
    ['build 2026.11.22 at 127.0.0.1:8000', 'build 2026.11.22 at 127.0.0.1:8000'],
    ['--entry=15010.75 bars-1234.56.csv', '--entry=15010.75 bars-1234.56.csv'],
  ])('within "%s" is written as by itself', (text, written) => {
    const thin = written.replace(/(\d) (?=\d{3}\.)/g, '$1\u202f');
    expect(groupedWithin(text)).toBe(thin);
    expect(groupedWithin(thin)).toBe(thin);
  });

  it.each([
    [
      'due 2026-01-05T14:31:20.053Z, began 2026-01-05T15:00Z: late',
      'due 2026-01-05 14:31 UTC, began 2026-01-05 15:00 UTC: late',
    ],
    ['run routine:desk:daily:2026-01-05T00:00:00.000Z', 'run routine:desk:daily:2026-01-05T00:00:00.000Z'],
    [
      'at http://127.0.0.1/#run=daily-2026-01-05T00:00:00Z',
      'at http://127.0.0.1/#run=daily-2026-01-05T00:00:00Z',
    ],
  ])('stands beside a moment as people read one: %s', (text, written) => {
    expect(forPeople(text)).toBe(written);
  });

  it('is the same number again when it is copied from a screen', () => {
    const decimals = fc.tuple(fc.boolean(), fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.nat(99_999));
    fc.assert(
      fc.property(decimals, ([isLoss, whole, places]) => {
        const decimal = `${isLoss ? '-' : ''}${whole}.${places}`;
        expect(ungrouped(grouped(decimal))).toBe(decimal);
      }),
    );
  });
});
