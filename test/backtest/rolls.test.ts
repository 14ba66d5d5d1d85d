/** Recordings of a future that go over a roll: what is left in time, what is recorded, and what is said where no rule is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import type { BacktestSetting } from '../../src/backtest/run-backtest.js';
import type { Desk } from '../../src/desk/schema.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { summaryLines } from '../../src/validation/report/write-report.js';
import { placeAt, replaceFile, type ValidationRequest } from '../../src/validation/request.js';
import { runValidation } from '../../src/validation/run.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { loaded, prepare, recorded, temporaryFolder } from '../validation/support/validations.js';
import { backtest } from './support/backtests.js';

const MINUTE_MS = 60_000;
const KIND = 'always-long';
/** 13:00 in New York on Friday, 8 December 2023; the market closes at 17:00. */
const FRIDAY_MS = Date.UTC(2023, 11, 8, 18);
/** It opens again on Sunday at 18:00; Monday is the roll day of the contract of December. */
const SUNDAY_MS = Date.UTC(2023, 11, 10, 23);

function deskWith(given: Partial<Desk['instruments'][number]>): Desk {
  const { desk } = loaded;
  const nq = {
    ...{
      symbol: 'NQ/USD',
      kind: 'future',
      tickSize: '0.25',
      lotSize: '1',
      multiplier: '20',
      minNotional: '0',
    },
    ...{
      spread: '0.25',
      sessions: { calendar: 'cme-equity-index' },
      margin: { initial: '100', maintenance: '90' },
    },
    ...given,
  };
  return {
    ...desk,
    instruments: [nq],
    paper: {
      ...{ balance: '1000000', currency: 'USD', feesIn: 'quote', makerFeePpm: 0, takerFeePpm: 0 },
      ...{ slippageTicks: 0, latencyMs: 20 },
    },
    strategies: [{ name: KIND, kind: KIND, symbols: ['NQ/USD'], enabled: true, parameters: {} }],
    risk: { ...desk.risk, maxPositionSizePct: 100, maxConcurrentPositions: 1, stopLossPct: 50 },
    breakers: { ...desk.breakers, strategyMaxConsecutiveLosses: 1000 },
  } as unknown as Desk;
}

/** A continuous recording: the next contract is 200 points dearer, from the open of Sunday on. `spanMinutes`: of a bar. */
function continuous(spanMinutes = 1, atNoon = 16_000): string {
  const file = join(temporaryFolder(), 'continuous.csv');
  const bars = (fromMs: number, minutes: number, price: number): string[] =>
    Array.from({ length: minutes / spanMinutes }, (_, at) => {
      const prices = Array.from({ length: 4 }, () => price).join();
      return `${fromMs + at * spanMinutes * MINUTE_MS},${prices},1`;
    });
  const lines = [
    ...bars(FRIDAY_MS, 60, 16_000),
    ...bars(FRIDAY_MS + 60 * MINUTE_MS, 180, atNoon),
    ...bars(SUNDAY_MS, 12 * 60, 16_200),
  ];
  writeFileSync(file, `ts,open,high,low,close,volume\n${lines.join('\n')}\n`);
  return file;
}

/** Buys whenever it holds nothing. */
const ALWAYS_LONG: StrategyDefinition = {
  ...{ kind: KIND, suits: 'trending', parameters: [], enters: ['market'] },
  create: () => ({
    ...{ warmupBars: 0, state: () => '' },
    onBar: (context) => {
      if (context.positionLots !== 0 || context.lastQuote === null) return;
      const wish = { side: 'buy', protectTicks: 40_000, size: { lots: 1 }, because: 'flat' } as const;
      context.enter({ ...wish, type: 'market', slippageTicks: 8 });
    },
  }),
};

/** Buys whenever it holds nothing, and counts how often it was made anew. */
async function run(
  desk: Desk,
  file: string,
  takesNoShortcut = false,
  given: Partial<BacktestSetting> = {},
  warmupBars = 0,
) {
  let made = 0;
  const definition: StrategyDefinition = {
    ...ALWAYS_LONG,
    create: (...setting) => {
      made += 1;
      return { ...ALWAYS_LONG.create(...setting), warmupBars };
    },
  };
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(KIND, definition);
  try {
    const before = made;
    const { report, kept } = await backtest(file, {
      ...{ desk, takesNoShortcut, files: [{ symbol: 'NQ/USD', file }], ...given },
    });
    const fills = kept.fills.map(
      ({ side, priceTicks, marketMs }) =>
        `${side} ${priceTicks / 4} ${new Date(marketMs).toISOString().slice(8, 16)}`,
    );
    return { report, fills, made: made - before };
  } finally {
    registry.delete(KIND);
  }
}

const overRoll = ({ data }: Awaited<ReturnType<typeof run>>['report']): readonly string[] =>
  data.problems.flatMap(({ kind, text }) => (kind === 'over-roll' ? [text] : []));

describe('a continuous recording of a future with a roll rule', () => {
  it.each([1, 60])(
    'is left before the last close and taken up on the roll day, on bars of %i min',
    async (span) => {
      const { report, fills } = await run(deskWith({ roll: 'monday-before-expiry' }), continuous(span));
      expect(report.rolls).toEqual([
        { at: '2023-12-11T05:00:00.000Z', symbol: 'NQ/USD', from: '202312', to: '202403' },
      ]);
      expect(fills.slice(1, 2)).toEqual(['sell 16000 08T21:59']);
      expect(fills[2]).toMatch(/^buy 16200.25 11T0[56]:/);
      expect(fills).toHaveLength(3);
      // The spread of each purchase, times twenty dollars a point; nothing of the two hundred points.
      expect(Number(report.netProfit)).toBe(-10);
      expect(overRoll(report)).toEqual([]);
      expect(report.data.problems.filter(({ kind }) => kind === 'books-differ')).toEqual([]);
    },
  );

  it.each([
    ['a halt that nobody lifts', { maxDrawdownPct: 1 }, ['drawdown', null], undefined],
    [
      'a halt that is lifted at the next open',
      { dailyLossLimitPct: 1 },
      ['daily-loss', '2023-12-10T23:00:00.000Z'],
      [{ at: '2023-12-11T05:00:00.000Z', symbol: 'NQ/USD', from: '202312', to: '202403' }],
    ],
  ])('held over it in %s, has the jump in a result, which is said', async (_, risk, halt, rolls) => {
    const desk = deskWith({ roll: 'monday-before-expiry' });
    const careful = { ...desk, risk: { ...desk.risk, ...risk } };
    const { report } = await run(careful, continuous(1, 15_000));
    expect(report.halts.map(({ cause, lifted }) => [cause, lifted])).toEqual([halt]);
    expect(report.rolls).toEqual(rolls);
    expect(overRoll(report)).toEqual([
      expect.stringMatching(
        /^NQ\/USD: a position was held into the session of its roll from 202312 to 202403 \(2023-12-11T05:00/,
      ),
    ]);
  });

  it('is left as well if it ends in the session of the roll, before the roll day', async () => {
    const { report, fills } = await run(deskWith({ roll: 'monday-before-expiry' }), continuous(), false, {
      untilMs: SUNDAY_MS + 60 * MINUTE_MS,
    });
    expect(fills.slice(1)).toEqual(['sell 16000 08T21:59']);
    expect(Number(report.netProfit)).toBe(-5);
    expect(report.rolls).toBeUndefined();
    expect(overRoll(report)).toEqual([]);
  });

  it('is left in time on bars of a day, which go on beyond the close', async () => {
    const file = join(temporaryFolder(), 'days.csv');
    const bars = [5, 6, 7, 8, 11, 12, 13].map((day) => {
      const price = day < 11 ? 16_000 : 16_200;
      return `${Date.UTC(2023, 11, day)},${price},${price + 50},${price - 20},${price},1`;
    });
    writeFileSync(file, `ts,open,high,low,close,volume\n${bars.join('\n')}\n`);
    const { report, fills } = await run(deskWith({ roll: 'monday-before-expiry' }), file);
    // From its high at 16:00 it falls by 200 ticks until 24:00; the order is there 5 h 59 min and 20 ms of these 8 h later:
    // 64,200 - 200 × 21,540,020 / 28,800,000 = 64,050.4 ticks of a quarter point, and a bid is rounded down.
    expect(fills[1]).toBe('sell 16012.5 08T21:59');
    expect(report.rolls).toHaveLength(1);
    expect(overRoll(report)).toEqual([]);
  });

  it('says of what it leaves that it is rolled, not that the contract ends', async () => {
    const notes: string[] = [];
    await run(deskWith({ roll: 'monday-before-expiry' }), continuous(), false, {
      onRecord: (record) => {
        if (record.type === 'note') notes.push(record.text);
      },
    });
    expect(notes.join()).toContain('NQ/USD 202312 is left before its roll day, 2023-12-11');
    expect(notes.join()).not.toContain('for the last time');
  });

  it('is the same with every price on the general path', async () => {
    const desk = deskWith({ roll: 'monday-before-expiry' });
    const file = continuous();
    const [fast, general] = [await run(desk, file), await run(desk, file, true)];
    expect(fast.fills).toEqual(general.fills);
    expect(fast.report).toEqual(general.report);
  });

  it('has its strategies made anew there, so that none compares the prices of two contracts', async () => {
    const [over, within] = [
      await run(deskWith({ roll: 'monday-before-expiry' }), continuous()),
      // The roll day is over by then: eight business days before the end.
      await run(deskWith({ roll: { daysBefore: 8 } }), continuous()),
    ];
    expect(over.made).toBe(within.made + 1);
    expect(within.report.rolls).toBeUndefined();
  });

  it('is not said to have seen no entry asked for where its strategies are not warm again at the end', async () => {
    const desk = deskWith({ roll: 'monday-before-expiry' });
    // 600 bars come before the roll, and 360 after it.
    const { report } = await run(desk, continuous(), false, {}, 400);
    expect(report.rolls).toHaveLength(1);
    expect(report.orders).toBeGreaterThan(0);
    expect(report.neverEntered).toBeUndefined();
    const longer = await run(desk, continuous(), false, {}, 601);
    expect(longer.report.neverEntered).toEqual([
      { strategy: KIND, symbols: ['NQ/USD'], reason: 'warming up: 360 of 601 bars seen' },
    ]);
  });

  it.each([
    ['one that only watches it', ['X/USD'], ['NQ/USD']],
    ['one of which it is the second leg', ['X/USD', 'NQ/USD'], []],
  ])('has %s made anew too', async (_, symbols, watches) => {
    const { instruments, ...given } = deskWith({ roll: 'monday-before-expiry' });
    const other = { ...instruments[0]!, symbol: 'X/USD', roll: undefined };
    const file = continuous();
    const registry = STRATEGIES as Map<string, StrategyDefinition>;
    const shown: { instance: number; marketMs: number }[] = [];
    let made = 0;
    registry.set(KIND, {
      ...{ kind: KIND, suits: 'trending', parameters: [], enters: ['market'] },
      ...(symbols.length > 1 ? { legs: 2 } : {}),
      create: () => {
        made += 1;
        const instance = made;
        return {
          ...{ warmupBars: 0, state: () => '' },
          onBar: (_context, bar) => {
            shown.push({ instance, marketMs: bar.openMs });
          },
        };
      },
    });
    try {
      await backtest(file, {
        desk: {
          ...{ ...given, instruments: [...instruments, other] },
          strategies: [{ name: KIND, kind: KIND, symbols, watches, enabled: true, parameters: {} }],
        } as Desk,
        files: ['NQ/USD', 'X/USD'].map((symbol) => ({ symbol, file })),
      });
    } finally {
      registry.delete(KIND);
    }
    const rollMs = Date.UTC(2023, 11, 11, 5);
    const instances = (isOf: (marketMs: number) => boolean) =>
      new Set(shown.flatMap(({ instance, marketMs }) => (isOf(marketMs) ? [instance] : [])));
    const before = instances((marketMs) => marketMs < rollMs - MINUTE_MS);
    const after = instances((marketMs) => marketMs >= rollMs);
    expect([before.size, after.size]).toEqual([1, 1]);
    expect([...after]).not.toEqual([...before]);
  });
});

describe('a recording that goes over a roll without a rule', () => {
  it('says what the jump counts as, and what to write', async () => {
    const { report, fills } = await run(deskWith({}), continuous());
    expect(report.rolls).toBeUndefined();
    expect(fills).toHaveLength(1);
    expect(Number(report.netProfit)).toBe(200 * 20 - 5);
    expect(overRoll(report)).toEqual([
      expect.stringMatching(
        /^NQ\/USD: the recording goes over 1 roll \(about 2023-12-11\).*Write roll in the desk file/,
      ),
    ]);
  });

  it('says so of a month that the desk file names and that ends within', async () => {
    const ended = await run(deskWith({ contractMonth: '202312', lastTradeDay: '2023-12-09' }), continuous());
    expect(overRoll(ended.report)).toEqual([
      expect.stringMatching(
        /^NQ\/USD: 202312 \(contractMonth\) is traded for the last time on 2023-12-09, and the recording goes on/,
      ),
    ]);
    const inTime = await run(deskWith({ contractMonth: '202312' }), continuous());
    expect(overRoll(inTime.report)).toEqual([]);
  });
});

describe('a validation on a recording that goes over a roll', () => {
  /** As `continuous`, which lasts from Friday to Monday noon. */
  const LASTS_MS = SUNDAY_MS + 12 * 60 * MINUTE_MS - FRIDAY_MS;

  async function validation(
    future: Record<string, unknown>,
    asked: Partial<ValidationRequest> = {},
    begun: (directory: string) => void = () => undefined,
  ) {
    const registry = STRATEGIES as Map<string, StrategyDefinition>;
    registry.set(KIND, ALWAYS_LONG);
    try {
      const text = parseDocument(loaded.text);
      const { instruments, paper, strategies, risk, breakers } = deskWith({ exchange: 'CME', ...future });
      const changed = {
        instruments,
        paper,
        strategies,
        risk,
        breakers,
        venue: { name: 'ibkr' },
        feeds: ['ibkr'],
      };
      for (const [key, value] of Object.entries(changed)) text.setIn([key], text.createNode(value));
      const desk = parseDesk(loaded.file, String(text), { folder: loaded.folder });
      const market = recorded(continuous(), 'NQ/USD');
      const directory = prepare(temporaryFolder(), { durationMs: LASTS_MS, market, ...asked }, desk);
      begun(directory);
      return await runValidation(directory);
    } finally {
      registry.delete(KIND);
    }
  }

  it('rolls by the desk file’s rule, and says when', async () => {
    const report = await validation({ roll: 'monday-before-expiry' });
    expect(report.rolls).toEqual([
      { at: '2023-12-11T05:00:00.000Z', symbol: 'NQ/USD', from: '202312', to: '202403' },
    ]);
    expect(summaryLines(report)).toContain('  roll        NQ/USD 202312 → 202403, 2023-12-11 05:00 UTC');
    expect(report.trades.map(({ closed }) => closed.slice(0, 16))).toEqual(['2023-12-08T21:59']);
    // The spread of each of two purchases, and nothing of the two hundred points.
    expect(Number(report.results.netProfit)).toBe(-10);
    expect(report.data.problems.filter(({ kind }) => kind === 'over-roll')).toEqual([]);
  });

  it('is a NO-GO that names the date where no rule is', async () => {
    const report = await validation({ contractMonth: '202312', lastTradeDay: '2023-12-08' });
    expect(report.rolls).toBeUndefined();
    expect(report.reasons.join()).toMatch(
      /NQ\/USD: 202312 \(contractMonth\) is traded for the last time on 2023-12-08/,
    );
  });

  it('goes on as it began if an earlier version began it', async () => {
    const report = await validation({ roll: 'monday-before-expiry' }, {}, (directory) => {
      const { request } = placeAt(directory);
      const { rolls: _, ...former } = JSON.parse(readFileSync(request, 'utf8')) as ValidationRequest;
      replaceFile(request, former);
    });
    expect(report.rolls).toBeUndefined();
    expect(Number(report.results.netProfit)).toBe(200 * 20 - 5);
    expect(report.data.problems.filter(({ kind }) => kind === 'over-roll')).toEqual([]);
  });
});
