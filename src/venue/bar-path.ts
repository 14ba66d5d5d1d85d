/** The path that prices take inside a bar: open, the extreme nearer to the open, the other extreme, close. Pure. */
import type { MarketBar, MarketEvent } from '../contracts/market-feed.js';

export type QuoteEvent = Extract<MarketEvent, { kind: 'quote' }>;

/** Prices of the four points, in ticks. With both extremes equally near, the low comes first. */
export function barPath(bar: MarketBar): readonly [number, number, number, number] {
  const highFirst = bar.highTicks - bar.openTicks < bar.openTicks - bar.lowTicks;
  return highFirst
    ? [bar.openTicks, bar.highTicks, bar.lowTicks, bar.closeTicks]
    : [bar.openTicks, bar.lowTicks, bar.highTicks, bar.closeTicks];
}

/** Times of the four points: 0, 1/3, 2/3 and the end of the span, in milliseconds since 1970. */
function barPathTimes(bar: MarketBar): readonly [number, number, number, number] {
  const third = Math.floor(bar.spanMs / 3);
  return [bar.openMs, bar.openMs + third, bar.openMs + 2 * third, bar.openMs + bar.spanMs];
}

/** Bid and ask around a single price: `spread` apart, the price between them, the bid at least one tick. */
export function bidBelow(priceTicks: number, spreadTicks: number): number {
  return Math.max(1, priceTicks - Math.floor(spreadTicks / 2));
}

/** The four quotes of a bar. Sizes are 0: a bar does not say them. */
export function barQuotes(bar: MarketBar, spreadTicks: number): readonly QuoteEvent[] {
  const times = barPathTimes(bar);
  return barPath(bar).map((price, index) => {
    const bidTicks = bidBelow(price, spreadTicks);
    return {
      kind: 'quote',
      instrument: bar.instrument,
      marketMs: times[index] as number,
      bidTicks,
      askTicks: bidTicks + spreadTicks,
      bidLots: 0,
      askLots: 0,
    };
  });
}
