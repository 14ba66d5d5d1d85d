/** Where the auditor has its prices from: not from the trader, wherever anybody else can tell them. */

import type { TraderStatus } from '../../contracts/trader-status.js';
import type { Desk } from '../../desk/schema.js';
import type { Instrument } from '../../domain/instrument.js';
import { spreadTicksOf } from '../../market/spread.js';
import type { OwnPrices } from '../../venue/book-reading.js';
import type { VenueEndpoint } from '../../venue/endpoint.js';
import { priceSourceOf } from '../../venue/registry.js';
import { simulatedPrices } from './simulated-prices.js';

/** Where orders leave: the prices of that very market. */
export interface TradedMarket {
  readonly venue: string;
  readonly endpoint: VenueEndpoint;
}

export type PriceReader = (marketData: TraderStatus['marketData']) => Promise<OwnPrices>;

/**
 * `traded`: null on paper. A recording is in the trader's hands alone: its prices are taken from there, and what is
 * compared is what the trader makes of them.
 */
export function ownPrices(
  desk: Pick<Desk, 'instruments'>,
  instruments: readonly Instrument[],
  traded: TradedMarket | null,
): PriceReader {
  const simulated = simulatedPrices(instruments, spreadTicksOf(desk.instruments, instruments));
  return async (marketData) => {
    const { kind } = marketData;
    if (kind === 'simulated') return simulated(marketData);
    const { venue, endpoint } = traded ?? { venue: marketData.venue, endpoint: { kind: 'live' } };
    const read = kind === 'live' && venue !== null ? priceSourceOf(venue).bestPrices : null;
    if (read !== null) return read(endpoint, instruments);
    return new Map(
      marketData.lastPrices.map(({ symbol, bid, ask }) => [symbol, { bid: Number(bid), ask: Number(ask) }]),
    );
  };
}
