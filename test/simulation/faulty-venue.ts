/** The venue as the trader meets it: requests, answers and the stream go through a network that does its worst. */
import type { OrderIntent } from '../../src/domain/order.js';
import type { EngineEvent, Stamp, VenueOrder, VenueSnapshot } from '../../src/engine/event.js';
import type { Random } from './random.js';
import type { FaultRates, Scenario } from './scenario.js';
import { VenueBook } from './venue-book.js';
import type { VirtualTime } from './virtual-time.js';

/** An event before it is stamped on delivery. */
export type Message = EngineEvent extends infer E ? (E extends Stamp ? Omit<E, keyof Stamp> : never) : never;

export class FaultyVenue {
  readonly book: VenueBook;
  /** How often each client id was sent. */
  readonly submits = new Map<string, number>();
  faults: FaultRates;
  connected = true;
  #closed = false;
  #receiver: ((message: Message) => void) | null = null;
  /** Counts processes: what was on its way to one never reaches the next. */
  #generation = 0;

  constructor(
    private readonly scenario: Scenario,
    private readonly time: VirtualTime,
    private readonly random: Random,
    startingCash: number,
  ) {
    this.faults = scenario.faults;
    const { instruments, capabilities, partialFills } = scenario;
    this.book = new VenueBook(instruments, capabilities, startingCash, partialFills, random, {
      order: (order) => this.#stream(orderMessage(order)),
      fill: (fill) => this.#stream({ kind: 'fill', fill }),
    });
  }

  /** Null: the trader is not running, and everything on its way to it is lost. */
  attach(receiver: ((message: Message) => void) | null): void {
    this.#receiver = receiver;
    this.#generation += 1;
  }

  submit(order: OrderIntent): void {
    const { clientId } = order;
    this.submits.set(clientId, (this.submits.get(clientId) ?? 0) + 1);
    if (this.#closed || this.random.chance(this.faults.refused)) {
      this.#answer({ kind: 'order.rejected', clientId, code: '503', text: 'busy' }, this.#generation);
      return;
    }
    const onLoss: Message = { kind: 'order.sendUnknown', clientId, cause: 'connection reset' };
    this.#request(onLoss, () => {
      const placed = this.book.place(order);
      if ('venueId' in placed) return { kind: 'order.accepted', clientId, venueId: placed.venueId };
      return { kind: 'order.rejected', clientId, code: placed.code, text: placed.text };
    });
  }

  cancel(clientId: string): void {
    this.#request(null, () =>
      this.book.cancel(clientId) === 'cancelled'
        ? { kind: 'order.cancelled', clientId }
        : { kind: 'order.cancelRejected', clientId, code: 'notOpen', text: 'no such open order' },
    );
  }

  lookup(clientId: string): void {
    this.#request({ kind: 'order.lookupFailed', clientId, cause: 'timeout' }, () => {
      const order = this.book.orders.get(clientId);
      return {
        kind: 'order.lookup',
        clientId,
        found: order === undefined ? null : this.book.describe(order),
      };
    });
  }

  snapshot(requestId: number, sinceTradeMs: number): void {
    this.#request({ kind: 'venue.snapshotFailed', requestId, cause: 'timeout' }, () => ({
      kind: 'venue.snapshot',
      snapshot: this.#read(requestId, sinceTradeMs),
    }));
  }

  maintenance(durationMs: number): void {
    this.#closed = true;
    this.time.after(durationMs, () => this.open());
  }

  open(): void {
    this.#closed = false;
  }

  disconnect(durationMs: number): void {
    if (!this.connected) return;
    this.connected = false;
    this.#deliver({ kind: 'venue.health', state: 'down', detail: 'connection lost' }, this.#generation);
    this.time.after(durationMs, () => {
      this.connected = true;
      this.#deliver({ kind: 'venue.health', state: 'up', detail: 'connected again' }, this.#generation);
    });
  }

  #read(requestId: number, sinceTradeMs: number): VenueSnapshot {
    const positions = this.book.positions.map((quantityLots, instrument) => ({ instrument, quantityLots }));
    const openOrders = this.book.openOrders();
    const fills = this.book.fills.filter(({ marketMs }) => marketMs >= sinceTradeMs);
    const whole = { requestId, positions, openOrders, fills, cash: this.#cash() };
    if (!this.random.chance(this.faults.snapshotWrong)) return whole;
    return this.random.chance(0.5)
      ? { ...whole, openOrders: openOrders.slice(1) }
      : { ...whole, positions: positions.map((position) => ({ ...position, quantityLots: 0 })) };
  }

  /** Linear results are settled in the engine's book only; the venue's figure would count the open ones otherwise. */
  #cash(): number | null {
    return this.scenario.instruments[0]?.kind === 'spot' ? this.book.cash : null;
  }

  /** `onLoss`: what the caller is told of a request that failed, if it is told anything. */
  #request(onLoss: Message | null, work: () => Message): void {
    const from = this.#generation;
    const told = onLoss !== null && this.random.chance(0.5);
    if (!this.connected || this.random.chance(this.faults.requestLost)) {
      if (told) this.#answer(onLoss, from);
      return;
    }
    const late = this.random.chance(this.faults.requestLate) ? this.random.whole(1, this.faults.lateMs) : 0;
    if (late > 0 && told) this.#answer(onLoss, from);
    this.time.after(this.scenario.latencyMs / 2 + late, () => {
      const answer = work();
      if (this.random.chance(this.faults.answerLost)) {
        if (told && late === 0) this.#answer(onLoss, from);
        return;
      }
      this.#answer(answer, from);
      if (this.random.chance(this.faults.answerDoubled)) this.#answer(answer, from);
    });
  }

  #answer(message: Message, to: number): void {
    this.time.after(this.scenario.latencyMs / 2 + this.random.whole(0, 2), () => this.#deliver(message, to));
  }

  #stream(message: Message): void {
    if (!this.connected || this.random.chance(this.faults.streamLost)) return;
    const to = this.#generation;
    const late = this.random.chance(this.faults.streamLate) ? this.random.whole(1, this.faults.lateMs) : 0;
    const delay = this.scenario.latencyMs / 2 + late;
    this.time.after(delay, () => this.#deliver(message, to));
    if (this.random.chance(this.faults.streamDoubled)) {
      this.time.after(delay + this.random.whole(0, 500), () => this.#deliver(message, to));
    }
  }

  #deliver(message: Message, to: number): void {
    if (to === this.#generation) this.#receiver?.(message);
  }
}

function orderMessage(order: VenueOrder): Message {
  return { kind: 'order.update', order };
}
