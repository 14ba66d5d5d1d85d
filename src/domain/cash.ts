/** Cash that moved without a trade. */

export const CASH_KINDS = [
  'deposit',
  'withdrawal',
  'interest',
  'funding',
  'swap',
  'dividend',
  'commission',
  'result',
  'correction',
] as const;

export type CashKind = (typeof CASH_KINDS)[number];

/** Capital is not a result: the day's start and the peak move with equity, in proportion. All other kinds are results. */
const CAPITAL: ReadonlySet<CashKind> = new Set(['deposit', 'withdrawal', 'correction']);

export function isCapital(kind: CashKind): boolean {
  return CAPITAL.has(kind);
}

/**
 * What losses are judged from (a peak, the day's start) once capital has moved, in money units: it changes by the same
 * part as equity, so a loss stays the same percentage of it. By the amount itself where there is no proportion: nothing
 * was there before or is left, or equity was not known (`before` is undefined).
 */
export function afterCapital(from: number, moved: number, before: number | undefined): number {
  const isInProportion = before !== undefined && before > 0 && before + moved > 0;
  return isInProportion ? Math.round(from + moved * (from / before)) : from + moved;
}

/** Paid or received for holding a contract over time. */
export function isHoldingCost(kind: CashKind): kind is 'funding' | 'swap' {
  return kind === 'funding' || kind === 'swap';
}

/** Null: the sign is right. A deposit comes in, a withdrawal goes out. */
export function wrongSign(kind: CashKind, isPositive: boolean): string | null {
  if (kind === 'deposit' && !isPositive) return 'a deposit has an amount above zero';
  if (kind === 'withdrawal' && isPositive) return 'a withdrawal has an amount below zero';
  return null;
}
