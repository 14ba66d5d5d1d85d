/** An order as the Gateway keeps and reports it. */
import type { Account } from '../accounts.js';
import type { Instrument } from '../contracts.js';

export const ORDER_TYPES = ['MKT', 'LMT', 'STP', 'STP LMT'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
export const TIMES_IN_FORCE = ['DAY', 'GTC', 'IOC'] as const;
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];

export type Status = 'Inactive' | 'PreSubmitted' | 'Submitted' | 'Filled' | 'Cancelled';

/** A client's order, read and checked. Prices in ticks. */
export interface Terms {
  readonly account: Account;
  readonly instrument: Instrument;
  readonly exchange: string;
  readonly action: 'BUY' | 'SELL';
  readonly quantity: number;
  readonly type: OrderType;
  readonly limit: number | null;
  readonly stop: number | null;
  readonly tif: TimeInForce;
  readonly outsideRth: boolean;
  readonly parent: Order | null;
  readonly ocaGroup: string;
  /** 1: the first fill cancels the others of the group; 2 and 3: it reduces them. */
  readonly ocaType: number;
  readonly orderRef: string;
  readonly transmit: boolean;
}

export class Order {
  readonly permId: number;
  readonly clientId: number;
  /** 0 for an order typed into TWS by hand; negative once it is bound. */
  orderId: number;
  terms: Terms;
  /** Placed but not transmitted: it stays in TWS. */
  held = true;
  status: Status = 'Inactive';
  filled = 0;
  /** Ticks times quantity. */
  turnover = 0;
  lastFill = 0;
  /** A stop that has become a market or limit order. */
  triggered = false;
  /** When the market that it waits for opens; null if it does not wait. */
  opensMs: number | null = null;
  /** When a day order ends. */
  endsMs: number | null = null;
  endedMs: number | null = null;

  constructor(ids: { permId: number; clientId: number; orderId: number }, terms: Terms) {
    this.permId = ids.permId;
    this.clientId = ids.clientId;
    this.orderId = ids.orderId;
    this.terms = terms;
  }

  get remaining(): number {
    return this.terms.quantity - this.filled;
  }

  /** Neither filled nor cancelled nor rejected. */
  get open(): boolean {
    return this.held || this.status === 'PreSubmitted' || this.status === 'Submitted';
  }

  get waitsForParent(): boolean {
    return this.terms.parent !== null && this.terms.parent.status !== 'Filled';
  }

  get waitsForTrigger(): boolean {
    return this.terms.stop !== null && !this.triggered;
  }

  /** The reasons in TWS's words. */
  get whyHeld(): string {
    if (!this.open || this.held) return '';
    return [this.waitsForParent ? 'child' : '', this.waitsForTrigger ? 'trigger' : '']
      .filter((one) => one !== '')
      .join(',');
  }

  get signed(): number {
    return this.terms.action === 'BUY' ? this.remaining : -this.remaining;
  }
}
