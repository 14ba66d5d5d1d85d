/**
 * Positions on spot are balances. Counted is what the account holds of a base currency (free and locked), less what
 * the desk file declares as not the desk's (`foreign`). What is worth less than the smallest order the venue takes
 * can't be sold by anybody: it is dust, and no position.
 */
import type { VenuePosition } from '../../domain/venue.js';
import { amountField, fieldsOf, listOf, textField } from './decode.js';
import { wholeSteps } from './exact.js';
import type { BinanceMarket } from './market.js';

/** Free and locked together, in units of 1e-8. */
export type Holdings = ReadonlyMap<string, bigint>;

/** Of `account`. Throws `Unbelievable`. */
export function readHoldings(body: unknown): Holdings {
  const rows = listOf(fieldsOf(body, 'account').balances, 'balances');
  return new Map(
    rows.map((row) => {
      const fields = fieldsOf(row, 'balance');
      const total = amountField(fields, 'free', 'balance') + amountField(fields, 'locked', 'balance');
      return [textField(fields, 'asset', 'balance'), total];
    }),
  );
}

export interface PositionContext {
  /** Units of 1e-8 that are in the account but not the desk's; by currency. */
  readonly foreign: ReadonlyMap<string, bigint>;
  /** Bid, in ticks: what a lot could be sold for. */
  readonly bidTicks: (market: BinanceMarket) => number;
  /** The engine's own position, so that leftovers too small to sell are not shown as a difference to it. */
  readonly expectedLots: (market: BinanceMarket) => number;
}

export function positionOf(
  market: BinanceMarket,
  holdings: Holdings,
  context: PositionContext,
): VenuePosition {
  const { instrument } = market;
  const held = (holdings.get(instrument.base) ?? 0n) - (context.foreign.get(instrument.base) ?? 0n);
  const lots = held > 0n ? wholeSteps(held, market.lot) : 0;
  const surplus = lots - context.expectedLots(market);
  const isDust =
    surplus > 0 && surplus * context.bidTicks(market) * instrument.moneyPerTickLot < instrument.minNotional;
  return { instrument: instrument.id, quantityLots: isDust ? lots - surplus : lots };
}
