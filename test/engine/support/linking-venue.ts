/** A venue that links orders as a broker's OCA group does, for one instrument. It can't sell more than its rules allow it to. */
import type { Fill, OrderIntent } from '../../../src/domain/order.js';
import type { VenueOrder } from '../../../src/domain/venue.js';
import type { Effect } from '../../../src/engine/effect.js';
import type { VenueSnapshot } from '../../../src/engine/event.js';
import type { Unstamped } from '../../../src/trader/running/runner.js';

interface Held {
  readonly intent: OrderIntent;
  quantityLots: number;
  filledLots: number;
  state: 'working' | 'filled' | 'cancelled';
}

export class LinkingVenue {
  readonly orders = new Map<string, Held>();
  readonly fills: Fill[] = [];
  position = 0;
  /** Below zero at any moment: one more sale than was held. */
  lowest = 0;
  bidTicks = 10_000;

  /** `draw`: a whole number below its argument. `tell`: on its way to the desk, which may hear it late or never. */
  constructor(
    private readonly draw: (below: number) => number,
    private readonly tell: (message: Unstamped) => void,
    private readonly nowMs: () => number,
  ) {}

  get open(): Held[] {
    return [...this.orders.values()].filter(({ state }) => state === 'working');
  }

  carryOut(effect: Effect): void {
    if (effect.kind === 'submit') this.#place(effect.order);
    else if (effect.kind === 'cancel') this.#cancel(effect.clientId);
    else if (effect.kind === 'lookup') {
      const held = this.orders.get(effect.clientId);
      const found = held === undefined ? null : this.#told(held);
      this.tell({ kind: 'order.lookup', clientId: effect.clientId, found });
    } else if (effect.kind === 'requestSnapshot')
      this.tell({ kind: 'venue.snapshot', snapshot: this.#reading(effect.requestId) });
  }

  /** The market moves there; what it reaches fills, in parts or as a whole. */
  trade(bidTicks: number): void {
    this.bidTicks = bidTicks;
    for (const held of this.open) this.#match(held);
  }

  #place(intent: OrderIntent): void {
    const { clientId, quantityLots } = intent;
    const held: Held = { intent, quantityLots, filledLots: 0, state: 'working' };
    this.orders.set(clientId, held);
    this.tell({ kind: 'order.accepted', clientId, venueId: `v-${clientId}` });
    this.#match(held);
  }

  #cancel(clientId: string): void {
    const held = this.orders.get(clientId);
    if (held?.state !== 'working') {
      this.tell({ kind: 'order.cancelRejected', clientId, code: '10148', text: 'It is not open.' });
      return;
    }
    held.state = 'cancelled';
    this.tell({ kind: 'order.cancelled', clientId });
    for (const other of this.#groupOf(held)) this.#end(other);
  }

  #match(held: Held): void {
    const { type, limitTicks, stopTicks, side } = held.intent;
    const reaches = (ticks: number | null, beyond: boolean) =>
      ticks !== null && (beyond ? this.bidTicks >= ticks : this.bidTicks <= ticks);
    const sells = side === 'sell';
    const fires =
      type === 'market' || (type === 'limit' ? reaches(limitTicks, sells) : reaches(stopTicks, !sells));
    if (!fires || held.state !== 'working') return;
    const left = held.quantityLots - held.filledLots;
    const lots = type === 'market' || this.draw(2) === 0 ? left : 1 + this.draw(left);
    this.#fill(held, lots);
  }

  #fill(held: Held, lots: number): void {
    const { intent } = held;
    held.filledLots += lots;
    this.position += intent.side === 'buy' ? lots : -lots;
    this.lowest = Math.min(this.lowest, this.position);
    if (held.filledLots === held.quantityLots) held.state = 'filled';
    const fill: Fill = {
      ...{ tradeId: `t${this.fills.length}`, clientId: intent.clientId, instrument: 0, side: intent.side },
      ...{ quantityLots: lots, priceTicks: this.bidTicks, fee: 0, liquidity: 'taker', simulated: true },
      marketMs: this.nowMs(),
    };
    this.fills.push(fill);
    this.tell({ kind: 'fill', fill });
    for (const other of this.#groupOf(held)) {
      other.quantityLots -= lots;
      if (other.quantityLots <= other.filledLots) this.#end(other);
      else this.tell({ kind: 'order.update', order: this.#told(other) });
    }
  }

  #end(held: Held): void {
    held.state = 'cancelled';
    this.tell({ kind: 'order.update', order: this.#told(held) });
  }

  #groupOf({ intent }: Held): Held[] {
    if (intent.group === undefined) return [];
    return this.open.filter((one) => one.intent !== intent && one.intent.group === intent.group);
  }

  #told({ intent, quantityLots, filledLots, state }: Held): VenueOrder {
    const { clientId, instrument, side, type, limitTicks, stopTicks, group } = intent;
    return {
      ...{ clientId, venueId: `v-${clientId}`, instrument, side, type, limitTicks, stopTicks },
      ...{ state: state === 'working' && filledLots > 0 ? 'partlyFilled' : state, quantityLots, filledLots },
      ...(group === undefined ? {} : { group }),
    };
  }

  #reading(requestId: number): VenueSnapshot {
    return {
      requestId,
      positions: [{ instrument: 0, quantityLots: this.position }],
      openOrders: this.open.map((held) => this.#told(held)),
      fills: this.fills,
      cash: null,
    };
  }
}
