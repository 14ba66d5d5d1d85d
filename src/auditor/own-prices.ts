/** The source of the auditor's prices: never the trader, unless nobody else has them. */
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import type { Instrument } from '../domain/instrument.js';
import { simulatorOf } from '../market/live/feed-addresses.js';
import { SimulatedSeries } from '../market/simulated/series.js';
import { spreadTicksOf } from '../market/spread.js';
import type { OwnPrice, OwnPrices } from '../venue/book-reading.js';
import type { VenueEndpoint } from '../venue/prices.js';
import { priceSourceOf } from '../venue/registry.js';

/** The market that orders go to, whose prices count. */
interface TradedMarket {
  readonly venue: string;
  readonly endpoint: VenueEndpoint;
}

export type PriceReader = (marketData: TraderStatus['marketData']) => Promise<OwnPrices>;

/**
 * `traded`: null on paper. `simulatedFeeds`: as in the runtime. For a recording, and for a venue without `bestPrices`,
 * the trader's own prices are used: then only what the trader makes of them is compared.
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

type Moment = Pick<TraderStatus['marketData'], 'seed' | 'marketMs'>;

/** The simulated market calculated a second time, at the trader's market time. */
function simulatedPrices(
  instruments: readonly Instrument[],
  spreadTicks: readonly number[],
): (moment: Moment) => OwnPrices {
  let seed = Number.NaN;
  let series: readonly SimulatedSeries[] = [];
  return (moment) => {
    if (moment.seed !== seed) {
      seed = moment.seed ?? 0;
      series = instruments.map(
        (instrument) => new SimulatedSeries(seed, instrument, spreadTicks[instrument.id] ?? 1),
      );
    }
    return new Map(
      instruments.flatMap((instrument): [string, OwnPrice][] => {
        const price = lastQuote(series[instrument.id], instrument, moment.marketMs);
        return price === null ? [] : [[instrument.symbol, price]];
      }),
    );
  };
}

/** The newest quote at or before that time, if it is of the same minute; otherwise the minute's first quote. */
function lastQuote(
  series: SimulatedSeries | undefined,
  { tickSize }: Instrument,
  marketMs: number,
): OwnPrice | null {
  const quotes = series?.minute(Math.floor(marketMs / MINUTE_MS)).quotes ?? [];
  const quote = quotes.findLast((one) => one.marketMs <= marketMs) ?? quotes[0];
  if (quote === undefined) return null;
  return { bid: quote.bidTicks * Number(tickSize), ask: quote.askTicks * Number(tickSize) };
}
