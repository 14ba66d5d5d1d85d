/** RSI reversion and Donchian breakout, on bars and indicators worked by hand. */
import { describe, expect, it } from 'vitest';
import { Donchian, Rsi, Sma, Vwap } from '../../src/engine/strategies/indicators.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

/** Of a desk whose one strategy is this kind, on both coins; at a venue that can short where `shorting`. */
function deskWith(
  kind: string,
  parameters: Readonly<Record<string, number>>,
  shorting = false,
): DeskUnderTest {
  const symbols = ['BTC/USDT', 'ETH/USDT'];
  const strategies = [
    { name: 'one', kind, symbols, enabled: true, parameters: { atrBars: 2, ...parameters } },
  ];
  return new DeskUnderTest(shorting ? { strategies, capabilities: FUTURES } : { strategies }).active();
}

const show = (desk: DeskUnderTest, closes: readonly number[]): void => {
  for (const close of closes) desk.bar(0, close);
};

describe('indicators equal the values worked by hand', () => {
  it('RSI: averages of rises and falls, smoothed after Wilder', () => {
    const rsi = new Rsi(2);
    const values = [10, 12, 11, 14, 14].map((close) => {
      rsi.update(close);
      return rsi.value;
    });
    // Rises and falls: (2, 1) ÷ 2; then (1 + 3) ÷ 2 against 0.5 ÷ 2; then both halved again.
    expect(values).toEqual([
      null,
      null,
      expect.closeTo(66.667, 3),
      expect.closeTo(88.889, 3),
      expect.closeTo(88.889, 3),
    ]);
  });

  it('RSI: 50 where nothing moved, 100 where it only rose, 0 where it only fell', () => {
    const after = (closes: readonly number[]): number | null => {
      const rsi = new Rsi(2);
      for (const close of closes) rsi.update(close);
      return rsi.value;
    };
    expect(
      [
        [5, 5, 5],
        [5, 6, 7],
        [7, 6, 5],
      ].map(after),
    ).toEqual([50, 100, 0]);
  });

  it('Donchian channel: the newest bars alone', () => {
    const channel = new Donchian(2);
    const seen = [
      [5, 3],
      [9, 4],
      [6, 5],
      [7, 2],
    ].map(([high, low]) => {
      channel.update(high!, low!);
      return [channel.high, channel.low];
    });
    expect(seen).toEqual([
      [null, null],
      [9, 3],
      [9, 4],
      [7, 2],
    ]);
  });

  it('simple average: the newest values alone, and none while one of them is not known', () => {
    const average = new Sma(2);
    const seen = [4, 8, 1, Number.NaN, 3, 6].map((value) => {
      average.update(value);
      return average.value;
    });
    expect(seen).toEqual([null, 6, 4.5, null, null, 4.5]);
  });

  it('volume-weighted average price: by typical price, from each day’s first trade on, and none that is not known', () => {
    const average = new Vwap();
    const seen = [
      ['mon', 12, 6, 9, 0],
      ['mon', 12, 6, 9, 10],
      ['mon', 33, 12, 15, 30],
      ['tue', 12, 6, 9, 5],
      ['tue', 12, 6, 9, Number.NaN],
      ['tue', 12, 6, 9, 5],
      ['wed', 6, 3, 3, 1],
    ].map(([day, ...figures]) => {
      const [high, low, close, volume] = figures as [number, number, number, number];
      average.update(String(day), high, low, close, volume);
      return average.value;
    });
    // 9 for 10 and 20 for 30: 690 for 40.
    expect(seen).toEqual([null, 9, 17.25, 9, null, null, 4]);
  });
});

describe('RSI reversion', () => {
  const PARAMETERS = { rsiBars: 2, oversold: 30, exitLevel: 60 };
  const FALLEN = [10_000, 9_990, 9_980, 9_970];

  it('buys at the bid when the index has come back above its level, not while it is below', () => {
    const desk = deskWith('rsiReversion', PARAMETERS);
    show(desk, FALLEN);
    expect(desk.live('entry', 0)).toEqual([]);
    // Rises and falls: (10 ÷ 2, 10 ÷ 2): an index of 50.
    show(desk, [9_980]);
    expect(desk.live('entry', 0)).toMatchObject([{ side: 'buy', limitTicks: 9_980 }]);
    expect(desk.live('entry', 0)[0]!.protectTicks).toBeLessThan(9_980);
  });

  it('closes at its exit level, and does not enter above it', () => {
    const desk = deskWith('rsiReversion', PARAMETERS, true);
    show(desk, [...FALLEN, 9_980]);
    const entry = desk.live('entry', 0)[0]!;
    desk.accept(entry);
    desk.fill(entry, entry.limitTicks!);
    show(desk, [9_981]);
    expect(desk.live('exit', 0)).toEqual([]);
    show(desk, [9_990]);
    expect(desk.live('exit', 0)).toMatchObject([{ side: 'sell', quantityLots: entry.quantityLots }]);
    const jumped = deskWith('rsiReversion', PARAMETERS);
    show(jumped, [...FALLEN, 10_050]);
    expect(jumped.live('entry', 0)).toEqual([]);
  });

  it('sells a rise that turns, where the venue can short', () => {
    const risen = [10_000, 10_010, 10_020, 10_030, 10_020];
    const [spot, futures] = [false, true].map((shorting) => deskWith('rsiReversion', PARAMETERS, shorting));
    for (const desk of [spot!, futures!]) show(desk, risen);
    expect(spot!.live('entry', 0)).toEqual([]);
    expect(futures!.live('entry', 0)).toMatchObject([{ side: 'sell' }]);
  });
});

describe('Donchian breakout', () => {
  const PARAMETERS = { entryBars: 3, exitBars: 2 };
  /** A bar reaches 20 above and below its close. */
  const RANGE = [10_000, 10_010, 10_005, 10_000];

  it('buys at the ask at a close above the range of the bars before', () => {
    const desk = deskWith('donchianBreakout', PARAMETERS);
    show(desk, [...RANGE, 10_030]);
    expect(desk.live('entry', 0)).toEqual([]);
    show(desk, [10_051]);
    expect(desk.live('entry', 0)).toMatchObject([{ side: 'buy', limitTicks: 10_053 }]);
  });

  it('closes at a close below the shorter range', () => {
    const desk = deskWith('donchianBreakout', PARAMETERS, true);
    show(desk, [...RANGE, 10_040]);
    const entry = desk.live('entry', 0)[0]!;
    desk.accept(entry);
    desk.fill(entry, entry.limitTicks!);
    show(desk, [9_985]);
    expect(desk.live('exit', 0)).toEqual([]);
    show(desk, [9_960]);
    expect(desk.live('exit', 0)).toMatchObject([{ side: 'sell', quantityLots: entry.quantityLots }]);
  });

  it('sells a close below the range, where the venue can short', () => {
    const [spot, futures] = [false, true].map((shorting) =>
      deskWith('donchianBreakout', PARAMETERS, shorting),
    );
    for (const desk of [spot!, futures!]) show(desk, [...RANGE, 9_979]);
    expect(spot!.live('entry', 0)).toEqual([]);
    expect(futures!.live('entry', 0)).toMatchObject([{ side: 'sell' }]);
  });

  it('rests by a stop a tick beyond the range where it is told to, at the nearer edge where the venue can short', () => {
    const byStop = { ...PARAMETERS, stopEntrySlippageTicks: 15 };
    // The range of the last three bars is 9,980 to 10,030; three average true ranges of 40 below the trigger is the stop.
    const desk = deskWith('donchianBreakout', byStop);
    show(desk, RANGE);
    expect(desk.live('entry', 0)).toMatchObject([
      { type: 'stop', side: 'buy', stopTicks: 10_031, limitTicks: 10_046, protectTicks: 10_031 - 120 },
    ]);
    expect(desk.recorded('order.denied')).toEqual([]);
    const [low, high] = [9_985, 10_025].map((close) => {
      const shorting = deskWith('donchianBreakout', byStop, true);
      show(shorting, [10_000, 10_010, 10_005, close]);
      return shorting.live('entry', 0)[0];
    });
    expect(low).toMatchObject({ side: 'sell', stopTicks: 9_964, limitTicks: 9_949 });
    expect(high).toMatchObject({ side: 'buy', stopTicks: 10_046, limitTicks: 10_061 });
  });

  it('says what it waits for', () => {
    const desk = deskWith('donchianBreakout', PARAMETERS);
    show(desk, RANGE);
    expect(desk.engine.whyNotTrading().find(({ subject }) => subject === 'one BTC/USDT')?.reason).toBe(
      'next entry: at a close above the high of 3 bars',
    );
  });
});
