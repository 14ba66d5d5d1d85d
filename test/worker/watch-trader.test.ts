import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { operationsQueue, resumptionId, routineId } from '../../src/contracts/queues.js';
import { FERMATA_DESK } from '../../src/contracts/run-label.js';
import { keepLastAudit } from '../../src/home/last-audit.js';
import { homePaths } from '../../src/home/runtime.js';
import { runAddressAt } from '../../src/home/started-desks.js';
import { readIncidents } from '../../src/store/incident-rows.js';
import { beginRoutineRun, readRoutineRuns, recordMissedRun } from '../../src/store/routine-run.js';
import { saveScheduleState, saveSweep, saveTradesBegun } from '../../src/store/schedule-state.js';
import { TemporalUnavailable } from '../../src/temporal/open-temporal.js';
import { applySchedules } from '../../src/temporal/schedules/apply-schedules.js';
import {
  MARKET_CLOCK_NOTE,
  scheduleDefinitions,
  scheduledRunId,
  scheduleIdOf,
} from '../../src/temporal/schedules/schedule-definition.js';
import type { TraderWatchContext } from '../../src/worker/repeat.js';
import { roleLog } from '../../src/worker/role-log.js';
import { marketClockRoutines, routinesByTrades } from '../../src/worker/routines-due.js';
import { scheduleUpkeep } from '../../src/worker/schedule-upkeep.js';
import { lookForStuck, stuckRuns } from '../../src/worker/stuck-runs.js';
import { lookAtDisk, resumptionOfHalts, watchOverAuditor } from '../../src/worker/watch-trader.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { until } from '../support/eventually.js';
import { readMissedRuns } from '../support/read-missed-runs.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

function contextOf(desk: BenchDesk): TraderWatchContext {
  const log = roleLog('test');
  log.level = 'silent';
  return {
    temporal: bench.temporal,
    desk: { ...cryptoDesk(), desk: desk.name },
    trader: desk.trader.client,
    pool: bench.database.pool,
    log,
    seen: { incarnation: null },
  };
}

const at = (text: string): number => Date.parse(text);
/** The desk has other routines that come due meanwhile. */
const runsOf = async (desk: BenchDesk) =>
  (await readRoutineRuns(bench.database.pool, desk.name)).filter(({ routine }) => routine === 'pre-market');

describe('the watch over halts', () => {
  it('after a start runs the pre-market routine first, then arms by the rule', async () => {
    const desk = await bench.desk();
    desk.trader.halt('startup', 'auto');
    await resumptionOfHalts(contextOf(desk))(desk.trader.status());
    await until('the desk trades', () => desk.trader.mode === 'ACTIVE');
    expect(await runsOf(desk)).toMatchObject([
      { routine: 'pre-market', cause: 'start', nominalMs: desk.trader.marketMs },
    ]);
    const arming = desk.trader.received.findIndex(({ method }) => method === 'arm');
    expect(arming).toBeGreaterThan(0);
  });

  it('runs the routine once for each start, also where the market stands still between two', async () => {
    const desk = await bench.desk();
    const runs = () => runsOf(desk).then((found) => found.length);
    for (const start of [1, 2]) {
      desk.trader.halt('startup', 'auto');
      const follow = resumptionOfHalts(contextOf(desk));
      await follow(desk.trader.status());
      // The watch is begun anew while the desk still waits.
      await resumptionOfHalts(contextOf(desk))(desk.trader.status());
      await until('the desk trades', () => desk.trader.mode === 'ACTIVE');
      expect(await runs()).toBe(start);
    }
  });

  it('does not arm after a routine that failed, and says what it waits for', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: 'old', expected: 'fresh' }));
    desk.trader.halt('startup', 'auto');
    const follow = resumptionOfHalts(contextOf(desk));
    await follow(desk.trader.status());
    // The failed step halts for its own reason: that halt gets its own resumption.
    expect(desk.trader.sent('halt')).toMatchObject([{ cause: 'check-failed' }]);
    await follow(desk.trader.status());
    const handle = bench.client.workflow.getHandle(resumptionId(desk.name, desk.trader.haltId ?? ''));
    await until('it says so', async () =>
      JSON.stringify(await handle.query('progress')).includes('Market data fresh'),
    );
    expect(desk.trader.sent('arm')).toEqual([]);
    desk.checks.clear();
    await until('the desk trades', () => desk.trader.mode === 'ACTIVE');
  });

  it('asks to resume after a halt by the venue, which the rule lifts', async () => {
    const desk = await bench.desk();
    desk.trader.halt('venue', 'auto');
    await resumptionOfHalts(contextOf(desk))(desk.trader.status());
    await until('the desk trades', () => desk.trader.mode === 'ACTIVE');
    expect(desk.trader.sent('arm')).toHaveLength(1);
  });

  it('waits for the first prices after a start', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.halt('startup', 'auto');
    desk.trader.market = { state: 'waiting' };
    await resumptionOfHalts(contextOf(desk))(desk.trader.status());
    const handle = bench.client.workflow.getHandle(resumptionId(desk.name, desk.trader.haltId ?? ''));
    await expect(handle.describe()).rejects.toThrow();
  });
});

describe('routines by the market clock', () => {
  it('start once when market time passes their time, and record what the market ran past', async () => {
    const desk = await bench.desk();
    const follow = marketClockRoutines(contextOf(desk));
    const trader = desk.trader;
    trader.marketMs = at('2026-03-02T23:59:00Z');
    await follow(trader.status());
    trader.marketMs = at('2026-03-03T00:00:30Z');
    await follow(trader.status());
    await follow(trader.status());
    await until('the run is recorded', async () =>
      (await runsOf(desk)).some(({ finishedMs }) => finishedMs !== null),
    );
    expect(await runsOf(desk)).toMatchObject([
      { cause: 'market-clock', nominalMs: at('2026-03-03T00:00:00Z') },
    ]);

    trader.marketMs = at('2026-03-06T00:10:00Z');
    await follow(trader.status());
    const missed = await readMissedRuns(bench.database.pool, desk.name);
    const preMarket = missed.filter(({ routine }) => routine === 'pre-market');
    expect(preMarket.map(({ nominalMs }) => nominalMs)).toEqual([
      at('2026-03-05T00:00:00Z'),
      at('2026-03-04T00:00:00Z'),
    ]);
    await until('the newest ran', async () => (await runsOf(desk)).length === 2);
  });

  it('are made good after a restart of the watch', async () => {
    const desk = await bench.desk();
    desk.trader.marketMs = at('2026-03-02T23:59:00Z');
    const first = marketClockRoutines(contextOf(desk));
    await first(desk.trader.status());
    desk.trader.marketMs = at('2026-03-03T00:01:00Z');
    await first(desk.trader.status());
    await until('the first run is recorded', async () => (await runsOf(desk)).length === 1);
    desk.trader.marketMs = at('2026-03-04T00:05:00Z');
    await marketClockRoutines(contextOf(desk))(desk.trader.status());
    await until('the second ran', async () => (await runsOf(desk)).length === 2);
  });

  it('are each made good from their own last time on, whatever another has begun at the same moment or later', async () => {
    const desk = await bench.desk({ serve: [] });
    const { trader } = desk;
    trader.marketMs = at('2026-03-04T12:00:00Z');
    const { incarnation } = trader.status();
    const shipped = cryptoDesk();
    const [daily] = shipped.routines.filter(({ name }) => name === 'pre-market');
    if (daily === undefined) throw new Error('no such routine');
    const named = (name: string) => ({ ...daily, name });
    const routines = ['begun', 'lost', 'paused', 'edited'].map(named);
    const context = { ...contextOf(desk), desk: { ...shipped, desk: desk.name, routines } };
    const idAt = (routine: string, time: string) =>
      `${routineId(desk.name, routine, at(time))}:market-${incarnation}`;
    const ran = (routine: string, time: string, cause: 'market-clock' | 'start' = 'market-clock') =>
      beginRoutineRun(bench.database.pool, {
        ...{ desk: desk.name, workflowId: idAt(routine, time), firstRunId: '1', routine, title: '' },
        ...{ nominalMs: at(time), startedMs: Date.now(), cause },
      });
    const [before, due] = ['2026-03-03T00:00:00Z', '2026-03-04T00:00:00Z'];
    for (const routine of ['begun', 'lost', 'paused']) await ran(routine, before);
    await ran('begun', due);
    await ran('hourly', '2026-03-04T11:00:00Z');
    await recordMissedRun(bench.database.pool, {
      ...{
        desk: desk.name,
        routine: 'paused',
        nominalMs: at(due),
        reason: 'the schedule is paused by a person',
      },
    });
    const isThere = (routine: string) =>
      bench.client.workflow
        .getHandle(idAt(routine, due))
        .describe()
        .then(
          () => true,
          () => false,
        );
    await marketClockRoutines(context)(trader.status());
    const begun = async () => Promise.all(routines.map(({ name }) => isThere(name)));
    expect(await begun()).toEqual([false, true, false, false]);
    // At a start of the trader the desk file may say another time than it did: what it says counts from there.
    await ran('edited', before);
    await ran('hourly', '2026-03-04T09:00:00Z', 'start');
    await marketClockRoutines(context)(trader.status());
    expect(await begun()).toEqual([false, true, false, false]);
  });

  it('run on each of two markets that pass over the same dates, also after a restart of the watch', async () => {
    const desk = await bench.desk();
    const finished = async () => (await runsOf(desk)).filter(({ finishedMs }) => finishedMs !== null).length;
    desk.trader.marketMs = at('2026-03-03T00:00:30Z');
    for (const [nth, incarnation] of ['first1', 'second'].entries()) {
      await beginRoutineRun(bench.database.pool, {
        ...{
          desk: desk.name,
          workflowId: `start-${incarnation}`,
          firstRunId: '1',
          routine: 'first',
          title: '',
        },
        ...{ nominalMs: at('2026-03-02T23:59:00Z'), startedMs: Date.now(), cause: 'start' },
      });
      await marketClockRoutines(contextOf(desk))({ ...desk.trader.status(), incarnation });
      await until('it ran on this market', async () => (await finished()) === nth + 1);
    }
    desk.trader.marketMs = at('2026-03-03T00:01:00Z');
    await marketClockRoutines(contextOf(desk))({ ...desk.trader.status(), incarnation: 'second' });
    expect(await runsOf(desk)).toHaveLength(2);
  });

  it('are recorded as missed while a person has paused them', async () => {
    const desk = await bench.desk({ serve: [] });
    await saveScheduleState(bench.database.pool, {
      desk: desk.name,
      scheduleId: `routine:${desk.name}:pre-market`,
      routine: 'pre-market',
      paused: true,
      note: 'holiday',
      specHash: 'x',
    });
    const follow = marketClockRoutines(contextOf(desk));
    await follow(desk.trader.status());
    desk.trader.marketMs = at('2026-03-03T00:00:30Z');
    await follow(desk.trader.status());
    const [missed] = await readMissedRuns(bench.database.pool, desk.name);
    expect(missed?.reason).toBe('the schedule is paused by a person');
  });

  it('are left to Temporal’s schedules where market time is wall time', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.market = { kind: 'live', speed: 1 };
    const follow = marketClockRoutines(contextOf(desk));
    await follow(desk.trader.status());
    desk.trader.marketMs = at('2026-03-03T00:00:30Z');
    await follow(desk.trader.status());
    expect(await readMissedRuns(bench.database.pool, desk.name)).toEqual([]);
  });
});

describe('routines by the count of trades', () => {
  const every = 5;
  const contextWith = (desk: BenchDesk, everyTrades = every) => {
    const context = contextOf(desk);
    const [shipped] = context.desk.routines.filter(({ name }) => name === 'pre-market');
    if (shipped === undefined) throw new Error('no routine');
    return {
      ...context,
      desk: { ...context.desk, routines: [{ ...shipped, at: [], everyTrades }] },
    };
  };
  async function closeTrades(desk: BenchDesk, from: number, to: number): Promise<void> {
    await bench.database.pool.query(
      `insert into trades (desk, incarnation, trade, sequence, symbol, strategy, side, quantity, result, fees, why,
         config_hash, opened, market, wall, simulated)
       select $1, 'abc123', 't' || n, n, 'BTC/USDT', 'trend', 'long', 1, 1, 0, 'stop', 'hash', at, at, at, true
       from (select n, timestamptz '2026-03-02T10:00:00Z' + n * interval '1 minute' as at from generate_series($2::int, $3::int) n) closed`,
      [desk.name, from, to],
    );
  }
  const minute = (trade: number) => at('2026-03-02T10:00:00Z') + trade * 60_000;
  const ran = async (desk: BenchDesk) =>
    (await runsOf(desk)).filter(({ cause }) => cause === 'trades').map(({ nominalMs }) => nominalMs);
  const runsToBe = (desk: BenchDesk, count: number) =>
    until(`${count} runs`, async () => (await ran(desk)).length === count);

  it('start once after each so many closed trades, counted on by the next watch, and once for all of a downtime', async () => {
    const desk = await bench.desk();
    const context = contextWith(desk);
    await closeTrades(desk, 1, 7);
    // The routine is new to a desk that has traded before.
    const first = routinesByTrades(context);
    await first(desk.trader.status());
    await closeTrades(desk, 8, 9);
    await first(desk.trader.status());
    expect(await ran(desk)).toEqual([]);
    await closeTrades(desk, 10, 11);
    await first(desk.trader.status());
    await runsToBe(desk, 1);
    await first(desk.trader.status());
    await routinesByTrades(context)(desk.trader.status());
    expect(await ran(desk)).toEqual([minute(10)]);
    await closeTrades(desk, 12, 23);
    for (const _ of ['starts', 'starts nothing']) await routinesByTrades(context)(desk.trader.status());
    await runsToBe(desk, 2);
    expect(await ran(desk)).toEqual([minute(20), minute(10)]);
  });

  it('count from the present trades where their number was changed', async () => {
    const desk = await bench.desk();
    await closeTrades(desk, 1, 6);
    await routinesByTrades(contextWith(desk, 5))(desk.trader.status());
    await closeTrades(desk, 7, 9);
    const changed = routinesByTrades(contextWith(desk, 3));
    await changed(desk.trader.status());
    await closeTrades(desk, 10, 11);
    await changed(desk.trader.status());
    await closeTrades(desk, 12, 13);
    await changed(desk.trader.status());
    await runsToBe(desk, 1);
    expect(await ran(desk)).toEqual([minute(12)]);
    // Fewer at a time are due at a lower count than the one at which it began.
    const changedAgain = routinesByTrades(contextWith(desk, 10));
    await changedAgain(desk.trader.status());
    await closeTrades(desk, 14, 20);
    await changedAgain(desk.trader.status());
    await runsToBe(desk, 2);
    expect(await ran(desk)).toEqual([minute(20), minute(12)]);
  });

  it('count from then where one is put back with the number that it had', async () => {
    const desk = await bench.desk();
    await closeTrades(desk, 1, 6);
    await routinesByTrades(contextWith(desk))(desk.trader.status());
    const without = contextOf(desk);
    await scheduleUpkeep({ ...without, desk: { ...without.desk, routines: [] } })(desk.trader.status());
    await closeTrades(desk, 7, 12);
    const again = contextWith(desk);
    await scheduleUpkeep(again)(desk.trader.status());
    const follow = routinesByTrades(again);
    await follow(desk.trader.status());
    expect(await ran(desk)).toEqual([]);
    await closeTrades(desk, 13, 15);
    await follow(desk.trader.status());
    await runsToBe(desk, 1);
    expect(await ran(desk)).toEqual([minute(15)]);
  });

  it('start once although the watch was lost before it could remember the count', async () => {
    const desk = await bench.desk();
    const context = contextWith(desk);
    await routinesByTrades(context)(desk.trader.status());
    await closeTrades(desk, 1, 5);
    await routinesByTrades(context)(desk.trader.status());
    await runsToBe(desk, 1);
    await saveTradesBegun(bench.database.pool, desk.name, 'pre-market', { trades: 0, every });
    await closeTrades(desk, 6, 7);
    await routinesByTrades(context)(desk.trader.status());
    await closeTrades(desk, 8, 10);
    await routinesByTrades(context)(desk.trader.status());
    await runsToBe(desk, 2);
    expect(await ran(desk)).toEqual([minute(10), minute(5)]);
  });

  it('can be paused by a person, and are recorded as missed meanwhile', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.market = { kind: 'live', speed: 1 };
    const context = contextWith(desk);
    const { pool } = bench.database;
    const [definition] = scheduleDefinitions(context.desk, null, false);
    if (definition === undefined) throw new Error('no schedule');
    const target = { desk: desk.name, definitions: [definition], marketClock: false };
    await applySchedules(bench.client, pool, target);
    const handle = bench.client.schedule.getHandle(definition.scheduleId);
    expect((await handle.describe()).info.nextActionTimes).toEqual([]);
    await handle.pause('holiday');
    await applySchedules(bench.client, pool, target);
    await routinesByTrades(context)(desk.trader.status());
    await closeTrades(desk, 1, 6);
    for (const _ of ['records it', 'has nothing left']) await routinesByTrades(context)(desk.trader.status());
    expect(await readMissedRuns(pool, desk.name)).toMatchObject([
      {
        routine: 'pre-market',
        nominalMs: minute(5),
        reason: 'due after trade 5; the schedule is paused by a person',
      },
    ]);
    await handle.delete();
  });
});

describe('the watch over schedules', () => {
  const DAY_MS = 86_400_000;
  let scheduleId = '';
  afterEach(async () => {
    vi.restoreAllMocks();
    await bench.client.schedule.getHandle(scheduleId).delete();
  });

  function upkeepOf(desk: BenchDesk) {
    scheduleId = scheduleIdOf(desk.name, 'pre-market');
    const context = contextOf(desk);
    const routines = context.desk.routines.filter(({ name }) => name === 'pre-market');
    return scheduleUpkeep({ ...context, desk: { ...context.desk, routines } });
  }

  const sweptUntil = (untilMs: number) => ({
    ...{ routine: 'pre-market', untilMs, missedCatchups: 0, timetable: null, appliesSinceMs: null },
  });

  it('finds at its start what was due while nothing ran, and tells people', async () => {
    const desk = await bench.desk({ serve: [] });
    const { pool } = bench.database;
    desk.trader.market = { kind: 'live', speed: 1 };
    const untilMs = Date.now() - 3.5 * DAY_MS;
    await saveSweep(pool, desk.name, sweptUntil(untilMs));
    const follow = upkeepOf(desk);
    for (const _ of ['applies', 'sweeps', 'waits for its next one']) await follow(desk.trader.status());
    const missed = await readMissedRuns(pool, desk.name);
    expect(missed.length).toBeGreaterThanOrEqual(2);
    const told = await pool.query("select body from notice where desk = $1 and title like '%missed'", [
      desk.name,
    ]);
    expect(told.rows).toMatchObject([{ body: expect.stringMatching(/Nothing ran when they were due/) }]);
  });

  it('finds no miss where Temporal has the run and its row is not written yet', async () => {
    const desk = await bench.desk({ serve: [] });
    const { pool } = bench.database;
    desk.trader.market = { kind: 'live', speed: 1 };
    const untilMs = Date.now() - 3.5 * DAY_MS;
    await saveSweep(pool, desk.name, sweptUntil(untilMs));
    const ranMs = Math.floor(Date.now() / DAY_MS - 1) * DAY_MS;
    await bench.client.workflow.start('routine', {
      taskQueue: 'nobody',
      workflowId: scheduledRunId(`routine:${desk.name}:pre-market`, ranMs),
    });
    const follow = upkeepOf(desk);
    // On a busy machine the server may not tell of a new schedule within the seconds that a look waits: the next one asks again.
    const looked = () =>
      follow(desk.trader.status()).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof TemporalUnavailable)) throw error;
          return false;
        },
      );
    for (const what of ['applies', 'sweeps']) await until(what, looked);
    const missed = (await readMissedRuns(pool, desk.name)).map(({ nominalMs }) => nominalMs);
    expect(missed).toContain(ranMs - DAY_MS);
    expect(missed).not.toContain(ranMs);
  });

  it('pauses again within a minute what a person has unpaused on the market clock', async () => {
    const desk = await bench.desk({ serve: [] });
    desk.trader.market = { kind: 'simulated', speed: 60 };
    const follow = upkeepOf(desk);
    await follow(desk.trader.status());
    const handle = bench.client.schedule.getHandle(scheduleId);
    expect((await handle.describe()).state).toMatchObject({ paused: true, note: MARKET_CLOCK_NOTE });
    await handle.unpause('by hand');
    const now = performance.now.bind(performance);
    let looks = 0;
    await until('it to be paused', async () => {
      looks += 1;
      // Each look a minute after the one before it, for nobody else.
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + looks * 60_000);
      await follow(desk.trader.status());
      clock.mockRestore();
      return (await handle.describe()).state.paused;
    });
    expect((await handle.describe()).state.note).toBe(MARKET_CLOCK_NOTE);
  });
});

describe('the watch over stuck workflows', () => {
  it('sees a run whose workflow task is tried again and again', async () => {
    const desk = await bench.desk();
    const handle = await bench.client.workflow.start('no-such-workflow', {
      workflowId: `stuck:${desk.name}`,
      taskQueue: operationsQueue(desk.name),
      typedSearchAttributes: [{ key: FERMATA_DESK, value: desk.name }],
    });
    const found = await until('it is seen', async () => (await stuckRuns(bench.temporal, desk.name))[0]);
    expect(found.workflowId).toBe(`stuck:${desk.name}`);
    await handle.terminate();
  });

  it('tells people which one and why, and opens an incident, once', async () => {
    const desk = await bench.desk();
    const workflowId = `stuck:${desk.name}`;
    const handle = await bench.client.workflow.start('no-such-workflow', {
      // Started by hand: it carries no name of a desk.
      workflowId,
      taskQueue: operationsQueue(desk.name),
    });
    await until('it is seen', async () => (await stuckRuns(bench.temporal, desk.name)).length > 0);
    const lines: string[] = [];
    const log = { error: (_fields: object, line: string) => void lines.push(line), warn: () => {} };
    const home = mkdtempSync(join(tmpdir(), 'stuck-'));
    const { run } = homePaths(home);
    mkdirSync(run, { recursive: true });
    const runtime = { web: { host: '127.0.0.1', port: 8000 }, temporal: { uiAddress: '127.0.0.1:8233' } };
    writeFileSync(join(run, 'runtime.json'), JSON.stringify(runtime));
    const look = lookForStuck(contextOf(desk), log as never, home);
    await look();
    // A first failure may be that of a worker which is just ending.
    expect(lines).toEqual([]);
    for (let looks = 0; looks < 2; looks += 1) await look();
    expect(lines).toEqual([expect.stringMatching(`${workflowId} stands still: .*no-such-workflow`)]);
    const { pool } = bench.database;
    const told = await pool.query("select body from notice where desk = $1 and event = 'warning'", [
      desk.name,
    ]);
    expect(told.rows).toEqual([{ body: expect.stringMatching(/no-such-workflow/) }]);
    expect(told.rows[0].body).toContain(`Its run: ${runAddressAt(home, workflowId)}`);
    rmSync(home, { recursive: true, force: true });
    await until('the incident', async () =>
      (await readIncidents(pool, desk.name)).some(({ subject }) => subject === 'workflow.no-such-workflow'),
    );
    await handle.terminate();
  });

  it('tells of one again that went on in between, and goes on where its error can not be read', async () => {
    const desk = await bench.desk();
    let attempt = 1;
    const run = { workflowId: `stuck-again:${desk.name}`, runId: 'one' };
    const client = {
      workflow: {
        async *list() {
          yield run;
        },
        getHandle: () => ({
          describe: async () => ({ raw: { pendingWorkflowTask: { attempt } }, type: 'backup' }),
        }),
      },
      options: { namespace: 'any' },
      workflowService: { getWorkflowExecutionHistoryReverse: () => Promise.reject(new Error('too large')) },
    };
    const temporal = { within: (_ms: number, ask: (asked: unknown) => unknown) => ask(client) } as never;
    const lines: string[] = [];
    const log = { error: (_fields: object, line: string) => void lines.push(line), warn: () => {} };
    const look = lookForStuck({ ...contextOf(desk), temporal }, log as never, null);
    for (const now of [1, 2, 3, 1, 2, 2]) {
      attempt = now;
      await look();
    }
    expect(lines).toEqual(
      [3, 2].map(
        (times) =>
          `${run.workflowId} stands still: its task has failed ${times} times and is tried again: why can't be read: too large`,
      ),
    );
  });
});

it('tells people of a disk that is nearly full while it can, opens an incident, and says it again after there was room', async () => {
  const desk = await bench.desk();
  const home = mkdtempSync(join(tmpdir(), 'disk-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const { pool } = bench.database;
  let freeMb = 256;
  const look = lookAtDisk(contextOf(desk), home, async () => freeMb * 1024 * 1024);
  const told = async () => {
    const query = "select title, body, severity from notice where desk = $1 and event = 'warning'";
    return (await pool.query<object>(query, [desk.name])).rows;
  };
  await look();
  expect(await told()).toEqual([]);
  freeMb = 255;
  await look();
  await look();
  expect(await told()).toEqual([
    {
      title: `${desk.name}: the disk is nearly full`,
      body: expect.stringMatching(/^255 MB are free .* Free some space now\./),
      severity: 'critical',
    },
  ]);
  await until('the incident', async () =>
    (await readIncidents(pool, desk.name)).some(({ subject }) => subject === 'disk'),
  );
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  await look();
  expect(await told()).toHaveLength(1);
  for (freeMb of [512, 10]) await look();
  expect(await told()).toHaveLength(2);
});

describe('the watch over the auditor', () => {
  const MINUTE_MS = 60_000;

  /** A desk that is polled each second by a clock of its own. */
  async function watched() {
    const desk = await bench.desk();
    const home = mkdtempSync(join(tmpdir(), 'auditor-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    let nowMs = 0;
    const follow = watchOverAuditor(contextOf(desk), home, () => nowMs);
    const { pool } = bench.database;
    return {
      trader: desk.trader,
      sleep: (ms: number) => {
        nowMs += ms;
      },
      audited: (atMs: number | null, problem: string | null = null) => keepLastAudit(home, { atMs, problem }),
      pass: async (minutes: number) => {
        const endMs = nowMs + minutes * MINUTE_MS;
        for (; nowMs < endMs; nowMs += 1_000) await follow(desk.trader.status());
      },
      notices: async () => {
        const query = "select body from notice where desk = $1 and event = 'warning' order by body";
        return (await pool.query<{ body: string }>(query, [desk.name])).rows.map(({ body }) => body);
      },
      incidents: () => readIncidents(pool, desk.name),
    };
  }

  it('tells people after five minutes without an audit, once, and again after one was completed', async () => {
    const { audited, pass, notices, incidents } = await watched();
    audited(at('2026-03-02T10:00:00Z'), 'the exchange answered the auditor with 401 (-2015)');
    await pass(4.9);
    expect(await notices()).toEqual([]);
    await pass(5);
    const body = expect.stringMatching(
      /no audit since 2026-03-02 10:00.*: .* with 401 \(-2015\)\. The desk goes on/,
    );
    expect(await notices()).toEqual([body]);
    await until('the incident', async () =>
      (await incidents()).some(
        ({ subject, title }) => subject === 'auditor' && title.includes('nobody watches'),
      ),
    );
    audited(at('2026-03-02T10:20:00Z'));
    await pass(6);
    expect(await notices()).toHaveLength(2);
    expect(await incidents()).toHaveLength(1);
  });

  it('is quiet where audits are completed, and where no auditor keeps them', async () => {
    const { audited, pass, notices } = await watched();
    await pass(11);
    for (let minute = 0; minute < 12; minute += 1) {
      audited(minute * MINUTE_MS);
      await pass(1);
    }
    expect(await notices()).toEqual([]);
  });

  it('is quiet while the trader can’t compare its books either, and after a trader or machine that was away', async () => {
    const { trader, audited, pass, sleep, notices } = await watched();
    audited(null, 'fetch failed');
    trader.reconciliation = 'failed';
    await pass(60);
    trader.reconciliation = 'pending';
    await pass(60);
    trader.reconciliation = 'clean';
    await pass(1);
    sleep(3_600_000);
    await pass(1);
    expect(await notices()).toEqual([]);
    await pass(4);
    expect(await notices()).toEqual([expect.stringContaining('no audit yet')]);
  });
});
