/**
 * Money. Worth is a whole number in units of 1e-8 of a currency: exact up to 2^53 (90 million), beyond that
 * the nearest number. Holdings and payments are in books (`Units`), which are exact for any amount.
 */
import { DecimalError } from './decimal.js';

export const MONEY_SCALE = 100_000_000;
/** Decimal places of a money unit. */
export const MONEY_PLACES = 8;
const PPM_PER_PERCENT = 10_000;
const DECIMAL = /^-?\d{1,30}(\.\d{1,24})?$/;

/** An exact amount of one currency in whole units of 10^-places, where `places` depends on the currency. */
export type Units = bigint;

/** An amount in a record or on the wire, in units of 1e-8: a safe integer, or text beyond that. */
export type WrittenUnits = number | string;

/** Exact units of decimal text. Throws `DecimalError` if it is not a decimal or has more than `places` places. */
export function parseUnits(text: string, places = MONEY_PLACES): Units {
  if (!DECIMAL.test(text)) {
    throw new DecimalError(`expected a decimal amount, for example 0.01; found ${JSON.stringify(text)}`);
  }
  const point = text.indexOf('.');
  let end = text.length;
  if (point !== -1) while (text[end - 1] === '0') end -= 1;
  const kept = point === -1 ? 0 : end - point - 1;
  if (kept > places) throw new DecimalError(`expected at most ${places} decimals, found ${text}`);
  const digits = point === -1 ? text : text.slice(0, point) + text.slice(point + 1, end);
  const near = Number(digits);
  // Every run reads thousands of amounts: a big integer made of a number takes a third of the time of one made of text.
  return (Number.isSafeInteger(near) ? BigInt(near) : BigInt(digits)) * powerOfTen(places - kept);
}

const POWERS = Array.from({ length: 64 }, (_, places) => 10n ** BigInt(places));

const powerOfTen = (places: number): bigint => POWERS[places] ?? 10n ** BigInt(places);

/** Decimal text of exact units, with all their places. */
export function formatUnits(units: Units, places = MONEY_PLACES): string {
  const digits = magnitude(units)
    .toString()
    .padStart(places + 1, '0');
  const sign = units < 0n ? '-' : '';
  return places === 0 ? sign + digits : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

export function readUnits(written: WrittenUnits): Units {
  return BigInt(written);
}

export function writeUnits(units: Units): WrittenUnits {
  const near = Number(units);
  return Number.isSafeInteger(near) ? near : units.toString();
}

/** As a number if that is exact. */
export function plainUnits(units: Units): number | Units {
  const near = Number(units);
  return Number.isSafeInteger(near) ? near : units;
}

/** Money units of decimal text. Throws `DecimalError` for more than eight places. */
export function parseMoney(text: string): number {
  return Number(parseUnits(text));
}

/** Decimal text of money units, rounded half away from zero to `places` decimal places; all eight by default. */
export function formatMoney(units: WrittenUnits | Units, places = MONEY_PLACES): string {
  if (typeof units === 'number' && !Number.isInteger(units)) {
    throw new DecimalError(`expected a whole number of money units, found ${units}`);
  }
  const shown = Math.min(places, MONEY_PLACES);
  return formatUnits(mulDivUnits(BigInt(units), 1n, 10n ** BigInt(MONEY_PLACES - shown)), shown);
}

/** Worth of lots at a price, in money units, signed like the lots. */
export function worth(lots: number, priceTicks: number, moneyPerTickLot: number): number {
  const exact = lots * priceTicks * moneyPerTickLot;
  return Number.isInteger(exact) ? exact : Math.round(exact);
}

/** Like `worth`, exact even beyond 2^53. */
export function worthUnits(lots: number, priceTicks: number, moneyPerTickLot: number): Units {
  if (!Number.isInteger(moneyPerTickLot)) return BigInt(worth(lots, priceTicks, moneyPerTickLot));
  const product = lots * priceTicks * moneyPerTickLot;
  if (Number.isSafeInteger(product)) return BigInt(product);
  return BigInt(lots) * BigInt(priceTicks) * BigInt(moneyPerTickLot);
}

/** `a × b ÷ c`, rounded half away from zero. */
export function mulDivUnits(a: Units, b: Units, c: Units): Units {
  if (b === c && c !== 0n) return a;
  const product = a * b;
  const size = magnitude(product);
  const by = magnitude(c);
  const rounded = (size * 2n + by) / (by * 2n);
  return product < 0n !== c < 0n ? -rounded : rounded;
}

/** Like `mulDivUnits`, for whole numbers; a result beyond 2^53 is the nearest number. */
export function mulDiv(a: number, b: number, c: number): number {
  const product = a * b;
  if (Number.isSafeInteger(product) && Number.isSafeInteger(c)) {
    const quotient = Math.trunc(product / c);
    const remainder = product - quotient * c;
    const away =
      Math.abs(remainder) >= Math.abs(c) - Math.abs(remainder) ? Math.sign(product) * Math.sign(c) : 0;
    const result = quotient + away;
    return result === 0 ? 0 : result;
  }
  if (a >= 0 && b >= 0 && c > 0) {
    // Whole parts first: the rest of the product then fits a number, which is far faster than a bigint.
    const whole = Math.floor(a / c);
    const rest = (a - whole * c) * b;
    const share = whole * b;
    const isExact = Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(c);
    if (isExact && Number.isSafeInteger(rest) && Number.isSafeInteger(share + c))
      return share + mulDiv(rest, 1, c);
  }
  return Number(mulDivUnits(BigInt(a), BigInt(b), BigInt(c)));
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** Parts per million of a percentage with at most four places: 3.5 % is 35,000. */
export function ppmOfPercent(percent: number): number {
  return Math.round(percent * PPM_PER_PERCENT);
}

export function percentOfPpm(ppm: number): number {
  return ppm / PPM_PER_PERCENT;
}
