import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { operationsQueue, resumptionId } from '../../src/contracts/queues.js';
import { FERMATA_DESK } from '../../src/contracts/search-attributes.js';
import { runAddressAt } from '../../src/home/run-address.js';
import { homePaths } from '../../src/home/runtime.js';
import { readIncidents } from '../../src/store/incidents.js';
import { readMissedRuns, readRoutineRuns, saveSweep } from '../../src/store/routine-run.js';
import { saveScheduleState } from '../../src/store/schedule-state.js';
import { MARKET_CLOCK_NOTE, scheduleIdOf } from '../../src/temporal/schedules/schedule-definition.js';
import { marketClockRoutines } from '../../src/worker/market-clock-routines.js';
import { resumptionOfHalts } from '../../src/worker/resumption-of-halts.js';
import { roleLog } from '../../src/worker/role-log.js';
import { scheduleUpkeep } from '../../src/worker/schedule-upkeep.js';
import { lookForStuck, stuckRuns } from '../../src/worker/stuck-workflows.js';
import type { TraderWatchContext } from '../../src/worker/trader-watch.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { until } from '../workflows/support/until.js';

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

  it('finds at its start what was due while nothing ran, and tells people', async () => {
    const desk = await bench.desk({ serve: [] });
    const { pool } = bench.database;
    desk.trader.market = { kind: 'live', speed: 1 };
    const untilMs = Date.now() - 3.5 * DAY_MS;
    await saveSweep(pool, desk.name, { routine: 'pre-market', untilMs, missedCatchups: 0 });
    const follow = upkeepOf(desk);
    for (const _ of ['applies', 'sweeps', 'waits for its next one']) await follow(desk.trader.status());
    const missed = await readMissedRuns(pool, desk.name);
    expect(missed.length).toBeGreaterThanOrEqual(2);
    const told = await pool.query("select body from notice where desk = $1 and title like '%missed'", [
      desk.name,
    ]);
    expect(told.rows).toMatchObject([{ body: expect.stringMatching(/Nothing ran when they were due/) }]);
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
    for (let looks = 0; looks < 3; looks += 1) await look();
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
});
