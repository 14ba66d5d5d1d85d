/** Whose coins in an account are, where no trade of the desk explains them. */

/** `nobodys`: no person has said yet. `toMove`: a person takes them out of the account; until then they are foreign. */
export interface OthersCoins {
  readonly nobodys: number;
  readonly foreign: number;
  readonly toMove: number;
}

export const NO_COINS: OthersCoins = { nobodys: 0, foreign: 0, toMove: 0 };

/** What a person can say of coins that are nobody's. */
export const COIN_OWNERS = ['desk', 'foreign', 'move'] as const;
export type CoinOwner = (typeof COIN_OWNERS)[number];

/** What a person's decision on coins is about: once other coins are nobody's, it counts no more. Amounts as the status shows them. */
export function coinsSubject(said: {
  readonly symbol: string;
  readonly owner: CoinOwner;
  readonly cost: string | null;
  /** How many are nobody's, decimal. */
  readonly nobodys: string;
}): string {
  const { symbol, owner, cost, nobodys } = said;
  return `coins:${symbol}:${nobodys}:${owner}:${cost ?? ''}`;
}

export const othersLots = ({ nobodys, foreign, toMove }: OthersCoins): number => nobodys + foreign + toMove;
