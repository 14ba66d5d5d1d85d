import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountText, gainText, grouped, signed, ungrouped } from '../../src/domain/figure-text.js';

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
    ['-1234.56789', 'USDT', '\u22121\u202f234.56'],
    ['0.00012345', 'BTC', '+0.00012345'],
    ['0.00012345', null, '+0.00012345'],
  ])('%s of %s is an amount with the places of its currency: %s', (decimal, currency, written) => {
    expect(gainText(decimal, currency)).toBe(written);
    expect(amountText(decimal, currency)).toBe(written.replace('+', ''));
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
