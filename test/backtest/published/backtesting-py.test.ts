/**
 * The crossing of two averages that backtesting.py documents and tests itself by (kernc/backtesting.py,
 * backtesting/test/_test.py, `test_compute_stats`), on its nine years of Google, traded by this core, gate, order path
 * and paper venue.
 *
 * Its rules: averages of 10 and 30 closes; where they cross, what is held is closed and the other side is entered with
 * all cash, both at the next open; no spread, no fee; what is open at the end is closed at the open of the last day.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EquityMeter } from '../../../src/backtest/measure/equity-meter.js';
import { DAY_MS } from '../../../src/domain/civil-date.js';
import type { Side } from '../../../src/domain/order.js';
import { mean, sampleDeviation } from '../../../src/domain/statistics.js';
import type { Strategy, StrategyContext } from '../../../src/engine/strategies/strategy.js';
import { temporaryFolder } from '../../validation/support/validations.js';
import type { BacktestKept } from '../support/backtests.js';
import { asPeer, type PeerDesk, type Row, recordingBeside, writeRows } from './support/peers.js';

const RECORDING = recordingBeside('us-GOOG-1d-2004_2013.csv.gz');
const [FAST, SLOW] = [10, 30];
const CASH = 10_000;
const TICK = 0.000001;
const DESK: PeerDesk = { cash: String(CASH), tickSize: '0.000001', lotSize: '1' };
const BEGIN_MS = Date.UTC(2020, 0, 1);
const YEAR_DAYS = 252;

/** Figures of `test_compute_stats`, by the names that they have there. */
const PUBLISHED = {
  '# Trades': 66,
  'Equity Final [$]': 51422.99,
  'Equity Peak [$]': 75787.44,
  'Return [%]': 414.2299,
  'Exposure Time [%]': 96.74115456238361,
  'Win Rate [%]': 46.96969696969697,
  'Best Trade [%]': 53.59595229490424,
  'Worst Trade [%]': -18.39887353835481,
  'Avg. Trade [%]': 2.531715975158555,
  'Expectancy [%]': 3.2748078066748834,
  'Profit Factor': 2.167945974262033,
  'Max. Trade Duration': 183,
  'Avg. Trade Duration': 46,
  'Max. Drawdown [%]': -47.98012705007589,
  'Avg. Drawdown [%]': -5.925851581948801,
  'Max. Drawdown Duration': 584,
  'Return (Ann.) [%]': 21.191099249053224,
  'Volatility (Ann.) [%]': 36.49716090702389,
  'CAGR [%]': 21.160245705962623,
  'Sharpe Ratio': 0.5806232244485349,
  'Sortino Ratio': 1.0853434352488662,
  'Calmar Ratio': 0.44166409202994605,
  SQN: 1.0766187356697705,
  'Kelly Criterion': 0.1518705127029717,
} as const;

function recordedDays(): Row[] {
  const lines = gunzipSync(readFileSync(RECORDING!)).toString().trim().split('\n').slice(1);
  return lines.map((line) => {
    const [ts, open = '', high = '', low = '', close = ''] = line.split(',');
    return [Number(ts), open, high, low, close];
  });
}

/** Decides at closes; its stop is so far away that no price reaches it. */
function crossing(days: number): Strategy {
  const closes: number[] = [];
  let stood = 0;
  let turnTo: Side | null = null;
  const sumOf = (count: number): number => closes.slice(-count).reduce((sum, close) => sum + close, 0);
  const enter = (context: StrategyContext, side: Side): void => {
    turnTo = null;
    const { bidTicks, askTicks } = context.lastQuote!;
    const protectTicks = side === 'buy' ? Math.round(askTicks / 10) : Math.round(bidTicks * 1.9);
    // By some ticks of a millionth the market is elsewhere when the order is there, 20 ms later in a day.
    context.enter({ side, type: 'market', slippageTicks: 20, protectTicks, because: 'the averages crossed' });
  };
  return {
    warmupBars: 0,
    state: () => 'no crossing',
    onBar: (context, { closeTicks }) => {
      closes.push(closeTicks);
      if (closes.length === days - 1) context.exit('the last day comes');
      if (closes.length < SLOW || closes.length >= days - 1) return;
      const stands = Math.sign(sumOf(FAST) * (SLOW / FAST) - sumOf(SLOW));
      if (stood * stands === -1) {
        turnTo = stands > 0 ? 'buy' : 'sell';
        context.exit('the averages crossed');
      }
      stood = stands;
    },
    onQuote: (context) => {
      if (turnTo !== null && context.positionLots === 0) enter(context, turnTo);
    },
    onFill: (context, { purpose }) => {
      if (turnTo !== null && purpose !== 'entry') enter(context, turnTo);
    },
  };
}

/** By the formulas of its `_stats.py`: by days at their close, where ours are by hours, and drawdown by every price. */
function byItsFormulas({ report, measure, kept }: BacktestKept, days: readonly Row[]) {
  const dayOf = (ms: number): number => Math.floor((ms - BEGIN_MS) / DAY_MS);
  const dates = days.map(([ms]) => ms / DAY_MS);
  const trades = report.trades.map((trade) => {
    const way = trade.side === 'long' ? 1 : -1;
    const [entered, left] = [dayOf(Date.parse(trade.opened)), dayOf(Date.parse(trade.closed))];
    const part = way * (Number(trade.exitPrice) / Number(trade.entryPrice) - 1);
    return { entered, left, part, profit: Number(trade.result) };
  });
  const parts = trades.map(({ part }) => part);
  const profits = trades.map(({ profit }) => profit);
  const lasted = trades.map(({ entered, left }) => dates[left]! - dates[entered]!);
  const inMarket = days.filter((_, day) => trades.some(({ entered, left }) => entered <= day && day <= left));

  const meter = new EquityMeter(measure!.instruments, measure!.startingCash);
  const fills = [...kept.fills];
  const equity = days.map(([, , , , close], day) => {
    while (fills[0] !== undefined && dayOf(fills[0].marketMs) <= day) meter.fill(fills.shift()!);
    const ticks = Math.round(Number(close) / TICK);
    meter.quote(0, ticks, ticks + 1);
    return meter.equity / 1e8;
  });
  const returns = equity.slice(1).map((value, day) => value / equity[day]! - 1);
  const growth = (values: readonly number[]): number =>
    Math.exp(values.reduce((sum, value) => sum + Math.log1p(value), 0) / values.length);
  const daily = growth(returns);
  const annual = daily ** YEAR_DAYS - 1;
  const spread = (sampleDeviation(returns) ** 2 + daily ** 2) ** YEAR_DAYS - daily ** (2 * YEAR_DAYS);
  const below = mean(returns.map((value) => Math.min(value, 0) ** 2));
  const years = (dates.at(-1)! - dates[0]!) / 365.25;
  let peak = 0;
  const fallen = equity.map((value) => {
    peak = Math.max(peak, value);
    return 1 - value / peak;
  });
  const atPeak = [...fallen.keys()].filter((day) => fallen[day] === 0 || day === days.length - 1);
  const falls = atPeak.flatMap((day, place) => {
    const from = atPeak[place - 1] ?? day;
    if (day <= from + 1) return [];
    return [{ days: dates[day]! - dates[from]!, depth: Math.max(...fallen.slice(from, day + 1)) }];
  });
  const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const [won, lost] = [profits.filter((value) => value > 0), profits.filter((value) => value < 0)];
  const winRate = won.length / trades.length;
  const deepest = Math.max(...fallen);
  return {
    '# Trades': trades.length,
    'Equity Final [$]': equity.at(-1)!,
    'Equity Peak [$]': Math.max(...equity),
    'Return [%]': (equity.at(-1)! / CASH - 1) * 100,
    'Exposure Time [%]': (inMarket.length / days.length) * 100,
    'Win Rate [%]': winRate * 100,
    'Best Trade [%]': Math.max(...parts) * 100,
    'Worst Trade [%]': Math.min(...parts) * 100,
    'Avg. Trade [%]': (growth(parts) - 1) * 100,
    'Expectancy [%]': mean(parts) * 100,
    'Profit Factor': sumOf(parts.filter((part) => part > 0)) / -sumOf(parts.filter((part) => part < 0)),
    'Max. Trade Duration': Math.max(...lasted),
    'Avg. Trade Duration': Math.ceil(mean(lasted)),
    'Max. Drawdown [%]': -deepest * 100,
    'Avg. Drawdown [%]': -mean(falls.map(({ depth }) => depth)) * 100,
    'Max. Drawdown Duration': Math.max(...falls.map(({ days: many }) => many)),
    'Return (Ann.) [%]': annual * 100,
    'Volatility (Ann.) [%]': Math.sqrt(spread) * 100,
    'CAGR [%]': ((equity.at(-1)! / CASH) ** (1 / years) - 1) * 100,
    'Sharpe Ratio': annual / Math.sqrt(spread),
    'Sortino Ratio': annual / Math.sqrt(below * YEAR_DAYS),
    'Calmar Ratio': annual / deepest,
    SQN: (Math.sqrt(trades.length) * mean(profits)) / sampleDeviation(profits),
    'Kelly Criterion': winRate - (1 - winRate) / (mean(won) / -mean(lost)),
  };
}

const openedAt = ([, open]: Row): number => Math.round(Number(open) / TICK);
const closedAt = ([, , , , close]: Row): number => Math.round(Number(close) / TICK);

describe.skipIf(RECORDING === null)('the crossing averages of backtesting.py, on ../shared/data', () => {
  it('come to all of its published figures where one day follows the other', async () => {
    const days = recordedDays();
    const rows = days.map(([, ...prices], day): Row => [BEGIN_MS + day * DAY_MS, ...prices]);
    const run = await asPeer(DESK, writeRows(temporaryFolder(), rows), () => crossing(days.length));
    const found: Readonly<Record<string, number>> = byItsFormulas(run, days);
    // What a spread of one tick of a millionth comes to in 66 trades.
    for (const [name, published] of Object.entries(PUBLISHED))
      expect.soft(Math.abs(found[name]! / published - 1), name).toBeLessThan(1e-6);

    const { figures } = run.report;
    expect(figures?.trades).toBe(PUBLISHED['# Trades']);
    expect(figures?.winRatePct).toBeCloseTo(PUBLISHED['Win Rate [%]'], 6);
    expect(figures?.returnPct).toBeCloseTo(PUBLISHED['Return [%]'], 3);
    // By every price and not by closes alone, by time and not by days, by money and not by parts of each trade.
    expect(figures?.maxDrawdownPct).toBeGreaterThan(-PUBLISHED['Max. Drawdown [%]']);
    expect(figures?.exposurePct).toBeCloseTo(PUBLISHED['Exposure Time [%]'], 0);
    expect(figures?.profitFactor).toBeLessThan(PUBLISHED['Profit Factor']);
  });

  it('are filled before a weekend at its last price, since it stands until there is another', async () => {
    const days = recordedDays();
    const run = await asPeer(DESK, writeRows(temporaryFolder(), days), () => crossing(days.length));
    const next = (ms: number): number => days.findIndex(([openMs]) => openMs + DAY_MS > ms);
    const fills = run.kept.fills;
    expect(fills).toHaveLength(2 * PUBLISHED['# Trades']);
    let paused = 0;
    for (const { side, priceTicks, marketMs } of fills) {
      const at = next(marketMs);
      const isPaused = marketMs < days[at]![0];
      paused += Number(isPaused);
      const price = isPaused ? closedAt(days[at - 1]!) : openedAt(days[at]!);
      // From there it has gone on for 20 of the 28,800,000 ms in which it moves by less than 100,000,000 ticks.
      expect(Math.abs(priceTicks - price - (side === 'buy' ? 1 : 0))).toBeLessThan(isPaused ? 1 : 70);
    }
    expect(paused).toBeGreaterThan(20);
  });
});
