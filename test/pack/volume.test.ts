/** What a strategy of a desk's own is told of the volume of its bars: the same in each way of running it, and none that is not known. */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { decideAgain } from '../../src/backtest/past-day/decide-again.js';
import { recordedDays } from '../../src/backtest/past-day/read-days.js';
import { recordedBars } from '../../src/cli/past-bars.js';
import type { MarketBar } from '../../src/contracts/market-feed.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { describeStrategies, readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { buildInstruments, engineConfig } from '../../src/trader/engine-config.js';
import { keepRequest, validationPlace } from '../../src/validation/request.js';
import { runValidation } from '../../src/validation/run.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { PAPER_CAPABILITIES } from '../../src/venue/paper/capabilities.js';
import { backtest } from '../backtest/support/backtests.js';
import { UTC } from '../backtest/support/past-days.js';
import { writeWalk } from '../backtest/support/walks.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { HOUR_MS, recorded } from '../validation/support/validations.js';
import { BY_VOLUME } from './support/by-volume.js';
import { deskText, strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();
let file: string;

beforeAll(() => {
  write('strategies/by-volume.ts', BY_VOLUME);
  write(
    'strategies/says.ts',
    strategyOf("desk.note('volume ' + bar.spanMinutes + ' ' + bar.volumeLots);").replace(
      "state: () => 'waits',",
      "state: () => 'waits', bars: ['1m', '3m'],",
    ),
  );
  file = writeWalk(join(folder, 'walk.csv'), 13 * 60);
});

/** Losses in a row don't switch it off. */
const deskOf = () => {
  const text = deskText({ kind: './strategies/by-volume.ts', parameters: {} });
  return loadDesk(write('desk.yaml', text.replace(/(strategyMaxConsecutiveLosses:) \d+/, '$1 100')));
};

it('is that of the bar in lots, summed over a longer one, and NaN where it is not known', () => {
  const kind = './strategies/says.ts';
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  const listed = { name: 'own', kind, symbols: ['BTC/USDT'], enabled: true, parameters: { bars: 1 }, own };
  const desk = new DeskUnderTest({ strategies: [listed] }).active();
  for (const volume of [7, 0, 5, 400, Number.NaN, 1, 30, 20, 10]) desk.bar(0, 10_000, false, volume);
  const said = desk.recorded('note').flatMap(({ text }) => /^volume (.*)/.exec(text)?.[1] ?? []);
  expect(said).toEqual(['3 12', '1 400', '1 NaN', '1 1', '3 NaN', '1 30', '1 20', '1 10', '3 60']);
});

it('is given by the check, to which a strategy that goes by it comes to the same decisions twice', () => {
  const [found] = describeStrategies(folder, ['strategies/by-volume.ts']);
  expect(found!.trial.entries).toBeGreaterThan(10);
});

it('decides the same in a backtest on either path, in a validation and in a past day', async () => {
  const one = deskOf();
  const { desk, configHash } = one;
  const tested = await backtest(file, { desk, configHash });
  expect(tested.report.trades.length).toBeGreaterThan(20);
  for (const takesNoShortcut of [false, true]) {
    const again = await backtest(file, { desk, configHash, takesNoShortcut });
    expect(again.kept.orderLines).toEqual(tested.kept.orderLines);
    expect(again.report.stateHash).toBe(tested.report.stateHash);
  }

  const home = join(folder, 'home');
  const asked = { version: 1, id: 'v1', desk: desk.desk, configHash, createdMs: 1 } as const;
  const place = {
    criteria: desk.goLive.criteria,
    reportFolder: join(home, 'data'),
    requestedBy: 'operator',
  };
  keepRequest(home, { ...asked, durationMs: 12 * HOUR_MS, market: recorded(file), ...place }, one);
  const report = await runValidation(validationPlace(home, 'v1').directory);
  expect(report.results.trades).toBeGreaterThan(20);

  const journal = join(folder, 'journal');
  mkdirSync(journal);
  cpSync(validationPlace(home, 'v1').journal, journal, { recursive: true });
  const instruments = buildInstruments(desk);
  const day = recordedDays(journal, UTC)[0]!;
  const bars = await recordedBars([{ symbol: null, file }], desk, instruments);
  const config = engineConfig(desk, configHash, 'replay', instruments, PAPER_CAPABILITIES);
  const decide = (some: readonly MarketBar[]) =>
    decideAgain({ journal, day, changed: null, spreadTicks: [1, 1], bars: some, config }).decisions;
  expect(decide(bars)).toMatchObject({ differ: 0, first: null, notJudged: [] });
  expect(decide(bars).same).toBeGreaterThan(20);
  // Of bars whose volume is not stored it does not decide by one that is made up.
  expect(decide(bars.map((bar) => ({ ...bar, volumeLots: Number.NaN }))).differ).toBeGreaterThan(20);
});

it('enters nothing where the recording has none, and runs to its end', async () => {
  const { desk, configHash } = deskOf();
  const rows = readFileSync(file, 'utf8').replaceAll(/,\d+$/gm, ',');
  const without = write('without.csv', rows);
  const { report } = await backtest(without, { desk, configHash });
  expect(report.orders).toBe(0);
  expect(report.halts).toEqual([]);
  expect(report.data.coverage).toMatchObject([{ symbol: 'BTC/USDT', missing: 0 }]);
});
