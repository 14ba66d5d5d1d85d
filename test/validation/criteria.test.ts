import { describe, expect, it } from 'vitest';
import { TradeSums } from '../../src/backtest/statistics/figures.js';
import { type Criteria, judge, looserThan, type Measured } from '../../src/validation/report/report.js';

/** The runbook's. */
const CRITERIA: Criteria = { minTrades: 10, minWinRatePct: 45, minSharpe: 0.5, maxDrawdownPct: 15 };
/** Meets each of them exactly. */
const MET: Measured = { trades: 10, winRatePct: 45, sharpe: 0.5, maxDrawdownPct: 15 };

const failed = (measured: Partial<Measured>) =>
  judge(CRITERIA, { ...MET, ...measured }).filter(({ passed }) => !passed);

describe('the go/no-go criteria', () => {
  it('are met at the threshold itself', () => {
    expect(failed({})).toEqual([]);
  });

  it('are met by a part of the trades that is exactly what is asked for', () => {
    const wonOf = (wins: number, trades: number) => {
      const sums = new TradeSums();
      for (let at = 0; at < trades; at += 1)
        sums.add({ result: at < wins ? 1 : -1, r: null, openedMs: 0, closedMs: 0 });
      return sums.exact.winRatePct;
    };
    const missed = Array.from({ length: 101 }, (_, pct) => pct).filter(
      (pct) =>
        !judge({ ...CRITERIA, minWinRatePct: pct }, { ...MET, winRatePct: wonOf(pct, 100) })[1]?.passed,
    );
    expect(missed).toEqual([]);
    expect(wonOf(29, 50)).toBe(58);
  });

  it.each([
    [{ trades: 9 }, 'minTrades', 1, 'Trades 9, at least 10 is asked for: 1 too little'],
    [
      { winRatePct: 40 },
      'minWinRatePct',
      5,
      'Win rate 40.00 %, at least 45 % is asked for: 5.00 % too little',
    ],
    [{ sharpe: -0.25 }, 'minSharpe', 0.75, 'Sharpe ratio -0.25, at least 0.5 is asked for: 0.75 too little'],
    [
      { maxDrawdownPct: 17.5 },
      'maxDrawdownPct',
      2.5,
      'Maximum drawdown 17.50 %, at most 15 % is asked for: 2.50 % too much',
    ],
  ] as const)('fail alone and say by how much: %o', (measured, name, shortfall, text) => {
    expect(failed(measured)).toEqual([expect.objectContaining({ name, shortfall, text })]);
  });

  it.each([
    [{ winRatePct: null }, 'no trade was closed'],
    [{ sharpe: null }, 'it needs two full hours in which equity moved'],
  ])('are not met by what can not be said: %o', (measured, why) => {
    const [only, ...others] = failed(measured);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ shortfall: null, observed: null });
    expect(only?.text).toContain(why);
  });

  it('never show a missed threshold as met by rounding', () => {
    const [sharpe] = failed({ sharpe: 0.4999 });
    expect(sharpe?.text).toBe('Sharpe ratio 0.4999, at least 0.5 is asked for: 0.0001 too little');
  });

  it('name each one that is looser than the desk file asks for, and none that is stricter', () => {
    expect(looserThan({ ...CRITERIA, minTrades: 20, maxDrawdownPct: 10 }, CRITERIA)).toEqual([]);
    expect(looserThan({ ...CRITERIA, minSharpe: 0.1, maxDrawdownPct: 20 }, CRITERIA)).toEqual([
      'Sharpe ratio: at least 0.1 was asked for, the desk file asks for 0.5',
      'Maximum drawdown: at most 20 % was asked for, the desk file asks for 15 %',
    ]);
  });
});
