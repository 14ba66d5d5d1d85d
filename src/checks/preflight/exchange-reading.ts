/** What the exchange says of key, account and symbols: by real calls with the desk's own key, on a connection that is closed after. */
import { notTheDesks } from '../../desk/fee-assets.js';
import type { Desk } from '../../desk/schema.js';
import { messageOf } from '../../domain/message-of.js';
import type { VenueBalances } from '../../domain/venue.js';
import { buildInstruments } from '../../trader/engine-config.js';
import { openBinanceVenue } from '../../venue/binance/binance-venue.js';
import { readCredentials } from '../../venue/binance/credentials.js';
import { endpointLabel, endpointOf } from '../../venue/binance/endpoint.js';
import type { KeyPermissions } from '../../venue/binance/permissions.js';

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
  const { desk } = question;
  const rateLimited = desk.venue.rateLimit.enabled;
  try {
    return await readOver(question);
  } catch (error) {
    const none = { ok: false, why: messageOf(error) } as const;
    return { endpoint: labelOf(question), rateLimited, permissions: none, balances: none, symbols: none };
  }
}

/** Also where the endpoint itself is wrong, which is then the answer to every question. */
function labelOf(question: ExchangeQuestion): string {
  try {
    return endpointLabel(endpointOf(question.desk, question.simulatedVenue, question.env));
  } catch {
    return question.desk.venue.name;
  }
}

async function readOver(question: ExchangeQuestion): Promise<ExchangeReading> {
  const { desk, env } = question;
  // Of the desk file in every mode: a desk on paper shows its key to the test environment too, until the file leaves it.
  const endpoint = endpointOf(desk, question.simulatedVenue, env);
  const read = readCredentials(env);
  if (!read.ok) throw new Error(`${read.problem}. ${read.doThis}`);
  const venue = await openBinanceVenue({
    endpoint,
    credentials: read.credentials,
    instruments: buildInstruments(desk),
    foreign: notTheDesks(desk),
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
