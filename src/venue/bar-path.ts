/** The path that prices take inside a bar: open, one extreme, the other extreme, close. Pure. */
import type { MarketBar, QuoteEvent } from '../contracts/market-feed.js';

export const BAR_PATHS = ['nearer', 'high-first', 'low-first'] as const;
/** Which extreme comes first. `nearer`: the one nearer to the open; the low on a tie. */
export type BarPath = (typeof BAR_PATHS)[number];

/** Prices of the four points of the path, in ticks. */
export function barPath(
  bar: SidePrices,
  path: BarPath = 'nearer',
): readonly [number, number, number, number] {
  return isHighFirst(bar.openTicks, bar.highTicks, bar.lowTicks, path)
    ? [bar.openTicks, bar.highTicks, bar.lowTicks, bar.closeTicks]
    : [bar.openTicks, bar.lowTicks, bar.highTicks, bar.closeTicks];
}

export const isHighFirst = (openTicks: number, highTicks: number, lowTicks: number, path: BarPath): boolean =>
  path === 'high-first' || (path === 'nearer' && highTicks - openTicks < openTicks - lowTicks);

/** Times of the four points: 0, 1/3, 2/3 and 3/3 of the bar's span, in milliseconds since 1970. */
function barPathTimes({ openMs, spanMs }: MarketBar): readonly [number, number, number, number] {
  const at = (point: number): number => pathTime(openMs, spanMs, point);
  return [at(0), at(1), at(2), at(3)];
}

export const pathTime = (openMs: number, spanMs: number, point: number): number =>
  openMs + (point === 3 ? spanMs : point * Math.floor(spanMs / 3));

/** Of the size at each of the four prices; 0 if it isn't known. */
export const quarterOf = (volumeLots: number): number =>
  Number.isNaN(volumeLots) ? 0 : Math.floor(volumeLots / 4);

/** The bid of a quote around a single price. Bid and ask are `spreadTicks` apart; the bid is at least one tick. */
export function bidBelow(priceTicks: number, spreadTicks: number): number {
  return Math.max(1, priceTicks - Math.floor(spreadTicks / 2));
}

/** Four prices of one side of the market. */
export type SidePrices = Pick<MarketBar, 'openTicks' | 'highTicks' | 'lowTicks' | 'closeTicks'>;

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
  const bids = barPath(bar, path).map((price) => bidBelow(price, spreadTicks));
  return quotesAt(bar, bids, (at) => (bids[at] as number) + spreadTicks, withVolume);
}

/**
 * The same of a bar whose bid and ask were recorded. Both sides are at their extremes at one time, in the order of what
 * lies in the middle between them.
 */
export function quotesOfSides(
  bar: MarketBar,
  sides: { readonly bid: SidePrices; readonly ask: SidePrices },
  path: BarPath = 'nearer',
  withVolume = false,
): readonly QuoteEvent[] {
  const sum = (of: keyof SidePrices): number => sides.bid[of] + sides.ask[of];
  const isHighNearer = sum('highTicks') - sum('openTicks') < sum('openTicks') - sum('lowTicks');
  const order = path === 'nearer' ? (isHighNearer ? 'high-first' : 'low-first') : path;
  const [bids, asks] = [barPath(sides.bid, order), barPath(sides.ask, order)];
  return quotesAt(bar, bids, (at) => asks[at] as number, withVolume);
}

function quotesAt(
  bar: MarketBar,
  bids: readonly number[],
  askTicksAt: (at: number) => number,
  withVolume: boolean,
): readonly QuoteEvent[] {
  const times = barPathTimes(bar);
  const lots = withVolume ? quarterOf(bar.volumeLots) : 0;
  const { instrument } = bar;
  return bids.map((bidTicks, at) => {
    const askTicks = askTicksAt(at);
    const marketMs = times[at] as number;
    const wayFromMs = times[at - 1];
    // Millions are made of these: a spread would copy each once more.
    return wayFromMs === undefined
      ? { kind: 'quote', instrument, marketMs, bidTicks, askTicks, bidLots: lots, askLots: lots }
      : { kind: 'quote', instrument, marketMs, bidTicks, askTicks, bidLots: lots, askLots: lots, wayFromMs };
  });
}

/**
 * The quote at a moment between two quotes of a bar: each side has gone straight from the one to the other. A bid is
 * rounded down and an ask up, against whoever trades then.
 */
export function quoteAt(from: QuoteEvent, next: QuoteEvent, marketMs: number): QuoteEvent {
  const [gone, way] = [marketMs - from.marketMs, next.marketMs - from.marketMs];
  const bidTicks = from.bidTicks + Math.floor(((next.bidTicks - from.bidTicks) * gone) / way);
  const askTicks = from.askTicks + Math.ceil(((next.askTicks - from.askTicks) * gone) / way);
  return { ...next, bidTicks, askTicks, marketMs };
}

/** A price at which something waits: the bid or the ask of the quote that reaches it, once this market time has passed. */
export type Awaited = { readonly fromMs: number } & (
  | { readonly bidTicks: number }
  | { readonly askTicks: number }
);

/**
 * The quote at the nearest awaited price that the market passes between two quotes of a bar, at the time in
 * proportion to the way, but not before `nowMs`: something may have begun to wait only now. The spread goes from one
 * quote's to the other's on the same way. Null: it passes none while the market is open.
 */
export function quoteOnTheWay(
  from: QuoteEvent,
  next: QuoteEvent,
  awaited: readonly Awaited[],
  nowMs = Number.NEGATIVE_INFINITY,
  isOpenAt: (marketMs: number) => boolean = () => true,
): QuoteEvent | null {
  let nearest = 1;
  let found: QuoteEvent | null = null;
  for (const one of awaited) {
    const [gone, way] =
      'bidTicks' in one
        ? [one.bidTicks - from.bidTicks, next.bidTicks - from.bidTicks]
        : [one.askTicks - from.askTicks, next.askTicks - from.askTicks];
    const part = gone / way;
    if (!(part > 0 && part < nearest)) continue;
    const passedMs = from.marketMs + Math.floor((next.marketMs - from.marketMs) * part);
    const marketMs = Math.max(passedMs, nowMs);
    if (passedMs <= one.fromMs || !isOpenAt(marketMs)) continue;
    nearest = part;
    const [fromSpread, nextSpread] = [from.askTicks - from.bidTicks, next.askTicks - next.bidTicks];
    // Divided last: a part of the way is rounded, and a whole spread would come out a tick too wide.
    const spreadTicks = fromSpread + Math.ceil(((nextSpread - fromSpread) * gone) / way);
    const bidTicks = 'bidTicks' in one ? one.bidTicks : one.askTicks - spreadTicks;
    found = { ...next, bidTicks, askTicks: bidTicks + spreadTicks, marketMs };
  }
  return found;
}
