/** The adapter's parts at a simulated Gateway, on a Friday morning of Chicago. */

import { expect } from 'vitest';
import {
  type IbkrSimulator,
  type SimulatorOptions,
  startIbkrSimulator,
} from '../../../simulators/ibkr/start.js';
import { buildInstrument } from '../../../src/domain/build-instrument.js';
import type { Instrument } from '../../../src/domain/instrument.js';
import type { Fill } from '../../../src/domain/order.js';
import {
  GATEWAY_TIMES,
  Gateway,
  type GatewayOptions,
  type GatewayTimes,
} from '../../../src/venue/ibkr/gateway.js';
import { type IbkrVenue, openIbkrVenue } from '../../../src/venue/ibkr/ibkr-venue.js';
import type { IbkrVenueOptions } from '../../../src/venue/ibkr/setup.js';
import type { VenueStreamEvent } from '../../../src/venue/port.js';
import { eventually } from '../../support/eventually.js';

/** 10:00 in New York and 9:00 in Chicago. */
export const FRIDAY = Date.UTC(2026, 10, 20, 15, 0, 0);

export const QUICK: GatewayTimes = { ...GATEWAY_TIMES, reconnect: { firstMs: 20, mostMs: 100 } };

export const NQ: Instrument = buildInstrument(0, {
  ...{ symbol: 'NQ/USD', kind: 'future', tickSize: '0.25', lotSize: '1', multiplier: '20' },
  exchange: 'CME',
  ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
});
/** Quoted in cents: a tick is a quarter of a cent, and a cent of 5,000 bushels is 50 dollars. */
export const CORN: Instrument = buildInstrument(0, {
  ...{ symbol: 'ZC/USD', kind: 'future', tickSize: '0.25', lotSize: '1', multiplier: '50' },
  exchange: 'CBOT',
  ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
});
/** Micro silver, which the broker lists under SI: the full-size one is five times as much. */
export const SIL: Instrument = buildInstrument(1, {
  ...{ symbol: 'SIL/USD', kind: 'future', tickSize: '0.005', lotSize: '1', multiplier: '1000' },
  exchange: 'COMEX',
  ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
});
export const SI: Instrument = { ...SIL, id: 0, symbol: 'SI/USD', base: 'SI', multiplier: '5000' };
export const APPLE: Instrument = buildInstrument(0, {
  ...{ symbol: 'AAPL/USD', kind: 'stock', tickSize: '0.01', lotSize: '1' },
  ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
});

export function startSimulator(options: SimulatorOptions = {}): Promise<IbkrSimulator> {
  return startIbkrSimulator({ wallMs: () => FRIDAY, ...options });
}

/** What a connection told, in order. */
export interface Watched {
  readonly gateway: Gateway;
  readonly told: string[];
}

export function gatewayTo(port: number, options: Partial<GatewayOptions> = {}): Watched {
  const told: string[] = [];
  const gateway = new Gateway({
    host: '127.0.0.1',
    port,
    clientId: 10,
    times: QUICK,
    onReady: ({ accounts, nextOrderId }) => void told.push(`ready ${accounts.join()} ${nextOrderId}`),
    onLost: (cause) => told.push(cause),
    // Farms are told at each start, and what the socket says of itself is in the cause.
    onNotice: (code) => /^1\d{3}$/.test(`${code}`) && told.push(`notice ${code}`),
    ...options,
  });
  return { gateway, told };
}

export interface OpenVenue {
  readonly venue: IbkrVenue;
  readonly events: VenueStreamEvent[];
  readonly fills: () => Fill[];
}

/** Open, and up unless `up` is false. */
export async function venueAt(
  port: number,
  options: Partial<IbkrVenueOptions> & { readonly up?: boolean } = {},
): Promise<OpenVenue> {
  const { up = true, ...more } = options;
  const venue = await openIbkrVenue({
    address: { host: '127.0.0.1', port },
    ...{ money: 'paper', account: null, clientId: 10, instruments: [NQ], times: QUICK },
    ...more,
  });
  const events: VenueStreamEvent[] = [];
  venue.onEvent((event) => events.push(event));
  if (up) {
    await eventually(() => expect(venue.state.reasons).toEqual([]));
    // What was asked ahead of margins is answered before it, so that no fault of a test falls on that.
    await venue.serverTime();
  }
  return {
    venue,
    events,
    fills: () => events.flatMap((event) => (event.kind === 'fill' ? [event.fill] : [])),
  };
}
