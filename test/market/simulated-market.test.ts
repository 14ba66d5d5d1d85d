import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MarketBar } from '../../src/contracts/market-feed.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import {
  PriceWalk,
  SIMULATION_FIRST_MINUTE,
  SIMULATION_START_MS,
} from '../../src/market/simulated/price-walk.js';
import { SimulatedSeries } from '../../src/market/simulated/series.js';
import { btc, cryptoInstruments, eth } from '../support/paper-instruments.js';

const START = SIMULATION_START_MS / 60_000;
const minutes = fc.integer({ min: SIMULATION_FIRST_MINUTE, max: START + 20_000 });
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('the simulated market', () => {
  it('gives the same minute for the same seed in whatever order minutes are read', () => {
    fc.assert(
      fc.property(seeds, minutes, minutes, (seed, first, second) => {
        const forwards = new SimulatedSeries(seed, btc, 2);
        const alone = new SimulatedSeries(seed, btc, 2);
        forwards.minute(first);
        expect(forwards.minute(second)).toEqual(alone.minute(second));
      }),
      { numRuns: 40 },
    );
  });

  it('shows positive, uncrossed quotes in time order inside a bar that encloses them', () => {
    fc.assert(
      fc.property(seeds, minutes, fc.constantFrom(...cryptoInstruments), (seed, minute, instrument) => {
        const { quotes, bar } = new SimulatedSeries(seed, instrument, 2).minute(minute);
        expect(quotes).toHaveLength(12);
        let beforeMs = minute * 60_000 - 1;
        for (const { marketMs, bidTicks, askTicks, bidLots, askLots } of quotes) {
          expect(marketMs).toBeGreaterThan(beforeMs);
          beforeMs = marketMs;
          expect(bidTicks).toBeGreaterThan(0);
          expect(askTicks).toBeGreaterThan(bidTicks);
          expect(Math.min(bidLots, askLots)).toBeGreaterThan(0);
          const mid = Math.floor((bidTicks + askTicks) / 2);
          expect(mid).toBeGreaterThanOrEqual(bar.lowTicks);
          expect(mid).toBeLessThanOrEqual(bar.highTicks);
        }
        expect(beforeMs).toBeLessThan((minute + 1) * 60_000);
        expect(bar.highTicks).toBeGreaterThanOrEqual(Math.max(bar.openTicks, bar.closeTicks));
        expect(bar.lowTicks).toBeLessThanOrEqual(Math.min(bar.openTicks, bar.closeTicks));
        expect(bar.volumeLots).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('gives other prices for another seed', () => {
    const one = new SimulatedSeries(1, btc, 2).bars(START + 10, 10);
    expect(new SimulatedSeries(2, btc, 2).bars(START + 10, 10)).not.toEqual(one);
  });

  it('opens trading near 60,000 for BTC and 3,000 for ETH, whatever the seed', () => {
    for (const seed of [0, 7, 123_456]) {
      expect(new SimulatedSeries(seed, btc, 2).minute(START).bar.openTicks / 6_000_000).toBeCloseTo(1, 2);
      expect(new SimulatedSeries(seed, eth, 2).minute(START).bar.openTicks / 300_000).toBeCloseTo(1, 2);
    }
  });

  it('moves an index future, whose ticks are coarse, from minute to minute', () => {
    const steps = { tickSize: '0.25', lotSize: '1', multiplier: '20' };
    const kept = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 };
    const future = buildInstrument(0, { symbol: 'NQ/USD', kind: 'future', ...steps, ...kept });
    const bars = new SimulatedSeries(7, future, 1).bars(START + 60, 60);
    expect((bars[0]?.openTicks ?? 0) / 60_000).toBeCloseTo(1, 1);
    expect(new Set(bars.map(({ closeTicks }) => closeTicks)).size).toBeGreaterThan(20);
  });

  it('has the very prices that this version has always had', () => {
    const [bar] = new SimulatedSeries(7, btc, 2).bars(START + 1, 1);
    expect(bar).toMatchInlineSnapshot(`
      {
        "closeTicks": 6000052,
        "highTicks": 6001050,
        "instrument": 0,
        "lowTicks": 5998703,
        "openMs": 1736121600000,
        "openTicks": 6000236,
        "spanMs": 60000,
        "volumeLots": 278887,
      }
    `);
  });

  it('has four weeks of history before trading starts and none before that', () => {
    const bars = new SimulatedSeries(7, btc, 2).bars(START, 100_000);
    expect(bars).toHaveLength(28 * 1440);
    expect(bars[0]?.openMs).toBe(SIMULATION_FIRST_MINUTE * 60_000);
  });

  it('reaches a year ahead sooner than a walk of thirty years, and stays positive for as long', () => {
    // Not by the clock: a machine that is busy with other things may take this process's turn from either.
    const begun = process.cpuUsage();
    new SimulatedSeries(7, btc, 2).minute(START + 525_600);
    const reached = process.cpuUsage(begun);
    const walking = process.cpuUsage();
    const walk = new PriceWalk(7, 'BTC/USDT');
    let lowest = 1;
    let highest = 1;
    for (let minute = 0; minute < 30 * 525_600; minute += 1) {
      walk.step();
      lowest = Math.min(lowest, walk.price);
      highest = Math.max(highest, walk.price);
    }
    expect(reached.user).toBeLessThan(process.cpuUsage(walking).user);
    expect(lowest).toBeGreaterThan(0.05);
    expect(highest).toBeLessThan(20);
  });

  it('lets quick averages cross upwards on both instruments in the first hour of the default seed', () => {
    for (const instrument of cryptoInstruments) {
      const crosses = upwardCrosses(new SimulatedSeries(7, instrument, 2).bars(START + 60, 360), 300);
      expect(crosses.some((minute) => minute >= 15 && minute <= 50)).toBe(true);
    }
  });
});

/** Minutes after `warmup` bars in which EMA 5 crosses above EMA 13. */
function upwardCrosses(bars: readonly MarketBar[], warmup: number): number[] {
  let fast = (bars[0] as MarketBar).closeTicks;
  let slow = fast;
  let above = true;
  const crosses: number[] = [];
  bars.forEach(({ closeTicks }, index) => {
    fast += ((closeTicks - fast) * 2) / 6;
    slow += ((closeTicks - slow) * 2) / 14;
    if (fast > slow && !above && index >= warmup) crosses.push(index - warmup);
    above = fast > slow;
  });
  return crosses;
}
