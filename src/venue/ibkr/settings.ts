/**
 * The Gateway's address, and the client id and account to use with it, from the environment. The login is in
 * the Gateway itself: nothing here is a secret.
 */
import type { ZodType } from 'zod';
import { deskEnvironment } from '../../desk/desk-environment.js';
import type { DeskVenue } from '../../desk/desk-venue.js';
import { text as anyText } from '../../desk/environment-variable.js';
import type { OrderCapabilities } from '../../domain/order-bounds.js';
import type { Environment, ProgramAddress } from '../definition.js';
import type { VenueEndpoint } from '../prices.js';

export type GatewayAddress = ProgramAddress;

/** Stands for the address of the Gateway that the environment names. */
export const GATEWAY = 'IB Gateway';
const USUAL_GATEWAY = '127.0.0.1:4002';
const USUAL_CLIENT_ID = 10;

/**
 * Offsets from the desk's client id. The trader's orders use the id itself and its readings the next one; a
 * pre-flight and the account in a connection test likewise use two ids. Each reader of prices has its own;
 * that of a connection test also reads the account as the auditor does, for a pre-flight.
 */
export const CLIENTS = { trader: 2, auditor: 3, preflight: 4, validation: 6, fetch: 7, test: 8 } as const;

/**
 * Below the 50 that the Gateway accepts; it closes the connection of a client that sends more. The library sends a
 * tenth of this number each tenth of a second, rounded up.
 */
export const IBKR_RATE = { counts: 'requests', of: 'connection', limit: 40, windowMs: 1000 } as const;

/** Contracts are requested by their currency code, which has three letters. */
const SYMBOL = /^[A-Z0-9]{1,12}\/[A-Z]{3}$/;
const FUTURES = {
  entries: ['limit', 'stop'],
  shorting: true,
  stopLocksBalance: false,
  reduceOnly: false,
  // Sending a used id again modifies its order: an order that was filled meanwhile would be placed again.
  amends: false,
  replaces: false,
  linksOrders: true,
  // The broker routes to exchanges that don't have these for every contract, and would simulate them in its own way.
  postOnly: false,
  fillOrKill: false,
} as const satisfies OrderCapabilities;

export const IBKR_TAKES = {
  future: {
    symbols: { form: SYMBOL, parts: 'the root of the future and its currency', example: 'NQ/USD' },
    ...{ can: FUTURES, lotSize: '1', stopsMax: null },
  },
  // The broker sells shares short; a desk here does not.
  stock: {
    symbols: { form: SYMBOL, parts: 'the share and its currency', example: 'AAPL/USD' },
    ...{ can: { ...FUTURES, shorting: false }, lotSize: '1', stopsMax: null },
  },
} as const satisfies DeskVenue['takes'];

const PORT_MAX = 65_535;
const GATEWAY_FORM = `HOST:PORT with a port from 1 to ${PORT_MAX}`;
export const gatewayText = anyText
  .regex(/^([A-Za-z0-9.-]+|\[[0-9a-f:]+\]):\d{1,5}$/, GATEWAY_FORM)
  .refine(hasPort, GATEWAY_FORM);
/** Not 0: the client with that id takes over the orders that a person types in. */
export const clientIdText = anyText.regex(/^[1-9]\d{0,5}$/, 'a whole number from 1 to 999999');
export const accountText = anyText.regex(
  /^[A-Z]{1,3}\d{4,12}$/,
  'the name of an account, for example DU1234567',
);

const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/;

export interface IbkrSettings {
  readonly clientId: number;
  /** Null: the login's only account. */
  readonly account: string | null;
}

/** Throws RangeError with the variable's name if one has an invalid value. */
export function settingsOf(env: Environment): IbkrSettings {
  const account = given(env, 'IBKR_ACCOUNT', accountText);
  const clientId = given(env, 'IBKR_CLIENT_ID', clientIdText);
  return { clientId: clientId === null ? USUAL_CLIENT_ID : Number(clientId), account };
}

/** `address`: that of an endpoint, or `GATEWAY`. Throws RangeError as `settingsOf` does. */
export function gatewayAt(address: string, env: Environment = deskEnvironment()): GatewayAddress {
  const at = address === GATEWAY ? (given(env, 'IBKR_GATEWAY', gatewayText) ?? USUAL_GATEWAY) : address;
  const colon = at.lastIndexOf(':');
  return { host: at.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(at.slice(colon + 1)) };
}

export const addressOf = (endpoint: VenueEndpoint): string =>
  endpoint.kind === 'simulator' ? endpoint.address : GATEWAY;

/**
 * The broker's paper account is its test environment. Throws RangeError for a simulator that is not on this machine.
 */
export function endpointOf(
  desk: { readonly venue: { readonly testnet: boolean } },
  simulatedVenue: string | undefined,
  env: Environment = deskEnvironment(),
): VenueEndpoint {
  const [name, address] =
    simulatedVenue === undefined
      ? ['IBKR_SIMULATOR', env.IBKR_SIMULATOR]
      : ['--simulated-venue', simulatedVenue];
  if (address === undefined || address === '')
    return desk.venue.testnet ? { kind: 'testnet' } : { kind: 'live' };
  if (!LOOPBACK.test(address) || !hasPort(address))
    throw new RangeError(
      `${name}: the simulator of Interactive Brokers must be an address of this machine like 127.0.0.1:4002; found ${address}`,
    );
  return { kind: 'simulator', address };
}

function hasPort(address: string): boolean {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  return port >= 1 && port <= PORT_MAX;
}

/** Null: the variable is not set. Throws RangeError with its name. */
export function given<T>(env: Environment, name: string, form: ZodType<T>): T | null {
  const text = env[name]?.trim() ?? '';
  if (text === '') return null;
  const read = form.safeParse(text);
  if (read.success) return read.data;
  throw new RangeError(`${name}: expected ${read.error.issues[0]?.message}, found ${text}`);
}
