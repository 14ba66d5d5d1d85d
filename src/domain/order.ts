/** Words for orders and fills that every layer shares. */
import type { InstrumentId } from './instrument.js';

export type Side = 'buy' | 'sell';
export type OrderType = 'market' | 'limit' | 'stop';
/** Why an order exists. Stop cancels entries only; protective stops survive it. */
export type OrderPurpose = 'entry' | 'protective' | 'exit' | 'close';
export type TimeInForce = 'GTC' | 'IOC';

/**
 * `denied` is ours, `rejected` is the venue's, `unknown` is neither.
 * `absent`: looked up, and the venue never had it. Final states never leave, except that a late fill or
 * acknowledgement of an `absent` order brings it back (the venue is right about what it has).
 */
export type OrderState =
  | 'denied'
  | 'intended'
  | 'sending'
  | 'unknown'
  | 'working'
  | 'partlyFilled'
  | 'cancelling'
  | 'filled'
  | 'cancelled'
  | 'rejected'
  | 'expired'
  | 'absent';

export const FINAL_ORDER_STATES: ReadonlySet<OrderState> = new Set([
  'denied',
  'filled',
  'cancelled',
  'rejected',
  'expired',
  'absent',
]);

/** What a strategy, the protector or a close-all wants at the venue. Prices in ticks, quantities in lots. */
export interface OrderIntent {
  /** `f<incarnation 6><sequence base 36>`, [a-z0-9], at most 31 characters. */
  readonly clientId: string;
  readonly instrument: InstrumentId;
  /** Strategy name, or `fermata` for protective and closing orders that no strategy asked for. */
  readonly strategy: string;
  readonly purpose: OrderPurpose;
  readonly side: Side;
  readonly type: OrderType;
  readonly quantityLots: number;
  /** Limit price; null for market and stop orders. */
  readonly limitTicks: number | null;
  /** Trigger price; null unless `type` is `stop`. */
  readonly stopTicks: number | null;
  /** For an entry: where its protective stop goes once it is filled. */
  readonly protectTicks: number | null;
  readonly reduceOnly: boolean;
  readonly timeInForce: TimeInForce;
}

/** One execution. Keyed by (instrument, tradeId): applied once however often it arrives. */
export interface Fill {
  readonly tradeId: string;
  readonly clientId: string;
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** Money units, positive is a cost. */
  readonly fee: number;
  /**
   * Lots that the venue kept as its fee (a spot purchase pays with what it bought): the position grows by
   * `quantityLots - feeLots`, and `fee` is their value, which no cash was paid for.
   */
  readonly feeLots?: number;
  readonly liquidity: 'maker' | 'taker';
  readonly marketMs: number;
  /** True on the paper venue and on simulated or recorded prices. */
  readonly simulated: boolean;
  /** Set when the fill was worked out afterwards from the venue's minutes (trader was down on live prices). */
  readonly caughtUp?: boolean;
}
