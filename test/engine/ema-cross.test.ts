import { describe, expect, it } from 'vitest';
import { emaCross } from '../../src/engine/strategies/ema-cross.js';
import { Atr, Ema } from '../../src/engine/strategies/indicators.js';
import { readParameters } from '../../src/engine/strategies/strategy.js';
import { FUTURES } from '../support/engine-config.js';
import { DeskUnderTest } from './support/desk.js';

describe('indicators equal the values worked by hand', () => {
  it('EMA: the simple average first, then a weight of 2 / (bars + 1)', () => {
    const ema = new Ema(3);
    const values = [10, 20, 30, 40, 10].map((price) => {
      ema.update(price);
      return ema.value;
    });
    expect(values).toEqual([null, null, 20, 30, 20]);
  });

  it('ATR: the average of the first true ranges, then smoothed after Wilder', () => {
    const atr = new Atr(2);
    const bars: [number, number, number][] = [
      [12, 8, 10],
      [16, 11, 15],
      [15, 13, 14],
      [30, 20, 25],
    ];
    const values = bars.map(([high, low, close]) => {
      atr.update(high, low, close);
      return atr.value;
    });
    expect(values).toEqual([null, 5, 3.5, 9.75]);
  });
});

describe('EMA cross', () => {
  it('buys by a limit order below the bid, sized by the desk file, with the nearer stop', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    expect(entry).toMatchObject({ side: 'buy', type: 'limit', limitTicks: 10_099, purpose: 'entry' });
    const value = entry.quantityLots * 10_100 * 1_000;
    expect(value).toBeLessThanOrEqual(desk.engine.view.equity * 0.1);
    expect(value).toBeGreaterThan(desk.engine.view.equity * 0.099);
    const distance = 10_099 - entry.protectTicks!;
    expect(distance).toBeGreaterThan(0);
    expect(distance).toBeLessThanOrEqual(10_099 * 0.05);
  });

  it('takes its entry off the market after the bars it may rest', () => {
    const desk = new DeskUnderTest().active();
    const entry = desk.enter(0);
    desk.accept(entry);
    desk.bar(0, 10_110);
    expect(desk.stateOf(entry)).toBe('working');
    desk.bar(0, 10_120);
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
  });

  it('closes its position when the averages have crossed back', () => {
    const desk = new DeskUnderTest({ capabilities: FUTURES }).active();
    const { entry } = desk.hold(0);
    for (const close of [9_900, 9_800]) desk.bar(0, close);
    expect(desk.live('exit', 0)).toMatchObject([{ side: 'sell', quantityLots: entry.quantityLots }]);
  });

  it('sells short only where the venue can', () => {
    const falling = [10_000, 10_010, 10_020, 10_030, 9_900, 9_800];
    const spot = new DeskUnderTest().active();
    for (const close of falling) spot.bar(0, close);
    expect(spot.live('entry', 0)).toEqual([]);
    const futures = new DeskUnderTest({ capabilities: FUTURES }).active();
    for (const close of falling) futures.bar(0, close);
    expect(futures.live('entry', 0)).toMatchObject([{ side: 'sell' }]);
    expect(futures.live('entry', 0)[0]!.protectTicks).toBeGreaterThan(
      futures.live('entry', 0)[0]!.limitTicks!,
    );
  });

  it('learns from bars before trading and never orders on them', () => {
    const desk = new DeskUnderTest().active();
    for (const close of [10_000, 9_990, 9_980, 9_970, 9_960, 10_100]) desk.bar(0, close, true);
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.engine.view.strategies[0]).toMatchObject({ barsSeen: 6, warmupBars: 4 });
  });

  it('records what the gate refused, with the reason', () => {
    const desk = new DeskUnderTest().active();
    desk.command({ name: 'stop' });
    for (const close of [10_000, 9_990, 9_980, 9_970, 9_960, 10_100]) desk.bar(0, close);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'mode', reason: 'the desk is HALTED: no entry order leaves it' },
    ]);
  });

  it('refuses parameters out of bounds in words', () => {
    const { problems } = readParameters(emaCross, { fastBars: 0, slowBars: 2.5, speed: 1 });
    expect(problems).toEqual([
      'fastBars: expected a whole number from 2 to 500, found 0',
      'slowBars: expected a whole number from 3 to 1000, found 2.5',
      expect.stringContaining('speed: no such parameter'),
    ]);
  });
});

describe('why is it not trading', () => {
  it('names every halt with what it waits for, and warm-up with the bars that are missing', () => {
    const desk = new DeskUnderTest().begin();
    const reasons = desk.engine.whyNotTrading();
    expect(reasons.map(({ subject }) => subject)).toContain('desk');
    expect(reasons.find(({ reason }) => reason.startsWith('HALTED'))?.waitsFor).toContain('by itself');
    expect(reasons.find(({ subject }) => subject === 'BTC/USDT')?.reason).toBe('no price yet');
    expect(reasons.find(({ subject }) => subject === 'cross BTC/USDT')).toMatchObject({
      reason: 'warming up: 0 of 4 bars seen',
      waitsFor: '4 more finished bars',
    });
  });

  it('says what a warm strategy waits for, and nothing for one that is in the market', () => {
    const desk = new DeskUnderTest().active();
    desk.hold(0);
    for (const close of [10_000, 9_990, 9_980, 9_970]) desk.bar(1, close);
    const subjects = desk.engine.whyNotTrading().map(({ subject }) => subject);
    expect(subjects).toEqual(['cross ETH/USDT']);
    expect(desk.engine.whyNotTrading()[0]).toMatchObject({
      reason: 'next entry: when the fast average crosses above the slow one',
      waitsFor: 'its next entry signal',
    });
  });
});
