/** Bars that are kept for charts, and beside them what strategies went by. */
import { expect, it } from 'vitest';
import { emaCross } from '../../src/engine/strategies/ema-cross.js';
import { readParameters } from '../../src/engine/strategies/strategy.js';
import type { Runner } from '../../src/trader/running/runner.js';
import { BarHistory } from '../../src/trader/status/since-start.js';
import { showBar, splitBar } from '../../src/trader/warm-up.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { INSTRUMENTS } from '../ledger/support/journal-of-trades.js';

const MINUTE_MS = 60_000;
const bar = (number: number) => ({
  ...{ instrument: 0, openMs: number * MINUTE_MS, spanMs: MINUTE_MS, volumeLots: 0 },
  ...{ openTicks: 100, highTicks: 100, lowTicks: 100, closeTicks: 100 },
});

it('have a value for each bar, rounded to a tick; none where it was not known', () => {
  const history = new BarHistory(INSTRUMENTS);
  for (const number of [1, 2, 3]) history.add(bar(number));
  const line = { strategy: 'cross', name: 'fast average' };
  history.draw(0, MINUTE_MS, [{ ...line, ticks: null }]);
  history.draw(0, 2 * MINUTE_MS, [{ ...line, ticks: 100.4 }]);
  history.draw(0, 3 * MINUTE_MS, [{ ...line, ticks: 100.6 }]);
  expect(history.answer('BTC/USDT', 10, 0)?.lines).toEqual([{ ...line, values: [null, '1.00', '1.01'] }]);
  expect(history.answer('BTC/USDT', 1, 0)?.lines).toEqual([{ ...line, values: ['1.01'] }]);
  // Shown again after its parameters were changed.
  history.draw(0, 3 * MINUTE_MS, [{ ...line, ticks: 102 }]);
  expect(history.answer('BTC/USDT', 1, 0)?.lines).toEqual([{ ...line, values: ['1.02'] }]);
  expect(history.answer('ETH/USDT', 1, 0)?.lines).toEqual([]);
});

it('have their volume as the source tells it, and null where it tells none, over a split too', () => {
  const history = new BarHistory(INSTRUMENTS);
  history.add({ ...bar(1), volumeLots: 3 });
  history.add({ ...bar(2), volumeLots: Number.NaN });
  const volumes = () => history.answer('BTC/USDT', 10, 0)?.bars.map(({ volume }) => volume);
  expect(volumes()).toEqual(['0.00003', null]);
  history.split(0, (old) => splitBar(old, { numerator: 4, denominator: 1 }));
  expect(volumes()).toEqual(['0.00012', null]);
});

it('have the best prices that strategies were shown with them, where they are known, after a split in new shares', () => {
  const history = new BarHistory(INSTRUMENTS);
  history.add({ ...bar(1), quote: { bidTicks: 98, askTicks: 102 } });
  history.add(bar(2));
  const sides = () => history.answer('BTC/USDT', 10, 0)?.bars.map(({ bid, ask }) => [bid, ask]);
  expect(sides()).toEqual([
    ['0.98', '1.02'],
    [null, null],
  ]);
  history.split(0, (old) => splitBar(old, { numerator: 2, denominator: 1 }));
  expect(sides()).toEqual([
    ['0.49', '0.51'],
    [null, null],
  ]);
});

it('are the averages of the strategy that trades, as it has them', () => {
  const { values } = readParameters(emaCross, { fastBars: 2, slowBars: 3 });
  const strategy = emaCross.create(values, INSTRUMENTS[0]!);
  expect(strategy.lines?.()).toEqual([
    { name: 'fast average', ticks: null },
    { name: 'slow average', ticks: null },
  ]);
  const desk = new DeskUnderTest().active();
  for (const close of [10_000, 10_100, 10_200]) desk.bar(0, close);
  const newestMs = desk.marketMs - MINUTE_MS;
  const [fast, slow] = desk.engine.strategyLines(0, newestMs);
  expect(fast).toMatchObject({ name: 'fast average' });
  expect(fast?.ticks).toBeGreaterThan(slow?.ticks ?? Number.NaN);
  expect(fast?.ticks).toBeLessThan(10_200);
  expect(desk.engine.strategyLines(0, newestMs - MINUTE_MS)).toEqual([]);
});

it('stay as they were drawn where bars are shown again to a strategy that goes on', () => {
  const desk = new DeskUnderTest().begin();
  const runner = {
    take: (event) => void desk.engine.process(event),
    stamp: () => desk.stamp(),
  } satisfies Partial<Runner>;
  const history = new BarHistory(desk.config.instruments);
  const show = (closeTicks: number, number: number) =>
    showBar(
      { engine: desk.engine, runner: runner as unknown as Runner, history },
      { ...bar(number + 1), closeTicks },
    );
  const lines = () => history.answer(desk.config.instruments[0]?.symbol ?? '', 10, 0)?.lines;
  const closes = [100, 110, 120, 130, 140, 150];
  for (const number of closes.keys()) history.add(bar(number + 1));
  closes.forEach(show);
  const drawn = lines();
  expect(new Set(drawn?.[0]?.values).size).toBeGreaterThan(3);
  closes.forEach(show);
  expect(lines()).toEqual(drawn);
});
