import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { DecimalError, formatDecimal, parseDecimal } from '../../src/domain/decimal.js';
import { formatMoney, mulDiv, parseMoney } from '../../src/domain/money.js';

describe('decimals', () => {
  it.each([
    ['100.25', '0.01', 10_025],
    ['100.25', '0.25', 401],
    ['-3', '0.5', -6],
    ['0.00001', '0.00001', 1],
    ['1.50', '0.1', 15],
  ])('%s is in steps of %s: %i', (text, step, steps) => {
    expect(parseDecimal(text, step)).toBe(steps);
  });

  it.each([
    ['100.255', '0.01'],
    ['1e3', '1'],
    ['', '1'],
    ['1', '0'],
    ['99999999999999999', '0.01'],
  ])('%s in steps of %s is refused', (text, step) => {
    expect(() => parseDecimal(text, step)).toThrow(DecimalError);
  });

  it('come back as they went in, for every step', () => {
    const step = fc.constantFrom('1', '0.5', '0.25', '0.01', '0.00001', '5');
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), step, (steps, text) => {
        expect(parseDecimal(formatDecimal(steps, text), text)).toBe(steps);
      }),
    );
  });
});

describe('money', () => {
  it('is rounded, half away from zero, to the places that are shown', () => {
    expect(formatMoney(parseMoney('9.994'), 2)).toBe('9.99');
    expect(formatMoney(parseMoney('9.995'), 2)).toBe('10.00');
    expect(formatMoney(parseMoney('-9.995'), 2)).toBe('-10.00');
    expect(formatMoney(parseMoney('-0.001'), 2)).toBe('0.00');
    expect(formatMoney(parseMoney('12.5'), 0)).toBe('13');
  });

  it('multiplies and divides exactly, rounding half away from zero, beyond 2^53 as below', () => {
    expect(mulDiv(10, 1, 4)).toBe(3);
    expect(mulDiv(-10, 1, 4)).toBe(-3);
    expect(mulDiv(9, 1, 4)).toBe(2);
    const amount = fc.integer({ min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(amount, fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (a, b, c) => {
        const product = BigInt(a) * BigInt(b) * 2n;
        const size = product < 0n ? -product : product;
        const rounded = (size + BigInt(c)) / (2n * BigInt(c));
        fc.pre(rounded < 2n ** 53n);
        expect(BigInt(mulDiv(a, b, c))).toBe(product < 0n ? -rounded : rounded);
      }),
    );
  });
});

describe('instruments', () => {
  const btc = {
    symbol: 'BTC/USDT',
    kind: 'spot' as const,
    tickSize: '0.01',
    lotSize: '0.00001',
    minNotional: '5',
    makerFeePpm: 1000,
    takerFeePpm: 1000,
  };

  it('know what one tick times one lot is worth', () => {
    expect(buildInstrument(0, btc)).toMatchObject({
      base: 'BTC',
      quote: 'USDT',
      moneyPerTickLot: 10,
      minNotional: 500_000_000,
    });
  });

  it('may be finer than money units, as a pair quoted in BTC, and need steps above zero', () => {
    const pair = { ...btc, symbol: 'ETH/BTC', tickSize: '0.00001', lotSize: '0.0001' };
    expect(buildInstrument(0, pair).moneyPerTickLot).toBe(0.1);
    expect(() => buildInstrument(0, { ...btc, lotSize: '0' })).toThrow(DecimalError);
  });
});
