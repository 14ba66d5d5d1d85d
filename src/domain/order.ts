/** Types of orders and fills, shared by every layer. */
import type { ExitPlan, ExitReason } from './exits.js';
import type { InstrumentId } from './instrument.js';
import type { SignalName } from './signal.js';

export const SIDES = ['buy', 'sell'] as const;
export type Side = (typeof SIDES)[number];
export const ORDER_TYPES = ['market', 'limit', 'stop'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
/**
 * How an entry is made: resting at a price; at the market at once; or at the market once a trigger is
 * reached. The last two have only a worst price, by which they are judged.
 */
export const ENTRY_TYPES = ['limit', 'market', 'stop'] as const satisfies readonly OrderType[];
export type EntryType = (typeof ENTRY_TYPES)[number];
/**
 * Entries that no venue needs to support: they wait in the core until a price is touched, the market turns, a
 * session opens or one is about to close, and only then become ordinary orders.
 */
export const WAITING_TYPES = ['ifTouched', 'trailingStop', 'atOpen', 'atClose'] as const;
/**
 * `reversal`: an entry against its strategy's own trade, until that trade is closed. `change`: an entry with
 * new prices, until the order that it changes is off the book.
 */
export const WAITED = [...WAITING_TYPES, 'reversal', 'change'] as const;
export type Waited = (typeof WAITED)[number];
/** Everything a strategy may ask for. */
export const WISH_TYPES = [...ENTRY_TYPES, ...WAITING_TYPES] as const;
export type WishType = (typeof WISH_TYPES)[number];
/** Terms of a limit entry that not every venue supports, by their names in strategies and capabilities. */
export const ENTRY_TERMS = ['postOnly', 'fillOrKill'] as const;
export type EntryTerm = (typeof ENTRY_TERMS)[number];
/** Why an order exists. A stop of the desk cancels entries only; protective stops survive it. */
export const ORDER_PURPOSES = ['entry', 'protective', 'exit', 'close'] as const;
export type OrderPurpose = (typeof ORDER_PURPOSES)[number];
/** Rests until cancelled; fills what it can at once; or fills whole at once, else not at all. */
export type TimeInForce = 'GTC' | 'IOC' | 'FOK';

/**
 * `denied` comes from us, `rejected` from the venue, `unknown` from neither. `absent`: looked up, and the
 * venue never had it. An order leaves a final state only if late fills complete a `cancelled` or `expired`
 * one, or if the venue reports an `absent` one after all (the venue is right about what it has).
 */
export const ORDER_STATES = [
  'denied',
  'intended',
  'unknown',
  'working',
  'partlyFilled',
  'cancelling',
  'filled',
  'cancelled',
  'rejected',
  'expired',
  'absent',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];
/** State of an order passed to the runner. An order that the gate denied is only a record. */
export type SentState = Exclude<OrderState, 'denied'>;

export const FINAL_ORDER_STATES: ReadonlySet<OrderState> = new Set([
  'denied',
  'filled',
  'cancelled',
  'rejected',
  'expired',
  'absent',
]);

/**
 * What a strategy, the engine's protection or a close-all wants at the venue. Prices in ticks, quantities in lots.
 */
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
  /**
   * Limit price; for a market or stop entry the worst price that it accepts. Null for other market orders and stops.
   */
  readonly limitTicks: number | null;
  /** Trigger price; null unless `type` is `stop`. */
  readonly stopTicks: number | null;
  /** For an entry: where its protective stop goes once it is filled. */
  readonly protectTicks: number | null;
  readonly reduceOnly: boolean;
  readonly timeInForce: TimeInForce;
  /** For an entry: what closes its trade apart from its stop. Left out: nothing. */
  readonly exits?: ExitPlan;
  /** For a moved stop, and for an exit that the plan asks for. Left out: the purpose says it. */
  readonly why?: ExitReason;
  /** For a stop and its target at a venue that links orders: the name of their group. Left out: none. */
  readonly group?: string;
  /** For an entry: the signal that it follows. Left out: none. */
  readonly signal?: SignalName;
  /**
   * For an entry that adds to dust: client id of the entry whose exits the dust still has. They end with the
   * first fill. Left out: there was no such dust.
   */
  readonly besideRestOf?: string;
  /**
   * For an entry sent while its instrument is held or has other entries: from its first fill on, a fill moves
   * the stop of the trade only nearer to the market. Left out: it was the only one, or is of an earlier build.
   */
  readonly keepsStop?: true;
  /**
   * For an entry with exits: a fill of an older one leaves these in force. Left out: it has none, or is of an earlier
   * build.
   */
  readonly keepsExits?: true;
  /** For a limit entry: it may only add to the book, and is refused if it would be filled at once. */
  readonly postOnly?: true;
  /** For an entry: market time from which its unfilled rest is cancelled. Left out: none. */
  readonly untilMs?: number;
  /** For an entry: what it waited for in the core. Left out: nothing. */
  readonly waited?: Waited;
  /** For a changed entry: client id of its order before the change. Left out: it was not changed. */
  readonly changes?: string;
  /**
   * For one of two alternative entries: the id that both share. The first fill of either takes the other off
   * the book.
   */
  readonly oneOf?: string;
  /**
   * For an entry where several strategies trade the instrument: its fills make a separate trade for its
   * strategy. Left out: they join the open trade.
   */
  readonly ownTrade?: true;
  /** For an entry of a strategy that trades several instruments as one: its trade is one leg. Left out: it is whole. */
  readonly leg?: true;
}

/** An intent that is being put together. */
export type OrderDraft = { -readonly [K in keyof OrderIntent]: OrderIntent[K] };

/** The order never rests: a market order fills soon, and IOC and FOK drop what is not filled on arrival. */
export function isDoneAtOnce({ type, timeInForce }: Pick<OrderIntent, 'type' | 'timeInForce'>): boolean {
  return type === 'market' || timeInForce !== 'GTC';
}

/** Begins the reason of a post-only order refused on its own terms: an ordinary outcome, not an error. */
export const POST_ONLY_REFUSED = 'post-only, and would have been filled at once';

/** A limit order at this price would be filled at once. */
export function wouldTake(
  { side, limitTicks }: Pick<OrderIntent, 'side' | 'limitTicks'>,
  { bidTicks, askTicks }: { readonly bidTicks: number; readonly askTicks: number },
): boolean {
  if (limitTicks === null) return true;
  return side === 'buy' ? limitTicks >= askTicks : limitTicks <= bidTicks;
}

/**
 * A target that rests at the venue until the market reaches its price. Any other exit is made at the market at once.
 */
export function isRestingTarget({ purpose, type }: Pick<OrderIntent, 'purpose' | 'type'>): boolean {
  return purpose === 'exit' && type === 'limit';
}

type Prices = Pick<OrderIntent, 'type' | 'limitTicks' | 'stopTicks'>;

/** A market or stop entry, which fills at no worse than its `limitTicks`. Only entries are bounded. */
export function isBounded({ type, limitTicks }: Pick<Prices, 'type' | 'limitTicks'>): boolean {
  return type !== 'limit' && limitTicks !== null;
}

/**
 * The price to show for an order, in ticks: the trigger of a stop, otherwise the limit or worst price. Null:
 * at the market.
 */
export function shownTicks({
  limitTicks,
  stopTicks,
}: Pick<Prices, 'limitTicks' | 'stopTicks'>): number | null {
  return stopTicks ?? limitTicks;
}

/** A fee that was not paid in the quote currency. */
export interface FeeInAsset {
  /** The coin that was bought, which shrinks by this amount, or an asset held for fees (BNB). */
  readonly asset: string;
  /** Decimal above zero with at most eight places, exactly as the venue charged it. */
  readonly amount: string;
  /**
   * Bid of the asset's own instrument at which the engine valued it. Left out for the coin that was bought.
   */
  readonly priceTicks?: number;
  /** There was no price to value it at: `fee` is 0, and nothing new is entered until it is valued. */
  readonly unvalued?: true;
}

/** One execution, identified by (instrument, tradeId): applied once however often it is reported. */
export interface Fill {
  readonly tradeId: string;
  readonly clientId: string;
  readonly instrument: InstrumentId;
  readonly side: Side;
  readonly quantityLots: number;
  readonly priceTicks: number;
  /** Value of the fee in the quote currency, in money units; positive is a cost. */
  readonly fee: number;
  /**
   * For an instrument whose results are converted: the venue's rate from its quote currency to the desk's.
   * `fee` is then in the desk's currency. Left out: nothing was converted.
   */
  readonly rate?: number;
  /** Left out: `fee` was paid in cash, in the quote currency. */
  readonly feeIn?: FeeInAsset;
  /**
   * Only in older journals: whole lots that the venue kept as its fee. The position grows by `quantityLots -
   * feeLots`; `fee` is their value, and no cash was paid.
   */
  readonly feeLots?: number;
  /**
   * The venue has not told the fee yet: `fee` is what it is expected to be, and the fill is reported again once
   * it is told.
   */
  readonly feeExpected?: true;
  readonly liquidity: 'maker' | 'taker';
  readonly marketMs: number;
  /** True on the paper venue, and for simulated or recorded prices. */
  readonly simulated: boolean;
  /**
   * The fill was worked out afterwards from the venue's one-minute bars (the trader was down on live prices).
   */
  readonly caughtUp?: boolean;
}
