/** Decimal text at the edges, integers of a given step inside. No floating point in between. */

export class DecimalError extends Error {
  override readonly name = 'DecimalError';
}

interface Scaled {
  /** The number without its point. */
  readonly digits: bigint;
  /** How many digits stood after the point. */
  readonly places: number;
}

const DECIMAL = /^-?\d{1,24}(\.\d{1,24})?$/;

function readScaled(text: string): Scaled {
  if (!DECIMAL.test(text)) {
    throw new DecimalError(`expected a decimal number, for example 0.01; found ${JSON.stringify(text)}`);
  }
  const point = text.indexOf('.');
  const places = point === -1 ? 0 : text.length - point - 1;
  return { digits: BigInt(text.replace('.', '')), places };
}

function readStep(text: string): Scaled {
  const step = readScaled(text);
  if (step.digits <= 0n) {
    throw new DecimalError(`expected a step above zero, found ${JSON.stringify(text)}`);
  }
  return step;
}

/**
 * `text` as a number of steps of `stepText`: `parseDecimal('100.25', '0.01')` is 10025. Throws `DecimalError`
 * if it is not a whole number of steps or is beyond 2^53.
 */
export function parseDecimal(text: string, stepText: string): number {
  const value = readScaled(text);
  const step = readStep(stepText);
  const numerator = value.digits * 10n ** BigInt(step.places);
  const denominator = step.digits * 10n ** BigInt(value.places);
  if (numerator % denominator !== 0n) {
    throw new DecimalError(`expected a multiple of ${stepText}, found ${text}`);
  }
  const steps = Number(numerator / denominator);
  if (!Number.isSafeInteger(steps)) {
    throw new DecimalError(`${text} is more steps of ${stepText} than can be counted exactly`);
  }
  return steps === 0 ? 0 : steps;
}

/**
 * The decimal text of `steps` steps, with as many places as the step has: `formatDecimal(10025, '0.01')` is
 * `100.25`.
 */
export function formatDecimal(steps: number, stepText: string): string {
  if (!Number.isSafeInteger(steps)) {
    throw new DecimalError(`expected a whole number of steps, found ${steps}`);
  }
  const step = readStep(stepText);
  const value = BigInt(steps) * step.digits;
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(step.places + 1, '0');
  if (step.places === 0) return sign + digits;
  return `${sign}${digits.slice(0, -step.places)}.${digits.slice(-step.places)}`;
}

/** Decimal places of a multiple of the step: `0.25` has two. */
export const placesOfStep = (stepText: string): number => readStep(stepText).places;

/** The decimal text of an average, which may lie between two steps: rounded to one place more than the step has. */
export function formatAverage(steps: number, stepText: string): string {
  return (steps * Number(stepText)).toFixed(readStep(stepText).places + 1);
}

const PARTS = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * The exact sum, with as many places as the longest fraction, and at least two. Throws RangeError for text
 * that is not a plain decimal number.
 */
export function addDecimals(texts: readonly string[]): string {
  const parts = texts.map((text) => {
    const match = PARTS.exec(text);
    if (match === null) throw new RangeError(`no decimal number: ${text}`);
    const [, sign = '', whole = '', fraction = ''] = match;
    return { negative: sign === '-', whole, fraction };
  });
  const places = Math.max(2, ...parts.map(({ fraction }) => fraction.length));
  const total = parts.reduce((sum, { negative, whole, fraction }) => {
    const units = BigInt(whole + fraction.padEnd(places, '0'));
    return negative ? sum - units : sum + units;
  }, 0n);
  const digits = String(total < 0n ? -total : total).padStart(places + 1, '0');
  return `${total < 0n ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
