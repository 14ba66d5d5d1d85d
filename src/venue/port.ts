/** The one interface between the engine's runner and any venue. Outcomes that differ have different types. */
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Fill, OrderIntent } from '../domain/order.js';
import type {
  AmendOutcome,
  CancelOutcome,
  CashListed,
  ClosedInstrument,
  QuantityLimits,
  ReplaceOutcome,
  SendOutcome,
  VenueBalances,
  VenueCapabilities,
  VenueOrder,
  VenuePosition,
} from '../domain/venue.js';
import type { Approved } from '../limits/gate.js';

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
  /** The same without asking, where fills may be listed late; null before it was read once. */
  knownTime?(): number | null;
  /** The venue's own id of the account, without asking; null before it was read, and where it says none. */
  accountId?(): string | null;
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
  /** Deposits, withdrawals and the like at or after `sinceMs`, oldest first. A list that can't be read hides no other. */
  cashMovements?(sinceMs: number): Promise<CashListed>;
  /** As the venue said last; those that it has not named yet are left out. Asks nobody. */
  quantityLimits?(): readonly QuantityLimits[];
  /** In which nothing can be entered now, as the venue said last; left out by venues where that can't be. Asks nobody. */
  closedInstruments?(): readonly ClosedInstrument[];
  /** Order and fill stream. One subscriber: the runner. */
  onEvent(listener: (event: VenueStreamEvent) => void): void;
  close(): Promise<void>;
}

/** The venue did not answer, or not in a form that can be believed. Says nothing about what it did. */
export class VenueUnavailable extends Error {
  override readonly name = 'VenueUnavailable';
}
