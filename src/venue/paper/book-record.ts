/** The facts that the paper venue keeps. Symbols, not instrument numbers: a desk file may put its instruments in another order. */
import type { WrittenUnits } from '../../domain/money.js';
import type { FeeInAsset, Side, TimeInForce } from '../../domain/order.js';

export type PaperOrderState = 'working' | 'partlyFilled' | 'filled' | 'cancelled' | 'expired';

/** An order as the venue holds it. Prices in ticks, quantities in lots. */
export interface PaperOrder {
  readonly clientId: string;
  readonly venueId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'market' | 'limit' | 'stop';
  /** Goes down where it is amended. */
  quantityLots: number;
  readonly limitTicks: number | null;
  readonly stopTicks: number | null;
  readonly reduceOnly: boolean;
  readonly timeInForce: TimeInForce;
  /** What a lot of it may cost at most: the balance is held back for a buy at this price. */
  readonly reserveTicks: number;
  /** Market time from which on it can be matched. */
  readonly arrivesAtMs: number;
  state: PaperOrderState;
  filledLots: number;
  /** How often it was made smaller; left out: never. */
  amendments?: number;
  /** Of a stop: the market has reached its trigger. Left out: not yet. */
  triggered?: true;
}

export interface PaperFill {
  readonly tradeId: string;
  readonly clientId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** Money units. */
  readonly fee: number;
  /** Left out: the fee was paid in cash. From a stock its worth is not said here: `fee` is 0. */
  readonly feeIn?: Pick<FeeInAsset, 'asset' | 'amount'>;
  readonly liquidity: 'maker' | 'taker';
  readonly marketMs: number;
  readonly caughtUp: boolean;
}

/** `cost`: money units that the open quantity cost, signed like the quantity. */
export interface PaperPosition {
  readonly quantityLots: number;
  readonly cost: number;
  /** Coins below a lot, which a fee in coins leaves; units of the finer of 1e-8 and the lot's places. Left out: none. */
  readonly remainder?: WrittenUnits;
}

export interface PaperBookState {
  /** Six random characters, new with every book: part of every venue and trade id. */
  readonly bookId: string;
  readonly currency: string;
  /** Identity of the price source that its positions were bought at. */
  readonly prices: string;
  readonly cash: WrittenUnits;
  /** What is left of coins kept for fees, decimal text; left out: none. */
  readonly stock?: Readonly<Record<string, string>>;
  /** Numbers the ids that were given out. */
  readonly idsGiven: number;
  /** Market time up to which the venue has seen the market. */
  readonly seenMs: number;
  readonly positions: readonly (readonly [symbol: string, position: PaperPosition])[];
  readonly orders: readonly PaperOrder[];
  readonly fills: readonly PaperFill[];
}

export type BookRecord =
  /** The whole state: first line of a book, and again after each compaction. */
  | { readonly type: 'state'; readonly state: PaperBookState }
  | { readonly type: 'order'; readonly order: PaperOrder }
  | { readonly type: 'fill'; readonly fill: PaperFill }
  | { readonly type: 'closed'; readonly clientId: string; readonly state: 'cancelled' | 'expired' }
  | { readonly type: 'amended'; readonly clientId: string; readonly quantityLots: number }
  /** A stop that rests on: what it becomes holds after a restart, wherever the market is then. */
  | { readonly type: 'triggered'; readonly clientId: string }
  | { readonly type: 'seen'; readonly marketMs: number };
