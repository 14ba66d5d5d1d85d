/** Shows the strategies past bars before they may trade, and the paper venue the minutes that it missed. */

import type { MarketBar, MarketFeed, SeenBar } from '../contracts/market-feed.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import { type SplitRatio, splitCount, splitPrice } from '../domain/corporate-action.js';
import type { Engine } from '../engine/engine.js';
import { WARMUP_MINUTES_MAX } from '../engine/strategies/strategy.js';
import type { PaperVenue } from '../venue/paper/paper-venue.js';
import type { Runner } from './running/runner.js';
import type { BarHistory } from './status/since-start.js';

/** Enough for every average to forget where it began. */
const BARS_MIN = 500;
/** Most minutes that are caught up, the newest ones: earlier prices fill no resting order. */
const CAUGHT_UP_MAX = 5000;

/**
 * On live prices the market went on while no trader ran: its minutes are matched against the resting orders.
 * Runs before the engine begins, so the engine reads an up-to-date venue. Returns the number of fills.
 */
export async function catchUpVenue(
  venue: PaperVenue,
  feed: MarketFeed,
  instrumentCount: number,
): Promise<number> {
  if (feed.source.kind !== 'live' || venue.seenMs === 0) return 0;
  const missedMinutes = Math.max(0, Math.ceil((feed.nowMs() - venue.seenMs) / MINUTE_MS));
  if (missedMinutes === 0) return 0;
  return venue.catchUp(await readBars(feed, instrumentCount, Math.min(CAUGHT_UP_MAX, missedMinutes)));
}

/**
 * Runs after the engine has begun and before the first price: these bars can't cause an order. Returns their number.
 */
export async function warmUp(
  engine: Engine,
  runner: Runner,
  feed: MarketFeed,
  history: BarHistory,
  instrumentCount: number,
): Promise<number> {
  const bars = await readBars(feed, instrumentCount, warmUpBars(engine.view.strategies));
  for (const bar of bars) history.add(bar);
  for (const bar of bars) showBar({ engine, runner, history }, bar);
  return bars.length;
}

/** How many past bars all strategies are shown, in the trader as in a backtest. */
export function warmUpBars(strategies: readonly { readonly warmupMinutes: number }[]): number {
  const wanted = Math.max(BARS_MIN, ...strategies.map(({ warmupMinutes }) => warmupMinutes));
  return Math.min(WARMUP_MINUTES_MAX, wanted);
}

/** Oldest first. A strategy that has seen a bar is not shown it again. */
export function warmUpWith(runner: Runner, bars: readonly MarketBar[]): void {
  for (const bar of bars) {
    const marketMs = bar.openMs + bar.spanMs;
    runner.take({ kind: 'bar', ...bar, warmup: true, ...runner.stamp(), marketMs });
  }
}

/**
 * Shows a past bar and stores the strategies' lines after it for charts. A strategy that has seen the bar
 * keeps its previous lines.
 */
export function showBar(
  { engine, runner, history }: { engine: Engine; runner: Runner; history: BarHistory },
  bar: MarketBar,
): void {
  warmUpWith(runner, [bar]);
  history.draw(bar.instrument, bar.openMs, engine.strategyLines(bar.instrument, bar.openMs));
}

/** A bar of the past that was away at the start. */
export function showPast(
  { engine, runner, bars }: { engine: Engine; runner: Runner; bars: BarHistory },
  bar: MarketBar,
): void {
  bars.add(bar);
  showBar({ engine, runner, history: bars }, bar);
}

/** The bar, converted to the new shares, with what strategies saw beside it. */
export function splitBar<Bar extends SeenBar>(bar: Bar, ratio: SplitRatio): Bar {
  const { quote } = bar;
  return {
    ...bar,
    openTicks: splitPrice(bar.openTicks, ratio),
    highTicks: splitPrice(bar.highTicks, ratio),
    lowTicks: splitPrice(bar.lowTicks, ratio),
    closeTicks: splitPrice(bar.closeTicks, ratio),
    volumeLots: Number.isNaN(bar.volumeLots) ? bar.volumeLots : splitCount(bar.volumeLots, ratio),
    ...(quote === undefined
      ? {}
      : {
          quote: {
            bidTicks: splitPrice(quote.bidTicks, ratio),
            askTicks: splitPrice(quote.askTicks, ratio),
          },
        }),
  };
}

/** Bars of all instruments, oldest first. */
async function readBars(feed: MarketFeed, instrumentCount: number, count: number): Promise<MarketBar[]> {
  const ids = Array.from({ length: instrumentCount }, (_, id) => id);
  const histories = await Promise.all(ids.map((id) => feed.history(id, count)));
  return histories.flat().sort(byEnd);
}

export function byEnd(a: MarketBar, b: MarketBar): number {
  return a.openMs + a.spanMs - (b.openMs + b.spanMs) || a.instrument - b.instrument;
}
