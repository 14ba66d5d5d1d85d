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

export class AccountReadings {
  #current: Promise<Holdings> | null = null;

  constructor(private readonly context: AccountContext) {}

  async balances(): Promise<VenueBalances> {
    const { markets, positions } = this.context;
    const currency = markets[0]?.instrument.quote ?? '';
    const units = (await this.#holdings()).get(currency) ?? 0n;
    const unbooked = markets.reduce((sum, market) => sum + positions.unbooked(market).cash, 0n);
    // Money units are 1e-8 too.
    return { cash: plainUnits(units - unbooked), currency };
  }

  async positions(): Promise<readonly VenuePosition[]> {
    const { markets, positions, readPrices } = this.context;
    const [held] = await Promise.all([this.#holdings(), readPrices()]);
    return markets.map((market) => positionOf(market, held, positions));
  }

  /** Only callers of the same step share a reading: nobody gets one that began before they called. */
  #holdings(): Promise<Holdings> {
    if (this.#current !== null) return this.#current;
    const { reader, accountId } = this.context.connection;
    this.#current = reader.read({
      name: 'GET account',
      weight: 20,
      urgency: 'read',
      send: (ccxt) => ccxt.privateGetAccount(),
      decode: (body) => {
        accountId.learn(body);
        return readHoldings(body);
      },
    });
    queueMicrotask(() => {
      this.#current = null;
    });
    return this.#current;
  }
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
