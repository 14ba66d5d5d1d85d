/**
 * The paper venue's records. They name symbols, not instrument numbers: a desk file may reorder its
 * instruments.
 */

import type { HandedAction } from '../../domain/corporate-action.js';
import type { Instrument } from '../../domain/instrument.js';
import type { WrittenUnits } from '../../domain/money.js';
import type { FeeInAsset, Side, TimeInForce } from '../../domain/order.js';
import type { Charged, VolumeSeen } from '../../domain/order-fee.js';
import type { CashMovement } from '../../domain/venue.js';

type PaperOrderState = 'working' | 'partlyFilled' | 'filled' | 'cancelled' | 'expired';

/** An order as the venue holds it. Prices in ticks, quantities in lots. */
export interface PaperOrder {
  readonly clientId: string;
  readonly venueId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: 'market' | 'limit' | 'stop';
  /** Reduced when the order is amended. */
  quantityLots: number;
  readonly limitTicks: number | null;
  readonly stopTicks: number | null;
  readonly reduceOnly: boolean;
  readonly timeInForce: TimeInForce;
  /** Never filled on arrival. Absent: it may be. */
  readonly postOnly?: true;
  /** The most that a lot of it may cost, in ticks: for a buy, cash is held back at this price. */
  readonly reserveTicks: number;
  /** Market time from which it can be matched. */
  readonly arrivesAtMs: number;
  state: PaperOrderState;
  filledLots: number;
  /** How often it was made smaller; absent means never. */
  amendments?: number;
  /** What its fills were charged for, if the instrument has fees by lot. Absent: nothing. */
  charged?: Charged;
  /** For a stop: the market has reached its trigger. Absent: not yet. */
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
  /**
   * Absent: the fee was paid in cash. If coins kept for fees paid it, its worth is not recorded: `fee` is 0.
   */
  readonly feeIn?: Pick<FeeInAsset, 'asset' | 'amount'>;
  readonly liquidity: 'maker' | 'taker';
  /** The value of the quote currency in the book's. Absent: they are the same. */
  readonly rate?: number;
  readonly marketMs: number;
  readonly caughtUp: boolean;
}

/**
 * `cost`: what the open quantity cost, in money units of its quote currency, signed like the quantity; for
 * inverse contracts in the coin, with four decimals and the opposite sign.
 */
export interface PaperPosition {
  readonly quantityLots: number;
  readonly cost: WrittenUnits;
  /** Coins below a lot, left by a fee in coins; in units of the finer of 1e-8 and the lot's places. Absent: none. */
  readonly remainder?: WrittenUnits;
}

export interface PaperBookState {
  /** Six random characters, new for every book: part of every venue id and trade id. */
  readonly bookId: string;
  readonly currency: string;
  /** Identity of the price source on which its positions were opened. */
  readonly prices: string;
  /**
   * The ticks and lots of this state, and of the records after it, are theirs: the desk file may have changed
   * since. Absent: an earlier version wrote it.
   */
  readonly instruments?: readonly Instrument[];
  readonly cash: WrittenUnits;
  /** Cash below a money unit, in units of 1e-12. Absent: none. */
  readonly finerCash?: WrittenUnits;
  /** Remaining coins kept for fees, as decimal text; absent: none. */
  readonly stock?: Readonly<Record<string, string>>;
  /** The number of ids given out so far. */
  readonly idsGiven: number;
  /** Market time up to which the venue has seen the market. */
  readonly seenMs: number;
  readonly positions: readonly (readonly [symbol: string, position: PaperPosition])[];
  readonly orders: readonly PaperOrder[];
  readonly fills: readonly PaperFill[];
  /** Ids of the newest corporate actions that were applied. Absent: none. */
  readonly actions?: readonly string[];
  /** What was traded where fees have tiers. Absent: nothing. */
  readonly volumes?: readonly (readonly [pool: string, seen: VolumeSeen])[];
  /** Market time up to which holding was charged, by symbol. Absent: nothing was. */
  readonly charged?: readonly (readonly [symbol: string, marketMs: number])[];
  /** The newest movements of cash without a trade. Absent: there was none. */
  readonly movements?: readonly CashMovement[];
}

export type BookRecord =
  /** The whole state: the first line of a book, and again after each compaction. */
  | { readonly type: 'state'; readonly state: PaperBookState }
  | { readonly type: 'order'; readonly order: PaperOrder }
  | { readonly type: 'fill'; readonly fill: PaperFill }
  | { readonly type: 'closed'; readonly clientId: string; readonly state: 'cancelled' | 'expired' }
  | { readonly type: 'amended'; readonly clientId: string; readonly quantityLots: number }
  /** A stop that stays open after its trigger: a restart must not make it wait for the trigger again. */
  | { readonly type: 'triggered'; readonly clientId: string }
  /** A corporate action; before a split, the open orders of its symbol have ended. */
  | { readonly type: 'action'; readonly handed: HandedAction }
  /** Holding was charged up to this time. `movement` absent: nothing was due. */
  | {
      readonly type: 'charged';
      readonly symbol: string;
      readonly marketMs: number;
      readonly movement?: CashMovement;
    }
  | { readonly type: 'seen'; readonly marketMs: number };
