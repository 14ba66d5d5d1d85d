/** Money in whole units of 1e-8 of a currency. */
import { formatDecimal, parseDecimal } from './decimal.js';

export const MONEY_SCALE = 100_000_000;
const MONEY_STEP = '0.00000001';
const PPM_PER_PERCENT = 10_000;

/** Money units of a decimal text. Throws `DecimalError` beyond eight places or about 90 million. */
export function parseMoney(text: string): number {
  return parseDecimal(text, MONEY_STEP);
}

/** Decimal text of money units, cut (not rounded) to `places` after the point; all eight by default. */
export function formatMoney(units: number, places = 8): string {
  if (places >= 8) return formatDecimal(units, MONEY_STEP);
  const step = 10 ** (8 - places);
  const cut = Math.trunc(units / step);
  return formatDecimal(cut === 0 ? 0 : cut, places === 0 ? '1' : `0.${'0'.repeat(places - 1)}1`);
}

/** `a × b ÷ c`, rounded half away from zero, exact also where `a × b` is beyond 2^53. All three are whole numbers. */
export function mulDiv(a: number, b: number, c: number): number {
  const product = a * b;
  if (Number.isSafeInteger(product) && Number.isSafeInteger(c)) {
    const quotient = Math.trunc(product / c);
    const remainder = product - quotient * c;
    const away =
      Math.abs(remainder) >= Math.abs(c) - Math.abs(remainder) ? Math.sign(product) * Math.sign(c) : 0;
    return withinRange(quotient + away);
  }
  const exact = BigInt(a) * BigInt(b);
  const divisor = BigInt(c);
  const size = magnitude(exact);
  const by = magnitude(divisor);
  const rounded = (size * 2n + by) / (by * 2n);
  return withinRange(Number(exact < 0n !== divisor < 0n ? -rounded : rounded));
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The same number, or a RangeError: an amount that can't be held exactly must never be computed with. */
export function withinRange(units: number): number {
  if (!Number.isSafeInteger(units)) {
    throw new RangeError(`an amount of ${units} units is beyond what can be held exactly (2^53)`);
  }
  return units === 0 ? 0 : units;
}

/** Parts per million of a percentage with at most four places: 3.5 % is 35,000. */
export function ppmOfPercent(percent: number): number {
  return Math.round(percent * PPM_PER_PERCENT);
}

export function percentOfPpm(ppm: number): number {
  return ppm / PPM_PER_PERCENT;
}
