/** The path that prices take inside a bar: open, one extreme, the other extreme, close. Pure. */
import type { MarketBar, QuoteEvent } from '../contracts/market-feed.js';

export const BAR_PATHS = ['nearer', 'high-first', 'low-first'] as const;
/** Which extreme comes first. `nearer`: the one nearer to the open; the low on a tie. */
export type BarPath = (typeof BAR_PATHS)[number];

/** Prices of the four points of the path, in ticks. */
export function barPath(bar: MarketBar, path: BarPath = 'nearer'): readonly [number, number, number, number] {
  const isHighNearer = bar.highTicks - bar.openTicks < bar.openTicks - bar.lowTicks;
  return path === 'high-first' || (path === 'nearer' && isHighNearer)
    ? [bar.openTicks, bar.highTicks, bar.lowTicks, bar.closeTicks]
    : [bar.openTicks, bar.lowTicks, bar.highTicks, bar.closeTicks];
}

/** Times of the four points: 0, 1/3, 2/3 and 3/3 of the bar's span, in milliseconds since 1970. */
function barPathTimes(bar: MarketBar): readonly [number, number, number, number] {
  const third = Math.floor(bar.spanMs / 3);
  return [bar.openMs, bar.openMs + third, bar.openMs + 2 * third, bar.openMs + bar.spanMs];
}

/** The bid of a quote around a single price. Bid and ask are `spreadTicks` apart; the bid is at least one tick. */
export function bidBelow(priceTicks: number, spreadTicks: number): number {
  return Math.max(1, priceTicks - Math.floor(spreadTicks / 2));
}

/**
 * The four quotes of a bar. A bar has no sizes, so they are 0; `withVolume` gives each quote a quarter of the
 * bar's volume, or 0 if it isn't known.
 */
export function barQuotes(
  bar: MarketBar,
  spreadTicks: number,
  path: BarPath = 'nearer',
  withVolume = false,
): readonly QuoteEvent[] {
  const times = barPathTimes(bar);
  const lots = withVolume && !Number.isNaN(bar.volumeLots) ? Math.floor(bar.volumeLots / 4) : 0;
  const [first, second, third, last] = barPath(bar, path);
  const quote = (marketMs: number, price: number, wayFromMs?: number): QuoteEvent => {
    const bidTicks = bidBelow(price, spreadTicks);
    const askTicks = bidTicks + spreadTicks;
    const { instrument } = bar;
    const way = wayFromMs === undefined ? {} : { wayFromMs };
    return { kind: 'quote', instrument, marketMs, bidTicks, askTicks, bidLots: lots, askLots: lots, ...way };
  };
  return [
    quote(times[0], first),
    quote(times[1], second, times[0]),
    quote(times[2], third, times[1]),
    quote(times[3], last, times[2]),
  ];
}

/** A price at which something waits: the bid of the quote that reaches it, once this market time has passed. */
export interface Awaited {
  readonly bidTicks: number;
  readonly fromMs: number;
}

/**
 * The quote at the nearest awaited price that the market passes between two quotes of a bar, at the time in
 * proportion to the way, but not before `nowMs`: something may have begun to wait only now. Null: it passes none while
 * the market is open.
 */
export function quoteOnTheWay(
  last: QuoteEvent,
  next: QuoteEvent,
  awaited: readonly Awaited[],
  nowMs = Number.NEGATIVE_INFINITY,
  isOpenAt: (marketMs: number) => boolean = () => true,
): QuoteEvent | null {
  const way = next.bidTicks - last.bidTicks;
  const spreadTicks = next.askTicks - next.bidTicks;
  let nearest = 1;
  let found: QuoteEvent | null = null;
  for (const { bidTicks, fromMs } of awaited) {
    const part = (bidTicks - last.bidTicks) / way;
    if (!(part > 0 && part < nearest)) continue;
    const passedMs = last.marketMs + Math.floor((next.marketMs - last.marketMs) * part);
    const marketMs = Math.max(passedMs, nowMs);
    if (passedMs <= fromMs || !isOpenAt(marketMs)) continue;
    nearest = part;
    found = { ...next, bidTicks, askTicks: bidTicks + spreadTicks, marketMs };
  }
  return found;
}
