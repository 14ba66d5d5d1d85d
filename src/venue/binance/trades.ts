/** One execution as the venue reports it, in any of three ways: the order's answer, the stream, the history. */
import {
  amountField,
  type Fields,
  fieldsOf,
  flagField,
  steppedField,
  Unbelievable,
  wholeField,
} from './decode.js';
import type { BinanceMarket } from './market.js';

export interface RawTrade {
  readonly tradeId: number;
  readonly orderId: number;
  /** Units of 1e-8. */
  readonly quantity: bigint;
  readonly price: bigint;
  readonly commission: bigint;
  /** Null if no commission was charged. */
  readonly commissionAsset: string | null;
  readonly timeMs: number;
  readonly buyer: boolean;
  readonly maker: boolean;
}

interface Amounts {
  readonly quantity: bigint;
  readonly price: bigint;
  readonly quote: bigint;
}

/**
 * A price that is off by a factor disagrees with what was paid. The venue truncates to eight places, hence the
 * tolerance.
 */
function checkAmounts({ quantity, price, quote }: Amounts): void {
  const exact = (quantity * price) / 100_000_000n;
  const off = quote > exact ? quote - exact : exact - quote;
  if (quantity === 0n || price === 0n) throw new Unbelievable('trade: without a price or a quantity');
  if (off > 2n) throw new Unbelievable('trade: price times quantity is not what was paid');
}

/** Reads a row of `myTrades`. Throws `Unbelievable`. */
export function readTrade(value: unknown, market: BinanceMarket): RawTrade {
  const fields = fieldsOf(value, 'trade');
  if (fields.symbol !== market.symbol) throw new Unbelievable('trade: of another symbol than asked for');
  checkAmounts({
    quantity: amountField(fields, 'qty', 'trade'),
    price: amountField(fields, 'price', 'trade'),
    quote: amountField(fields, 'quoteQty', 'trade'),
  });
  return {
    tradeId: wholeField(fields, 'id', 'trade'),
    orderId: wholeField(fields, 'orderId', 'trade'),
    quantity: steppedField(fields, 'qty', market.finest.lot, 'trade'),
    price: steppedField(fields, 'price', market.finest.tick, 'trade'),
    commission: amountField(fields, 'commission', 'trade'),
    commissionAsset: assetField(fields, 'commissionAsset'),
    timeMs: wholeField(fields, 'time', 'trade'),
    buyer: flagField(fields, 'isBuyer', 'trade'),
    maker: flagField(fields, 'isMaker', 'trade'),
  };
}

/** Reads an `executionReport` whose `x` is TRADE. Throws `Unbelievable`. */
export function readStreamTrade(fields: Fields, market: BinanceMarket): RawTrade {
  checkAmounts({
    quantity: amountField(fields, 'l', 'execution'),
    price: amountField(fields, 'L', 'execution'),
    quote: amountField(fields, 'Y', 'execution'),
  });
  return {
    tradeId: wholeField(fields, 't', 'execution'),
    orderId: wholeField(fields, 'i', 'execution'),
    quantity: steppedField(fields, 'l', market.finest.lot, 'execution'),
    price: steppedField(fields, 'L', market.finest.tick, 'execution'),
    commission: amountField(fields, 'n', 'execution'),
    commissionAsset: assetField(fields, 'N'),
    timeMs: wholeField(fields, 'T', 'execution'),
    buyer: fields.S === 'BUY',
    maker: flagField(fields, 'm', 'execution'),
  };
}

function assetField(fields: Fields, name: string): string | null {
  const value = fields[name];
  if (value === null || value === undefined || value === '') return null;
  if (typeof value !== 'string' || !/^[A-Z0-9]{1,20}$/.test(value))
    throw new Unbelievable('trade: a commission in no known currency');
  return value;
}
