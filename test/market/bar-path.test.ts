import { describe, expect, it } from 'vitest';
import type { MarketBar, QuoteEvent } from '../../src/contracts/market-feed.js';
import { BarBuilder } from '../../src/market/bar-builder.js';
import { type Awaited, barPath, barQuotes, quoteOnTheWay } from '../../src/venue/bar-path.js';

function bar(openTicks: number, highTicks: number, lowTicks: number, closeTicks: number): MarketBar {
  return {
    instrument: 0,
    openMs: 60_000,
    spanMs: 60_000,
    openTicks,
    highTicks,
    lowTicks,
    closeTicks,
    volumeLots: 1,
  };
}

describe('the path of prices inside a bar', () => {
  it('goes to the nearer extreme first', () => {
    expect(barPath(bar(100, 102, 90, 95))).toEqual([100, 102, 90, 95]);
    expect(barPath(bar(100, 110, 99, 105))).toEqual([100, 99, 110, 105]);
  });

  it('takes the low first where both extremes are equally near', () => {
    expect(barPath(bar(100, 105, 95, 101))).toEqual([100, 95, 105, 101]);
  });

  it('is quoted at 0, 1/3, 2/3 and the end of the span with the spread around each price', () => {
    const quotes = barQuotes(bar(100, 102, 90, 95), 4);
    expect(quotes.map(({ marketMs, bidTicks, askTicks }) => [marketMs, bidTicks, askTicks])).toEqual([
      [60_000, 98, 102],
      [80_000, 100, 104],
      [100_000, 88, 92],
      [120_000, 93, 97],
    ]);
  });

  it('never quotes a bid below one tick', () => {
    expect(barQuotes(bar(1, 1, 1, 1), 4)[0]).toMatchObject({ bidTicks: 1, askTicks: 5 });
  });

  it('offer a quarter of the volume each where sizes count, and nothing where it is not known', () => {
    const offered = (volumeLots: number): readonly number[] =>
      barQuotes({ ...bar(10, 12, 9, 11), volumeLots }, 2, 'nearer', true).map(({ askLots }) => askLots);
    expect(offered(10)).toEqual([2, 2, 2, 2]);
    expect(offered(Number.NaN)).toEqual([0, 0, 0, 0]);
  });
});

describe('a price on the way between two quotes of different spreads', () => {
  const quote = (marketMs: number, bidTicks: number, askTicks: number): QuoteEvent => ({
    ...{ kind: 'quote', instrument: 0, marketMs, bidTicks, askTicks, bidLots: 0, askLots: 0 },
  });
  const [last, next] = [quote(0, 100, 102), quote(1000, 110, 132)];
  const shown = (awaited: Awaited): readonly number[] => {
    const found = quoteOnTheWay(last, next, [awaited]);
    return found === null ? [] : [found.marketMs, found.bidTicks, found.askTicks];
  };

  it('is passed by its own side at the time in proportion, with the other side as far along', () => {
    expect(shown({ bidTicks: 105, fromMs: -1 })).toEqual([500, 105, 117]);
    expect(shown({ askTicks: 117, fromMs: -1 })).toEqual([500, 105, 117]);
  });

  it('has a spread that is rather wider than narrower, where it falls between two ticks', () => {
    expect(shown({ bidTicks: 101, fromMs: -1 })).toEqual([100, 101, 105]);
    expect(shown({ askTicks: 103, fromMs: -1 })).toEqual([33, 100, 103]);
  });

  it('has a whole spread exactly, not one a tick wider that no price on the way had', () => {
    // The ask goes a tick each way with the spread from nothing to 25: at the seventh, the bid still stands at 100.
    const widens = quoteOnTheWay(quote(0, 100, 100), quote(1000, 100, 125), [{ askTicks: 107, fromMs: 0 }]);
    expect([widens?.bidTicks, widens?.askTicks]).toEqual([100, 107]);
  });

  it('is the nearest in time, whichever side waits for it', () => {
    const both = [
      { bidTicks: 103, fromMs: -1 },
      { askTicks: 105, fromMs: -1 },
    ];
    expect(quoteOnTheWay(last, next, both)?.marketMs).toBe(100);
    expect(quoteOnTheWay(last, quote(1000, 100, 132), [{ bidTicks: 100, fromMs: -1 }])).toBeNull();
  });
});

describe('the bar builder', () => {
  it('makes one bar a minute of first, highest, lowest and last price with the volume added up', () => {
    const builder = new BarBuilder(3);
    builder.add(60_500, 100, 2);
    builder.add(61_000, 104, 1);
    builder.add(90_000, 97, 4);
    builder.add(119_999, 99, 1);
    expect(builder.closeUntil(119_999)).toBeNull();
    expect(builder.closeUntil(120_000)).toEqual({
      instrument: 3,
      openMs: 60_000,
      spanMs: 60_000,
      openTicks: 100,
      highTicks: 104,
      lowTicks: 97,
      closeTicks: 99,
      volumeLots: 8,
    });
    expect(builder.closeUntil(180_000)).toBeNull();
  });

  it('has no bar for a minute without a price', () => {
    const builder = new BarBuilder(0);
    builder.add(0, 10, 1);
    expect(builder.closeUntil(600_000)?.openMs).toBe(0);
    builder.add(600_000, 11, 1);
    expect(builder.closeUntil(660_000)).toMatchObject({ openMs: 600_000, openTicks: 11 });
  });
});
