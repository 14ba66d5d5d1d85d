/** Cash and positions, from one reading of the account if they are requested together. */
import { plainUnits } from '../../domain/money.js';
import type { VenueBalances, VenuePosition } from '../../domain/venue.js';
import type { Connection } from './connection.js';
import { amountField, fieldsOf, listOf, textField, unitsOf, wholeSteps } from './decode.js';
import type { Unbooked } from './fill-book.js';
import type { BinanceMarket } from './market.js';

/** Free plus locked amounts, in units of 1e-8. */
type Holdings = ReadonlyMap<string, bigint>;

interface PositionContext {
  /** Amounts in the account that are not the desk's, in units of 1e-8, by currency. */
  readonly foreign: ReadonlyMap<string, bigint>;
  /** Best bid in ticks: the price at which a lot could be sold. */
  readonly bidTicks: (market: BinanceMarket) => number;
  /** The engine's own position, so that dust is not reported as a difference. */
  readonly expectedLots: (market: BinanceMarket) => number;
  /** Amounts moved by executions that no fill covers yet. */
  readonly unbooked: (market: BinanceMarket) => Unbooked;
}

interface AccountContext {
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

  /** Only callers of the same step share a reading: nobody gets one that began before they called. */
  function holdings(): Promise<Holdings> {
    if (current !== null) return current;
    current = context.connection.reader.read({
      name: 'GET account',
      weight: 20,
      urgency: 'read',
      send: (ccxt) => ccxt.privateGetAccount(),
      decode: (body) => {
        context.connection.accountId.learn(body);
        return readHoldings(body);
      },
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
      const unbooked = context.markets.reduce(
        (sum, market) => sum + context.positions.unbooked(market).cash,
        0n,
      );
      // Money units are 1e-8 too.
      return { cash: plainUnits(units - unbooked), currency };
    },
    async positions() {
      const [held] = await Promise.all([holdings(), context.readPrices()]);
      return context.markets.map((market) => positionOf(market, held, context.positions));
    },
  };
}

/** Throws RangeError if an amount in the desk file is not a decimal. */
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

/** Reads the body of `account`. Throws `Unbelievable`. */
function readHoldings(body: unknown): Holdings {
  const rows = listOf(fieldsOf(body, 'account').balances, 'balances');
  return new Map(
    rows.map((row) => {
      const fields = fieldsOf(row, 'balance');
      const total = amountField(fields, 'free', 'balance') + amountField(fields, 'locked', 'balance');
      return [textField(fields, 'asset', 'balance'), total];
    }),
  );
}

function positionOf(market: BinanceMarket, holdings: Holdings, context: PositionContext): VenuePosition {
  const { instrument } = market;
  const foreign = context.foreign.get(instrument.base) ?? 0n;
  const held = (holdings.get(instrument.base) ?? 0n) - foreign - context.unbooked(market).coins;
  const lots = held > 0n ? wholeSteps(held, market.lot) : 0;
  const surplus = lots - context.expectedLots(market);
  const isDust =
    surplus > 0 && surplus * context.bidTicks(market) * instrument.moneyPerTickLot < instrument.minNotional;
  return { instrument: instrument.id, quantityLots: isDust ? lots - surplus : lots };
}
