/** The one interface between the engine's runner and any venue. Outcomes that differ have different types. */
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Units } from '../domain/money.js';
import type { Fill, OrderIntent } from '../domain/order.js';
import type { VenueOrder, VenuePosition } from '../engine/event.js';
import type { Approved } from '../engine/risk/approved.js';

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

export interface VenueBalances {
  /** Cash or wallet balance of the quote currency, money units. */
  readonly cash: number | Units;
  readonly currency: string;
}

export type VenueStreamEvent =
  | { readonly kind: 'order'; readonly order: VenueOrder }
  | { readonly kind: 'fill'; readonly fill: Fill }
  /** The circuit breaker of the venue's API; venues without one never say it. */
  | { readonly kind: 'breaker'; readonly state: 'closed' | 'open' | 'halfOpen'; readonly detail: string }
  | { readonly kind: 'health'; readonly state: 'up' | 'down'; readonly detail: string };

export interface VenuePort {
  readonly capabilities: VenueCapabilities;
  readonly instruments: readonly Instrument[];
  /** Venue's clock, milliseconds since 1970. */
  serverTime(): Promise<number>;
  balances(): Promise<VenueBalances>;
  positions(): Promise<readonly VenuePosition[]>;
  openOrders(): Promise<readonly VenueOrder[]>;
  /** Null: the venue answered that it never had such an order. A failure to answer throws `VenueUnavailable`. */
  orderByClientId(clientId: string, instrument: InstrumentId): Promise<VenueOrder | null>;
  /** Fills at or after `sinceMs` (market time), oldest first; the engine drops those it has. */
  fillsSince(sinceMs: number): Promise<readonly Fill[]>;
  /** Never throws: every failure is one of the three outcomes. */
  submit(order: Approved<OrderIntent>): Promise<SendOutcome>;
  /** Never throws. */
  cancel(clientId: string, instrument: InstrumentId): Promise<CancelOutcome>;
  /**
   * What a venue can do beyond the rest of the port; absent where it can't. `amendQuantity` only lowers; both may still
   * be refused for one symbol. They never throw.
   */
  amendQuantity?(clientId: string, instrument: InstrumentId, quantityLots: number): Promise<AmendOutcome>;
  replace?(clientId: string, order: Approved<OrderIntent>): Promise<ReplaceOutcome>;
  /** Deposits, withdrawals and the like at or after `sinceMs`, oldest first. Throws `VenueUnavailable`. */
  cashMovements?(sinceMs: number): Promise<readonly CashMovement[]>;
  /** Order and fill stream. One subscriber: the runner. */
  onEvent(listener: (event: VenueStreamEvent) => void): void;
  close(): Promise<void>;
}

/** The venue did not answer, or not in a form that can be believed. Says nothing about what it did. */
export class VenueUnavailable extends Error {
  override readonly name = 'VenueUnavailable';
}
