/** Verified before anything is traded: the clock, the symbols, the key's permissions, the account. */

import { VenueUnavailable } from '../port.js';
import type { VenueEndpoint } from '../prices.js';
import type { Connection } from './connection.js';
import { fieldsOf, flagField, listOf } from './decode.js';
import { type Listing, listingProblem, quantityLimits, readBid, readListings } from './listing.js';
import { type BinanceMarket, learnSteps } from './market.js';
import {
  judgePermissions,
  type KeyPermissions,
  readAccountPermissions,
  readKeyPermissions,
} from './permissions.js';
import { KeyRefused } from './reading.js';
import type { ReferencePrices } from './reference-prices.js';

export interface VerifyContext {
  readonly connection: Connection;
  readonly endpoint: VenueEndpoint;
  readonly markets: readonly BinanceMarket[];
  readonly prices: ReferencePrices;
}

/**
 * Everything that forbids trading here, in plain words; empty if nothing does. Never throws. A symbol in
 * which no position can be opened blocks only itself, unless all symbols are blocked.
 */
export async function verify(context: VerifyContext): Promise<readonly string[]> {
  try {
    await context.connection.clock.measure();
    const [problemsOfAll, permissions, canTrade] = await Promise.all([
      verifySymbols(context),
      readPermissions(context),
      readCanTrade(context),
      readPrices(context),
    ]);
    const problems = [...problemsOfAll, ...keyProblems(permissions, canTrade)];
    const otherAccount = context.connection.accountId.problem();
    if (otherAccount !== null) problems.push(otherAccount);
    return problems;
  } catch (error) {
    if (error instanceof VenueUnavailable) return [error.message];
    throw error;
  }
}

function keyProblems(permissions: KeyPermissions, canTrade: boolean): string[] {
  const { problems } = judgePermissions(permissions, 'trade');
  return canTrade ? [...problems] : [...problems, 'trading is disabled on this account by the exchange'];
}

/**
 * What forbids trading with a key that was verified before. Null: the exchange did not say, which is nothing against
 * the key. The clock comes first, since a signature is of a time.
 */
export async function verifyKey(context: VerifyContext): Promise<readonly string[] | null> {
  try {
    await context.connection.clock.measure();
    const canTrade = await readCanTrade(context);
    return keyProblems(await readPermissions(context), canTrade);
  } catch (error) {
    if (error instanceof KeyRefused) return [error.message];
    if (error instanceof VenueUnavailable) return null;
    throw error;
  }
}

/**
 * Reads the list and stores what it says about each symbol. Returns problems only if every symbol has one.
 * Throws `VenueUnavailable`.
 */
export async function verifySymbols(context: VerifyContext): Promise<readonly string[]> {
  const { markets } = context;
  const listings = await readSymbols(context);
  for (const market of markets) {
    const listing = listings.get(market.symbol);
    market.problem = listingProblem(market, listing);
    if (listing === undefined) continue;
    market.stopLossMarket = listing.orderTypes.includes('STOP_LOSS');
    market.amends = listing.amends;
    market.replaces = listing.replaces;
    market.quantityLimits = quantityLimits(market, listing);
    learnSteps(market, { tick: listing.tickSize, lot: listing.stepSize });
  }
  const problems = markets.flatMap(({ problem }) => problem ?? []);
  return problems.length < markets.length ? [] : problems;
}

/** Leaves out symbols that the exchange does not list. Throws `VenueUnavailable`. */
export function readSymbols({ connection, markets }: VerifyContext): Promise<ReadonlyMap<string, Listing>> {
  return ofSymbols(markets, (some) =>
    connection.reader.read({
      name: 'GET exchangeInfo',
      weight: 20,
      urgency: 'background',
      send: (ccxt) => ccxt.publicGetExchangeInfo({ symbols: listed(some), showPermissionSets: 'false' }),
      decode: readListings,
      unlisted: null,
    }),
  );
}

/** The exchange refuses the whole list over one unknown symbol; then each is requested on its own. */
async function ofSymbols<T>(
  markets: readonly BinanceMarket[],
  read: (some: readonly BinanceMarket[]) => Promise<ReadonlyMap<string, T> | null>,
): Promise<ReadonlyMap<string, T>> {
  const together = await read(markets);
  if (together !== null) return together;
  const alone = await Promise.all(markets.map((market) => read([market])));
  return new Map(alone.flatMap((one) => [...(one ?? [])]));
}

const listed = (markets: readonly BinanceMarket[]): string =>
  JSON.stringify(markets.map(({ symbol }) => symbol));

/**
 * Throws `VenueUnavailable`. The test environment lacks this endpoint and reports only what the account may
 * do.
 */
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

/**
 * A symbol without a bid (halted or delisted) keeps its last price. Throws `VenueUnavailable`, including for
 * a price off by a factor.
 */
export async function readPrices({
  connection,
  markets,
  prices,
}: Pick<VerifyContext, 'connection' | 'markets' | 'prices'>): Promise<void> {
  await ofSymbols(markets, (some) =>
    connection.reader.read({
      name: 'GET bookTicker',
      weight: 4,
      urgency: 'read',
      send: (ccxt) => ccxt.publicGetTickerBookTicker({ symbols: listed(some) }),
      decode: (body) => {
        const rows = listOf(body, 'book tickers').map((row) => fieldsOf(row, 'book ticker'));
        const bids = new Map<string, number>();
        const off: unknown[] = [];
        for (const market of some) {
          const row = rows.find(({ symbol }) => symbol === market.symbol);
          const bidTicks = row === undefined ? 0 : readBid(row, market);
          if (bidTicks === 0) continue;
          // Each is recorded, even after one that is off, so that prices that jump together are believed
          // together.
          try {
            prices.set(market, bidTicks, connection.nowMs());
          } catch (error) {
            off.push(error);
          }
          bids.set(market.symbol, bidTicks);
        }
        if (off.length > 0) throw off[0];
        return bids;
      },
      unlisted: null,
    }),
  );
}
