import type { TraderStatus } from '../../contracts/trader-status.js';

/** Quote currency for one coin. */
export interface OwnPrice {
  readonly bid: number;
  readonly ask: number;
}

/** By symbol; what is missing can't be told. */
export type OwnPrices = ReadonlyMap<string, OwnPrice>;

export type PriceReader = (marketData: TraderStatus['marketData']) => Promise<OwnPrices>;
