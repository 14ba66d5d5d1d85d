/** Instruments that a strategy of a desk's own looks at beside the one that it trades. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { backtestDesk } from '../../src/cli/backtest-desk.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { backtest } from '../backtest/support/backtests.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();
const watching = (body: string, more = ''): string =>
  strategyOf(body)
    .replace("suits: 'trending',", "suits: 'trending', watches: true,")
    .replace("state: () => 'waits',", `state: () => 'waits', ${more}`);

/** Buys what it trades where the other one has risen, and sells it where that has fallen. */
const FOLLOWS = `
if (bar.symbol !== 'ETH/USDT' || Number.isNaN(desk.bid)) return;
const { openTicks, closeTicks } = desk.of('ETH/USDT');
if (desk.lots > 0 && closeTicks < openTicks) return desk.exit('the other one fell');
if (desk.lots !== 0 || desk.entryResting || closeTicks <= openTicks) return;
desk.enter({
  side: 'buy', type: 'limit', ticks: desk.ask, exits: { stop: { ticks: desk.ask - 200 } },
  restBars: 2, because: 'the other one rose',
});`;

beforeAll(() => {
  const says = `
    const other = desk.of('ETH/USDT');
    desk.note([bar.symbol, bar.closeTicks, other.closeTicks, other.bid, other.volumeLots].join(' '));`;
  write('strategies/says.ts', watching(says));
  write('strategies/spans.ts', watching("desk.note(bar.symbol + ' ' + bar.spanMinutes);", "bars: ['2m'],"));
  write('strategies/follows.ts', watching(FOLLOWS));
  write('strategies/alone.ts', strategyOf(''));
  write('strategies/strange.ts', watching("desk.of('SOL/USDT');"));
});

const deskOf = (name: string, bars = 1) => {
  const kind = `./strategies/${name}.ts`;
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  const listed = { name: 'own', kind, symbols: ['BTC/USDT'], watches: ['ETH/USDT'], parameters: { bars } };
  return new DeskUnderTest({ strategies: [{ ...listed, enabled: true, own }] }).active();
};
const said = (desk: DeskUnderTest): readonly string[] =>
  desk.recorded('note').flatMap(({ text }) => (/^(BTC|ETH)/.test(text) ? [text] : []));
/** One minute of both, in that order. */
const minute = (desk: DeskUnderTest, order: readonly (readonly [number, number])[]): void => {
  desk.wait(60_000);
  for (const [instrument, close] of order) {
    desk.quote(instrument, close);
    const prices = { openTicks: close - 1, highTicks: close + 5, lowTicks: close - 5, closeTicks: close };
    desk.happen({
      ...{ kind: 'bar', instrument, openMs: desk.marketMs - 60_000, spanMs: 60_000, warmup: false },
      ...prices,
      volumeLots: 10 * close,
    });
  }
};

describe('an instrument that a strategy watches', () => {
  it('shows it each of its bars in the order in which they come, and its newest minute and quote at any time', () => {
    const desk = deskOf('says');
    minute(desk, [
      [0, 10_000],
      [1, 300],
    ]);
    minute(desk, [
      [1, 310],
      [0, 10_010],
    ]);
    expect(said(desk)).toEqual([
      'ETH/USDT 300 300 300 3000',
      'ETH/USDT 310 310 310 3100',
      'BTC/USDT 10010 310 310 3100',
    ]);
  });

  it('is warmed up, too, before anything is decided', () => {
    const desk = deskOf('says', 2);
    minute(desk, [[0, 10_000]]);
    minute(desk, [[0, 10_000]]);
    minute(desk, [
      [1, 300],
      [0, 10_000],
    ]);
    expect(said(desk)).toEqual([]);
    expect(desk.engine.view.strategies[0]).toMatchObject({ barsSeen: 1, warmupBars: 2 });
    minute(desk, [[1, 300]]);
    expect(said(desk)).toEqual(['ETH/USDT 300 300 300 3000']);
  });

  it('shows the spans that the strategy asks for', () => {
    const desk = deskOf('spans');
    for (let at = 0; at < 5; at += 1)
      minute(desk, [
        [0, 10_000],
        [1, 300],
      ]);
    expect(said(desk).slice(-2)).toEqual(['BTC/USDT 2', 'ETH/USDT 2']);
  });

  it('is not traded: what is asked for at its bars is about the instrument of the strategy', () => {
    const desk = deskOf('follows');
    minute(desk, [
      [0, 10_000],
      [1, 300],
    ]);
    expect(desk.live('entry', 1)).toEqual([]);
    const [entry] = desk.live('entry', 0);
    expect(entry).toMatchObject({ strategy: 'own', side: 'buy', limitTicks: 10_002 });
    desk.accept(entry!);
    desk.fill(entry!, 10_002);
    const stop = desk.live('protective', 0)[0]!;
    desk.accept(stop);
    desk.wait(60_000);
    const fell = { openTicks: 310, highTicks: 310, lowTicks: 300, closeTicks: 300, volumeLots: 1 };
    desk.happen({
      ...{
        kind: 'bar',
        instrument: 1,
        openMs: desk.marketMs - 60_000,
        spanMs: 60_000,
        warmup: false,
        ...fell,
      },
    });
    // Within the same event, not with the next bar of what is held.
    expect(desk.sent('cancel')).toEqual([stop.clientId]);
  });

  it('is one of those that the desk file lists', () => {
    const desk = deskOf('strange');
    minute(desk, [[1, 300]]);
    minute(desk, [[0, 10_000]]);
    expect(desk.recorded('strategy.toggled')).toMatchObject([
      {
        reason: expect.stringContaining(
          'desk.of: expected one of the instruments that it watches (ETH/USDT), found SOL/USDT',
        ),
      },
    ]);
  });
});

describe('a desk file with watches', () => {
  const problems = (strategy: Readonly<Record<string, unknown>>) =>
    problemsOf(() => loadDesk(write('desk.yaml', deskText(strategy))));
  const kind = './strategies/follows.ts';

  it('is refused where an instrument is none of its own, or listed twice', () => {
    expect(problems({ kind, parameters: {}, watches: ['DOGE/USDT'] })).toEqual([
      expect.stringMatching(/^strategies\[0\]\.watches\[0\] .*DOGE/),
    ]);
    expect(problems({ kind, parameters: {}, watches: ['ETH/USDT', 'ETH/USDT'] })).toHaveLength(1);
  });

  it('is refused for a strategy that would take their bars for its own', () => {
    expect(problems({ watches: ['ETH/USDT'] })).toEqual([
      expect.stringMatching(/^strategies\[0\]\.watches ETH\/USDT for emaCross$/),
    ]);
    expect(problems({ kind: './strategies/alone.ts', parameters: {}, watches: ['ETH/USDT'] })).toEqual([
      expect.stringContaining('ETH/USDT for ./strategies/alone.ts'),
    ]);
  });

  it('is traded in a backtest of both, the same each time', async () => {
    const text = deskText({ kind, parameters: {}, symbols: ['BTC/USDT'], watches: ['ETH/USDT'] });
    const { desk, configHash } = loadDesk(write('desk.yaml', text));
    const minutes = waves(300);
    const files = [
      { symbol: 'BTC/USDT', file: writeMinutes(folder, minutes, 'btc.csv') },
      { symbol: 'ETH/USDT', file: writeMinutes(folder, minutes, 'eth.csv') },
    ];
    const runs = [];
    for (let run = 0; run < 2; run += 1) runs.push(await backtest('', { desk, configHash, files }));
    const [one, other] = runs.map(({ kept }) => kept.fillLines);
    expect(one!.length).toBeGreaterThan(10);
    expect(one!.slice(1).every((line) => line.includes('BTC/USDT'))).toBe(true);
    expect(other).toEqual(one);
  });

  it('is kept by a backtest of the file alone, and one that the desk does not list looks at all that it trades', async () => {
    const listed = { kind, parameters: {}, symbols: ['BTC/USDT'], watches: ['ETH/USDT'] };
    const file = (name: string) => ({ strategy: join(folder, `strategies/${name}.ts`) });
    const { desk, configHash } = backtestDesk(
      loadDesk(write('desk.yaml', deskText(listed))),
      file('follows'),
    );
    expect(desk.strategies).toMatchObject([{ symbols: ['BTC/USDT'], watches: ['ETH/USDT'] }]);
    const files = [
      { symbol: 'BTC/USDT', file: writeMinutes(folder, waves(300), 'btc.csv') },
      { symbol: 'ETH/USDT', file: writeMinutes(folder, waves(300), 'eth.csv') },
    ];
    const { report } = await backtest('', { desk, configHash, files });
    expect(report.trades.length).toBeGreaterThan(3);
    const unlisted = loadDesk(write('desk.yaml', deskText({})));
    const all = ['BTC/USDT', 'ETH/USDT'];
    expect(backtestDesk(unlisted, file('follows')).desk.strategies).toMatchObject([
      { symbols: all, watches: all },
    ]);
    const [alone] = backtestDesk(unlisted, file('alone')).desk.strategies;
    expect([alone?.symbols, alone?.watches]).toEqual([all, undefined]);
  });
});
