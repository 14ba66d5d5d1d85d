/** Amounts and prices as whole units of 1e-8, as the venue itself keeps them. */
const UNITS_PER_ONE = 100_000_000n;

const DECIMAL = /^\d{1,20}(\.\d{1,20})?$/;

/** The units of a decimal text; null if it is not a decimal number or finer than 1e-8. */
export function parseUnits(text: string): bigint | null {
  if (!DECIMAL.test(text)) return null;
  const [whole = '0', fraction = ''] = text.split('.');
  if (/[1-9]/.test(fraction.slice(8))) return null;
  return BigInt(whole) * UNITS_PER_ONE + BigInt(fraction.slice(0, 8).padEnd(8, '0'));
}

/** For numbers of our own; throws if the text is not a decimal number. */
export function units(text: string): bigint {
  const value = parseUnits(text);
  if (value === null) throw new Error(`expected a decimal number, found ${text}`);
  return value;
}

/** Always eight places, as the venue prints every amount. */
export function formatUnits(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(9, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
}

/** Product of two amounts, truncated to 1e-8. */
export function times(a: bigint, b: bigint): bigint {
  return (a * b) / UNITS_PER_ONE;
}

export function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The multiple of `step` at or below `value`. */
export function onGrid(value: bigint, step: bigint): bigint {
  return value - (value % step);
}
