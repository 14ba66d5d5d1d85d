import { describe, expect, it } from 'vitest';
import { EquityMeter } from '../../src/backtest/measure/equity-meter.js';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { MONEY_SCALE } from '../../src/domain/money.js';
import type { Fill } from '../../src/domain/order.js';
import {
  DrawdownMeter,
  HOURS_PER_YEAR,
  mean,
  poissonTails,
  returnsOf,
  sampleDeviation,
  sharpeRatio,
} from '../../src/domain/statistics.js';

describe('statistics, worked by hand', () => {
  it('takes mean and deviation of a sample', () => {
    // Deviations from 3: -2, -1, 0, 1, 2; squares add up to 10; 10 / 4 = 2.5.
    expect(mean([1, 2, 3, 4, 5])).toBe(3);
    expect(sampleDeviation([1, 2, 3, 4, 5])).toBeCloseTo(Math.sqrt(2.5), 12);
  });

  it('takes both tails of a Poisson distribution, of large means too', () => {
    // Of a mean of 2: e^-2 is 0.1353, that twice is one event, and twice again by half is two.
    const { atMost, atLeast } = poissonTails(2, 1);
    expect(atMost).toBeCloseTo(0.406, 3);
    expect(atLeast).toBeCloseTo(0.8647, 4);
    expect(poissonTails(1000, 1000).atMost).toBeCloseTo(0.508, 3);
    expect(poissonTails(1000, 1000).atLeast).toBeCloseTo(0.504, 3);
  });

  it('works out the Sharpe ratio of hourly returns for a year', () => {
    // 100, 101, 100.495, 101.49995: returns 1 %, -0.5 %, 1 %; mean 0.5 %; deviation sqrt(0.00015 / 2) = 0.866 %.
    const returns = returnsOf([100, 101, 100.495, 101.49995]);
    expect(returns[0]).toBeCloseTo(0.01, 12);
    expect(returns[1]).toBeCloseTo(-0.005, 12);
    expect(sharpeRatio(returns, HOURS_PER_YEAR)).toBeCloseTo(
      (0.005 / Math.sqrt(0.000075)) * Math.sqrt(8760),
      6,
    );
  });

  it('says no Sharpe ratio where equity never moved or too little is known', () => {
    expect(sharpeRatio([0, 0, 0], HOURS_PER_YEAR)).toBeNull();
    expect(sharpeRatio([0.01], HOURS_PER_YEAR)).toBeNull();
    expect(sharpeRatio([], HOURS_PER_YEAR)).toBeNull();
  });

  it('measures drawdown from the peak before it, not from the beginning', () => {
    const meter = new DrawdownMeter();
    // 100 → 120 → 90 is 25 %; the later 130 → 110 is less, and the deepest value alone (90) is not 10 %.
    for (const [at, value] of [100, 120, 90, 130, 110].entries()) meter.add(at, value);
    expect(meter.worst).toEqual({ fraction: 0.25, peak: 120, peakMs: 1, trough: 90, troughMs: 2 });
  });

  it('finds no drawdown where equity only rose', () => {
    const meter = new DrawdownMeter();
    for (const [at, value] of [1, 2, 2, 3].entries()) meter.add(at, value);
    expect(meter.worst).toBeNull();
  });
});

const btc = buildInstrument(0, {
  symbol: 'BTC/USDT',
  kind: 'linear',
  tickSize: '1',
  lotSize: '1',
  minNotional: '0',
  makerFeePpm: 1000,
  takerFeePpm: 1000,
});

let trades = 0;
function fill(side: 'buy' | 'sell', quantityLots: number, priceTicks: number, feeMoney: number): Fill {
  trades += 1;
  const ids = { tradeId: `t${trades}`, clientId: 'c', instrument: 0 };
  const rest = { liquidity: 'taker', marketMs: trades, simulated: true } as const;
  return { ...ids, side, quantityLots, priceTicks, fee: feeMoney * MONEY_SCALE, ...rest };
}

describe('equity from fills and prices', () => {
  it('counts an open long position at the bid and a short one at the ask', () => {
    const meter = new EquityMeter([btc], 1000 * MONEY_SCALE);
    meter.quote(0, 99, 101);
    meter.fill(fill('buy', 2, 101, 1));
    expect(meter.equity / MONEY_SCALE).toBe(1000 - 2 * 101 - 1 + 2 * 99);
    meter.quote(0, 110, 112);
    meter.fill(fill('sell', 3, 110, 1));
    // 1 short at the ask of 112: 1000 - 202 - 1 + 330 - 1 - 112.
    expect(meter.equity / MONEY_SCALE).toBe(1014);
  });

  it('holds fewer coins after a fee that was taken from them, and pays one from elsewhere without cash for it', () => {
    const meter = new EquityMeter([btc], 1000 * MONEY_SCALE);
    meter.quote(0, 100, 101);
    meter.fill({ ...fill('buy', 4, 100, 100), feeIn: { asset: 'BTC', amount: '1' } });
    expect(meter.equity / MONEY_SCALE).toBe(1000 - 400 + 300);
    meter.fill({ ...fill('sell', 3, 100, 2), feeIn: { asset: 'BNB', amount: '0.1', priceTicks: 20 } });
    meter.feeValued(MONEY_SCALE);
    expect(meter.equity / MONEY_SCALE).toBe(1000 - 400 + 300 - 2 - 1);
  });
});
