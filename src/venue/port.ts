/**
 * The interfaces between us and any venue: the one that the engine's runner has, and the book as the
 * auditor reads it independently of the trader. Outcomes that differ have different types.
 */
import type { HandedAction } from '../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Fill, OrderIntent } from '../domain/order.js';
import type { VenueCapabilities } from '../domain/order-bounds.js';
import type {
  AmendOutcome,
  CancelOutcome,
  CashListed,
  CashMovement,
  ClosedInstrument,
  FixedOrders,
  QuantityLimits,
  ReplaceOutcome,
  SendOutcome,
  TradeCorrection,
  VenueBalances,
  VenueContract,
  VenueOrder,
  VenuePosition,
} from '../domain/venue.js';
import type { Approved } from '../limits/gate.js';

export type VenueStreamEvent =
  | { readonly kind: 'order'; readonly order: VenueOrder }
  | { readonly kind: 'fill'; readonly fill: Fill }
  /** The engine has the trade as it was; a reading shows what the account is now. */
  | { readonly kind: 'correction'; readonly correction: TradeCorrection }
  /** Cash that moved without a trade, as it moves; `cashMovements` lists it too. */
  | { readonly kind: 'movement'; readonly movement: CashMovement }
  /** The circuit breaker of the venue's API; venues without one never send it. */
  | { readonly kind: 'breaker'; readonly state: 'closed' | 'open' | 'halfOpen'; readonly detail: string }
  | { readonly kind: 'health'; readonly state: 'up' | 'down'; readonly detail: string };

export interface VenuePort {
  readonly capabilities: VenueCapabilities;
  readonly instruments: readonly Instrument[];
  /** The venue's clock, in milliseconds since 1970. */
  serverTime(): Promise<number>;
  /** The venue's clock without a request, at venues that may list fills late; null before its first reading. */
  knownTime?(): number | null;
  /**
   * The venue's own id of the account, without a request; null before the first reading, and if the venue gives none.
   */
  accountId?(): string | null;
  balances(): Promise<VenueBalances>;
  positions(): Promise<readonly VenuePosition[]>;
  openOrders(): Promise<readonly VenueOrder[]>;
  /**
   * Null: the venue answered that it never had such an order. If it fails to answer, this throws `VenueUnavailable`.
   */
  orderByClientId(clientId: string, instrument: InstrumentId): Promise<VenueOrder | null>;
  /** Fills at or after `sinceMs` (market time), oldest first; the engine drops those that it already has. */
  fillsSince(sinceMs: number): Promise<readonly Fill[]>;
  /** Never throws: every failure is one of the three outcomes. */
  submit(order: Approved<OrderIntent>): Promise<SendOutcome>;
  /** Never throws. */
  cancel(clientId: string, instrument: InstrumentId): Promise<CancelOutcome>;
  /**
   * Absent if the venue can't do it. `amendQuantity` only lowers the quantity; both may still be refused for one
   * symbol. They never throw.
   */
  amendQuantity?(clientId: string, instrument: InstrumentId, quantityLots: number): Promise<AmendOutcome>;
  replace?(clientId: string, order: Approved<OrderIntent>): Promise<ReplaceOutcome>;
  /**
   * Deposits, withdrawals and the like at or after `sinceMs`, oldest first. A list that can't be read hides none of
   * the others.
   */
  cashMovements?(sinceMs: number): Promise<CashListed>;
  /** As last read from the venue, without a request; instruments that have not been read yet are left out. */
  quantityLimits?(): readonly QuantityLimits[];
  /**
   * Instruments whose resting orders can't be changed in all the ways the capabilities state, as last read
   * from the venue, without a request; absent at venues where all instruments are alike.
   */
  fixedOrders?(): readonly FixedOrders[];
  /**
   * Instruments in which no position can be opened now, as last read from the venue, without a request; absent at
   * venues where that can't happen.
   */
  closedInstruments?(): readonly ClosedInstrument[];
  /** The contracts of its futures, as last read from the venue, without a request; absent at venues without months. */
  contracts?(): readonly VenueContract[];
  /**
   * Applies a split or a dividend immediately, and each action once. A split ends the open orders of its
   * symbol; the stream reports them. Absent at venues that apply these actions themselves.
   */
  takeAction?(handed: HandedAction): void;
  /** The stream of orders and fills. Its only subscriber is the runner. */
  onEvent(listener: (event: VenueStreamEvent) => void): void;
  close(): Promise<void>;
}

/** The venue did not answer, or its answer can't be trusted. This says nothing about what it did. */
export class VenueUnavailable extends Error {
  override readonly name = 'VenueUnavailable';
}

/** The venue's own book, as the auditor reads it independently of the trader. */
export interface BookReading {
  /** Money units; null if only positions can be compared. */
  readonly cash: number | null;
  /** Signed lots by symbol; open positions only. */
  readonly positions: ReadonlyMap<string, number>;
  /** What open contracts cost, in money units, signed like the lots; coins need none. */
  readonly costs?: ReadonlyMap<string, number>;
  /** The account's equity by the venue's own count, in money units; absent if the venue gives none. */
  readonly equity?: number;
  /**
   * Dust in lots, by symbol: what the account has beyond the trader's position, worth less than the smallest order,
   * so that nobody could sell it. Absent means none.
   */
  readonly dustLots?: ReadonlyMap<string, number>;
}

/** Quote currency for one coin. */
export interface OwnPrice {
  readonly bid: number;
  readonly ask: number;
}

/** By symbol; a symbol without a price is missing. */
export type OwnPrices = ReadonlyMap<string, OwnPrice>;
