import type { InstrumentId } from './instrument.js';
import type { Units } from './money.js';
import type { OrderState, OrderType, Side } from './order.js';

/** What the venue says of one order; `quantityLots` filled so far. */
export interface VenueOrder {
  readonly clientId: string;
  readonly venueId: string;
  readonly instrument: InstrumentId;
  readonly state: Extract<
    OrderState,
    'working' | 'partlyFilled' | 'filled' | 'cancelled' | 'rejected' | 'expired'
  >;
  readonly filledLots: number;
  /** As the venue has it: lets the engine adopt or flag an order that it does not know. */
  readonly side: Side;
  readonly type: OrderType;
  readonly quantityLots: number;
  readonly limitTicks: number | null;
  readonly stopTicks: number | null;
  /** Of the orders that it is linked with, where the venue has put it into a group; left out: none. */
  readonly group?: string;
}

export interface VenuePosition {
  readonly instrument: InstrumentId;
  readonly quantityLots: number;
}

/** What the venue can't do is said here, not tried. */
export interface VenueCapabilities {
  readonly name: string;
  /** Fills are made up by us (paper), whatever the prices are. */
  readonly simulated: boolean;
  readonly shorting: boolean;
  /** Spot: a resting stop locks the balance, so closing is cancel, then sell. */
  readonly stopLocksBalance: boolean;
  readonly reduceOnly: boolean;
  readonly protectiveStops: 'venue' | 'synthetic';
  readonly deadManSwitch: boolean;
  /** It lowers the quantity of a resting order in place (`amendQuantity`). */
  readonly amends: boolean;
  /** It exchanges a resting order for another in one request that stops where the cancel fails (`replace`). */
  readonly replaces: boolean;
  /**
   * It links orders (OCA, OCO): what one of a group fills is taken off the others before they can fill it too, and one that is
   * filled or cancelled as a whole ends them.
   */
  readonly linksOrders: boolean;
}

/** How many lots the venue takes in one order. Null: no bound that is known. */
export interface QuantityLimits {
  readonly instrument: InstrumentId;
  readonly minLots: number;
  readonly maxLots: number | null;
  /** Of what is filled at the market: orders, and stops that become such. */
  readonly maxMarketLots: number | null;
}

/** Halted or no longer listed at the venue, or listed otherwise than the desk file says: nothing is entered in it. */
export interface ClosedInstrument {
  readonly instrument: InstrumentId;
  readonly why: string;
}

/** A send has three outcomes. `unknown` is never turned into `rejected` and never resent blindly. */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly venueId: string }
  | {
      readonly kind: 'rejected';
      readonly code: string;
      readonly text: string;
      /** A stop whose trigger price the market has passed already. */
      readonly wouldTrigger?: boolean;
    }
  | { readonly kind: 'unknown'; readonly cause: string };

export type CancelOutcome =
  | { readonly kind: 'cancelled' }
  /** The venue has no such open order: it was filled, cancelled before, or never arrived. */
  | { readonly kind: 'notOpen'; readonly code: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly cause: string };

/** Lowering the quantity of a resting order in place: it is never away, and keeps its id and its place in the queue. */
export type AmendOutcome =
  | { readonly kind: 'amended'; readonly quantityLots: number }
  /** The order rests as it was. */
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string }
  /** The venue has no such open order. */
  | { readonly kind: 'notOpen'; readonly code: string; readonly text: string }
  /** Changed or not: look the order up. */
  | { readonly kind: 'unknown'; readonly cause: string };

/** Cancel of one order and submit of the next in one request, which stops where the cancel fails. */
export type ReplaceOutcome =
  | { readonly kind: 'replaced'; readonly venueId: string }
  /** Refused before anything was done: the old order rests as it was. */
  | {
      readonly kind: 'rejected';
      readonly code: string;
      readonly text: string;
      readonly wouldTrigger?: boolean;
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
  /** Either, both or neither: look both orders up. */
  | { readonly kind: 'unknown'; readonly cause: string };

export type CashMovementKind =
  | 'deposit'
  | 'withdrawal'
  | 'transfer'
  | 'interest'
  | 'dustConversion'
  | 'correction';

/** A change of a balance that no trade explains and the venue itself lists. */
export interface CashMovement {
  /** Unique at the venue, whatever it is read from. */
  readonly id: string;
  readonly kind: CashMovementKind;
  readonly asset: string;
  /** Signed decimal with up to eight places: what the balance grew by, fees of the movement already taken off. */
  readonly amount: string;
  readonly marketMs: number;
  /** Where the venue lists it, for example `deposit/hisrec`, with its reference. */
  readonly source: string;
}

/** What a venue lists, from as many of its lists as could be read. */
export interface CashListed {
  readonly movements: readonly CashMovement[];
  /** Lists of which something is missing, each with why. */
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
  /** Wall time of the last change; null: closed since the start. */
  readonly sinceMs: number | null;
  readonly detail: string;
}

export const CLOSED_BREAKER: VenueBreaker = { state: 'closed', sinceMs: null, detail: '' };
