/** Before anything is traded: the clock, the symbols, the key's permissions, the account. */

import type { VenueEndpoint } from '../endpoint.js';
import { VenueUnavailable } from '../port.js';
import type { Connection } from './connection.js';
import { fieldsOf, flagField, listOf } from './decode.js';
import { type Listing, listingProblem, quantityLimits, readBookTicker, readListings } from './listing.js';
import type { BinanceMarket } from './market.js';
import {
  judgePermissions,
  type KeyPermissions,
  readAccountPermissions,
  readKeyPermissions,
} from './permissions.js';
import type { ReferencePrices } from './reference-prices.js';

export interface VerifyContext {
  readonly connection: Connection;
  readonly endpoint: VenueEndpoint;
  readonly markets: readonly BinanceMarket[];
  readonly prices: ReferencePrices;
  readonly purpose: 'trade' | 'read';
}

/** Everything that forbids trading here, in plain words; empty where all is well. Never throws. */
export async function verify(context: VerifyContext): Promise<readonly string[]> {
  try {
    await context.connection.clock.measure();
    const [listings, permissions, canTrade] = await Promise.all([
      readSymbols(context),
      readPermissions(context),
      readCanTrade(context),
      readPrices(context),
    ]);
    for (const market of context.markets) {
      const listing = listings.get(market.symbol);
      market.stopLossMarket = listing?.orderTypes.includes('STOP_LOSS') ?? false;
      if (listing !== undefined) market.quantityLimits = quantityLimits(market, listing);
    }
    const problems = context.markets.flatMap(
      (market) => listingProblem(market, listings.get(market.symbol)) ?? [],
    );
    problems.push(...judgePermissions(permissions, context.purpose).problems);
    if (!canTrade) problems.push('trading is disabled on this account by the exchange');
    const otherAccount = context.connection.accountId.problem();
    if (otherAccount !== null) problems.push(otherAccount);
    return problems;
  } catch (error) {
    if (error instanceof VenueUnavailable) return [error.message];
    throw error;
  }
}

/** Throws `VenueUnavailable`. */
export function readSymbols({ connection, markets }: VerifyContext): Promise<ReadonlyMap<string, Listing>> {
  const symbols = JSON.stringify(markets.map(({ symbol }) => symbol));
  return connection.reader.read({
    name: 'GET exchangeInfo',
    weight: 20,
    urgency: 'background',
    send: (ccxt) => ccxt.publicGetExchangeInfo({ symbols, showPermissionSets: 'false' }),
    decode: readListings,
  });
}

/** Throws `VenueUnavailable`. The test environment has no such endpoint and tells of the account only. */
export function readPermissions({ connection, endpoint }: VerifyContext): Promise<KeyPermissions> {
  if (endpoint.kind === 'testnet') {
    return connection.reader.read({
      name: 'GET account',
      weight: 20,
      urgency: 'background',
      send: (ccxt) => ccxt.privateGetAccount(),
      decode: readAccountPermissions,
    });
  }
  return connection.reader.read({
    name: 'GET apiRestrictions',
    weight: 1,
    urgency: 'background',
    send: (ccxt) => ccxt.sapiGetAccountApiRestrictions(),
    decode: readKeyPermissions,
  });
}

function readCanTrade({ connection }: VerifyContext): Promise<boolean> {
  return connection.reader.read({
    name: 'GET account',
    weight: 20,
    urgency: 'background',
    send: (ccxt) => ccxt.privateGetAccount(),
    decode: (body) => {
      connection.accountId.learn(body);
      return flagField(fieldsOf(body, 'account'), 'canTrade', 'account');
    },
  });
}

/** Throws `VenueUnavailable`, also where a price is off by a factor. */
export function readPrices({
  connection,
  markets,
  prices,
}: Omit<VerifyContext, 'endpoint' | 'purpose'>): Promise<void> {
  const symbols = JSON.stringify(markets.map(({ symbol }) => symbol));
  return connection.reader.read({
    name: 'GET bookTicker',
    weight: 4,
    urgency: 'read',
    send: (ccxt) => ccxt.publicGetTickerBookTicker({ symbols }),
    decode: (body) => {
      const rows = listOf(body, 'book tickers').map((row) => fieldsOf(row, 'book ticker'));
      for (const market of markets) {
        const row = rows.find(({ symbol }) => symbol === market.symbol);
        prices.set(market, readBookTicker(row, market).bidTicks, connection.nowMs());
      }
    },
  });
}
