/** What a faulty venue really holds, whatever it answers. Market orders are filled at once, limit and stop orders rest. */
import type { Instrument, InstrumentId } from '../../src/domain/instrument.js';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import type { VenueOrder } from '../../src/domain/venue.js';

type Held = { -readonly [Key in keyof VenueOrder]: VenueOrder[Key] };

export interface BookOptions {
  readonly instruments: readonly Instrument[];
  /** Lots by instrument id; signed. */
  readonly positions: readonly number[];
  readonly priceTicks: number;
  readonly stopLocksBalance: boolean;
  readonly shorting: boolean;
}

export type Placed =
  | { readonly ok: true; readonly venueId: string; readonly fill: Fill | null }
  | { readonly ok: false; readonly code: string; readonly text: string };

export class FaultyVenueBook {
  readonly orders = new Map<string, Held>();
  readonly fills: Fill[] = [];
  readonly positions = new Map<InstrumentId, number>();
  private ids = 0;

  constructor(private readonly options: BookOptions) {
    options.positions.forEach((lots, instrument) => {
      if (lots !== 0) this.positions.set(instrument, lots);
    });
  }

  place(intent: OrderIntent): Placed {
    if (this.orders.has(intent.clientId)) return { ok: false, code: '-2010', text: 'Duplicate order sent.' };
    if (intent.side === 'sell' && intent.quantityLots > this.freeLots(intent)) {
      return { ok: false, code: '-2010', text: 'Account has insufficient balance for requested action.' };
    }
    this.ids += 1;
    const { clientId, instrument, side, type, quantityLots, limitTicks, stopTicks } = intent;
    const venueId = `v${this.ids}`;
    const asked = { clientId, venueId, instrument, side, type, quantityLots, limitTicks, stopTicks };
    this.orders.set(clientId, { ...asked, state: 'working', filledLots: 0 });
    return { ok: true, venueId, fill: type === 'market' ? this.execute(clientId) : null };
  }

  /** False: not open. */
  cancel(clientId: string): boolean {
    const order = this.orders.get(clientId);
    if (!order || !isOpen(order)) return false;
    order.state = 'cancelled';
    return true;
  }

  /** Fills the rest of an open order at its limit, its stop or the market price. */
  execute(clientId: string): Fill | null {
    const order = this.orders.get(clientId);
    if (!order || !isOpen(order)) return null;
    this.ids += 1;
    const quantityLots = order.quantityLots - order.filledLots;
    const { instrument, side } = order;
    const fill: Fill = {
      tradeId: `t${this.ids}`,
      clientId,
      instrument,
      side,
      quantityLots,
      priceTicks: order.limitTicks ?? order.stopTicks ?? this.options.priceTicks,
      fee: 0,
      liquidity: 'taker',
      marketMs: Date.now(),
      simulated: true,
    };
    order.state = 'filled';
    order.filledLots = order.quantityLots;
    this.fills.push(fill);
    const after = (this.positions.get(instrument) ?? 0) + (side === 'buy' ? quantityLots : -quantityLots);
    if (after === 0) this.positions.delete(instrument);
    else this.positions.set(instrument, after);
    return fill;
  }

  openOrders(): readonly VenueOrder[] {
    return [...this.orders.values()].filter(isOpen).map((order) => ({ ...order }));
  }

  private freeLots({ instrument }: OrderIntent): number {
    if (this.options.shorting) return Number.POSITIVE_INFINITY;
    const held = this.positions.get(instrument) ?? 0;
    if (!this.options.stopLocksBalance) return held;
    const locked = this.openOrders().filter(
      (order) => order.instrument === instrument && order.side === 'sell',
    );
    return locked.reduce((free, order) => free - (order.quantityLots - order.filledLots), held);
  }
}

function isOpen({ state }: VenueOrder): boolean {
  return state === 'working' || state === 'partlyFilled';
}
