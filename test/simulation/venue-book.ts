/** The truth at the simulated venue: orders, positions, cash, fills. Knows nothing of faults. */
import type { Instrument } from '../../src/domain/instrument.js';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import type { VenueOrder } from '../../src/engine/event.js';
import type { VenueCapabilities } from '../../src/venue/port.js';
import { venueOrderOf } from '../support/venue-order.js';
import type { Random } from './random.js';

export interface BookOrder {
  readonly intent: OrderIntent;
  readonly venueId: string;
  state: VenueOrder['state'];
  filledLots: number;
}

export interface BookListener {
  order(order: VenueOrder): void;
  fill(fill: Fill): void;
}

export type Placed = { readonly venueId: string } | { readonly code: string; readonly text: string };

export class VenueBook {
  readonly orders = new Map<string, BookOrder>();
  readonly fills: Fill[] = [];
  readonly positions: number[];
  readonly bidTicks: number[];
  cash: number;
  #marketMs = 0;
  #ids = 0;

  constructor(
    readonly instruments: readonly Instrument[],
    readonly capabilities: VenueCapabilities,
    startingCash: number,
    private readonly partialFills: boolean,
    private readonly random: Random,
    private readonly listener: BookListener,
  ) {
    this.cash = startingCash;
    this.positions = instruments.map(() => 0);
    this.bidTicks = instruments.map(() => 10_000);
  }

  place(intent: OrderIntent): Placed {
    if (this.orders.has(intent.clientId))
      return { code: 'duplicate', text: 'this client id was used before' };
    const refusal = this.#refusal(intent);
    if (refusal !== null) return refusal;
    this.#ids += 1;
    const order: BookOrder = { intent, venueId: `v${this.#ids}`, state: 'working', filledLots: 0 };
    this.orders.set(intent.clientId, order);
    this.listener.order(this.describe(order));
    this.#match(order);
    return { venueId: order.venueId };
  }

  cancel(clientId: string): 'cancelled' | 'notOpen' {
    const order = this.orders.get(clientId);
    if (order === undefined || !isOpen(order)) return 'notOpen';
    this.#end(order, 'cancelled');
    return 'cancelled';
  }

  /** A new price: what it crosses is filled. */
  price(instrument: number, bidTicks: number, marketMs: number): void {
    this.bidTicks[instrument] = bidTicks;
    this.#marketMs = marketMs;
    for (const order of this.orders.values()) {
      if (order.intent.instrument === instrument && isOpen(order)) this.#match(order);
    }
  }

  openOrders(): VenueOrder[] {
    return [...this.orders.values()].filter(isOpen).map((order) => this.describe(order));
  }

  describe({ intent, venueId, state, filledLots }: BookOrder): VenueOrder {
    return venueOrderOf(intent, { venueId, state, filledLots });
  }

  askTicks(instrument: number): number {
    return (this.bidTicks[instrument] ?? 0) + 2;
  }

  #refusal(intent: OrderIntent): { code: string; text: string } | null {
    const held = this.positions[intent.instrument] ?? 0;
    if (intent.reduceOnly && !reducesPosition(intent, held))
      return { code: 'reduce-only', text: 'no position' };
    if (!intent.reduceOnly && this.#isTooSmall(intent)) return { code: 'notional', text: 'too small' };
    if (this.capabilities.shorting || intent.side === 'buy' || intent.reduceOnly) return null;
    const free = held - this.#lockedLots(intent.instrument);
    return intent.quantityLots <= free ? null : { code: 'balance', text: 'insufficient balance' };
  }

  #isTooSmall(intent: OrderIntent): boolean {
    const { moneyPerTickLot, minNotional } = this.instruments[intent.instrument]!;
    const price = intent.limitTicks ?? intent.stopTicks ?? this.bidTicks[intent.instrument] ?? 0;
    return intent.quantityLots * price * moneyPerTickLot < minNotional;
  }

  #lockedLots(instrument: number): number {
    let locked = 0;
    for (const order of this.orders.values()) {
      const { intent } = order;
      if (intent.instrument === instrument && intent.side === 'sell' && isOpen(order)) {
        locked += intent.quantityLots - order.filledLots;
      }
    }
    return locked;
  }

  #match(order: BookOrder): void {
    const { intent } = order;
    const bid = this.bidTicks[intent.instrument] ?? 0;
    const ask = this.askTicks(intent.instrument);
    const price = intent.side === 'buy' ? ask : bid;
    if (intent.type === 'limit') {
      const limit = intent.limitTicks ?? 0;
      const crossed = intent.side === 'buy' ? ask <= limit : bid >= limit;
      if (crossed) this.#fillSome(order, limit, 'maker');
    } else if (intent.type === 'stop') {
      const stop = intent.stopTicks ?? 0;
      if (intent.side === 'sell' ? bid <= stop : ask >= stop) this.#fillAll(order, price);
    } else {
      this.#fillAll(order, price);
    }
  }

  #fillSome(order: BookOrder, price: number, liquidity: Fill['liquidity']): void {
    const open = order.intent.quantityLots - order.filledLots;
    const part = this.partialFills && this.random.chance(0.6) ? this.random.whole(1, open) : open;
    this.#execute(order, part, price, liquidity);
  }

  /** Like a market order: never more than a reduce-only order may take off. */
  #fillAll(order: BookOrder, price: number): void {
    const { intent } = order;
    const open = intent.quantityLots - order.filledLots;
    const held = this.positions[intent.instrument] ?? 0;
    const most = intent.reduceOnly
      ? reducesPosition(intent, held)
        ? Math.min(open, Math.abs(held))
        : 0
      : open;
    if (most > 0 && this.partialFills && most > 1 && this.random.chance(0.3)) {
      const first = this.random.whole(1, most - 1);
      this.#execute(order, first, price, 'taker');
      this.#execute(order, most - first, price, 'taker');
    } else if (most > 0) {
      this.#execute(order, most, price, 'taker');
    }
    if (isOpen(order)) this.#end(order, 'expired');
  }

  #execute(order: BookOrder, lots: number, priceTicks: number, liquidity: Fill['liquidity']): void {
    const { clientId, instrument, side, quantityLots } = order.intent;
    const { moneyPerTickLot, makerFeePpm, takerFeePpm, kind } = this.instruments[instrument]!;
    const notional = lots * priceTicks * moneyPerTickLot;
    const fee = Math.ceil((notional * (liquidity === 'maker' ? makerFeePpm : takerFeePpm)) / 1_000_000);
    order.filledLots += lots;
    order.state = order.filledLots === quantityLots ? 'filled' : 'partlyFilled';
    this.positions[instrument] = (this.positions[instrument] ?? 0) + (side === 'buy' ? lots : -lots);
    if (kind === 'spot') this.cash += side === 'buy' ? -notional : notional;
    this.cash -= fee;
    const fill: Fill = {
      tradeId: `t${this.fills.length + 1}`,
      clientId,
      instrument,
      side,
      quantityLots: lots,
      priceTicks,
      fee,
      liquidity,
      marketMs: this.#marketMs,
      simulated: true,
    };
    this.fills.push(fill);
    this.listener.fill(fill);
    this.listener.order(this.describe(order));
  }

  #end(order: BookOrder, state: 'cancelled' | 'expired'): void {
    order.state = state;
    this.listener.order(this.describe(order));
  }
}

function isOpen(order: BookOrder): boolean {
  return order.state === 'working' || order.state === 'partlyFilled';
}

function reducesPosition(intent: OrderIntent, held: number): boolean {
  return held !== 0 && (intent.side === 'sell') === held > 0;
}
