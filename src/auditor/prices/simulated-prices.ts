/** The simulated market calculated a second time, at the trader's market time. */

import type { TraderStatus } from '../../contracts/trader-status.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { SimulatedSeries } from '../../market/simulated/series.js';
import type { OwnPrice, OwnPrices } from '../../venue/book-reading.js';

type Moment = Pick<TraderStatus['marketData'], 'seed' | 'marketMs'>;

export function simulatedPrices(
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
