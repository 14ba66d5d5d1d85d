/** The venue's decimals, which have up to eight places, as exact integers. */

const PLACES = 8;
const DECIMAL = /^\d{1,20}(\.\d{1,18})?$/;

/** Units of 1e-8, rounded down; null if the text is not a decimal of zero or more (NaN, a sign, an exponent). */
export function unitsOf(text: unknown): bigint | null {
  if (typeof text !== 'string' || !DECIMAL.test(text)) return null;
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'));
}

/** The decimal text of an amount in units of 1e-8, without trailing zeros. */
export function decimalOf(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  const sign = units < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -PLACES)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Whole steps in an amount, rounded down; both arguments in units of 1e-8. */
export function wholeSteps(amount: bigint, step: bigint): number {
  return Number(amount / step);
}

/** A step of the desk file in units of 1e-8; the file was checked when it was loaded. */
export function stepUnits(step: string): bigint {
  const units = unitsOf(step);
  if (units === null || units === 0n) throw new RangeError(`expected a step above zero, found ${step}`);
  return units;
}
