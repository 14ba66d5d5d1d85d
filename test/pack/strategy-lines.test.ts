/** What a strategy of a desk's own goes by, drawn: read once a bar, the same every time, and refused where it is no line. */
import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../src/backtest/report/report-html.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { describeStrategies, readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { backtest } from '../backtest/support/backtests.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const withLines = (lines: string): string =>
  strategyOf('seen += 1; close = bar.closeTicks;', 'let seen = 0; let close: number | null = null;').replace(
    "state: () => 'waits',",
    `state: () => 'waits', lines: () => ${lines},`,
  );

/** What `lines` answers with, and why that is refused. */
const WRONG: readonly (readonly [string, string])[] = [
  ["'average'", 'lines: expected a list of at most 10 lines'],
  [
    "Array.from({ length: 11 }, (_, at) => ({ name: 'n' + at, ticks: 1 }))",
    'lines: expected a list of at most 10',
  ],
  ["[{ name: '', ticks: 1 }]", 'lines[0].name: expected 1 to 40 characters'],
  [
    "[{ name: 'a', ticks: 1 }, { name: 'b', ticks: NaN }]",
    'lines[1].ticks: expected a number of ticks or null, found NaN',
  ],
  ["[{ name: 'a', ticks: '1' }]", 'lines[0].ticks: expected a number of ticks or null, found 1'],
  ["[{ name: 'bar ' + seen, ticks: 1 }]", 'lines: expected the same names in the same order each time'],
];

const kind = './strategies/drawn.ts';
const { folder, write } = strategyFolder();
write(
  'strategies/drawn.ts',
  withLines("[{ name: 'close', ticks: close }, { name: 'bars & more', ticks: seen < 2 ? null : 10_000.25 }]"),
);

describe('the lines of a strategy', () => {
  it('are those after the bar that is asked for', () => {
    const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
    const listed = { name: 'own', kind, symbols: ['BTC/USDT'], enabled: true, parameters: {}, own };
    const desk = new DeskUnderTest({ strategies: [listed] }, 1).active();
    const newest = () => desk.engine.strategyLines(0, desk.marketMs - 60_000);
    const line = (name: string, ticks: number | null) => ({ strategy: 'own', name, ticks });
    desk.bar(0, 10_000);
    expect(newest()).toEqual([line('close', 10_000), line('bars & more', null)]);
    desk.bar(0, 10_100);
    expect([newest(), newest()]).toEqual([
      [line('close', 10_100), line('bars & more', 10_000.25)],
      [line('close', 10_100), line('bars & more', 10_000.25)],
    ]);
  });

  it('that are none are refused, with what was expected', () => {
    const files = strategyFolder();
    const names = WRONG.map(([lines], at) => {
      files.write(`strategies/w${at}.ts`, withLines(lines));
      return `strategies/w${at}.ts`;
    });
    expect(problemsOf(() => describeStrategies(files.folder, names))).toEqual(
      WRONG.map(([, why]) => expect.stringContaining(why)),
    );
  });

  it('are in a backtest’s report, a value for each candle, and drawn on its page', async () => {
    const { desk, configHash } = loadDesk(write('desk.yaml', deskText({ kind, parameters: {} })));
    const { report } = await backtest(writeMinutes(folder, waves(240)), { desk, configHash });
    const [prices] = report.candles;
    const closes = prices?.candles.map(({ closeTicks }) => closeTicks);
    expect(prices?.lines).toMatchObject([
      { strategy: 'ema-cross', name: 'close', ticks: closes },
      { name: 'bars & more' },
    ]);
    expect(prices?.lines[1]?.ticks.slice(0, 3)).toEqual([null, 10_000.25, 10_000.25]);
    const page = reportHtml(report);
    expect(page).toContain('<span class="tone-1">ema-cross: bars &amp; more</span>');
    expect(page.match(/<path class="drawn tone-0" d="M[\d. L]+">/)).not.toBeNull();
  });

  it('of more bars than a report has candles are those after the first bar of each', async () => {
    const { desk, configHash } = loadDesk(write('desk.yaml', deskText({ kind, parameters: {} })));
    const minutes = waves(1_500);
    const { report } = await backtest(writeMinutes(folder, minutes), { desk, configHash });
    const [prices] = report.candles;
    const firstCloses = prices?.candles.map(({ startMs }) => {
      const first = minutes.find(({ openMs }) => openMs >= startMs);
      return first === undefined ? null : Math.round(Number(first.close) * 100);
    });
    expect(prices?.candles.length).toBeLessThan(1_440);
    expect(prices?.lines[0]?.ticks).toEqual(firstCloses);
  });
});
