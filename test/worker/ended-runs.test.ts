/** Runs that are terminated, and of which nothing in Postgres says that they ran, or that they still do. */

import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EMERGENCY_TIMING,
  type EmergencyOutcome,
  emergencyStopLabel,
} from '../../src/contracts/emergency.js';
import { emergencyQueue, emergencyStopId, operationsQueue } from '../../src/contracts/queues.js';
import { runLabel } from '../../src/contracts/run-label.js';
import { keepSeenRuns } from '../../src/store/runs-seen.js';
import type { TemporalAccess } from '../../src/temporal/open-temporal.js';
import { tellEndedRuns } from '../../src/worker/reconcile/ended-runs.js';
import { type ReconcileContext, reconcileRuns } from '../../src/worker/reconcile/reconcile-runs.js';
import { until } from '../support/eventually.js';
import { lose, reset } from '../support/kill-matrix/buttons.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { startRoutine } from '../workflows/support/routines.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const contextOf = (desk: BenchDesk, laterMs = 0): ReconcileContext => ({
  desk: { desk: desk.name, mode: 'paper', closeAll: { deadlineSeconds: 30 } } as never,
  pool: bench.database.pool,
  temporal: bench.temporal,
  trader: desk.trader.client,
  home: null,
  nowMs: () => Date.now() + laterMs,
});
const tellEnded = (desk: BenchDesk, told = new Set<string>()) => tellEndedRuns(contextOf(desk), told);
const reconcile = (desk: BenchDesk) => reconcileRuns(contextOf(desk));

const lookLater = (desk: BenchDesk, laterMs: number) => tellEndedRuns(contextOf(desk, laterMs), new Set());

async function isKept(desk: BenchDesk, workflowId: string): Promise<boolean> {
  const { rowCount } = await bench.database.pool.query(
    'select from run_seen where desk = $1 and workflow_id = $2',
    [desk.name, workflowId],
  );
  return rowCount !== 0;
}

async function toldOf(desk: BenchDesk): Promise<{ title: string; body: string }[]> {
  const found = await bench.database.pool.query(
    "select title, body from notice where desk = $1 and fingerprint like 'abandoned-run:%' order by id",
    [desk.name],
  );
  return found.rows;
}

const start = (desk: BenchDesk, type: string, routine: string, args: unknown[] = [{}]) =>
  bench.client.workflow.start(type, {
    workflowId: `${type}:${desk.name}`,
    taskQueue: operationsQueue(desk.name),
    args,
    ...runLabel({ desk: desk.name, routine, summary: type, details: '' }),
  });

/** The list of runs is a moment behind the runs. */
const listedAs = (desk: BenchDesk, status: string, count: number) =>
  until(`${count} to be listed`, async () => {
    let listed = 0;
    const query = `FermataDesk = "${desk.name}" AND ExecutionStatus = "${status}"`;
    for await (const _ of bench.client.workflow.list({ query })) listed += 1;
    return listed === count;
  });

const listedNoMore = (workflowId: string, condition = '') =>
  until(`${workflowId} not to be listed`, async () => {
    const { count } = await bench.client.workflow.count(`WorkflowId = "${workflowId}"${condition}`);
    return count === 0;
  });

const DAY_MS = 86_400_000;

describe.concurrent('a run that nothing in Postgres knows of', () => {
  const types = [
    ['emergencyStop', 'emergency-stop', /proves it any more.*fermata stop/],
    ['backup', 'backup', /what it may have left was not verified/],
    ['restoreDrill', 'restore-drill', /proves nothing/],
    ['deploy', 'deploy', /which build runs/],
    ['validation', 'validation', /gives no GO/],
    ['resumption', 'resumption', /stays halted/],
    ['routine', 'pre-market', /The routine pre-market did not end|fermata run/],
    ['incident', 'incident', /opens it again/],
    ['settingsChange', 'settings', /whether it is in force/],
  ] as const;

  it.each(types)('a terminated %s is told once, with evidence', async (type, routine, words) => {
    const desk = await bench.desk({ serve: [] });
    const run = await start(desk, type, routine);
    expect(await tellEnded(desk)).toEqual([]);
    await run.terminate();
    await listedAs(desk, 'Terminated', 1);
    const told = new Set<string>();
    expect(await tellEnded(desk, told)).toMatchObject([
      { workflowId: run.workflowId, how: 'its run was terminated in Temporal' },
    ]);
    expect(await tellEnded(desk, told)).toEqual([]);
    // A worker that was started anew finds it again.
    await tellEnded(desk);
    expect(await desk.evidence(routine)).toMatchObject([
      { kind: 'report', verdict: 'fail', observed: expect.stringMatching(words) },
    ]);
    expect(await toldOf(desk)).toMatchObject([{ body: expect.stringMatching(words) }]);
  });

  const lost = types.map(([type, routine, words]) =>
    type === 'emergencyStop'
      ? ([type, routine, /asked for again, as a stop.*fermata close-all/] as const)
      : ([type, routine, words] as const),
  );

  it.each(lost)('a %s that Temporal has lost is told once, with evidence', async (type, routine, words) => {
    const desk = await bench.desk({ serve: [] });
    const run = await start(desk, type, routine);
    await listedAs(desk, 'Running', 1);
    expect(await tellEnded(desk)).toEqual([]);
    await lose(bench, run.workflowId);
    await listedNoMore(run.workflowId);
    // The desk goes on: another may have its name by then.
    await start(desk, type, routine);
    const how = 'Temporal does not know its run: its database was lost or set back';
    expect(await tellEnded(desk)).toMatchObject([{ workflowId: run.workflowId, how }]);
    expect(await tellEnded(desk)).toEqual([]);
    expect(await desk.evidence(routine)).toMatchObject([
      { kind: 'report', verdict: 'fail', observed: expect.stringMatching(words) },
    ]);
    expect(await toldOf(desk)).toMatchObject([{ body: expect.stringMatching(words) }]);
  });

  it('one that ended by itself between two looks is not', async () => {
    const input = { desk: '', verify: true, keep: 5, simulated: true, marketMs: null, person: null };
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const step = { verdict: 'pass', title: 'T', observed: 'x', expected: 'y' };
    const desk = await bench.desk({
      serve: ['operations'],
      activities: () => ({
        takeBackup: () => held.then(() => ({ backupId: null, step: { ...step, key: 'take' } })),
      }),
    });
    const run = await start(desk, 'backup', 'backup', [{ ...input, desk: desk.name, evidenceMs: 600_000 }]);
    await listedAs(desk, 'Running', 1);
    await tellEnded(desk);
    expect(await isKept(desk, run.workflowId)).toBe(true);
    release();
    await run.result();
    await listedNoMore(run.workflowId, ' AND ExecutionStatus = "Running"');
    await start(desk, 'resumption', 'resumption');
    expect(await tellEnded(desk)).toEqual([]);
    expect(await toldOf(desk)).toEqual([]);
    expect(await isKept(desk, run.workflowId)).toBe(false);
  });

  it('a stop that Temporal has lost before the trader took it is asked for again, and one that was proven is not', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'], followed: true });
    const workflowId = emergencyStopId(desk.name);
    const ask = (reason: string) =>
      bench.client.workflow.signalWithStart('emergencyStop', {
        workflowId,
        taskQueue: emergencyQueue(desk.name),
        args: [
          {
            desk: desk.name,
            incarnations: null,
            orders: [],
            timing: { ...EMERGENCY_TIMING, retryMsMax: 200 },
          },
        ],
        signal: 'closeAll',
        signalArgs: [{ commandId: randomUUID(), by: 'anna', via: 'web', reason, sentTo: [] }],
        ...emergencyStopLabel(desk.name),
      });
    const stop = async () => (await bench.client.workflow.getHandle(workflowId).result()) as EmergencyOutcome;
    desk.trader.gone = true;
    await ask('prices look wrong');
    await until('it to be on record', async () => (await desk.evidence('emergency-stop')).length > 1);
    await until('its word', () => isKept(desk, workflowId));
    await lose(bench, workflowId);
    await listedNoMore(workflowId);
    desk.trader.gone = false;
    expect(desk.trader.received).toEqual([]);
    expect(await tellEnded(desk)).toMatchObject([{ workflowId }]);
    expect(await stop()).toMatchObject({ kind: 'stop', proven: true });
    // To close everything is for people to decide once more.
    expect(desk.trader.received.map(({ method }) => method)).not.toContain('closeAll');
    expect(desk.trader.sent('stop')).toMatchObject([
      {
        by: 'anna',
        reason: expect.stringMatching(
          /^anna \(web\): prices look wrong \(asked for again, because Temporal had lost it\)$/,
        ),
      },
    ]);
    expect(await toldOf(desk)).toMatchObject([
      { body: expect.stringMatching(/it was asked for again, as a stop.*fermata close-all/) },
    ]);
    // Proven and on record, as one that only waits for something else.
    await ask('again');
    await stop();
    await until('its last word', async () => !(await isKept(desk, workflowId)));
    const { runId, type, startTime } = await bench.client.workflow.getHandle(workflowId).describe();
    const times = { startedMs: startTime.getTime(), seenMs: Date.now() };
    await keepSeenRuns(bench.database.pool, desk.name, [
      { workflowId, runId, firstRunId: runId, type, routine: 'emergency-stop', ...times },
    ]);
    await lose(bench, workflowId);
    // The stop before it is still there.
    await listedNoMore(workflowId, ` AND RunId = "${runId}"`);
    expect(await tellEnded(desk)).toMatchObject([{ workflowId }]);
    await expect(stop()).rejects.toThrow('not found');
    expect(desk.trader.sent('stop')).toHaveLength(1);
  });

  it('one that no look has seen yet is told all the same: it said itself that it began', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const input = {
      verify: false,
      keep: 5,
      simulated: true,
      marketMs: null,
      person: null,
      evidenceMs: 600_000,
    };
    const step = { verdict: 'pass', title: 'T', observed: 'x', expected: 'y' };
    const desk = await bench.desk({
      serve: ['operations'],
      followed: true,
      activities: () => ({
        takeBackup: () => held.then(() => ({ backupId: 'b1', step: { ...step, key: 'take' } })),
        pruneBackups: async () => ({ ...step, key: 'prune' }),
      }),
    });
    const begin = () => start(desk, 'backup', 'backup', [{ ...input, desk: desk.name }]);
    const { workflowId } = await begin();
    await until('its word', () => isKept(desk, workflowId));
    await lose(bench, workflowId);
    await listedNoMore(workflowId);
    expect(await tellEnded(desk)).toMatchObject([{ workflowId }]);
    expect(await isKept(desk, workflowId)).toBe(false);
    expect(await desk.evidence('backup')).toMatchObject([
      {
        step_key: expect.stringMatching(/^abandoned:/),
        observed: expect.stringMatching(/does not know its run/),
      },
    ]);
    // One that has ended by itself was not lost, whatever Temporal forgets before the next look.
    const again = await begin();
    await until('its word', () => isKept(desk, workflowId));
    release();
    await again.result();
    await until('its last word', async () => !(await isKept(desk, workflowId)));
    await lose(bench, workflowId);
    await listedNoMore(workflowId);
    expect(await tellEnded(desk)).toEqual([]);
  });

  it('one that was seen too long ago for Temporal to keep it is not told as lost', async () => {
    const desk = await bench.desk({ serve: [] });
    const { workflowId } = await start(desk, 'backup', 'backup');
    await listedAs(desk, 'Running', 1);
    await tellEnded(desk);
    await lose(bench, workflowId);
    await listedNoMore(workflowId);
    expect(await lookLater(desk, 3 * DAY_MS)).toEqual([]);
    expect(await toldOf(desk)).toEqual([]);
    expect(await isKept(desk, workflowId)).toBe(false);
  });

  it('one that runs for long counts as seen at the last look', async () => {
    const desk = await bench.desk({ serve: [] });
    const { workflowId } = await start(desk, 'backup', 'backup');
    await listedAs(desk, 'Running', 1);
    await tellEnded(desk);
    expect(await lookLater(desk, 3 * DAY_MS)).toEqual([]);
    await lose(bench, workflowId);
    await listedNoMore(workflowId);
    expect(await lookLater(desk, 4 * DAY_MS)).toMatchObject([{ workflowId }]);
  });

  it('one that is deleted after it was listed does not hold up the others', async () => {
    const desk = await bench.desk({ serve: [] });
    const open = await start(desk, 'backup', 'backup');
    const drill = await start(desk, 'restoreDrill', 'restore-drill');
    await drill.terminate();
    await listedAs(desk, 'Running', 1);
    await listedAs(desk, 'Terminated', 1);
    let isListed = false;
    const within: TemporalAccess['within'] = async (deadlineMs, use) => {
      const answer = await bench.temporal.within(deadlineMs, use);
      if (!isListed) {
        isListed = true;
        await lose(bench, open.workflowId);
      }
      return answer;
    };
    const context = { ...contextOf(desk), temporal: { ...bench.temporal, within } };
    expect(await tellEndedRuns(context, new Set())).toMatchObject([{ workflowId: drill.workflowId }]);
    expect(await isKept(desk, open.workflowId)).toBe(false);
  });

  it('one that another has followed under its name is told all the same', async () => {
    const desk = await bench.desk({ serve: [] });
    await (await start(desk, 'backup', 'backup')).terminate();
    await start(desk, 'backup', 'backup');
    await listedAs(desk, 'Terminated', 1);
    expect(await tellEnded(desk)).toHaveLength(1);
  });

  it('one that goes on because it was reset, twice, is not', async () => {
    const input = { desk: '', verify: true, keep: 5, simulated: true, marketMs: null, person: null };
    const desk = await bench.desk({
      serve: ['operations'],
      activities: () => ({ takeBackup: () => Context.current().cancelled }),
    });
    const { workflowId } = await start(desk, 'backup', 'backup', [
      { ...input, desk: desk.name, evidenceMs: 600_000 },
    ]);
    const handle = bench.client.workflow.getHandle(workflowId);
    for (const _ of [1, 2]) {
      const completed = await until('a first task', async () =>
        (await handle.fetchHistory()).events?.find((event) => event.workflowTaskCompletedEventAttributes),
      );
      await bench.client.workflowService.resetWorkflowExecution({
        namespace: bench.temporal.namespace,
        workflowExecution: { workflowId, runId: (await handle.describe()).runId },
        reason: 'test',
        requestId: randomUUID(),
        workflowTaskFinishEventId: completed.eventId ?? null,
      });
    }
    await listedAs(desk, 'Terminated', 2);
    expect(await tellEnded(desk)).toEqual([]);
    await handle.terminate();
  });

  it('one whose row is open is left to who ends it, and is not told a second time', async () => {
    const desk = await bench.desk({ serve: [] });
    const run = await start(desk, 'routine', 'pre-market');
    const { pool } = bench.database;
    const row = [desk.name, run.workflowId, run.firstExecutionRunId];
    await pool.query(
      `insert into routine_run (desk, workflow_id, first_run_id, routine, title, nominal, cause, started)
       values ($1, $2, $3, 'pre-market', 'Pre-market', now(), 'schedule', now() - interval '2 minutes')`,
      row,
    );
    await run.terminate();
    await listedAs(desk, 'Terminated', 1);
    expect(await tellEnded(desk)).toEqual([]);
    expect(await reconcile(desk)).toHaveLength(1);
    expect(await tellEnded(desk)).toEqual([]);
    expect(await toldOf(desk)).toEqual([]);
  });

  it('one that a person started in Temporal by hand is told as well', async () => {
    const desk = await bench.desk({ serve: [] });
    const taskQueue = emergencyQueue(desk.name);
    const run = await bench.client.workflow.start('emergencyStop', {
      workflowId: `hand:${desk.name}`,
      taskQueue,
    });
    await run.terminate();
    await until('it to be listed', async () => {
      const query = `WorkflowId = "${run.workflowId}" AND ExecutionStatus = "Terminated"`;
      return (await bench.client.workflow.count(query)).count === 1;
    });
    expect(await tellEnded(desk)).toMatchObject([{ workflowId: run.workflowId, what: 'emergency stop' }]);
  });

  it('a routine that had ended, was reset and terminated then is told: its row is of the run before', async () => {
    const desk = await bench.desk({ serve: ['operations'] });
    const { workflowId, result } = await startRoutine(bench, desk, []);
    await result();
    await desk.stop();
    await reset(bench, workflowId);
    await bench.client.workflow.getHandle(workflowId).terminate();
    await listedAs(desk, 'Terminated', 1);
    expect(await tellEnded(desk)).toMatchObject([{ workflowId }]);
  });

  it.each(['terminated', 'lost'])('a routine that still sends its halt and is %s is told', async (end) => {
    const desk = await bench.desk({ followed: true });
    desk.checks.set('database', () => ({ verdict: 'fail', observed: 'old', expected: 'new' }));
    desk.trader.offDisk = 'no space left on device';
    const step = { key: 'a', title: 'A', check: 'database', onFail: 'halt', timeoutSeconds: 60, with: {} };
    const { workflowId } = await startRoutine(bench, desk, [step as never]);
    await until('its row to be closed, and what it owes to be on record', async () => {
      const { rowCount } = await bench.database.pool.query(
        'select from routine_run where workflow_id = $1 and finished is not null',
        [workflowId],
      );
      const evidence = await desk.evidence('pre-market');
      return rowCount === 1 && evidence.some(({ step_key: key }) => key === 'owed:halt:a');
    });
    expect(await tellEnded(desk)).toEqual([]);
    if (end === 'lost') await lose(bench, workflowId);
    else await bench.client.workflow.getHandle(workflowId).terminate();
    if (end === 'lost') await listedNoMore(workflowId);
    else await listedAs(desk, 'Terminated', 1);
    const told = new Set<string>();
    expect(await tellEnded(desk, told)).toMatchObject([{ workflowId, what: 'routine pre-market' }]);
    expect(await tellEnded(desk, told)).toEqual([]);
    const { rows } = await bench.database.pool.query(
      "select severity, body from notice where desk = $1 and fingerprint like 'abandoned-run:%'",
      [desk.name],
    );
    const words =
      end === 'lost' ? /a stop was asked for in place of the halt/ : /nobody sends its halt any more/;
    expect(rows).toEqual([{ severity: 'critical', body: expect.stringMatching(words) }]);
    desk.trader.restart();
    if (end === 'terminated') return;
    await until('the stop', () => desk.trader.halts.some(({ cause }) => cause === 'person'));
    expect(desk.trader.sent('stop')[0]).toMatchObject({
      by: 'Temporal',
      reason: expect.stringContaining('no space left on device'),
    });
  });

  it('a routine whose halt came to be on disk has ended, whatever becomes of its run', async () => {
    const desk = await bench.desk();
    desk.checks.set('database', () => ({ verdict: 'fail', observed: 'old', expected: 'new' }));
    desk.trader.gone = true;
    const step = { key: 'a', title: 'A', check: 'database', onFail: 'halt', timeoutSeconds: 60, with: {} };
    const run = await startRoutine(bench, desk, [step as never]);
    await until('people to be told', () => desk.alarms.length > 0);
    desk.trader.gone = false;
    await run.result();
    await listedAs(desk, 'Failed', 1);
    expect((await desk.evidence('pre-market')).map(({ step_key: key }) => key)).toEqual(
      expect.arrayContaining(['owed:halt:a', 'halt:a:kept']),
    );
    expect(await tellEnded(desk)).toEqual([]);
  });

  it('a routine that was abandoned, reset and terminated again is told again', async () => {
    const desk = await bench.desk({
      serve: ['operations'],
      activities: () => ({ runCheck: () => Context.current().cancelled }),
    });
    const { pool } = bench.database;
    const step = { key: 'a', title: 'A', check: 'database', onFail: 'warn', timeoutSeconds: 60, with: {} };
    const { workflowId } = await startRoutine(bench, desk, [step as never]);
    const handle = bench.client.workflow.getHandle(workflowId);
    const terminateOnceShown = async () => {
      await until('its row', async () => {
        // As one that began minutes ago.
        const { rowCount } = await pool.query(
          `update routine_run set started = now() - interval '2 minutes' where workflow_id = $1 and finished is null`,
          [workflowId],
        );
        return rowCount === 1;
      });
      await handle.terminate();
    };
    const abandoned = async () => {
      const evidence = await desk.evidence('pre-market');
      const notices = await pool.query(
        "select from notice where desk = $1 and fingerprint like 'abandoned%'",
        [desk.name],
      );
      const kept = evidence.filter(({ step_key: key }) => key.startsWith('abandoned:')).length;
      return { kept, told: notices.rowCount };
    };
    await terminateOnceShown();
    expect(await reconcile(desk)).toHaveLength(1);
    expect(await abandoned()).toEqual({ kept: 1, told: 1 });
    // Terminated where its row is open again, and where it is not yet.
    await reset(bench, workflowId);
    await terminateOnceShown();
    expect(await reconcile(desk)).toHaveLength(1);
    expect(await abandoned()).toEqual({ kept: 2, told: 2 });
    await listedAs(desk, 'Terminated', 2);
    expect(await tellEnded(desk)).toEqual([]);
    await desk.stop();
    await reset(bench, workflowId);
    await handle.terminate();
    await listedAs(desk, 'Terminated', 3);
    const told = new Set<string>();
    expect(await tellEnded(desk, told)).toMatchObject([{ workflowId }]);
    expect(await tellEnded(desk, told)).toEqual([]);
    expect(await abandoned()).toEqual({ kept: 3, told: 3 });
  });

  it('another desk’s is not this one’s', async () => {
    const [ours, theirs] = [await bench.desk({ serve: [] }), await bench.desk({ serve: [] })];
    await (await start(theirs, 'backup', 'backup')).terminate();
    await listedAs(theirs, 'Terminated', 1);
    expect(await tellEnded(ours)).toEqual([]);
  });
});
