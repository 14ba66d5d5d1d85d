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

export const othersLots = ({ nobodys, foreign, toMove }: OthersCoins): number => nobodys + foreign + toMove;
