/** Decimal text as an exact fraction of whole numbers, for checks of a desk file only (the engine has its own integers). */
export interface ExactDecimal {
  readonly units: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

/** The text has passed the schema: digits, at most one point. */
export function exactDecimal(text: string): ExactDecimal {
  const [whole = '0', fraction = ''] = text.split('.');
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/** `value × factor`, exactly; null where that is no whole number. */
export function wholeTimes(value: ExactDecimal, factor: bigint): bigint | null {
  const divisor = 10n ** BigInt(value.scale);
  const product = value.units * factor;
  return product % divisor === 0n ? product / divisor : null;
}

export function times(left: ExactDecimal, right: ExactDecimal): ExactDecimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

export function isMultipleOf(value: ExactDecimal, step: ExactDecimal): boolean {
  const scale = Math.max(value.scale, step.scale);
  const stepUnits = step.units * 10n ** BigInt(scale - step.scale);
  return stepUnits > 0n && (value.units * 10n ** BigInt(scale - value.scale)) % stepUnits === 0n;
}
