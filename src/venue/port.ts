/** The one interface between the engine's runner and any venue. Outcomes that differ have different types. */
import type { Instrument, InstrumentId } from '../domain/instrument.js';
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
}

/** A send has three outcomes. `unknown` is never turned into `rejected` and never resent blindly. */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly venueId: string }
  | { readonly kind: 'rejected'; readonly code: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly cause: string };

export type CancelOutcome =
  | { readonly kind: 'cancelled' }
  /** The venue has no such open order: it was filled, cancelled before, or never arrived. */
  | { readonly kind: 'notOpen'; readonly code: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly cause: string };

export interface VenueBalances {
  /** Cash or wallet balance of the quote currency, money units. */
  readonly cash: number;
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
  /** Order and fill stream. One subscriber: the runner. */
  onEvent(listener: (event: VenueStreamEvent) => void): void;
  close(): Promise<void>;
}

/** The venue did not answer, or not in a form that can be believed. Says nothing about what it did. */
export class VenueUnavailable extends Error {
  override readonly name = 'VenueUnavailable';
}
