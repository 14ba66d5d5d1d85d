/** Compares the venue's list of symbols with the desk's instruments: same steps, tradable, stops allowed. */
import type { QuantityLimits } from '../../domain/venue.js';
import {
  amountField,
  decimalOf,
  type Fields,
  fieldsOf,
  listOf,
  textField,
  Unbelievable,
  unitsOf,
  wholeSteps,
} from './decode.js';
import type { BinanceMarket } from './market.js';

export interface Listing {
  readonly symbol: string;
  readonly status: string;
  readonly orderTypes: readonly string[];
  readonly amends: boolean;
  readonly replaces: boolean;
  readonly tickSize: bigint;
  readonly stepSize: bigint;
  readonly minNotional: bigint;
  readonly minQuantity: bigint;
  /** Units of 1e-8; 0 means no limit. */
  readonly maxQuantity: bigint;
  /** The limit for market orders; 0 means none. */
  readonly maxMarketQuantity: bigint;
  /** Stop orders of an account that may be open at a time; null if it does not say. */
  readonly maxStops: number | null;
}

/** Reads the body of `exchangeInfo`. Throws `Unbelievable`. */
export function readListings(body: unknown): ReadonlyMap<string, Listing> {
  const rows = listOf(fieldsOf(body, 'exchange information').symbols, 'symbols');
  return new Map(
    rows.map((row) => {
      const fields = fieldsOf(row, 'symbol');
      const listing = readListing(fields);
      return [listing.symbol, listing];
    }),
  );
}

function readListing(fields: Fields): Listing {
  const filters = new Map(
    listOf(fields.filters, 'filters').map((one) => {
      const filter = fieldsOf(one, 'filter');
      return [textField(filter, 'filterType', 'filter'), filter];
    }),
  );
  const step = (filter: string, name: string): bigint => unitsOf(filters.get(filter)?.[name]) ?? 0n;
  return {
    symbol: textField(fields, 'symbol', 'symbol'),
    status: textField(fields, 'status', 'symbol'),
    orderTypes: listOf(fields.orderTypes, 'order types').map(String),
    amends: fields.amendAllowed !== false,
    replaces: fields.cancelReplaceAllowed !== false,
    tickSize: step('PRICE_FILTER', 'tickSize'),
    stepSize: step('LOT_SIZE', 'stepSize'),
    minNotional: step('NOTIONAL', 'minNotional') || step('MIN_NOTIONAL', 'minNotional'),
    minQuantity: step('LOT_SIZE', 'minQty'),
    maxQuantity: step('LOT_SIZE', 'maxQty'),
    maxMarketQuantity: step('MARKET_LOT_SIZE', 'maxQty'),
    maxStops: countOf(filters.get('MAX_NUM_ALGO_ORDERS')?.maxNumAlgoOrders),
  };
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}

/** What forbids trading this instrument; null if nothing does. */
export function listingProblem(market: BinanceMarket, listing: Listing | undefined): string | null {
  const { symbol, tickSize, lotSize, minNotional } = market.instrument;
  if (listing === undefined) return `${symbol} is not listed at the exchange: take it out of the desk file`;
  if (listing.status !== 'TRADING') return `${symbol} is not trading at the exchange (${listing.status})`;
  const { maxLots, maxMarketLots } = quantityLimits(market, listing);
  if (maxLots === 0 || maxMarketLots === 0) {
    return `${symbol}: the desk file's lotSize ${lotSize} is more than the exchange takes in one order`;
  }
  const step =
    stepProblem(`tickSize ${tickSize}`, market.tick, listing.tickSize) ??
    stepProblem(`lotSize ${lotSize}`, market.lot, listing.stepSize);
  if (step !== null) return `${symbol}: the desk file's ${step}`;
  if (BigInt(minNotional) < listing.minNotional) {
    return `${symbol}: the desk file's minNotional is below the exchange's`;
  }
  const stops = listing.orderTypes.includes('STOP_LOSS') || listing.orderTypes.includes('STOP_LOSS_LIMIT');
  return stops
    ? null
    : `${symbol}: the exchange takes no stop orders for it, so a position could not be protected`;
}

/** The desk's steps must be the exchange's own: a fill between two steps of the desk could not be booked exactly. */
function stepProblem(what: string, ours: bigint, exchanges: bigint): string | null {
  if (ours === exchanges) return null;
  return `${what} is ${ours < exchanges ? 'finer' : 'coarser'} than the exchange's, ${decimalOf(exchanges)}`;
}

/** Rounded to whole lots of the desk, so that the exchange accepts every quantity within them. */
export function quantityLimits({ instrument, lot }: BinanceMarket, listing: Listing): QuantityLimits {
  const { minQuantity, maxQuantity, maxMarketQuantity, maxStops } = listing;
  const most = (quantity: bigint) => (quantity === 0n ? null : Number(quantity / lot));
  return {
    instrument: instrument.id,
    minLots: Math.max(1, Number((minQuantity + lot - 1n) / lot)),
    maxLots: most(maxQuantity),
    maxMarketLots: most(maxMarketQuantity),
    ...(maxStops === null ? {} : { maxStops }),
  };
}

/** Best bid in ticks; 0 if there is none. Throws `Unbelievable` if bid and ask cross. */
export function readBid(fields: Fields, market: BinanceMarket): number {
  const bid = amountField(fields, 'bidPrice', 'book ticker');
  const ask = amountField(fields, 'askPrice', 'book ticker');
  if (ask !== 0n && bid >= ask) throw new Unbelievable('book ticker: bid and ask cross');
  return wholeSteps(bid, market.tick);
}
