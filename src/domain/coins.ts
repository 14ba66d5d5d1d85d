/** Who owns the account's coins that no trade of the desk explains. */

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
