/** What happens to incidents when workers die, people press at once, and somebody stops the desk in between. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTasks } from '../../src/store/task-rows.js';
import { until } from '../support/eventually.js';
import { openApproval, vote } from '../workflows/support/decisions.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { holdActivity } from '../workflows/support/held.js';
import { resume } from '../workflows/support/resumptions.js';
import { openIncident, type RunningIncident, strategy, timelineOf, toldOf } from './incident-bench.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const NEAR = [{ limit: 'daily-loss', value: '3 %', now: '2.90 %' }];
const CALM = [{ limit: 'daily-loss', value: '3 %', now: '0.10 %' }];

async function stepOf(incident: RunningIncident, name: string) {
  return until(`the step "${name}"`, async () =>
    (await timelineOf(bench, incident)).find((step) => step.name === name),
  );
}

/** Of a drawdown in which people take both offers: what it leaves behind. */
async function drawdownOn(desk: BenchDesk) {
  desk.trader.risk = NEAR;
  desk.trader.strategies = [strategy('breakout', { realised: '-10.00' })];
  const timing = { evidenceMs: 120_000 };
  const incident = await openIncident(bench, desk, { kind: 'large-drawdown', timing });
  await vote(bench, desk.name, { idEnds: ':smaller-size' });
  await vote(bench, desk.name, { idEnds: ':strategies-off' });
  await incident.answer('acknowledge');
  await stepOf(incident, 'Trade with smaller positions');
  await stepOf(incident, 'Switch the losing strategies off');
  desk.trader.risk = CALM;
  const { outcome } = await incident.result();
  const tasks = await readTasks(bench.database.pool, desk.name);
  return {
    outcome,
    steps: (await timelineOf(bench, incident)).map(({ name, verdict }) => `${name}: ${verdict}`).sort(),
    told: (await toldOf(bench, incident)).map(({ title }) => title).sort(),
    reviews: tasks.length,
    sizePct: desk.trader.sizePct,
    resized: new Set(desk.trader.sent('resize').map(({ commandId }) => `${commandId}`.split(':').at(-1))),
  };
}

describe('an incident', () => {
  it('leaves the same evidence where each answer is lost once, and two workers die', async () => {
    const undisturbed = await drawdownOn(await bench.desk({ serve: ['operations', 'engine'] }));
    const lost = new Set<string>();
    let replacing = Promise.resolve();
    const desk: BenchDesk = await bench.desk({
      serve: ['operations', 'engine'],
      // The work is done, nobody hears of it, and twice the worker is gone.
      afterActivity: async (name, args) => {
        const work = `${name} ${JSON.stringify(args)}`;
        if (READS.has(name) || lost.has(work)) return;
        lost.add(work);
        if (lost.size === 6 || lost.size === 13)
          replacing = replacing.then(() => desk.replaceWorker('operations'));
        throw new Error('the answer was lost');
      },
    });
    expect(await drawdownOn(desk)).toEqual(undisturbed);
    expect(lost.size).toBeGreaterThan(15);
    await replacing;
  });

  it('ends as the person said who declares it over in the middle of a step, and does nothing after it', async () => {
    const held = holdActivity('ledgerPositions');
    const desk = await bench.desk({ serve: ['operations', 'engine'], afterActivity: held.after });
    desk.processes.set('trader', 'restarting');
    const incident = await openIncident(bench, desk, { kind: 'crash-and-restart', subject: 'trader' });
    await stepOf(incident, 'Last 100 lines of its log');
    await held.reached;
    await incident.answer('resolve');
    held.release();
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
    const names = (await timelineOf(bench, incident)).map(({ name }) => name);
    expect(names).toContain('Positions before');
    expect(names).not.toContain('Restart');
    expect(names.at(-1)).toBe('Over');
  });

  it('lets its offers expire without changing anything, and goes on', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', timing: { offerMs: 400 } });
    const decided = await stepOf(incident, 'Trade with smaller positions');
    expect(decided).toMatchObject({ verdict: 'not_run', person: null });
    expect(decided.observed).toBe('expired: 0 of 1 approvals; nothing was changed');
    expect(await incident.progress()).toMatchObject({ outcome: null });
    expect(desk.trader.sent('resize')).toEqual([]);
    desk.trader.risk = CALM;
    expect((await incident.result()).state).toBe('resolved');
  });

  it('keeps a loss limit that is reached in the middle of it', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown' });
    expect((await stepOf(incident, 'How near to the loss limits')).observed).toContain('daily-loss at 97 %');
    desk.trader.halt('daily-loss', 'next-day');
    expect(await stepOf(incident, 'Daily loss limit reached: halted for the day')).toMatchObject({
      verdict: 'warn',
    });
    desk.trader.halt('drawdown', 'person');
    await stepOf(incident, 'Maximum drawdown reached: halted until a person decides');
    await incident.end();
  });
});

describe('an outage of the exchange', () => {
  async function outage(venueRule: 'auto' | 'person') {
    const desk = await bench.desk({ serve: ['operations', 'engine'], venueRule });
    desk.trader.venueBreaker = 'open';
    desk.trader.reconciliation = 'differences';
    const incident = await openIncident(bench, desk, { kind: 'exchange-down', subject: '' });
    const haltId = await until('the halt', () => desk.trader.haltId);
    expect(desk.trader.sent('halt')).toMatchObject([{ cause: 'venue', resume: venueRule }]);
    return { desk, incident, haltId };
  }

  it('ends with a desk that trades again by its rule, once the books agree', async () => {
    const { desk, incident, haltId } = await outage('auto');
    const resumption = await resume(bench, desk, haltId);
    desk.trader.venueBreaker = 'closed';
    await resumption.waitsFor('the books differ');
    expect(await incident.progress()).toMatchObject({ outcome: null });
    desk.trader.reconciliation = 'clean';
    desk.trader.readAtWallMs = Date.now();
    expect(await resumption.result()).toMatchObject({ state: 'armed' });
    expect((await incident.result()).outcome).toContain('the desk trades again');
  });

  it.each([
    ['a person stopped the desk in between', 'auto', 'not resumed: person by anna'],
    ['the desk file leaves it to a person', 'person', 'not resumed: venue by incident exchange-down'],
  ] as const)('ends with a desk that stays halted where %s', async (why, rule, says) => {
    const { desk, incident, haltId } = await outage(rule);
    const resumption = await resume(bench, desk, haltId);
    if (why.startsWith('a person')) desk.trader.halt('person', 'person', 'anna');
    desk.trader.reconciliation = 'clean';
    desk.trader.readAtWallMs = Date.now();
    desk.trader.venueBreaker = 'closed';
    expect((await incident.result()).outcome).toContain(says);
    expect(desk.trader.mode).toBe('HALTED');
    // Asked for by what was seen before the person's stop, it was refused.
    if (!why.startsWith('a person')) expect(desk.trader.sent('arm')).toEqual([]);
    await resumption.end().catch(() => undefined);
  });
});

describe('a strategy that underperforms', () => {
  const off = (nextReviewMarketMs: number) => ({
    automatic: true,
    by: 'fermata',
    reason: '5 losses in a row',
    atMarketMs: 0,
    nextReviewMarketMs,
  });

  it('S2-089 keeps each time that it was looked at again and left off, once', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const left = (hours: number) => [strategy('b', { enabled: false, off: off(hours * 3_600_000) })];
    desk.trader.strategies = left(1);
    const incident = await openIncident(bench, desk, { kind: 'strategy-underperforming', subject: 'b' });
    await stepOf(incident, 'Switched off?');
    await until('a look', () => desk.trader.sent('status').length > 6);
    desk.trader.strategies = left(2);
    const again = await stepOf(incident, 'Looked at again');
    expect(again.observed).toBe(
      'still off: BTC/USDT is ranging; the next time at 1970-01-01T02:00:00.000Z by market time',
    );
    desk.trader.strategies = [strategy('b', { regime: 'trending' })];
    expect((await incident.result()).outcome).toBe('b is on again, BTC/USDT is trending');
    const looks = (await timelineOf(bench, incident)).filter(({ name }) => name === 'Looked at again');
    expect(looks).toHaveLength(1);
  });

  it('S2-090 is offered off while it is on, and switched off by the person who agrees', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.strategies = [strategy('c', { trades: 40, wins: 4 }), strategy('other')];
    const incident = await openIncident(bench, desk, { kind: 'strategy-underperforming', subject: 'c' });
    expect((await openApproval(bench, desk.name)).parameters).toEqual({ strategies: 'c' });
    await vote(bench, desk.name);
    await until('it is off', () => desk.trader.sent('toggle').length > 0);
    expect(desk.trader.sent('toggle')).toMatchObject([{ strategy: 'c', enabled: false, by: 'anna' }]);
    const byHand = { ...off(0), automatic: false, by: 'anna', reason: 'by hand', nextReviewMarketMs: null };
    desk.trader.strategies = [strategy('c', { enabled: false, off: byHand })];
    expect((await incident.result()).outcome).toBe('anna switched c off: by hand');
  });
});

/** They change nothing, and are made again and again. */
const READS: ReadonlySet<string> = new Set(['readIncidentFacts', 'verifyDecision', 'processState']);
