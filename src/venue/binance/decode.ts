/**
 * Reads the venue's answers strictly. Anything not exactly as documented is refused: a wrong number is worse
 * than none.
 */

/** Names the field and the answer that could not be believed; never contains the whole answer. */
export class Unbelievable extends Error {
  override readonly name = 'Unbelievable';
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown, what: string): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Unbelievable(`${what}: expected an object, found ${shown(value)}`);
  }
  return value as Fields;
}

export function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Unbelievable(`${what}: expected a list, found ${shown(value)}`);
  return value;
}

export function textField(fields: Fields, name: string, what: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') {
    throw new Unbelievable(`${what}: expected ${name} as text, found ${shown(value)}`);
  }
  return value;
}

export function wholeField(fields: Fields, name: string, what: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Unbelievable(`${what}: expected ${name} as a whole number, found ${shown(value)}`);
  }
  return value;
}

export function flagField(fields: Fields, name: string, what: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') {
    throw new Unbelievable(`${what}: expected ${name} as true or false, found ${shown(value)}`);
  }
  return value;
}

/** An amount or price, zero or more, in units of 1e-8. */
export function amountField(fields: Fields, name: string, what: string): bigint {
  const units = unitsOf(fields[name]);
  if (units === null) {
    throw new Unbelievable(
      `${what}: expected ${name} as a decimal at or above zero, found ${shown(fields[name])}`,
    );
  }
  return units;
}

/** An amount that is not a whole number of steps: the venue may have made its steps finer. */
export class BetweenSteps extends Unbelievable {}

/** An amount as a whole number of steps. */
export function stepsField(fields: Fields, name: string, step: bigint, what: string): number {
  return Number(steppedField(fields, name, step, what) / step);
}

/** An amount in units of 1e-8 that must be a whole number of steps. */
export function steppedField(fields: Fields, name: string, step: bigint, what: string): bigint {
  const units = amountField(fields, name, what);
  if (units % step !== 0n || units / step > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new BetweenSteps(`${what}: ${name} ${shown(fields[name])} is no whole number of its step`);
  }
  return units;
}

/** Short enough for a log, even if an HTML page came instead of an answer. */
function shown(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a text of ${value.length} characters` : JSON.stringify(value);
  return value !== null && typeof value === 'object' ? 'an object or list' : String(value);
}

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
