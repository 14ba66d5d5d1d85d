/** A strategy of a desk's own takes its entries back, changes them, and enters one of two, as its file says it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { backtest } from '../backtest/support/backtests.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { FUTURES } from '../support/engine-config.js';
import { waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();
/** Enters below the market where nothing rests; what it does while an entry rests is `then`. */
const resting = (then: string): string =>
  strategyOf(`
if (desk.entryResting) { ${then} }
else if (desk.lots === 0) desk.enter({
  side: 'buy', type: 'limit', ticks: Math.floor(desk.bid * 0.999), restBars: 20, because: 'in',
  exits: { stop: { ticks: Math.floor(desk.bid * 0.98) }, maxBars: 5 },
});`);

beforeAll(() => {
  write('strategies/cancels.ts', resting("desk.cancel('over');"));
  write(
    'strategies/changes.ts',
    resting(`desk.change({
      side: 'buy', ticks: desk.bid - 5, exits: { stop: { ticks: desk.bid - 150 }, maxBars: 9 }, because: 'nearer',
    });`),
  );
  write(
    'strategies/follows.ts',
    resting("desk.change({ ticks: Math.floor(desk.bid * 0.9998), because: 'with the market' });"),
  );
});

/** The second of the two has no whole price; what follows is an entry of its own. */
const CAUGHT = strategyOf(`
const low = { side: 'buy', type: 'limit', ticks: desk.bid - 10, restBars: 9, because: 'low', exits: { stop: { ticks: desk.bid - 200 } } };
try { desk.enterOneOf(low, { ...low, ticks: 1.5 }); } catch {}
if (!desk.entryResting) desk.enter({ ...low, ticks: desk.bid - 20, because: 'alone' });`);

function rested(name: string) {
  const kind = `./strategies/${name}.ts`;
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  const listed = { name: 'own', kind, symbols: ['BTC/USDT'], enabled: true, parameters: { bars: 1 }, own };
  const desk = new DeskUnderTest({ capabilities: FUTURES, strategies: [listed] }).active();
  desk.bar(0, 10_000);
  const [entry] = desk.live('entry', 0);
  desk.accept(entry!);
  desk.bar(0, 10_000);
  return { desk, entry: entry! };
}

describe('an entry of its own', () => {
  it('is cancelled', () => {
    const { desk, entry } = rested('cancels');
    expect(desk.sent('cancel')).toEqual([entry.clientId]);
    expect(desk.recorded('order.state').at(-1)).toMatchObject({ reason: 'own withdrew it: over' });
  });

  it('is changed in price, stop and exits', () => {
    const { desk, entry } = rested('changes');
    desk.happen({ kind: 'order.cancelled', clientId: entry.clientId });
    expect(desk.live('entry', 0)).toMatchObject([
      { limitTicks: 9_995, protectTicks: 9_850, exits: { maxBars: 9 }, changes: entry.clientId },
    ]);
  });

  it('is its own after two of which one was wrong, and that was caught', () => {
    write('strategies/catches.ts', CAUGHT);
    const { entry } = rested('catches');
    expect(entry).toMatchObject({ limitTicks: 9_980 });
    expect(entry.oneOf).toBeUndefined();
  });

  it.each([
    ["desk.change({ because: 'none' });", 'change: expected ticks, exits or both'],
    ["desk.change({ ticks: 1.5, because: 'half' });", 'ticks: expected a whole number above 0, found 1.5'],
    ["desk.change({ side: 'up', ticks: 5, because: 'up' });", 'side: expected buy or sell, found up'],
    ["desk.change({ exits: {}, because: 'none' });", 'exits.stop.ticks: expected a whole number above 0'],
    [
      "desk.enterOneOf({ type: 'market' }, {});",
      'enterOneOf: expected two entries that rest (of type limit or stop) and reverse nothing, found as the first one type market',
    ],
  ])('%s is refused where the file is read', (body, found) => {
    write('strategies/wrong.ts', strategyOf(body));
    expect(problemsOf(() => readStrategies(folder, ['./strategies/wrong.ts']))).toEqual([
      expect.stringContaining(found),
    ]);
  });

  it('follows the market in a backtest, the same each time', async () => {
    const kind = './strategies/follows.ts';
    const { desk, configHash } = loadDesk(write('desk.yaml', deskText({ kind, parameters: { bars: 2 } })));
    const file = writeMinutes(folder, waves(600));
    const runs = [];
    for (let run = 0; run < 2; run += 1) runs.push(await backtest(file, { desk, configHash }));
    const [one, other] = runs.map(({ kept }) => kept.fillLines);
    expect(one!.length).toBeGreaterThan(1);
    expect(other).toEqual(one);
    expect(runs[0]!.report.stateHash).toBe(runs[1]!.report.stateHash);
  });
});
