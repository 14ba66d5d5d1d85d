/** What an API key gives access to. The client library is loaded only when a connection is opened. */
import type {
  AccountReader,
  Environment,
  OpenReader,
  ReadingAccess,
  SignIn,
  TradingAccess,
} from '../definition.js';
import { exchangeReader, readRestrictions } from './audit-reading.js';
import {
  type BinanceCredentials,
  hasAuditorKey,
  readAuditorCredentials,
  readCredentials,
} from './credentials.js';
import { judgePermissions } from './permissions.js';

/** Time limits of a pre-flight: shorter, because a person is waiting. */
const READER_TIMES = {
  requestTimeoutMs: 5_000,
  connectTimeoutMs: 3_000,
  retry: { triesMax: 2, firstMs: 200, mostMs: 500 },
};

export function signIn(env: Environment): SignIn<TradingAccess> {
  const read = readCredentials(env);
  if (!read.ok) return read;
  const { credentials } = read;
  const access: TradingAccess = {
    async open(options) {
      const { openBinanceVenue } = await import('./binance-venue.js');
      return openBinanceVenue({ ...options, credentials });
    },
    openReader: (options) => openReader(options, credentials),
  };
  return { ok: true, access };
}

export function signInToRead(env: Environment): SignIn<ReadingAccess> {
  const read = readAuditorCredentials(env);
  if (!read.ok) return read;
  const { credentials } = read;
  const access: ReadingAccess = {
    bookReader: (options) => exchangeReader({ ...options, credentials }),
    async tryOut(options) {
      const exchange = { ...options, credentials };
      await exchangeReader(exchange)();
      // The test environment does not say what a key may do, and the trader's key has a check of its own.
      if (options.endpoint.kind === 'testnet' || !hasAuditorKey(env)) return { problems: [], warnings: [] };
      return judgePermissions(await readRestrictions(exchange), 'read');
    },
  };
  return { ok: true, access };
}

async function openReader(options: OpenReader, credentials: BinanceCredentials): Promise<AccountReader> {
  const { openBinanceVenue } = await import('./binance-venue.js');
  const venue = await openBinanceVenue({ ...options, credentials, times: READER_TIMES });
  return {
    rateLimited: venue.state.rateLimiter.enabled,
    permissions: async () => judgePermissions(await venue.permissions(), 'trade'),
    balances: () => venue.balances(),
    tradable: () => venue.tradable(),
    close: () => venue.close(),
  };
}
