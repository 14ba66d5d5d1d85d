/** A venue whose answers the test gives, call by call. */
import type { OrderIntent } from '../../src/domain/order.js';
import type { CancelOutcome, SendOutcome } from '../../src/domain/venue.js';
import type { VenuePort, VenueStreamEvent } from '../../src/venue/port.js';

export interface VenueDouble extends VenuePort {
  readonly calls: string[];
  onSubmit: (order: OrderIntent) => Promise<SendOutcome>;
  onCancel: (clientId: string) => Promise<CancelOutcome>;
  say: (event: VenueStreamEvent) => void;
}

export function venueDouble(): VenueDouble {
  const calls: string[] = [];
  const venue: VenueDouble = {
    calls,
    onSubmit: async () => ({ kind: 'accepted', venueId: 'v1' }),
    onCancel: async () => ({ kind: 'cancelled' }),
    say: () => undefined,
    capabilities: {
      name: 'double',
      simulated: true,
      shorting: false,
      stopLocksBalance: false,
      reduceOnly: true,
      amends: false,
      replaces: false,
      linksOrders: false,
    },
    instruments: [],
    serverTime: async () => 0,
    balances: async () => ({ cash: 5, currency: 'USDT' }),
    positions: async () => [],
    openOrders: async () => [],
    orderByClientId: async (clientId) => {
      calls.push(`lookup ${clientId}`);
      return null;
    },
    fillsSince: async () => [],
    submit: (order) => {
      calls.push(`submit ${order.clientId}`);
      return venue.onSubmit(order);
    },
    cancel: (clientId) => {
      calls.push(`cancel ${clientId}`);
      return venue.onCancel(clientId);
    },
    onEvent: (listener) => {
      venue.say = listener;
    },
    close: async () => undefined,
  };
  return venue;
}
