import { getEventListeners } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { type BacktestReport, isSound } from '../../src/backtest/report/build-report.js';
import { figureText, monthTable, reportHtml } from '../../src/backtest/report/report-html.js';
import type { Desk } from '../../src/desk/schema.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategyDefinition, WaitingWish } from '../../src/engine/strategies/strategy.js';
import { openBrowser } from '../support/page.js';
import {
  BEGIN_MS,
  loaded,
  MINUTE_MS,
  type Minute,
  temporaryFolder,
  waves,
  writeMinutes,
} from '../validation/support/validations.js';
import { backtest, PLAIN_FILLS } from './support/backtests.js';

const WAITS = { side: 'buy', protectTicks: 5_950_000, because: 'its moment' } as const;
const TOUCHES = { touchTicks: 5_999_100, limitTicks: null, slippageTicks: null, restBars: 20 } as const;

const FEES_IN_CASH: Desk = { ...loaded.desk, paper: { ...loaded.desk.paper, feesIn: 'quote' } };

describe('a backtest', () => {
  it('comes to a result in which every figure and every table agrees', async () => {
    // Ends on its way down, with everything sold.
    const file = writeMinutes(temporaryFolder(), waves(12 * 120 - 10));
    const { report, kept } = await backtest(file, { desk: FEES_IN_CASH });
    const { figures, by, months, trades } = report;
    expect(report.data.problems).toEqual([]);
    expect(report.positions).toEqual([]);
    expect(figures?.trades).toBeGreaterThan(10);
    expect(figures?.trades).toBe(trades.length);
    expect(report.closedResult).toBe(report.netProfit);
    expect(Number(report.finalEquity)).toBeCloseTo(10_000 + Number(report.netProfit), 8);
    expect(figures?.returnPct).toBeCloseTo(Number(report.netProfit) / 100, 6);
    for (const groups of [by.strategy, by.instrument, by.exitReason]) {
      expect(groups.reduce((sum, { result }) => sum + Number(result), 0)).toBeCloseTo(
        Number(report.netProfit),
        6,
      );
      expect(groups.reduce((sum, { trades: of }) => sum + of, 0)).toBe(trades.length);
    }
    expect(months).toMatchObject([{ month: '2026-03', trades: trades.length, result: report.netProfit }]);
    expect(months[0]?.returnPct).toBeCloseTo(figures?.returnPct ?? 0, 5);
    const lines = kept.fillLines;
    const fees = lines.slice(1).map((line) => Number(line.split(',')[10]));
    expect(lines).toHaveLength(1 + report.fills);
    expect(fees.reduce((sum, fee) => sum + fee, 0)).toBeCloseTo(figures?.fees ?? 0, 5);
    expect(kept.orderLines).toHaveLength(1 + report.orders);
    // A wave is up for half of its time, and the desk holds only then.
    expect(figures?.exposurePct).toBeGreaterThan(20);
    expect(figures?.exposurePct).toBeLessThan(60);
  });

  it('trades from the first price on, also while another instrument has none yet', async () => {
    const folder = temporaryFolder();
    const minutes = waves(8 * 60);
    const later = minutes.slice(5 * 60);
    const files = [
      { symbol: 'BTC/USDT', file: writeMinutes(folder, minutes) },
      { symbol: 'ETH/USDT', file: writeMinutes(folder, later, 'later.csv') },
    ];
    const { report } = await backtest('', { files });
    const openedIn = (symbol: string): number[] =>
      report.trades.filter((trade) => trade.symbol === symbol).map(({ opened }) => Date.parse(opened));
    const [first] = openedIn('BTC/USDT');
    // As on its own.
    const alone = await backtest(files[0]!.file);
    expect(first).toBe(Date.parse(alone.report.trades[0]!.opened));
    expect(first).toBeLessThan(later[0]!.openMs);
    expect(openedIn('ETH/USDT')[0]).toBeGreaterThan(later[0]!.openMs);
    expect(report.halts).toEqual([]);
    const general = await backtest('', { files, takesNoShortcut: true });
    expect(general.report.stateHash).toBe(report.stateHash);
  });

  it('is the same to the byte whatever the order of its files is: prices of one time come in the order of the desk', async () => {
    const folder = temporaryFolder();
    const minutes = waves(8 * 60);
    const first = writeMinutes(folder, minutes.slice(0, 200), 'first.csv');
    const files = [
      { symbol: null, file: first },
      { symbol: 'BTC/USDT', file: writeMinutes(folder, minutes.slice(200), 'second.csv') },
      { symbol: 'ETH/USDT', file: writeMinutes(folder, minutes, 'eth.csv') },
    ];
    const inOrder = await backtest('', { files });
    expect(inOrder.report.market.files.map(({ name }) => name)).toEqual([
      'first.csv',
      'second.csv',
      'eth.csv',
    ]);
    expect(inOrder.report.trades.length).toBeGreaterThan(5);
    for (const order of [files.toReversed(), [files[1]!, files[2]!, files[0]!]]) {
      const other = await backtest('', { files: order });
      expect(other.report).toEqual(inOrder.report);
      expect(other.kept.fillLines).toEqual(inOrder.kept.fillLines);
      expect(other.kept.orderLines).toEqual(inOrder.kept.orderLines);
    }
  });

  it('tells how far it has come, also where nobody said when its prices end', async () => {
    const file = writeMinutes(temporaryFolder(), waves(600));
    let nowMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      nowMs += 1_000;
      return nowMs;
    });
    const parts: number[] = [];
    await backtest(file, { onProgress: ({ part }) => void parts.push(part) });
    clock.mockRestore();
    expect(parts.length).toBeGreaterThan(20);
    expect(parts).toEqual(parts.toSorted((one, other) => one - other));
    expect(parts[0]).toBeLessThan(0.05);
    expect(parts[Math.floor(parts.length / 2)]).toBeCloseTo(0.5, 1);
    expect(parts.at(-1)).toBeGreaterThan(0.95);
  });

  it('says that no price came, and is no result', async () => {
    const minutes = waves(30);
    const { report } = await backtest(writeMinutes(temporaryFolder(), minutes), {
      beginMs: BEGIN_MS + 60 * MINUTE_MS,
    });
    expect(report.data.problems).toEqual([
      { kind: 'no-data', symbol: null, text: 'no price came: nothing was traded' },
    ]);
    expect(isSound(report)).toBe(false);
  });

  it('says why nothing was traded where all or most bars lie outside the hours of their market', async () => {
    const run = async (hours: string, kept: (minute: number) => boolean = () => true) => {
      const week = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [hours]]));
      const instruments = loaded.desk.instruments.map((one) => ({
        ...one,
        sessions: { zone: 'UTC', hours: week },
      }));
      const minutes = waves(12 * 60).filter((_, minute) => kept(minute));
      const desk = { ...loaded.desk, instruments } as Desk;
      const { report } = await backtest(writeMinutes(temporaryFolder(), minutes), { desk });
      return report.data.problems;
    };
    expect(await run('14:00-20:00')).toEqual([
      {
        kind: 'no-data',
        symbol: 'BTC/USDT',
        text: 'BTC/USDT: all 720 bars begin while its market is closed, from 2026-03-02T00:00:00.000Z on, and were shown to no strategy: compare the times of the file (UTC) with instruments[].sessions',
      },
    ]);
    // Prices before and after a session that is whole are usual.
    expect(await run('04:00-06:00')).toEqual([]);
    const most = await run('08:00-12:00', (minute) => minute < 600);
    expect(most).toEqual([]);
    const lacking = await run('06:00-12:00', (minute) => minute < 440 || minute > 700);
    expect(lacking.map(({ kind }) => kind)).toEqual([
      'missing-bars',
      'outside-hours',
      'missing-hours',
      'gap',
    ]);
    expect(lacking[1]?.text).toContain('360 of 459 bars begin while its market is closed');
  });

  it('says of a strategy that asked for no entry what it had come to: a short recording looks like a market without a signal', async () => {
    const neverEntered = async (minutes: readonly Minute[]) =>
      (await backtest(writeMinutes(temporaryFolder(), minutes))).report;
    const short = await neverEntered(waves(4));
    const [first] = short.neverEntered ?? [];
    expect(first?.reason).toMatch(/^warming up: 4 of \d+ bars seen$/);
    expect(short.neverEntered).toHaveLength(1);
    expect(reportHtml(short)).toContain(`asked for no entry in BTC/USDT; at the end: ${first?.reason}`);
    const flat = waves(600).map(({ openMs }) => ({
      openMs,
      open: 60_000,
      high: 60_000,
      low: 60_000,
      close: 60_000,
    }));
    const still = await neverEntered(flat);
    expect(still.neverEntered).toMatchObject([{ strategy: 'ema-cross', symbols: ['BTC/USDT'] }]);
    expect(still.neverEntered?.[0]?.reason).not.toMatch(/warming up/);
    expect((await neverEntered(waves(600))).neverEntered).toBeUndefined();
  });

  it('rounds each amount that its page prints, as the figures beside it: a cut loss or fee would look smaller', async () => {
    const { report } = await backtest(writeMinutes(temporaryFolder(), waves(600)), { desk: FEES_IN_CASH });
    const apart = { result: '-12.34960000', fees: '1.99990000' };
    const trades = report.trades.slice(0, 1).map((trade) => ({ ...trade, ...apart }));
    const strategy = report.by.strategy.map((group) => ({ ...group, ...apart }));
    const page = reportHtml({ ...report, trades, by: { ...report.by, strategy } });
    const asRounded = '<td>\u221212.35</td><td>2.00</td>';
    expect(page.split(asRounded)).toHaveLength(3);
    expect(page).not.toContain('\u221212.34<');
  });

  it('warns once of bars that are ten times away from the price before, and says when', async () => {
    const minutes = waves(60).map((minute, at) =>
      at === 20 || at === 40 ? { ...minute, high: minute.high * 12 } : minute,
    );
    const { report } = await backtest(writeMinutes(temporaryFolder(), minutes));
    expect(report.data.problems).toEqual([
      {
        kind: 'implausible',
        symbol: 'BTC/USDT',
        text: expect.stringMatching(
          /^BTC\/USDT: the bar of 2026-03-02T00:20:00.000Z goes to 12 times the price before it \(2 such bars\): it was traded as it stands/,
        ),
      },
    ]);
  });

  it('leaves nothing on the signal that could have ended it: a sweep has one signal for all its runs', async () => {
    const { signal } = new AbortController();
    await backtest(writeMinutes(temporaryFolder(), waves(30)), { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('says which orders the venue rejected for too little free margin, and takes them on a margin by worth', async () => {
    const margin = { initial: '20000', maintenance: '20000' };
    const contract = {
      kind: 'future',
      lotSize: '1',
      minNotional: '0',
      multiplier: '1',
      exchange: 'CME',
      margin,
    };
    const desk = {
      ...loaded.desk,
      paper: { ...loaded.desk.paper, feesIn: undefined },
      risk: { ...loaded.desk.risk, maxPositionSizePct: 1_000 },
      instruments: loaded.desk.instruments.slice(0, 1).map((instrument) => ({ ...instrument, ...contract })),
      strategies: loaded.desk.strategies.map((strategy) => ({ ...strategy, symbols: ['BTC/USDT'] })),
    } as Desk;
    const { report } = await backtest(writeMinutes(temporaryFolder(), waves(600)), { desk });
    expect(report).toMatchObject({ fills: 0, denied: {} });
    expect(report.rejected).toEqual({ '-2019: Margin is insufficient.': report.orders });
    expect(report.orders).toBeGreaterThan(0);
    expect(reportHtml(report)).toContain(`<li>-2019: Margin is insufficient.: ${report.orders}</li>`);
    // A tenth of what one contract is worth, which 10,000 carry.
    const tenth = { initialPct: 10, maintenancePct: 5 };
    const lent = { ...desk, instruments: desk.instruments.map((one) => ({ ...one, margin: tenth })) } as Desk;
    const { report: onMargin } = await backtest(writeMinutes(temporaryFolder(), waves(600)), { desk: lent });
    expect(onMargin.rejected).toEqual({});
    expect(onMargin.fills).toBeGreaterThan(0);
    // As large as its size says: thirteen times what is there are two contracts, where the limit would let six be held.
    const fiftieth = desk.instruments.map((one) => ({
      ...one,
      margin: { initialPct: 2, maintenancePct: 1 },
    }));
    const sized = desk.strategies.map((strategy) => ({ ...strategy, size: { equityPct: 1_300 } }));
    const risk = { ...desk.risk, maxPositionSizePct: 4_000 };
    const leveraged = { ...desk, risk, instruments: fiftieth, strategies: sized } as Desk;
    const { report: larger } = await backtest(writeMinutes(temporaryFolder(), waves(600)), {
      desk: leveraged,
    });
    expect(larger.trades[0]?.quantity).toBe('2');
    expect(onMargin.execution).toContain(
      'Margin of a contract of BTC/USDT: 10 % of its worth to open it, 5 % to hold it.',
    );
  });

  it('trades nothing while the market is closed, whatever the file has there, and misses no bar of that time', async () => {
    const day = ['00:00-10:00', '11:00-24:00'];
    const hours = { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day };
    const sessions = { zone: 'UTC', hours, cancelEntriesAtClose: true };
    const desk = {
      ...FEES_IN_CASH,
      instruments: FEES_IN_CASH.instruments.map((one) => ({ ...one, sessions })),
    };
    const minutes = waves(12 * 120);
    const hourOf = (ms: number): number => new Date(ms).getUTCHours();
    const open = minutes.filter(({ openMs }) => hourOf(openMs) !== 10);
    const whole = await backtest(writeMinutes(temporaryFolder(), minutes), { desk });
    const paused = await backtest(writeMinutes(temporaryFolder(), open), { desk });
    expect(open.length).toBe(minutes.length - 60);
    expect(paused.report.data.problems).toEqual([]);
    expect(paused.report.data.coverage[0]).toMatchObject({ missing: 0, longestGapMs: 0 });
    const fills = paused.kept.fillLines;
    expect(whole.kept.fillLines).toEqual(fills);
    expect(fills.length).toBeGreaterThan(10);
    expect(whole.kept.fills.filter(({ marketMs }) => hourOf(marketMs) === 10)).toEqual([]);
  });

  it('ends on bars inside which the market opens and closes, and fills nothing while it is closed', async () => {
    const day = ['00:00-09:30', '10:30-10:50', '11:05-11:10', '12:35-24:00'];
    const hours = { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day };
    const desk = {
      ...FEES_IN_CASH,
      instruments: FEES_IN_CASH.instruments.map((one) => ({ ...one, sessions: { zone: 'UTC', hours } })),
    };
    const long = waves(900).map((bar, at) => ({ ...bar, openMs: BEGIN_MS + at * 60 * MINUTE_MS }));
    const file = writeMinutes(temporaryFolder(), long);
    const { report, kept } = await backtest(file, { desk });
    expect(kept.fills.length).toBeGreaterThan(10);
    const isOpen = (ms: number): boolean => {
      const time = new Date(ms).toISOString().slice(11, 16);
      return day.some((span) => time >= span.slice(0, 5) && time < span.slice(6));
    };
    expect(kept.fills.filter(({ marketMs }) => !isOpen(marketMs))).toEqual([]);
    const again = await backtest(file, { desk, takesNoShortcut: true });
    expect(again.report.stateHash).toBe(report.stateHash);
  });

  it('counts the price at midnight to the month that ends with it', async () => {
    const minutes = waves(600);
    const laterMs = Date.UTC(2026, 3, 1) - (BEGIN_MS + minutes.length * MINUTE_MS);
    const moved = minutes.map((minute) => ({ ...minute, openMs: minute.openMs + laterMs }));
    const { report } = await backtest(writeMinutes(temporaryFolder(), moved));
    const { months, trades, figures } = report;
    expect(report.period.to).toBe('2026-04-01T00:00:00.000Z');
    expect(months).toMatchObject([{ month: '2026-03', trades: trades.length }]);
    expect(months[0]?.returnPct).toBeCloseTo(figures?.returnPct ?? Number.NaN, 5);
  });

  it('counts the first price of a month to it, and not to the one before', async () => {
    const minutes = waves(600);
    const laterMs = Date.UTC(2026, 3, 1) - (BEGIN_MS + 300 * MINUTE_MS);
    // A jump at midnight: the last bar of the month ends before it, the first one of the next opens behind it.
    const moved = minutes.map(({ openMs, open, high, low, close }, at) => {
      const jump = at < 300 ? 0 : 5000;
      const prices = { open: open + jump, high: high + jump, low: low + jump, close: close + jump };
      return { openMs: openMs + laterMs, ...prices };
    });
    const held: Desk = { ...loaded.desk, strategies: loaded.desk.strategies.slice(0, 1) };
    const { report } = await backtest(writeMinutes(temporaryFolder(), moved), { desk: held });
    const at = (time: string) => Number(report.equity.findLast(([when]) => when < time)?.[1]);
    const [march, april] = report.months;
    expect(march?.returnPct).toBeCloseTo((at('2026-04-01T00:00') / 10_000 - 1) * 100, 2);
    expect((1 + (march?.returnPct ?? 0) / 100) * (1 + (april?.returnPct ?? 0) / 100)).toBeCloseTo(
      1 + (report.figures?.returnPct ?? 0) / 100,
      6,
    );
  });

  it('fills no order before it has arrived, and none at a price of before', async () => {
    // Each minute opens above the last close: which of the two a sale got tells when it was filled.
    const minutes = waves(600).map((minute) => ({ ...minute, open: minute.open + 7, high: minute.high + 8 }));
    const { kept } = await backtest(writeMinutes(temporaryFolder(), minutes));
    const { latencyMs, slippageTicks } = loaded.desk.paper;
    const sales: [number, number][] = [];
    for (const fill of kept.fills) {
      const order = kept.orders.get(fill.clientId);
      expect(fill.marketMs).toBeGreaterThanOrEqual((order?.atMs ?? Number.POSITIVE_INFINITY) + latencyMs);
      if (order?.intent.type !== 'market') continue;
      const { open = 0 } = minutes[Math.floor((fill.marketMs - BEGIN_MS) / MINUTE_MS)] ?? {};
      sales.push([fill.priceTicks, Math.round(open * 100) - 1 - slippageTicks]);
    }
    expect(sales.length).toBeGreaterThan(2);
    expect(sales.map(([at]) => at)).toEqual(sales.map(([, expected]) => expected));
  });

  it('does until a moment what it would have done whatever came after it', async () => {
    const same = waves(300);
    const cutMs = BEGIN_MS + 300 * MINUTE_MS;
    const rest = (open: number, minute: number): Minute => ({
      ...{ openMs: cutMs + minute * MINUTE_MS, open, high: open + 900, low: open - 900, close: open - 500 },
    });
    const until = async (minutes: readonly Minute[]) => {
      const { kept } = await backtest(writeMinutes(temporaryFolder(), minutes));
      const fills = kept.fills.filter(({ marketMs }) => marketMs < cutMs);
      const orders = [...kept.orders.values()].filter(({ atMs }) => atMs < cutMs);
      return { fills, orders: orders.map(({ intent, atMs }) => ({ intent, atMs })) };
    };
    const known = await until(waves(600));
    expect(known.fills.length).toBeGreaterThan(2);
    const open = same.at(-1)?.close ?? 0;
    const crash = Array.from({ length: 60 }, (_, minute) => rest(open - 500 * minute, minute));
    expect(await until([...same, ...crash])).toEqual(known);
    expect(await until(same)).toEqual(known);
  });

  it('shows a strategy that looks at all it is given nothing of a later minute', async () => {
    // Each minute has prices of its own, so that every number tells which minute it is from.
    const minutes = Array.from({ length: 90 }, (_, minute): Minute => {
      const open = 1000 + 10 * minute;
      return { openMs: BEGIN_MS + minute * MINUTE_MS, open, high: open + 6, low: open, close: open + 5 };
    });
    const minuteOf = (ticks: number): number => Math.floor((ticks / 100 - 1000 + 1) / 10);
    const seen: { minute: number; newest: number; numbers: number }[] = [];
    const numbersIn = (value: unknown): number[] => {
      if (typeof value === 'number') return value >= 99_900 && value < 250_000 ? [value] : [];
      return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
    };
    const probe: StrategyDefinition = {
      ...{ kind: 'probe', suits: 'trending', parameters: [] },
      create: () => ({
        warmupBars: 0,
        state: () => 'looks',
        onBar: (context, bar) => {
          const { openMs, openTicks, highTicks, lowTicks, closeTicks } = bar;
          const numbers = numbersIn([openTicks, highTicks, lowTicks, closeTicks, context.lastQuote]);
          const newest = Math.max(...numbers.map(minuteOf));
          seen.push({ minute: (openMs - BEGIN_MS) / MINUTE_MS, newest, numbers: numbers.length });
        },
      }),
    };
    (STRATEGIES as Map<string, StrategyDefinition>).set('probe', probe);
    try {
      const strategies = [
        { name: 'probe', kind: 'probe', symbols: ['BTC/USDT'], enabled: true, parameters: {} },
      ] as unknown as Desk['strategies'];
      await backtest(writeMinutes(temporaryFolder(), minutes), { desk: { ...loaded.desk, strategies } });
    } finally {
      (STRATEGIES as Map<string, StrategyDefinition>).delete('probe');
    }
    expect(seen).toHaveLength(90);
    for (const { minute, newest, numbers } of seen)
      expect([minute, newest, numbers]).toEqual([minute, minute, 6]);
  });

  it('fills entries at the market at the price of that moment, never beyond the worst that they take', async () => {
    const eager: StrategyDefinition = {
      ...{ kind: 'eager', suits: 'trending', parameters: [] },
      create: () => ({
        warmupBars: 0,
        state: () => 'waits',
        onBar: (context) => {
          const { positionLots, lastQuote } = context;
          if (positionLots !== 0 || lastQuote === null) return;
          const protectTicks = lastQuote.bidTicks - 60_000;
          const exits = { maxBars: 2 };
          context.enter({
            side: 'buy',
            type: 'market',
            slippageTicks: 3,
            protectTicks,
            exits,
            because: 'it is flat',
          });
        },
      }),
    };
    (STRATEGIES as Map<string, StrategyDefinition>).set('eager', eager);
    try {
      const of = { name: 'eager', kind: 'eager', symbols: ['BTC/USDT'], enabled: true, parameters: {} };
      const strategies = [{ ...of, size: { equityPct: 5 } }] as unknown as Desk['strategies'];
      const file = writeMinutes(temporaryFolder(), waves(120));
      const { kept } = await backtest(file, { desk: { ...FEES_IN_CASH, strategies } });
      const entries = kept.fills.flatMap((fill) => {
        const { intent } = kept.orders.get(fill.clientId)!;
        return intent.purpose === 'entry' ? [{ fill, intent }] : [];
      });
      expect(entries.length).toBeGreaterThan(10);
      for (const { fill, intent } of entries) {
        expect(intent).toMatchObject({ type: 'market', timeInForce: 'IOC' });
        expect(fill).toMatchObject({ liquidity: 'taker' });
        expect(fill.priceTicks).toBeLessThanOrEqual(intent.limitTicks!);
        // Three ticks below the worst is the ask of the close. On the way up it first falls to the low, 3,000 ticks in
        // 20,000 ms, so three in the 20 ms until the order is there; and a tick of slippage.
        expect(fill.priceTicks).toBeGreaterThanOrEqual(intent.limitTicks! - 3 - 3 + 1);
      }
    } finally {
      (STRATEGIES as Map<string, StrategyDefinition>).delete('eager');
    }
  });

  /** Open, high, low and close of the minutes after the one that asked to buy from 60,010.00 on, at 60,012.00 at worst. */
  it.each<
    [string, readonly (readonly [number, number, number, number])[], readonly [number, string, number][]]
  >([
    ['not by a high just below its trigger', [[60_000, 60_009.98, 60_000, 60_005]], []],
    // At its trigger, and a tick of slippage; by then the market has gone nine tenths of its way to the high.
    ['by a high beyond it', [[60_000, 60_011, 60_000, 60_005]], [[6_001_001, 'taker', 38_163]]],
    ['not in a gap past its worst price', [[60_020, 60_030, 60_015, 60_020]], []],
    [
      'at its worst price once the market is back from there',
      [
        [60_020, 60_030, 60_015, 60_020],
        [60_011.5, 60_014, 60_011, 60_013],
      ],
      [[6_001_200, 'maker', 60_000]],
    ],
  ])('fills an entry by a stop %s', async (_, then, expected) => {
    const asksAtMs = BEGIN_MS + 4 * MINUTE_MS;
    const breakout: StrategyDefinition = {
      ...{ kind: 'breakout', suits: 'trending', parameters: [] },
      create: () => ({
        warmupBars: 0,
        state: () => 'waits',
        onBar: (context, { openMs }) => {
          if (openMs !== asksAtMs) return;
          const wish = { side: 'buy', type: 'stop', stopTicks: 6_001_000, slippageTicks: 200 } as const;
          context.enter({ ...wish, protectTicks: 5_950_000, restBars: 9, because: 'it may break out' });
        },
      }),
    };
    (STRATEGIES as Map<string, StrategyDefinition>).set('breakout', breakout);
    try {
      const of = { name: 'breakout', kind: 'breakout', symbols: ['BTC/USDT'], enabled: true, parameters: {} };
      const strategies = [{ ...of, size: { equityPct: 5 } }] as unknown as Desk['strategies'];
      const flat = [60_000, 60_000, 60_000, 60_000] as const;
      const minutes = [flat, flat, flat, flat, flat, ...then].map(([open, high, low, close], minute) => ({
        ...{ openMs: BEGIN_MS + minute * MINUTE_MS, open, high, low, close },
      }));
      const file = writeMinutes(temporaryFolder(), minutes);
      const { kept } = await backtest(file, { desk: { ...FEES_IN_CASH, strategies } });
      expect([...kept.orders.values()].map(({ intent }) => intent.type)).toContain('stop');
      const sentMs = asksAtMs + MINUTE_MS;
      const found = kept.fills.map(({ priceTicks, liquidity, marketMs }) => [
        ...[priceTicks, liquidity, marketMs - sentMs],
      ]);
      expect(found).toEqual(expected);
    } finally {
      (STRATEGIES as Map<string, StrategyDefinition>).delete('breakout');
    }
  });

  /** Minutes from 00:00; the market closes at 00:10 and opens at 00:30. What is asked for is asked at the end of 00:04. */
  it.each<[string, WaitingWish, readonly [number, string, number][]]>([
    // Once the ask is 59,991.00. When the order arrives, 20 of the 20,000 ms later in which it falls by 10.00, it is a tick
    // lower; and a tick of slippage.
    [
      'if its price is touched',
      { ...WAITS, type: 'ifTouched', ...TOUCHES, slippageTicks: 200 },
      [[5_999_100, '00:06', 38_040]],
    ],
    [
      'if its price is touched, by a limit that fills later',
      { ...WAITS, type: 'ifTouched', ...TOUCHES, limitTicks: 5_998_000 },
      [[5_998_000, '00:07', 39_057]],
    ],
    [
      'at the close',
      { ...WAITS, type: 'atClose', leadMs: 60_000, slippageTicks: 200 },
      [[6_000_502, '00:09', 20]],
    ],
    ['at the open', { ...WAITS, type: 'atOpen', slippageTicks: 200 }, [[6_001_002, '00:30', 20]]],
  ])('fills an entry that waited, %s, the same with and without shortcuts', async (_, wish, expected) => {
    const asks: StrategyDefinition = {
      ...{ kind: 'asks', suits: 'trending', parameters: [] },
      create: () => ({
        warmupBars: 0,
        state: () => 'waits',
        onBar: (context, { openMs }) => {
          if (openMs === BEGIN_MS + 4 * MINUTE_MS) context.enter(wish);
        },
      }),
    };
    (STRATEGIES as Map<string, StrategyDefinition>).set('asks', asks);
    try {
      const of = { name: 'asks', kind: 'asks', symbols: ['BTC/USDT'], enabled: true, parameters: {} };
      const strategies = [{ ...of, size: { equityPct: 5 } }] as unknown as Desk['strategies'];
      const day = ['00:00-00:10', '00:30-24:00'];
      const week = { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day };
      const instruments = FEES_IN_CASH.instruments.map((one) => ({
        ...one,
        sessions: { zone: 'UTC', hours: week },
      }));
      const minutes = Array.from({ length: 40 }, (_, minute): Minute => {
        const open = minute === 8 || minute === 9 ? 60_005 : minute === 30 ? 60_010 : 60_000;
        const low = minute === 6 ? 59_990 : minute === 7 ? 59_979 : open;
        return { openMs: BEGIN_MS + minute * MINUTE_MS, open, high: open, low, close: open };
      }).filter((_, minute) => minute < 10 || minute >= 30);
      const file = writeMinutes(temporaryFolder(), minutes);
      const run = async (takesNoShortcut: boolean) => {
        const desk = { ...FEES_IN_CASH, strategies, instruments };
        const { kept } = await backtest(file, { desk, takesNoShortcut });
        return kept.fills.map(({ priceTicks, marketMs }) => {
          const minute = Math.floor(marketMs / MINUTE_MS) * MINUTE_MS;
          return [priceTicks, new Date(minute).toISOString().slice(11, 16), marketMs - minute];
        });
      };
      const fills = await run(false);
      expect(fills).toEqual(expected);
      expect(await run(true)).toEqual(fills);
    } finally {
      (STRATEGIES as Map<string, StrategyDefinition>).delete('asks');
    }
  });

  it('tells trades that their targets, stop or time closed apart, and sells half at each target', async () => {
    const staged: StrategyDefinition = {
      ...{ kind: 'staged', suits: 'trending', parameters: [] },
      create: () => ({
        warmupBars: 0,
        state: () => 'waits',
        onBar: (context) => {
          const { positionLots, entryResting, lastQuote } = context;
          if (positionLots !== 0 || entryResting || lastQuote === null) return;
          const limitTicks = lastQuote.askTicks;
          const targets = [
            { ticks: limitTicks + 30_000, closedPpm: 500_000 },
            { ticks: limitTicks + 60_000, closedPpm: 1_000_000 },
          ];
          const exits = { targets, maxBars: 20 };
          const protectTicks = limitTicks - 60_000;
          context.enter({ side: 'buy', limitTicks, protectTicks, exits, restBars: 1, because: 'it is flat' });
        },
      }),
    };
    (STRATEGIES as Map<string, StrategyDefinition>).set('staged', staged);
    try {
      const of = { name: 'staged', kind: 'staged', symbols: ['BTC/USDT'], enabled: true, parameters: {} };
      const strategies = [{ ...of, size: { equityPct: 5 } }] as unknown as Desk['strategies'];
      const file = writeMinutes(temporaryFolder(), waves(360));
      const { report, kept } = await backtest(file, { desk: { ...FEES_IN_CASH, strategies } });
      const { by, trades, closedResult } = report;
      expect(by.exitReason.map(({ key }) => key).sort()).toEqual(['stop', 'target 2 of 2', 'time']);
      const told = by.exitReason.reduce((sum, { result }) => sum + Number(result), 0);
      expect(told).toBeCloseTo(Number(closedResult), 6);
      const fills = kept.fills.map(({ clientId, quantityLots }) => {
        const { purpose, why = purpose } = kept.orders.get(clientId)!.intent;
        return { why, quantityLots };
      });
      fills.forEach(({ why, quantityLots }, place) => {
        if (why !== 'target 2 of 2') return;
        const [entry, first] = fills.slice(place - 2, place);
        expect([entry?.why, first?.why]).toEqual(['entry', 'target 1 of 2']);
        expect(first?.quantityLots).toBe(Math.floor((entry?.quantityLots ?? 0) / 2));
        expect(quantityLots).toBe((entry?.quantityLots ?? 0) - (first?.quantityLots ?? 0));
      });
      const wins = trades.filter(({ why }) => why === 'target 2 of 2');
      expect(fills.filter(({ why }) => why === 'target 2 of 2')).toHaveLength(wins.length);
      for (const { entryPrice, exitPrice } of wins)
        expect(Number(exitPrice) - Number(entryPrice)).toBeGreaterThan(400);
    } finally {
      (STRATEGIES as Map<string, StrategyDefinition>).delete('staged');
    }
  });

  it('shows a strategy as many minutes of before as it needs, as the running desk does', async () => {
    const beginMs = BEGIN_MS + 800 * MINUTE_MS;
    let before = 0;
    const patient: StrategyDefinition = {
      ...{ kind: 'patient', suits: 'trending', parameters: [] },
      create: () => ({
        warmupBars: 700,
        state: () => 'waits',
        onBar: (_context, { openMs }) => {
          if (openMs < beginMs) before += 1;
        },
      }),
    };
    (STRATEGIES as Map<string, StrategyDefinition>).set('patient', patient);
    try {
      const strategies = [
        { name: 'patient', kind: 'patient', symbols: ['BTC/USDT'], enabled: true, parameters: {} },
      ] as unknown as Desk['strategies'];
      const file = writeMinutes(temporaryFolder(), waves(900));
      await backtest(file, { desk: { ...loaded.desk, strategies }, beginMs });
    } finally {
      (STRATEGIES as Map<string, StrategyDefinition>).delete('patient');
    }
    expect(before).toBe(700);
  });

  it('says which minutes its data lacks, and trades on no file that is damaged anywhere', async () => {
    const folder = temporaryFolder();
    const minutes = waves(600);
    const holey = await backtest(
      writeMinutes(
        folder,
        minutes.filter((_, at) => at < 200 || at > 230),
      ),
    );
    expect(holey.report.data.problems.map(({ kind }) => kind)).toContain('gap');
    const broken = waves(3000).map((minute, at) =>
      at === 2900 ? { ...minute, low: minute.high + 5 } : minute,
    );
    await expect(backtest(writeMinutes(folder, broken, 'broken.csv'))).rejects.toThrow(
      /broken.csv, row 2902/,
    );
  });
});

describe('a fill model', () => {
  /** Seconds into its minute, of each fill of an entry that rested. */
  const restedFills = async (minutes: readonly Minute[], fillModel: Partial<typeof PLAIN_FILLS>) => {
    const model = { ...PLAIN_FILLS, ...fillModel };
    // Sent at a close, it rests at the next open, before the market goes on.
    const desk = { ...loaded.desk, paper: { ...loaded.desk.paper, latencyMs: 0 } };
    const { kept } = await backtest(writeMinutes(temporaryFolder(), minutes), { desk, fillModel: model });
    return kept.fills
      .filter(({ side, liquidity }) => side === 'buy' && liquidity === 'maker')
      .map(({ marketMs }) => ((marketMs - BEGIN_MS) % MINUTE_MS) / 1000);
  };

  it('goes to the low of a bar in its first third, or in the second one where the high comes first', async () => {
    const minutes = waves(600);
    const lowFirst = await restedFills(minutes, { path: 'low-first' });
    expect(lowFirst.length).toBeGreaterThan(2);
    const thirds = (seconds: readonly number[]) => new Set(seconds.map((second) => Math.ceil(second / 20)));
    expect(thirds(lowFirst)).toEqual(new Set([1]));
    expect(thirds(await restedFills(minutes, { path: 'high-first' }))).toEqual(new Set([2]));
    // On its way up the low is the nearer one.
    expect(thirds(await restedFills(minutes, {}))).toEqual(new Set([1]));
  });

  it('leaves a limit that is only touched, where prices have to go through it', async () => {
    // The ask of each low is the limit of an entry sent at the close before, exactly; then prices leave.
    const touching = waves(600).map((minute) => ({
      ...minute,
      low: Math.min(minute.open, minute.close) - 0.03,
    }));
    expect((await restedFills(touching, {})).length).toBeGreaterThan(2);
    expect(await restedFills(touching, { limitFill: 'through' })).toEqual([]);
    const deeper = touching.map((minute) => ({ ...minute, low: minute.low - 0.01 }));
    expect((await restedFills(deeper, { limitFill: 'through' })).length).toBeGreaterThan(2);
  });

  it('gives all orders together no more than their part of what was traded, and the rest later', async () => {
    // A tenth as much is traded on the way down, on which the desk sells.
    const file = writeMinutes(temporaryFolder(), waves(5 * 120 - 10));
    const rows = readFileSync(file, 'utf8').split('\n');
    const thin = rows.map((row, at) => (at > 0 && (at - 1) % 120 >= 60 ? row.replace(/,1$/, ',0.1') : row));
    writeFileSync(file, thin.join('\n'));
    const fillModel = { ...PLAIN_FILLS, volumePartPct: 0.4 };
    const { report, kept } = await backtest(file, { fillModel });
    // A volume of 1 is 100,000 lots: 25,000 at each price, 100 of them for us; 10 on the way down.
    const given = { buy: new Map<number, number>(), sell: new Map<number, number>() };
    for (const { side, marketMs, quantityLots } of kept.fills)
      given[side].set(marketMs, (given[side].get(marketMs) ?? 0) + quantityLots);
    expect(Math.max(...given.buy.values())).toBe(100);
    expect(
      Math.max(...kept.fills.map(({ side, quantityLots }) => (side === 'sell' ? quantityLots : 0))),
    ).toBe(10);
    // The close of a minute and the open of the next one are two prices of one moment.
    expect(Math.max(...given.sell.values())).toBe(20);
    expect(given.sell.size).toBeGreaterThan(15);
    expect(report.positions).toEqual([]);
    expect(report.data.problems).toEqual([]);
    const ends = [...kept.orders.values()].filter(({ intent }) => intent.type === 'market');
    expect(ends.length).toBeGreaterThan(2);
    for (const { state, filledLots, quantityLots } of ends)
      expect([state, filledLots]).toEqual(['filled', quantityLots]);
    const stops = await backtest(writeMinutes(temporaryFolder(), crash()), { fillModel });
    const [stop] = stops.report.by.exitReason.filter(({ key }) => key === 'stop');
    expect(stop?.trades).toBeGreaterThan(0);
  });
});

/** Up until the desk has bought, then far down in one minute, and up again: a stop goes off once. */
function crash(): Minute[] {
  return waves(180).map((minute, at) => {
    const fall = at >= 150 && at < 152 ? 8000 : 0;
    const { open, high, low, close } = minute;
    return { ...minute, open, high, low: low - fall, close: at === 150 ? close - fall / 2 : close };
  });
}

/** Words of the charts that are too small or lie over each other, and formulas that are cut off. */
function notReadable(): readonly string[] {
  const words = [...document.querySelectorAll('svg')].flatMap((svg) => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const shown = scale === 0 ? [] : [...svg.querySelectorAll('text')];
    return shown.flatMap((word, at) => {
      const { left, top } = word.getBoundingClientRect();
      const isCut = left < svg.getBoundingClientRect().left;
      const before = at === 0 ? null : (shown[at - 1]?.getBoundingClientRect() ?? null);
      const overlaps = before !== null && Math.abs(before.top - top) < 4 && before.right > left;
      const small = Number.parseFloat(getComputedStyle(word).fontSize) * scale < 8.5;
      return small || overlaps || isCut ? [word.textContent ?? ''] : [];
    });
  });
  const cells = [...document.querySelectorAll('.formulas td')];
  const cut = cells.filter((cell) => cell.getBoundingClientRect().right > innerWidth);
  return [...words, ...cut.map(({ textContent }) => textContent ?? '')];
}

describe('the page of a backtest', () => {
  it('draws prices with trades, equity, drawdown and months at every width, from nowhere else', async () => {
    const { report } = await backtest(writeMinutes(temporaryFolder(), waves(600)));
    const set = ['breakers.strategyMaxConsecutiveLosses=1000'];
    const html = reportHtml({ ...report, set, desk: '<img src=x onerror=alert(1)>' });
    expect(html).not.toMatch(/<script|https?:|<img|@import|url\(|NaN|Infinity|undefined/);
    expect(html.match(/<svg /g)).toHaveLength(2 * 3);
    expect(html.match(/class="trade"/g)).toHaveLength(2 * report.trades.length);
    const browser = await openBrowser();
    try {
      for (const width of [360, 1280]) {
        const page = await browser.newPage({ viewport: { width, height: 900 } });
        await page.setContent(html);
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        expect(wide, `at ${width} px`).toBeLessThanOrEqual(width);
        expect(await page.locator('svg').filter({ visible: true }).count()).toBe(3);
        expect(await page.evaluate(notReadable), `at ${width} px`).toEqual([]);
        for (const heading of ['Prices and trades', 'Equity and drawdown', 'Months', 'Figures', 'Strategy'])
          expect(await page.getByRole('heading', { name: heading }).count(), heading).toBe(1);
        await page.close();
      }
    } finally {
      await browser.close();
    }
  });

  /** The report's page with its instrument at prices of this step, and the labels of their axis. */
  async function atStep(tickSize: string, candles?: BacktestReport['candles'][number]['candles']) {
    const { report } = await backtest(writeMinutes(temporaryFolder(), waves(240)));
    const html = reportHtml({
      ...report,
      candles: report.candles.map((one) => ({
        ...one,
        ...(candles === undefined ? {} : { candles, lines: [] }),
        tickSize,
      })),
    });
    const [chart = ''] = html.split('<svg class="narrow"')[1]?.split('</svg>') ?? [];
    return {
      html,
      labels: [...chart.matchAll(/text-anchor="end">([\d\u202f.]+)</g)].map(([, text]) => text),
    };
  }

  it('has as many places at its prices as the grid needs, and no more than the price', async () => {
    const { labels: cheap } = await atStep('0.000000001');
    expect(new Set(cheap).size).toBe(5);
    for (const label of cheap) expect(label).toMatch(/^0\.00\d+$/);
    const low = { openTicks: 100, highTicks: 100, lowTicks: 100, closeTicks: 100 };
    const few = [low, { ...low, highTicks: 104 }].map((one, at) => ({ startMs: at * MINUTE_MS, ...one }));
    const { labels: whole } = await atStep('1', few);
    expect(whole).toEqual(['100', '101', '102', '103', '104']);
    const { labels } = await atStep('0.00001');
    expect(new Set(labels).size).toBe(5);
    for (const label of labels) expect(label).toMatch(/^\d\d\.\d{1,5}$/);
  });

  it('has room for each price at its left, at every width', async () => {
    const browser = await openBrowser();
    try {
      for (const step of ['0.01', '1000', '0.000000000001']) {
        const { html, labels } = await atStep(step);
        expect(labels).toHaveLength(5);
        for (const width of [360, 1280]) {
          const page = await browser.newPage({ viewport: { width, height: 900 } });
          await page.setContent(html);
          expect(await page.evaluate(notReadable), `${step} at ${width} px`).toEqual([]);
          await page.close();
        }
      }
    } finally {
      await browser.close();
    }
  });

  it('draws a run without a drawdown along its 0', async () => {
    const { report } = await backtest(writeMinutes(temporaryFolder(), waves(30)));
    const equity = report.equity.map(([at, value, , hold]) => [at, value, 0, hold] as const);
    const html = reportHtml({ ...report, equity });
    expect(html).toContain('Drawdown from the highest equity so far');
    expect(html.includes('NaN')).toBe(false);
    expect(html).toContain('>0.00 %<');
  });

  it('rounds its headline, as the figures beside it', async () => {
    const { report } = await backtest(writeMinutes(temporaryFolder(), waves(30)));
    const page = reportHtml({ ...report, netProfit: '-12.34960000', finalEquity: '9987.65940000' });
    expect(page).toMatch(/ percentage points (more|less)\.<\/p>/);
    expect(page).toContain('\u221212.35 USDT</h1>');
    expect(page).toContain('became 9\u202f987.66 USDT');
  });

  it('makes a year of its months, one after the other', async () => {
    const { report } = await backtest(writeMinutes(temporaryFolder(), waves(60)));
    const months = [
      { month: '2025-12', returnPct: 5, trades: 1, result: '5' },
      { month: '2026-01', returnPct: 10, trades: 1, result: '10' },
      { month: '2026-03', returnPct: -10, trades: 1, result: '-10' },
    ];
    const rows = monthTable({ ...report, months })
      .split('<tr>')
      .slice(2);
    expect(rows[0]).toContain('<td>2025</td>');
    expect(rows[0]).toMatch(/<td>5<\/td><td>5<\/td><\/tr>/);
    expect(rows[1]).toMatch(
      /^<td>2026<\/td><td>10<\/td><td><\/td><td>\u221210<\/td>.*<td>\u22121<\/td><\/tr>/,
    );
  });
});

it('figures of money have the places of the account’s currency', () => {
  expect(figureText(0.001_23, ' money', 'BTC')).toBe('0.00123000 BTC');
  expect(figureText(-1234.567, ' money', 'USDT')).toBe('−1\u202f234.57 USDT');
  expect(figureText(1.234, ' %', 'BTC')).toBe('1.23 %');
});
