/** The host's link to a paper venue that answers at once. */

import type { HandedAction } from '../../domain/corporate-action.js';
import type { InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent } from '../../domain/order.js';
import type { Approved } from '../../limits/gate.js';
import type { Unstamped, VenueLink } from '../../trader/running/runner.js';
import { amendEvent, eventOf, replaceEvent } from '../../trader/running/venue-calls.js';
import type { SteppedPaperVenue } from '../../venue/paper/stepped-venue.js';
import type { VenueStreamEvent } from '../../venue/port.js';

export class SteppedLink implements VenueLink {
  readonly ordersUnderWay = 0;
  #post: (event: Unstamped) => void = () => undefined;

  /** The venue sends its stream to `onVenue`, so that it can be built before the host. */
  constructor(readonly venue: SteppedPaperVenue) {}

  connect(post: (event: Unstamped) => void): void {
    this.#post = post;
  }

  onVenue(event: VenueStreamEvent): void {
    this.#post(eventOf(event));
  }

  submit(order: Approved<OrderIntent>): void {
    const { clientId } = order;
    const outcome = this.venue.submit(order);
    if (outcome.kind === 'accepted')
      this.#post({ kind: 'order.accepted', clientId, venueId: outcome.venueId });
    else if (outcome.kind === 'rejected') {
      const { code, text, wouldTrigger = false, wouldTake } = outcome;
      const why = { wouldTrigger, ...(wouldTake === true ? { wouldTake } : {}) };
      this.#post({ kind: 'order.rejected', clientId, code, text, ...why });
    } else this.#post({ kind: 'order.sendUnknown', clientId, cause: outcome.cause });
  }

  cancel(clientId: string, instrument: InstrumentId): void {
    const outcome = this.venue.cancel(clientId, instrument);
    if (outcome.kind === 'notOpen') {
      this.#post({ kind: 'order.cancelRejected', clientId, code: outcome.code, text: outcome.text });
    } else this.#post({ kind: 'order.cancelled', clientId });
  }

  amend(clientId: string, instrument: InstrumentId, quantityLots: number): void {
    const event = amendEvent(clientId, this.venue.amendQuantity(clientId, instrument, quantityLots));
    if (event === null) this.lookup(clientId);
    else this.#post(event);
  }

  replace(clientId: string, order: Approved<OrderIntent>): void {
    this.#post(replaceEvent(clientId, order.clientId, this.venue.replace(clientId, order)));
  }

  takeAction(handed: HandedAction): void {
    this.venue.takeAction(handed);
  }

  lookup(clientId: string): void {
    this.#post({ kind: 'order.lookup', clientId, found: this.venue.orderByClientId(clientId) });
  }

  snapshot(requestId: number, sinceTradeMs: number): void {
    this.#post({ kind: 'venue.snapshot', snapshot: this.venue.snapshot(requestId, sinceTradeMs) });
  }
}
