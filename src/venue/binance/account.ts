/** Cash and positions, both from one reading of the account where they are asked for together. */
import { plainUnits } from '../../domain/money.js';
import type { VenueBalances, VenuePosition } from '../../domain/venue.js';
import type { Connection } from './connection.js';
import { unitsOf } from './exact.js';
import { type Holdings, type PositionContext, positionOf, readHoldings } from './holdings.js';
import type { BinanceMarket } from './market.js';

export interface AccountContext {
  readonly connection: Connection;
  readonly markets: readonly BinanceMarket[];
  readonly positions: PositionContext;
  /** Throws `VenueUnavailable`. */
  readonly readPrices: () => Promise<void>;
}

export interface AccountReadings {
  balances(): Promise<VenueBalances>;
  positions(): Promise<readonly VenuePosition[]>;
}

export function createAccountReadings(context: AccountContext): AccountReadings {
  let current: Promise<Holdings> | null = null;

  /** Shared only among those who ask in the same step: nobody gets a reading that began before the question. */
  function holdings(): Promise<Holdings> {
    if (current !== null) return current;
    current = context.connection.reader.read({
      name: 'GET account',
      weight: 20,
      urgency: 'read',
      send: (ccxt) => ccxt.privateGetAccount(),
      decode: readHoldings,
    });
    queueMicrotask(() => {
      current = null;
    });
    return current;
  }

  return {
    async balances() {
      const currency = context.markets[0]?.instrument.quote ?? '';
      const units = (await holdings()).get(currency) ?? 0n;
      // Money units are 1e-8 too.
      return { cash: plainUnits(units), currency };
    },
    async positions() {
      const [held] = await Promise.all([holdings(), context.readPrices()]);
      return context.markets.map((market) => positionOf(market, held, context.positions));
    },
  };
}

/** Throws RangeError for an amount of the desk file that is no decimal. */
export function foreignUnits(foreign: Readonly<Record<string, string>>): ReadonlyMap<string, bigint> {
  return new Map(
    Object.entries(foreign).map(([currency, amount]) => {
      const units = unitsOf(amount);
      if (units === null)
        throw new RangeError(`foreign ${currency}: expected a decimal amount, found ${amount}`);
      return [currency, units];
    }),
  );
}
