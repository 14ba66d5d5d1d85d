/** What a sweep makes of its trials: hand-worked values, no run. */
import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  deflatedSharpe,
  expectedBest,
  normalCdf,
  normalQuantile,
  type ReturnShape,
  shapeOf,
} from '../../src/backtest/statistics/deflated-sharpe.js';
import type { Figures } from '../../src/backtest/statistics/figures.js';
import { figureWords, sweepHtml } from '../../src/backtest/sweep/sweep-html.js';
import { heatMapOf, sweepReport } from '../../src/backtest/sweep/sweep-report.js';
import { ranked, type Trial, untradedText } from '../../src/backtest/sweep/trial.js';
import { chosenOf, walked, windowsOf } from '../../src/backtest/sweep/walk-forward.js';
import { combinationsOf, sweepLines, sweptValue } from '../../src/cli/sweep-backtest.js';
import { openBrowser } from '../support/page.js';

const DAY_MS = 86_400_000;

function trial(values: Record<string, string>, figures: Partial<Figures> | null): Trial {
  return {
    values: Object.entries(values).map(([key, value]) => ({ key, value })),
    configHash: JSON.stringify(values),
    period: { from: null, to: null, days: 0 },
    netProfit: '0',
    denied: {},
    rejected: {},
    failed: null,
    figures: figures as Figures | null,
    shape: null,
    stateHash: null,
  };
}

describe('values that are swept', () => {
  it.each([
    ['fastBars=20', ['20']],
    ['fastBars=10,20, 40', ['10', '20', '40']],
    ['fastBars=10:40:10', ['10', '20', '30', '40']],
    ['fastBars=10:44:10', ['10', '20', '30', '40']],
    ['x=0.1:0.5:0.1', ['0.1', '0.2', '0.3', '0.4', '0.5']],
    ['x=-1:1:0.5', ['-1.0', '-0.5', '0.0', '0.5', '1.0']],
    ['dayBoundary=17:00', ['17:00']],
  ])('%s', (text, values) => expect(sweptValue(text).values).toEqual(values));

  it.each([
    ['fastBars', /expected KEY=VALUE/],
    ['fastBars=5,,6', /a value on each side of a comma/],
    ['fastBars=5,6,5', /expected each value of fastBars once \(5 stands there twice\)$/],
    ['fastBars=5:1:1', /a step above 0 and TO not below FROM/],
    ['fastBars=1:5:0', /a step above 0/],
    ['fastBars=1.2.3:5:1', /expected numbers/],
    [
      'fastBars=1:100000:0.5',
      /^expected at most 2\u202f000 values of fastBars, by a longer step or ends closer together \(1:100000:0.5 is 199\u202f999\)$/,
    ],
  ])('%s is refused in words', (text, words) => {
    expect(() => sweptValue(text)).toThrow(InvalidArgumentError);
    expect(() => sweptValue(text)).toThrow(words);
  });

  it('are combined each with each, the last key changing fastest', () => {
    const all = combinationsOf([sweptValue('a=1,2'), sweptValue('b=x'), sweptValue('c=7,8')]);
    expect(all.map((one) => one.map(({ value }) => value).join(' '))).toEqual([
      ...['1 x 7', '1 x 8', '2 x 7', '2 x 8'],
    ]);
  });
});

describe('the deflated Sharpe ratio', () => {
  it('is that of the paper’s example: 100 trials, five years of days, ratio 2.5, fat left tail', () => {
    // V[SR] is 1/2 a year, so 1/500 a day; as many above as below, a sample's deviation.
    const apart = Math.sqrt((1 / 500) * (99 / 100));
    const shape = (sharpe: number): ReturnShape => ({ count: 1250, sharpe, skewness: -3, kurtosis: 10 });
    const all = Array.from({ length: 100 }, (_, at) => shape(at % 2 === 0 ? apart : -apart));
    expect(expectedBest(all)).toBeCloseTo(0.1132, 4);
    expect(deflatedSharpe(shape(2.5 / Math.sqrt(250)), all)).toBeCloseTo(0.9004, 4);
  });

  it('can’t be said of one trial, and no shape of returns that never differ', () => {
    const shape = shapeOf([0.01, -0.01, 0.02, 0]);
    expect(shape).toMatchObject({ count: 4 });
    expect(deflatedSharpe(shape as ReturnShape, [shape as ReturnShape])).toBeNull();
    expect(shapeOf([0.01, 0.01, 0.01])).toBeNull();
  });

  it('stands on the normal distribution as tables have it', () => {
    expect(normalCdf(1.96)).toBeCloseTo(0.9750021, 6);
    expect(normalCdf(-1)).toBeCloseTo(0.1586553, 6);
    expect(normalQuantile(0.99)).toBeCloseTo(2.3263479, 5);
  });

  it('takes skewness and kurtosis by moments', () => {
    // Mean 0, squares 2.5, cubes 0, fourth powers 8.5.
    expect(shapeOf([-2, -1, 1, 2])).toMatchObject({ sharpe: 0, skewness: 0 });
    expect(shapeOf([-2, -1, 1, 2])?.kurtosis).toBeCloseTo(8.5 / 6.25, 12);
  });
});

describe('trials', () => {
  const trials = [
    trial({ fast: '5', slow: '20' }, { sharpe: 1, maxDrawdownPct: 4 }),
    trial({ fast: '5', slow: '40' }, { sharpe: null, maxDrawdownPct: 0 }),
    trial({ fast: '10', slow: '20' }, { sharpe: 2, maxDrawdownPct: 9 }),
    trial({ fast: '10', slow: '40' }, null),
  ];
  const order = (by: 'sharpe' | 'maxDrawdownPct') => ranked(trials, by).map((one) => trials.indexOf(one));

  it('are ranked with the best first: a small drawdown is better, and what can’t be said is last', () => {
    expect(order('sharpe')).toEqual([2, 0, 1, 3]);
    expect(order('maxDrawdownPct')).toEqual([1, 0, 2, 3]);
  });

  it('say what was refused and what the venue rejected: without that a trial looks as if it had asked for no more', () => {
    expect(untradedText({ denied: {}, rejected: {} })).toBe('');
    const rejected = { '-2019: Margin is insufficient.': 7 };
    const counts = { denied: { 'stop-loss-required': 1, mode: 1200 }, rejected };
    expect(untradedText(counts)).toBe('1\u202f201 refused, 7 rejected by the venue');
    const tried = [{ ...trial({ fast: '5' }, null), ...counts }, trial({ fast: '10' }, null)];
    const report = sweepReport({
      ...{ desk: 'mine', currency: 'USDT', rankedBy: 'sharpe', leftOut: [], set: [], problems: [] },
      ...{ market: { symbols: [], leftOut: [], files: [] }, execution: [], walkForward: null },
      trials: tried,
    });
    expect(sweepHtml(report)).toContain('<td>1\u202f201 refused, 7 rejected by the venue</td>');
    expect(sweepLines(report, undefined).join('\n')).toContain('1\u202f201 refused, 7 rejected by the venue');
    // An empty column would only push the last one off the page.
    const quiet = tried.map((one) => ({ ...one, denied: {}, rejected: {} }));
    expect(sweepHtml({ ...report, trials: quiet })).not.toContain('Entered nothing');
    expect(sweepHtml({ ...report, trials: quiet.slice(1) })).toContain('<h1>1 trial of mine');
    const cells = [[-1.25]];
    const heatMap = { keys: ['fast', null], across: ['5'], down: [''], cells } as const;
    expect(sweepHtml({ ...report, heatMap })).toContain('>\u22121.25</td>');
  });

  it('that never held anything are no find, although they lost nothing', () => {
    const idle = trial({ fast: '90' }, { maxDrawdownPct: 0, returnPct: 0, exposurePct: 0 });
    expect(ranked([idle, ...trials], 'maxDrawdownPct').at(-1)).not.toBe(trials[1]);
    expect(chosenOf([idle], 'maxDrawdownPct')).toBeNull();
    expect(chosenOf([idle], 'returnPct')).toBeNull();
    expect(figureWords(idle, 'returnPct', 'USDT')).toBe('0 %');
    expect(figureWords({ ...idle, failed: 'fails failed' }, 'returnPct', 'USDT')).toBe('can’t be said');
  });

  it('of which a strategy failed are no find, however good they were until then', () => {
    const failed = { ...trial({ fast: '90' }, { sharpe: 9, exposurePct: 5 }), failed: 'fails failed' };
    expect(ranked([failed, ...trials], 'sharpe')[0]).toBe(trials[2]);
    expect(chosenOf([failed], 'sharpe')).toBeNull();
  });

  it('stand in a heat map of the first two keys, of further ones the best', () => {
    expect(heatMapOf(trials, 'sharpe')).toEqual({
      keys: ['fast', 'slow'],
      across: ['5', '10'],
      down: ['20', '40'],
      cells: [
        [1, 2],
        [null, null],
      ],
    });
    const third = trials.flatMap((one, at) =>
      ['a', 'b'].map((value) => ({
        ...trial({}, { sharpe: at * 10 + (value === 'b' ? 1 : 0) }),
        values: [...one.values, { key: 'third', value }],
      })),
    );
    expect(heatMapOf(third, 'sharpe')?.cells).toEqual([
      [1, 21],
      [11, 31],
    ]);
    expect(heatMapOf([trial({ fast: '5' }, { sharpe: 3 })], 'sharpe')).toMatchObject({
      keys: ['fast', null],
      cells: [[3]],
    });
  });

  it('are accounted for: the best of many without skill is no find', () => {
    const shapes = [0.02, -0.03, 0.01, -0.01, 0.03].map((sharpe, at) => ({
      ...trial({ fast: String(at) }, { sharpe }),
      shape: { count: 500, sharpe, skewness: 0, kurtosis: 3 },
    }));
    const market = { symbols: [], leftOut: [], files: [] };
    const about = { desk: 'd', currency: 'USDT', market, execution: [], set: [], leftOut: [] };
    const of = (all: readonly Trial[]) =>
      sweepReport({ ...about, rankedBy: 'sharpe', trials: all, walkForward: null, problems: [] });
    expect(of([...shapes, trial({ fast: '9' }, null)]).judged).toBe(5);
    expect(of(shapes).best?.values).toEqual([{ key: 'fast', value: '4' }]);
    expect(of(shapes).deflatedSharpe).toBeLessThan(0.6);
    const [, , , , best] = shapes;
    const found = { ...best, shape: { count: 500, sharpe: 0.3, skewness: 0, kurtosis: 3 } } as Trial;
    expect(
      of([...shapes.slice(0, 4), { ...found, figures: { sharpe: 0.3 } as Figures }]).deflatedSharpe,
    ).toBeGreaterThan(0.9);
  });
});

describe('walking forward', () => {
  const windows = windowsOf({ fromMs: 0, untilMs: 6 * DAY_MS }, 3);

  it('trades each part once, behind the three that values were chosen on', () => {
    const days = windows.map(({ chosenOn, tradedOn }) =>
      [chosenOn.fromMs, chosenOn.untilMs, tradedOn.fromMs, tradedOn.untilMs].map((ms) => ms / DAY_MS),
    );
    expect(days).toEqual([
      [0, 3, 3, 4],
      [1, 4, 4, 5],
      [2, 5, 5, 6],
    ]);
  });

  it('chooses nothing where nothing can be judged', () => {
    expect(chosenOf([trial({ fast: '5' }, { sharpe: null })], 'sharpe')).toBeNull();
    expect(chosenOf([], 'sharpe')).toBeNull();
  });

  it('compounds what was traded, and compares a day of it with a day where it was chosen', () => {
    const steps = windows.map((window, at) => ({
      ...window,
      chosen: trial({ fast: '5' }, { returnPct: 6 }),
      traded: at === 2 ? null : trial({ fast: '5' }, { returnPct: at === 0 ? 10 : -10 }),
    }));
    // 1.1 × 0.9 × 1; 0 % on 3 days against 18 % on 9.
    expect(walked(steps)).toMatchObject({ returnPct: -1, efficiency: 0 });
    const [first] = steps;
    // 10 % on one day against 6 % on three.
    expect(walked([first as (typeof steps)[number]])).toMatchObject({ returnPct: 10, efficiency: 5 });
    // Losses on both are no efficiency, and least of all a good one.
    const lost = { ...(first as (typeof steps)[number]), chosen: trial({ fast: '5' }, { returnPct: -6 }) };
    expect(walked([{ ...lost, traded: lost.chosen }])).toMatchObject({ returnPct: -6, efficiency: null });
  });

  it('is shown whole on a wide page: its times break into lines', async () => {
    const steps = windows.map((window) => ({
      ...window,
      chosen: trial({ 'ema-cross.fastBars': '5', 'ema-cross.slowBars': '40' }, { sharpe: 1, returnPct: 6 }),
      traded: trial({ 'ema-cross.fastBars': '5', 'ema-cross.slowBars': '40' }, { sharpe: 1, returnPct: 6 }),
    }));
    const report = sweepReport({
      ...{ desk: 'mine', currency: 'USDT', rankedBy: 'sharpe', leftOut: [], set: [], problems: [] },
      ...{ market: { symbols: [], leftOut: [], files: [] }, execution: [], walkForward: walked(steps) },
      trials: [trial({ fast: '5' }, null)],
    });
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.setContent(sweepHtml(report));
      const cut = await page.locator('.wrapped table').evaluate((of) => of.scrollWidth - of.clientWidth);
      expect(cut).toBe(0);
      // On a phone each part of a time had a line of its own.
      await page.setViewportSize({ width: 400, height: 800 });
      const lines = await page.locator('.wrapped td:first-child').evaluateAll((cells) =>
        cells.map((cell) => {
          const text = document.createRange();
          text.selectNodeContents(cell);
          return new Set([...text.getClientRects()].map(({ top }) => top)).size;
        }),
      );
      expect(lines).toEqual(windows.map(() => 2));
    } finally {
      await browser.close();
    }
  });
});
