/** A strategy of a desk's own that asks for bars longer than a minute: in the engine, a backtest, a validation and a past day. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decideAgain } from '../../src/backtest/past-day/decide-again.js';
import { recordedDays } from '../../src/backtest/past-day/read-days.js';
import { recordedBars } from '../../src/cli/past-bars.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { describeStrategies, readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { buildInstruments, engineConfig } from '../../src/trader/engine-config.js';
import { keepRequest, validationPlace } from '../../src/validation/request.js';
import { runValidation } from '../../src/validation/run.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { PAPER_CAPABILITIES } from '../../src/venue/paper/capabilities.js';
import { backtest } from '../backtest/support/backtests.js';
import { UTC } from '../backtest/support/past-days.js';
import { DeskUnderTest, START_MS } from '../engine/support/desk.js';
import { HOUR_MS, recorded, waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();
const spanned = (bars: string, body: string): string =>
  strategyOf(body).replace("state: () => 'waits',", `state: () => 'waits', bars: ${bars},`);

/** Follows an average of five minutes, and leaves by single minutes. */
const SLOW_IN_FAST_OUT = `
import { Ema, strategy } from 'fermata/strategy';
export default strategy({
  suits: 'trending',
  parameters: {},
  create() {
    const slow = new Ema(4);
    let dear = 0;
    return {
      bars: ['5m', '1m'],
      warmupBars: 6,
      onBar(desk, bar) {
        if (bar.spanMinutes === 5) { slow.update(bar.closeTicks); return; }
        if (slow.value === null || Number.isNaN(desk.bid)) return;
        dear = bar.closeTicks > slow.value ? dear + 1 : 0;
        if (desk.lots > 0 && dear === 0) desk.exit('below its average');
        if (desk.lots !== 0 || desk.entryResting || dear !== 2) return;
        desk.enter({
          side: 'buy', type: 'limit', ticks: desk.ask, exits: { stop: { ticks: desk.ask - 300 } },
          restBars: 2, because: 'above its average',
        });
      },
      state: () => 'waits',
    };
  },
});`;

beforeAll(() => {
  write(
    'strategies/says.ts',
    spanned("['15m', '1m', '5m']", "desk.note('bar ' + bar.openMs + ' ' + bar.spanMinutes);"),
  );
  write('strategies/slow.ts', SLOW_IN_FAST_OUT);
});

const listedOf = (name: string, parameters: Record<string, number> = { bars: 2 }) => {
  const kind = `./strategies/${name}.ts`;
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  return { name: 'own', kind, symbols: ['BTC/USDT'], enabled: true, parameters, own };
};

describe('bars of several spans', () => {
  it('are shown as each ends, the shorter first, and warm-up counts the longest', () => {
    const desk = new DeskUnderTest({ strategies: [listedOf('says')] }).active();
    for (let at = 0; at < 20; at += 1) desk.bar(0, 10_000, true);
    expect(desk.engine.whyNotTrading()).toContainEqual({
      subject: 'own BTC/USDT',
      reason: 'warming up: 1 of 2 bars of 15m seen',
      waitsFor: '1 more finished bars of 15m',
    });
    expect(desk.engine.view.strategies[0]).toMatchObject({ barsSeen: 1, warmupMinutes: 45 });
    for (let at = 20; at < 31; at += 1) desk.bar(0, 10_000);
    const minutes = desk
      .recorded('note')
      .flatMap(({ text }) => (text.startsWith('bar ') ? [text.split(' ')] : []))
      .map(([, openMs, span]) => `${(Number(openMs) - START_MS) / 60_000} ${span}m`);
    expect(minutes).toEqual(['15 15m', '30 1m']);
  });

  it.each([
    ["['7m']", 'bars: expected spans that divide a day, such as 1m, 15m, 4h and 1d, found 7m'],
    ["['2w']", 'found 2w'],
    ["['60m', '1h']", 'bars: expected each span once'],
    ['[]', 'bars: expected a list of 1 to 6 spans'],
    ["'15m'", 'bars: expected a list of 1 to 6 spans'],
  ])('%s are refused where the file is read', (bars, found) => {
    write('strategies/wrong.ts', spanned(bars, ''));
    expect(problemsOf(() => readStrategies(folder, ['./strategies/wrong.ts']))).toEqual([
      expect.stringContaining(found),
    ]);
  });

  it('may warm up for 50,000 minutes', () => {
    const daily = (warmup: number) =>
      write('strategies/daily.ts', spanned("['1d']", '').replace('parameters.bars', String(warmup)));
    daily(33);
    expect(readStrategies(folder, ['./strategies/daily.ts']).size).toBe(1);
    daily(34);
    expect(problemsOf(() => readStrategies(folder, ['./strategies/daily.ts']))).toEqual([
      expect.stringContaining('warmupBars: expected at most 33 bars of its longest span, found 34'),
    ]);
  });

  it('are tried by the check on as many of the longest', () => {
    const [found] = describeStrategies(folder, ['strategies/slow.ts']);
    expect(found?.trial).toMatchObject({ bars: 15_000 });
    expect(found!.trial.entries).toBeGreaterThan(10);
  });

  it('that can not be built from the bars that come switch it off, with the reason', () => {
    const desk = new DeskUnderTest({ strategies: [listedOf('says')] }).active();
    const prices = { openTicks: 10_000, highTicks: 10_000, lowTicks: 10_000, closeTicks: 10_000 };
    const span = { openMs: START_MS, spanMs: 300_000, volumeLots: 1 };
    desk.happen({ kind: 'bar', instrument: 0, ...span, ...prices, warmup: false });
    expect(desk.recorded('strategy.toggled')).toMatchObject([
      { enabled: false, reason: 'it asks for bars of 1m, and prices come in bars of 5m' },
    ]);
  });
});

describe('a strategy on longer bars', () => {
  const minutes = (): string => writeMinutes(folder, waves(13 * 60));

  it('trades in a backtest, in a validation and in a past day by the same decisions', async () => {
    const loaded = loadDesk(write('desk.yaml', deskText({ kind: './strategies/slow.ts', parameters: {} })));
    const { desk, configHash } = loaded;
    const file = minutes();
    const tested = await backtest(file, { desk, configHash });
    expect(tested.kept.fillLines.length).toBeGreaterThan(8);
    const again = await backtest(file, { desk, configHash });
    expect(again.report.stateHash).toBe(tested.report.stateHash);

    const home = join(folder, 'home');
    const asked = { version: 1, id: 'v1', desk: desk.desk, configHash, createdMs: 1 } as const;
    const place = {
      criteria: desk.goLive.criteria,
      reportFolder: join(home, 'data'),
      requestedBy: 'operator',
    };
    keepRequest(home, { ...asked, durationMs: 12 * HOUR_MS, market: recorded(file), ...place }, loaded);
    const report = await runValidation(validationPlace(home, 'v1').directory);
    expect(report.results.trades).toBeGreaterThan(3);

    const journal = join(folder, 'journal');
    mkdirSync(journal);
    cpSync(validationPlace(home, 'v1').journal, journal, { recursive: true });
    const instruments = buildInstruments(desk);
    const { decisions } = decideAgain({
      ...{ journal, day: recordedDays(journal, UTC)[0]!, changed: null, spreadTicks: [1, 1] },
      bars: await recordedBars([{ symbol: null, file }], desk, instruments),
      config: engineConfig(desk, configHash, 'replay', instruments, PAPER_CAPABILITIES),
    });
    expect(decisions).toMatchObject({ differ: 0, first: null, notJudged: [] });
    expect(decisions.same).toBeGreaterThan(4);
  });
});
