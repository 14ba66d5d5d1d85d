/** Cash that moved without a trade, and who owns coins that none explains. */

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

// Who owns the account's coins that no trade of the desk explains.

/**
 * In lots. `nobodys`: no person has said whose they are. `toMove`: a person will take them out of the
 * account; until then they count as foreign.
 */
export interface OthersCoins {
  readonly nobodys: number;
  readonly foreign: number;
  readonly toMove: number;
}

export const NO_COINS: OthersCoins = { nobodys: 0, foreign: 0, toMove: 0 };

/** What a person can say about nobody's coins. */
export const COIN_OWNERS = ['desk', 'foreign', 'move'] as const;
export type CoinOwner = (typeof COIN_OWNERS)[number];

/**
 * The subject of a person's decision on coins. The decision lapses when the number of nobody's coins changes.
 * Amounts are as in the status.
 */
export function coinsSubject(said: {
  readonly symbol: string;
  readonly owner: CoinOwner;
  readonly cost: string | null;
  /** Number of nobody's coins, decimal. */
  readonly nobodys: string;
}): string {
  const { symbol, owner, cost, nobodys } = said;
  return `coins:${symbol}:${nobodys}:${owner}:${cost ?? ''}`;
}

export const othersLots = ({ nobodys, foreign, toMove }: OthersCoins): number => nobodys + foreign + toMove;
