/** Where the auditor has its prices from: not from the trader, wherever anybody else can tell them. */

import type { TraderStatus } from '../../contracts/trader-status.js';
import type { Desk } from '../../desk/schema.js';
import type { Instrument } from '../../domain/instrument.js';
import { spreadTicksOf } from '../../market/spread.js';
import { exchangePrices } from '../../venue/binance/best-prices.js';
import type { OwnPrices } from '../../venue/book-reading.js';
import { PUBLIC_ADDRESSES } from '../../venue/public-addresses.js';
import { simulatedPrices } from './simulated-prices.js';

/**
 * `exchange`: root of the exchange that takes the orders; null on paper. A recording is in the trader's hands alone: its
 * prices are taken from there, and what is compared is what the trader makes of them.
 */
export function ownPrices(
  desk: Pick<Desk, 'instruments'>,
  instruments: readonly Instrument[],
  exchange: string | null,
): PriceReader {
  const simulated = simulatedPrices(instruments, spreadTicksOf(desk.instruments, instruments));
  return async (marketData) => {
    const { kind, venue } = marketData;
    if (kind === 'simulated') return simulated(marketData);
    const root = exchange ?? (venue === 'binance' ? PUBLIC_ADDRESSES.binance : null);
    if (kind === 'live' && root !== null) return exchangePrices(root, instruments);
    return new Map(
      marketData.lastPrices.map(({ symbol, bid, ask }) => [symbol, { bid: Number(bid), ask: Number(ask) }]),
    );
  };
}

export type PriceReader = (marketData: TraderStatus['marketData']) => Promise<OwnPrices>;
