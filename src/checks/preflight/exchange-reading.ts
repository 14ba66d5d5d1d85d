/** What the exchange says of key, account and symbols: by real calls with the desk's own key, on a connection that is closed after. */
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import { buildInstruments } from '../../trader/engine-config.js';
import { openBinanceVenue } from '../../venue/binance/binance-venue.js';
import { readCredentials } from '../../venue/binance/credentials.js';
import { chooseEndpoint, endpointLabel } from '../../venue/binance/endpoint.js';
import type { KeyPermissions } from '../../venue/binance/permissions.js';
import type { VenueBalances } from '../../venue/port.js';

/** A value, or why there is none. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export interface ExchangeReading {
  readonly endpoint: string;
  readonly rateLimited: boolean;
  readonly permissions: Reading<KeyPermissions>;
  readonly balances: Reading<VenueBalances>;
  /** By symbol of the desk file: null where it can be traded as the desk file says, else why not. */
  readonly symbols: Reading<ReadonlyMap<string, string | null>>;
}

const TIMES = {
  requestTimeoutMs: 5_000,
  connectTimeoutMs: 3_000,
  retry: { triesMax: 2, baseMs: 200, capMs: 500 },
};

export interface ExchangeQuestion {
  readonly desk: Desk;
  readonly env: NodeJS.ProcessEnv;
  /** Instead of the exchange: a simulator on this machine. */
  readonly simulatedVenue: string | undefined;
}

/** Never throws: what could not be read says why. */
export async function readExchange(question: ExchangeQuestion): Promise<ExchangeReading> {
  const { desk, env } = question;
  const rateLimited = desk.venue.rateLimit.enabled;
  try {
    return await readOver(question);
  } catch (error) {
    const none = { ok: false, why: messageOf(error) } as const;
    const endpoint = `${desk.venue.name}${env.BINANCE_SIMULATOR_URL ? ' (simulator)' : ''}`;
    return { endpoint, rateLimited, permissions: none, balances: none, symbols: none };
  }
}

async function readOver({ desk, env, simulatedVenue }: ExchangeQuestion): Promise<ExchangeReading> {
  const endpoint = chooseEndpoint(desk.venue.testnet, {
    BINANCE_SIMULATOR_URL: simulatedVenue ?? env.BINANCE_SIMULATOR_URL,
  });
  const read = readCredentials(env);
  if (!read.ok) throw new Error(`${read.problem}. ${read.doThis}`);
  const venue = await openBinanceVenue({
    endpoint,
    credentials: read.credentials,
    instruments: buildInstruments(desk),
    foreign: desk.venue.foreign,
    rateLimited: desk.venue.rateLimit.enabled,
    times: TIMES,
  });
  try {
    const [permissions, balances, symbols] = await Promise.all([
      reading(venue.permissions()),
      reading(venue.balances()),
      reading(venue.tradable()),
    ]);
    const { enabled } = venue.state.rateLimiter;
    return { endpoint: endpointLabel(endpoint), rateLimited: enabled, permissions, balances, symbols };
  } finally {
    await venue.close();
  }
}

async function reading<T>(asked: Promise<T>): Promise<Reading<T>> {
  try {
    return { ok: true, value: await asked };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
