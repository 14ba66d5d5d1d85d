/** Carries the engine's wishes to the venue and its answers back as events. No answer ever blocks another call. */
import type { InstrumentId } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import type { OrderIntent } from '../../domain/order.js';
import type { EngineEvent, Stamp, VenueSnapshot } from '../../engine/event.js';
import type { Approved } from '../../engine/risk/approved.js';
import type { VenuePort } from '../../venue/port.js';
import { CallLane } from './call-lane.js';

/** Safety net only: how long an answer may take is the engine's to judge, and it judges sooner. */
const ABANDON_AFTER_MS = 60_000;

/** An event before it is stamped. */
export type Unstamped = EngineEvent extends infer E
  ? E extends Stamp
    ? Omit<E, keyof Stamp>
    : never
  : never;

export class VenueCalls {
  readonly #cancels = new CallLane('cancel', 512, ABANDON_AFTER_MS);
  readonly #submits = new CallLane('submit', 256, ABANDON_AFTER_MS);
  readonly #reads = new CallLane('read', 256, ABANDON_AFTER_MS);

  constructor(
    readonly venue: VenuePort,
    readonly post: (event: Unstamped) => void,
  ) {}

  get ordersUnderWay(): number {
    return this.#cancels.underWay + this.#submits.underWay;
  }

  submit(order: Approved<OrderIntent>): void {
    const { clientId } = order;
    this.#submits
      .run(() => this.venue.submit(order))
      .then(
        (outcome) => {
          if (outcome.kind === 'accepted')
            this.post({ kind: 'order.accepted', clientId, venueId: outcome.venueId });
          else if (outcome.kind === 'rejected') {
            this.post({ kind: 'order.rejected', clientId, code: outcome.code, text: outcome.text });
          } else this.post({ kind: 'order.sendUnknown', clientId, cause: outcome.cause });
        },
        (error: unknown) => this.post({ kind: 'order.sendUnknown', clientId, cause: messageOf(error) }),
      );
  }

  cancel(clientId: string, instrument: InstrumentId): void {
    this.#cancels
      .run(() => this.venue.cancel(clientId, instrument))
      .then(
        (outcome) => {
          if (outcome.kind === 'cancelled') this.post({ kind: 'order.cancelled', clientId });
          else if (outcome.kind === 'notOpen') {
            this.post({ kind: 'order.cancelRejected', clientId, code: outcome.code, text: outcome.text });
          } else this.lookup(clientId, instrument);
        },
        () => this.lookup(clientId, instrument),
      );
  }

  lookup(clientId: string, instrument: InstrumentId): void {
    this.#reads
      .run(() => this.venue.orderByClientId(clientId, instrument))
      .then(
        (found) => this.post({ kind: 'order.lookup', clientId, found }),
        (error: unknown) => this.post({ kind: 'order.lookupFailed', clientId, cause: messageOf(error) }),
      );
  }

  snapshot(requestId: number, sinceTradeMs: number): void {
    this.#reads
      .run(() => this.#readAll(requestId, sinceTradeMs))
      .then(
        (snapshot) => this.post({ kind: 'venue.snapshot', snapshot }),
        (error: unknown) => this.post({ kind: 'venue.snapshotFailed', requestId, cause: messageOf(error) }),
      );
  }

  async #readAll(requestId: number, sinceTradeMs: number): Promise<VenueSnapshot> {
    const [positions, openOrders, fills, balances] = await Promise.all([
      this.venue.positions(),
      this.venue.openOrders(),
      this.venue.fillsSince(sinceTradeMs),
      this.venue.balances(),
    ]);
    return { requestId, positions, openOrders, fills, cash: balances.cash };
  }
}
