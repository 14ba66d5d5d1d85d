/** The source of the auditor's prices: never the trader, unless nobody else has them. */

import type { TraderStatus } from '../../contracts/trader-status.js';
import type { Desk } from '../../desk/schema.js';
import type { Instrument } from '../../domain/instrument.js';
import { simulatorOf } from '../../market/live/feed-addresses.js';
import { spreadTicksOf } from '../../market/spread.js';
import type { OwnPrices } from '../../venue/book-reading.js';
import type { VenueEndpoint } from '../../venue/endpoint.js';
import { priceSourceOf } from '../../venue/registry.js';
import { simulatedPrices } from './simulated-prices.js';

/** The market that orders go to, whose prices count. */
export interface TradedMarket {
  readonly venue: string;
  readonly endpoint: VenueEndpoint;
}

export type PriceReader = (marketData: TraderStatus['marketData']) => Promise<OwnPrices>;

/**
 * `traded`: null on paper; `simulatedFeeds`: as in the runtime. Only the trader has a recording: its prices are used, and what is compared is what the
 * trader makes of them.
 */
export function ownPrices(
  desk: Pick<Desk, 'instruments'>,
  instruments: readonly Instrument[],
  traded: TradedMarket | null,
  simulatedFeeds: Readonly<Record<string, string>> = {},
): PriceReader {
  const simulated = simulatedPrices(instruments, spreadTicksOf(desk.instruments, instruments));
  return async (marketData) => {
    const { kind } = marketData;
    if (kind === 'simulated') return simulated(marketData);
    const { venue, endpoint } = traded ?? {
      venue: marketData.venue,
      endpoint: simulatorOf(marketData.identity, simulatedFeeds) ?? { kind: 'live' },
    };
    const read = kind === 'live' && venue !== null ? priceSourceOf(venue).bestPrices : null;
    if (read !== null) return read(endpoint, instruments);
    return new Map(
      marketData.lastPrices.map(({ symbol, bid, ask }) => [symbol, { bid: Number(bid), ask: Number(ask) }]),
    );
  };
}
