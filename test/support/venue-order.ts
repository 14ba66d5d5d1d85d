import type { OrderIntent } from '../../src/domain/order.js';
import type { VenueOrder } from '../../src/domain/venue.js';

/** What a venue says of an order that it took. */
export function venueOrderOf(
  intent: OrderIntent,
  at: Pick<VenueOrder, 'venueId' | 'state' | 'filledLots'>,
): VenueOrder {
  const { clientId, instrument, side, type, quantityLots, limitTicks, stopTicks } = intent;
  return { ...at, clientId, instrument, side, type, quantityLots, limitTicks, stopTicks };
}
