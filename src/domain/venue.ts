import type { InstrumentId } from './instrument.js';
import type { Units } from './money.js';
import type { OrderState, OrderType, Side } from './order.js';

/** The venue's report on one order. `filledLots`: filled so far. */
export interface VenueOrder {
  readonly clientId: string;
  readonly venueId: string;
  readonly instrument: InstrumentId;
  readonly state: Extract<
    OrderState,
    'working' | 'partlyFilled' | 'filled' | 'cancelled' | 'rejected' | 'expired'
  >;
  readonly filledLots: number;
  /** As at the venue: lets the engine adopt or flag an order that it does not know. */
  readonly side: Side;
  readonly type: OrderType;
  readonly quantityLots: number;
  readonly limitTicks: number | null;
  readonly stopTicks: number | null;
  /** Group of the orders that it is linked with at the venue. Left out: none. */
  readonly group?: string;
  /** Why it is rejected, with the venue's code. Left out: the venue gives no reason, or it isn't rejected. */
  readonly reason?: string;
}

export interface VenuePosition {
  readonly instrument: InstrumentId;
  readonly quantityLots: number;
}

/** How many lots the venue takes in one order, and how many stops. Null or left out: no known bound. */
export interface QuantityLimits {
  readonly instrument: InstrumentId;
  readonly minLots: number;
  readonly maxLots: number | null;
  /** For orders that fill at the market, including stops once they fire. */
  readonly maxMarketLots: number | null;
  /** Stop orders that may rest at a time, entries by a stop included. */
  readonly maxStops?: number;
}

/** What the venue can do to resting orders of one instrument, if that is less than its capabilities say. */
export interface FixedOrders {
  readonly instrument: InstrumentId;
  readonly amends: boolean;
  readonly replaces: boolean;
}

/** Halted or delisted at the venue, or listed differently from the desk file: nothing is entered in it. */
export interface ClosedInstrument {
  readonly instrument: InstrumentId;
  readonly why: string;
}

/** A contract of a future, as the venue describes it. */
export interface ListedContract {
  /** Its common name there, for example NQZ6. */
  readonly name: string;
  /** yyyymm. */
  readonly month: string;
  /** 2026-12-18. */
  readonly lastTradeDay: string;
}

/** The contract that orders in an instrument go to, and the one that follows it. */
export interface VenueContract {
  readonly instrument: InstrumentId;
  readonly traded: ListedContract;
  /** Null: the venue lists none, or has not been queried yet. */
  readonly following: ListedContract | null;
}

/** A send has three outcomes. `unknown` is never turned into `rejected` and never resent blindly. */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly venueId: string }
  | {
      readonly kind: 'rejected';
      readonly code: string;
      readonly text: string;
      /** A stop whose trigger price the market has already passed. */
      readonly wouldTrigger?: boolean;
      /** A post-only order that the market would have filled at once. */
      readonly wouldTake?: boolean;
    }
  | { readonly kind: 'unknown'; readonly cause: string };

export type CancelOutcome =
  | { readonly kind: 'cancelled' }
  /** The venue has no such open order: it was filled, cancelled before, or never arrived. */
  | { readonly kind: 'notOpen'; readonly code: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly cause: string };

/**
 * Lowers the quantity of a resting order in place: the order keeps resting, with its id and its place in the queue.
 */
export type AmendOutcome =
  | { readonly kind: 'amended'; readonly quantityLots: number }
  /** The order rests unchanged. */
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string }
  /** The venue has no such open order. */
  | { readonly kind: 'notOpen'; readonly code: string; readonly text: string }
  /** May or may not be changed: look the order up. */
  | { readonly kind: 'unknown'; readonly cause: string };

/** Cancels one order and submits the next in one request, which stops if the cancel fails. */
export type ReplaceOutcome =
  | { readonly kind: 'replaced'; readonly venueId: string }
  /** Refused before anything was done: the old order rests unchanged. */
  | {
      readonly kind: 'rejected';
      readonly code: string;
      readonly text: string;
      readonly wouldTrigger?: boolean;
      /** The venue counts the new order beside the old one, and takes no more: cancel the old one first. */
      readonly tooMany?: boolean;
    }
  /** The old order was not open (it filled or triggered first); the new one was not sent. */
  | { readonly kind: 'notOpen'; readonly code: string; readonly text: string }
  /** The old order is cancelled and the new one refused: nothing rests any more. */
  | {
      readonly kind: 'cancelledOnly';
      readonly code: string;
      readonly text: string;
      readonly wouldTrigger?: boolean;
    }
  /** Either, both or neither happened: look both orders up. */
  | { readonly kind: 'unknown'; readonly cause: string };

export type CashMovementKind =
  | 'deposit'
  | 'withdrawal'
  | 'transfer'
  | 'interest'
  | 'funding'
  | 'swap'
  | 'dustConversion'
  | 'correction';

/** A change of a balance that no trade explains and that the venue lists. */
export interface CashMovement {
  /** Unique at the venue, whichever list it is read from. */
  readonly id: string;
  readonly kind: CashMovementKind;
  readonly asset: string;
  /** Signed decimal with up to eight places: the change of the balance, after fees of the movement. */
  readonly amount: string;
  readonly marketMs: number;
  /** Where the venue lists it, for example `deposit/hisrec`, with its reference. */
  readonly source: string;
  /** What it was for, in words. Left out: the reason is that the venue lists it. */
  readonly reason?: string;
}

interface TradeAmount {
  readonly quantityLots: number;
  readonly priceTicks: number;
}

/** A trade that the venue has changed after it told of it. */
export interface TradeCorrection {
  readonly instrument: InstrumentId;
  readonly tradeId: string;
  readonly was: TradeAmount;
  /** Null: the venue has taken it back. */
  readonly is: TradeAmount | null;
}

/** A venue's cash movements, from as many of its lists as could be read. */
export interface CashListed {
  readonly movements: readonly CashMovement[];
  /** Lists that are missing or incomplete, each with the reason. */
  readonly unread: readonly string[];
}

export interface VenueBalances {
  /** Cash or wallet balance of the quote currency, money units. */
  readonly cash: number | Units;
  readonly currency: string;
}

export type VenueBreakerState = 'closed' | 'open' | 'halfOpen';

export interface VenueBreaker {
  readonly state: VenueBreakerState;
  /** Wall time of the last change. Null: closed since the start. */
  readonly sinceMs: number | null;
  readonly detail: string;
}

export const CLOSED_BREAKER: VenueBreaker = { state: 'closed', sinceMs: null, detail: '' };

/**
 * A feed in a desk file is a venue, `name`, or another instance of one, `name-backup`. No venue’s name has a
 * dash.
 */
export const venueOfFeed = (feed: string): string => feed.split('-', 1)[0] ?? feed;
