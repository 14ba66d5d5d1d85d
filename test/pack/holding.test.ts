/** What a strategy of a desk's own asks for while it holds, as its file says it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { refusedAdjustLines } from '../../src/backtest/report/execution.js';
import { reportHtml } from '../../src/backtest/report/report-html.js';
import { SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { ALWAYS_OPEN, withOwnHours } from '../../src/domain/sessions/trading-hours.js';
import { definitionOf } from '../../src/pack/strategy/own-definition.js';
import { readStrategies } from '../../src/pack/strategy/read-strategies.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { backtest } from '../backtest/support/backtests.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { FUTURES } from '../support/engine-config.js';
import { waves, writeMinutes } from '../validation/support/validations.js';
import { deskText, problemsOf, strategyFolder, strategyOf } from './support/strategy-desk.js';

const { folder, write } = strategyFolder();
/** Enters at its first bar; what it does at later ones is `held`. */
const holding = (held: string): string =>
  strategyOf(`
if (desk.lots === 0 && !desk.entryResting) return desk.enter({
  side: 'buy', type: 'limit', ticks: desk.bid, restBars: 9, because: 'in',
  exits: { stop: { ticks: Math.floor(desk.bid * 0.98) }, trail: { ticks: Math.floor(desk.bid * 0.04) } },
});
if (desk.lots > 0) { ${held} }`);

beforeAll(() => {
  write('strategies/part.ts', holding("desk.exit('half', { part: 0.5 });"));
  write(
    'strategies/adjusts.ts',
    holding(`desk.adjust({
      stop: { ticks: desk.bid - 150 }, targets: [{ ticks: desk.bid + 100, part: 0.25 }, { ticks: desk.bid + 200 }],
      trail: null, breakEvenAt: { ticks: desk.bid + 50 }, maxBars: 30, because: 'as it is',
    });`),
  );
  write(
    'strategies/ends.ts',
    holding(
      "desk.adjust({ sessionEnd: bar.closeTicks > 10_015 ? null : { leadSeconds: 90 }, because: 'with the session' });",
    ),
  );
  write('strategies/no-targets.ts', holding('').replace('exits: {', 'exits: { targets: [],'));
  write('strategies/goes-back.ts', holding("desk.adjust({ stop: { ticks: 1 }, because: 'wider' });"));
  write(
    'strategies/ends-by-entry.ts',
    holding('').replace('exits: {', 'exits: { sessionEnd: { leadSeconds: 60 },'),
  );
  write(
    'strategies/works.ts',
    holding(`
      if (bar.openMs % 420_000 === 0) desk.exit('a third', { part: 1 / 3 });
      desk.adjust({ stop: { ticks: Math.floor(bar.lowTicks * 0.9985) }, because: 'behind the low' });`),
  );
});

function held(name: string) {
  const kind = `./strategies/${name}.ts`;
  const own = definitionOf(readStrategies(folder, [kind]).get(kind)!);
  const listed = { name: 'own', kind, symbols: ['BTC/USDT'], enabled: true, parameters: { bars: 1 }, own };
  const calendar = new SessionCalendar(
    withOwnHours(ALWAYS_OPEN, { hours: { mon: ['10:00-20:00'] } }),
    () => 0,
  );
  const desk = new DeskUnderTest({
    capabilities: { ...FUTURES, replaces: true },
    strategies: [listed],
    sessions: [{ calendar }, { calendar }],
  }).active();
  desk.bar(0, 10_000);
  const [entry] = desk.live('entry', 0);
  desk.accept(entry!);
  desk.fill(entry!, 10_000);
  desk.accept(desk.live('protective', 0)[0]!);
  return { desk, lots: entry!.quantityLots };
}

describe('while it holds', () => {
  it('closes the part that it names', () => {
    const { desk, lots } = held('part');
    desk.bar(0, 10_010);
    expect(desk.live('exit', 0)).toMatchObject([{ quantityLots: Math.floor(lots / 2) }]);
  });

  it('changes what it names, and takes away what it says is none', () => {
    const { desk } = held('adjusts');
    desk.bar(0, 10_010);
    expect(desk.recorded('exits.changed')).toMatchObject([
      {
        plan: {
          targets: [
            { ticks: 10_110, closedPpm: 250_000 },
            { ticks: 10_210, closedPpm: 1_000_000 },
          ],
          ...{ breakEvenAtTicks: 10_060, maxBars: 30 },
        },
        ...{ targetsAnew: true, because: 'as it is' },
      },
    ]);
    expect(desk.recorded('exits.changed')[0]?.plan).not.toHaveProperty('trailTicks');
    expect(desk.recorded('stop.moved')).toMatchObject([{ stopTicks: 9_860, why: 'adjustedStop' }]);
  });

  it('takes an empty list of targets for none, in an entry too', () => {
    const { desk } = held('no-targets');
    expect(desk.recorded('order.intended')[0]?.order.exits).toEqual({ trailTicks: 400 });
  });

  it('ends with the session where its entry or it itself says so', () => {
    const { desk } = held('ends');
    desk.bar(0, 10_010);
    desk.bar(0, 10_020);
    const plans = desk.recorded('exits.changed').map(({ plan: { beforeCloseMs = null } }) => beforeCloseMs);
    expect(plans).toEqual([90_000, null]);
    const byEntry = held('ends-by-entry').desk.recorded('order.intended')[0]?.order.exits;
    expect(byEntry).toMatchObject({ beforeCloseMs: 60_000, trailTicks: 400 });
  });

  it.each([
    [
      "desk.adjust({ sessionEnd: { leadSeconds: 3601 }, because: 'x' });",
      'sessionEnd.leadSeconds: expected at most 3600, found 3601',
    ],
    [
      "desk.adjust({ sessionEnd: {}, because: 'x' });",
      'sessionEnd.leadSeconds: expected a whole number above 0',
    ],
    ["desk.exit('all', { part: 1 });", 'part: expected a part of the position above 0 and below 1, found 1'],
    ["desk.adjust({ stop: null, because: 'none' });", 'stop.ticks: expected a whole number above 0'],
    ["desk.adjust({ maxBars: 0, because: 'none' });", 'maxBars: expected a whole number above 0, found 0'],
  ])('%s is refused where the file is read', (body, found) => {
    write('strategies/wrong.ts', holding(body));
    expect(problemsOf(() => readStrategies(folder, ['./strategies/wrong.ts']))).toEqual([
      expect.stringContaining(found),
    ]);
  });

  it('has what it was refused while it held in the report of a backtest', async () => {
    const kind = './strategies/goes-back.ts';
    const { desk, configHash } = loadDesk(write('desk.yaml', deskText({ kind, parameters: { bars: 2 } })));
    const { report } = await backtest(writeMinutes(folder, waves(600)), { desk, configHash });
    const [[reason, count] = []] = Object.entries(report.adjustsRefused);
    expect(reason).toMatch(/^[\w-]+: a stop comes nearer to the market, and never goes back$/);
    expect(report.adjustsRefusedFirst).toEqual({ [`${reason}`]: 'wider' });
    expect(refusedAdjustLines(report)[0]).toMatch(`${reason}: ${count}`);
    expect(reportHtml(report)).toContain('Changes of exits refused, by reason');
  });

  it('does the same each time in a backtest, and its trades say what ended them', async () => {
    const kind = './strategies/works.ts';
    const { desk, configHash } = loadDesk(write('desk.yaml', deskText({ kind, parameters: { bars: 2 } })));
    const file = writeMinutes(folder, waves(600));
    const runs = [];
    for (let run = 0; run < 2; run += 1) runs.push(await backtest(file, { desk, configHash }));
    const [one, other] = runs.map(({ kept }) => kept.fillLines);
    expect(other).toEqual(one);
    expect(runs[0]!.report.stateHash).toBe(runs[1]!.report.stateHash);
    const whys = new Set(runs[0]!.report.trades.map(({ why }) => why));
    expect(whys).toContain('adjustedStop');
  });
});
