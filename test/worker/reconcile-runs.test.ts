/** Runs that Temporal's own buttons, or a lost database, took away: what they began ends as abandoned. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationsQueue } from '../../src/contracts/queues.js';
import { runLabel } from '../../src/contracts/run-label.js';
import { openApproval, readApprovals } from '../../src/store/approval-rows.js';
import { openAttempt, readAttempts } from '../../src/store/go-live-attempts.js';
import { readIncidents, recordAlert, settleAlert } from '../../src/store/incident-rows.js';
import { beginRoutineRun, readRoutineRuns } from '../../src/store/routine-run.js';
import { openTask, readTasks } from '../../src/store/task-rows.js';
import {
  endLeftPermission,
  type ReconcileContext,
  reconcileRuns,
} from '../../src/worker/reconcile/reconcile-runs.js';
import { lookAtRuns } from '../../src/worker/stuck-runs.js';
import { openIncident } from '../incidents/incident-bench.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { startRoutine } from '../workflows/support/routines.js';

const LATER_MS = 120_000;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const contextOf = (desk: BenchDesk, laterMs = LATER_MS): ReconcileContext => ({
  desk: { desk: desk.name } as never,
  pool: bench.database.pool,
  temporal: bench.temporal,
  trader: desk.trader.client,
  home: null,
  nowMs: () => Date.now() + laterMs,
});
const reconcile = (desk: BenchDesk, laterMs?: number) => reconcileRuns(contextOf(desk, laterMs));

async function told(desk: BenchDesk): Promise<{ title: string; severity: string; body: string }[]> {
  const found = await bench.database.pool.query(
    "select title, severity, body from notice where desk = $1 and fingerprint like 'abandoned:%' order by id",
    [desk.name],
  );
  return found.rows;
}

/** Looks at what it is about once, and not again within the test. */
const timing = { lookMs: 600_000, lookMsMax: 600_000 } as const;

/** What a run is still writing when it is terminated comes after its end, and is another test's. */
async function atRest(workflowId: string): Promise<void> {
  await until('the run to wait', async () => {
    const { raw } = await bench.client.workflow.getHandle(workflowId).describe();
    return (raw.pendingActivities?.length ?? 0) === 0 && !raw.pendingWorkflowTask;
  });
}

const openedRow = async (desk: BenchDesk) =>
  until('its row', async () => (await readIncidents(bench.database.pool, desk.name))[0]);

describe.concurrent('a run that is gone', () => {
  it('a terminated incident ends as abandoned, and no longer silences its kind', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const { pool } = bench.database;
    const opening = { kind: 'reported', subject: '', key: 'outage', timing } as const;
    const incident = await openIncident(bench, desk, opening);
    const { fingerprint } = await openedRow(desk);
    const alert = { desk: desk.name, fingerprint, key: 'outage', source: 's', detail: 'd' };
    await recordAlert(pool, alert);
    await settleAlert(pool, alert);
    await atRest(incident.workflowId);
    await incident.end();
    expect(await reconcile(desk)).toMatchObject([{ workflowId: incident.workflowId }]);
    expect(await readIncidents(pool, desk.name)).toMatchObject([
      {
        state: 'resolved',
        resolvedBy: 'fermata',
        outcome: expect.stringMatching(/^abandoned: .*terminated/),
      },
    ]);
    // What is still seen opens the next one.
    expect(await recordAlert(pool, alert)).toEqual({ settled: false, lasts: false });
    expect(await told(desk)).toMatchObject([{ severity: 'critical', title: 'Abandoned: A reported' }]);
    const evidence = await desk.evidence('incident');
    expect(evidence.find(({ step_key: key }) => key.startsWith('abandoned'))).toMatchObject({
      verdict: 'fail',
      observed: expect.stringMatching(/abandoned/),
    });
    expect(await reconcile(desk)).toEqual([]);
  });

  it('one that runs, was continued or reset, or has just begun stays', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const incident = await openIncident(bench, desk, { kind: 'reported', subject: 'x', timing });
    await openedRow(desk);
    expect(await reconcile(desk)).toEqual([]);
    const { namespace, client } = bench.temporal;
    const history = await client.workflow.getHandle(incident.workflowId).fetchHistory();
    const completed = history.events?.find((event) => event.workflowTaskCompletedEventAttributes);
    await client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: incident.workflowId, runId: incident.firstRunId },
      reason: 'test',
      requestId: randomUUID(),
      workflowTaskFinishEventId: completed?.eventId ?? null,
    });
    expect(await reconcile(desk)).toEqual([]);
    await atRest(incident.workflowId);
    await client.workflow.getHandle(incident.workflowId).terminate();
    expect(await reconcile(desk, 0)).toEqual([]);
    expect(await reconcile(desk)).toHaveLength(1);
  });

  it('one that was reset records anew what it does again', async () => {
    const desk = await bench.desk();
    const step = { key: 'database', title: 'Database', check: 'database', onFail: 'warn', with: {} } as const;
    const routine = await startRoutine(bench, desk, [{ ...step, timeoutSeconds: 5 }]);
    await routine.result();
    const { namespace, client } = bench.temporal;
    const handle = client.workflow.getHandle(routine.workflowId);
    const { runId } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const completed = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    desk.checks.set('database', () => ({ verdict: 'fail', observed: 'now it is away', expected: 'fine' }));
    await client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: routine.workflowId, runId },
      reason: 'look again',
      requestId: randomUUID(),
      workflowTaskFinishEventId: completed?.eventId ?? null,
    });
    expect(await client.workflow.getHandle(routine.workflowId).result()).toMatchObject({ verdict: 'warn' });
    expect(await desk.evidence('pre-market')).toMatchObject([
      { step_key: 'database', verdict: 'pass' },
      { step_key: expect.stringMatching(/^database~.{8}$/), verdict: 'fail', observed: 'now it is away' },
    ]);
  });

  it('a terminated routine is no longer shown as running, and its waiting task is withdrawn', async () => {
    const desk = await bench.desk();
    const { pool } = bench.database;
    const common = { onFail: 'warn', timeoutSeconds: 5, with: {} } as const;
    const routine = await startRoutine(bench, desk, [
      { key: 'look', title: 'Look', human: 'Look.', waitMinutes: 60, ...common },
    ]);
    await until('the task', async () => (await readTasks(pool, desk.name)).length > 0);
    await until('its row', async () => (await readRoutineRuns(pool, desk.name)).length > 0);
    await atRest(routine.workflowId);
    await bench.client.workflow.getHandle(routine.workflowId).terminate();
    await reconcile(desk);
    expect(await readRoutineRuns(pool, desk.name)).toMatchObject([
      { verdict: 'fail', finishedMs: expect.any(Number) },
    ]);
    expect(await readTasks(pool, desk.name)).toMatchObject([{ state: 'withdrawn', doneBy: 'fermata' }]);
    expect(await told(desk)).toHaveLength(1);
  });

  it('what a fresh Temporal does not know any more ends, and a task that stands for itself stays', async () => {
    const desk = await bench.desk({ serve: [] });
    const { pool } = bench.database;
    const run = { desk: desk.name, workflowId: `routine:${desk.name}:lost`, firstRunId: randomUUID() };
    await beginRoutineRun(pool, {
      ...run,
      routine: 'pre-market',
      title: 'Pre-market',
      nominalMs: 0,
      startedMs: Date.now(),
      cause: 'schedule',
    });
    const task = { desk: desk.name, title: 'Review', detail: 'd', dueMs: Date.now() };
    await openTask(pool, { ...task, source: 'by hand' });
    const origin = { ...run, routine: 'incident', stepKey: 'review', simulated: false };
    await openTask(pool, { ...task, source: 'review of an incident', origin });
    expect(await reconcile(desk)).toMatchObject([{ how: expect.stringMatching(/does not know/) }]);
    expect((await readTasks(pool, desk.name)).map(({ state }) => state)).toEqual(['open', 'open']);
    expect((await desk.evidence('pre-market')).map(({ verdict }) => verdict)).toEqual(['fail']);
  });

  it('a question whose run is gone is withdrawn, so that the same can be asked again', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.risk = [{ limit: 'daily-loss', value: '3 %', now: '2.90 %' }];
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '', timing });
    const { pool } = bench.database;
    await openedRow(desk);
    await until('the offer', async () => (await readApprovals(pool, desk.name)).length > 0);
    await atRest(incident.workflowId);
    await incident.end();
    await reconcile(desk);
    expect(await readApprovals(pool, desk.name)).toMatchObject([
      { state: 'withdrawn', outcome: expect.stringMatching(/^abandoned/) },
    ]);
    // One run: told once, with everything that it held.
    expect(await told(desk)).toMatchObject([{ body: expect.stringMatching(/incident.*\n.*approval/) }]);
  });
});

describe('going live whose run is gone', () => {
  async function attempt(desk: BenchDesk) {
    const { pool } = bench.database;
    const workflowIdOf = () => `golive:${desk.name}`;
    await openAttempt(pool, { desk: desk.name, release: 'r', askedBy: 'anna', reason: 'r', workflowIdOf });
    await pool.query("update golive_attempt set state = 'live' where desk = $1", [desk.name]);
    desk.trader.granted = { release: 'r', attempt: 1, step: 0 } as never;
  }
  const state = async (desk: BenchDesk) => (await readAttempts(bench.database.pool, desk.name))[0]?.state;

  it('ends the permission to trade real money, and says so', async () => {
    const desk = await bench.desk({ serve: [] });
    await attempt(desk);
    await reconcile(desk);
    expect(desk.trader.sent('revokeGoLive')).toMatchObject([{ by: 'operations' }]);
    expect(await state(desk)).toBe('ended');
    expect(await told(desk)).toMatchObject([
      { severity: 'critical', body: expect.stringMatching(/permission to trade real money was ended/) },
    ]);
  });

  it('tells of the question that it had asked as well, which is withdrawn', async () => {
    const desk = await bench.desk({ serve: [] });
    const { pool } = bench.database;
    const run = await bench.client.workflow.start('goLive', {
      workflowId: `golive:${desk.name}`,
      taskQueue: operationsQueue(desk.name),
      args: [{}],
    });
    await attempt(desk);
    const id = `golive:${desk.name}:question`;
    await openApproval(pool, {
      ...{
        id,
        desk: desk.name,
        token: randomUUID(),
        kind: 'go-live',
        subject: 's',
        title: 'Trade real money',
      },
      ...{ parameters: {}, parametersHash: 'h', needed: 2, roles: ['approver'], requestedBy: 'anna' },
      ...{ workflowId: run.workflowId, runId: run.firstExecutionRunId, expiresMs: Date.now() + 60_000 },
    });
    await run.terminate();
    await reconcile(desk);
    expect(await readApprovals(pool, desk.name)).toMatchObject([{ state: 'withdrawn' }]);
    const titles = (await told(desk)).map(({ title }) => title).sort();
    expect(titles).toEqual([expect.stringMatching(/^Abandoned: Going live/), 'Abandoned: Trade real money']);
  });

  it('ends a permission that stands after its attempt is over, and tells people', async () => {
    const desk = await bench.desk({ serve: [] });
    await attempt(desk);
    const { pool } = bench.database;
    const over = (how: string) =>
      pool.query('update golive_attempt set state = $2, finished = now() where desk = $1', [desk.name, how]);
    // What took every step has earned it, and what another attempt was given is none of this one's.
    await over('completed');
    expect(await endLeftPermission(contextOf(desk))).toBeNull();
    await over('ended');
    desk.trader.granted = { release: 'r', attempt: 2, step: 0 } as never;
    expect(await endLeftPermission(contextOf(desk))).toBeNull();
    expect(desk.trader.sent('revokeGoLive')).toEqual([]);
    desk.trader.granted = { release: 'r', attempt: 1, step: 0 } as never;
    await expect(lookAtRuns(contextOf(desk), { error: () => undefined } as never)()).resolves.toBeUndefined();
    expect(desk.trader.sent('revokeGoLive')).toMatchObject([{ by: 'operations' }]);
    const found = await pool.query('select title, severity from notice where desk = $1', [desk.name]);
    expect(found.rows).toEqual([
      {
        title: `${desk.name} could still trade real money after its go-live had ended`,
        severity: 'critical',
      },
    ]);
  });

  it('leaves the permission to a run that was begun anew and watches on', async () => {
    const desk = await bench.desk({ serve: [] });
    const run = await bench.client.workflow.start('goLive', {
      workflowId: `golive:${desk.name}`,
      taskQueue: operationsQueue(desk.name),
      args: [{}],
    });
    await attempt(desk);
    await bench.database.pool.query(
      "update golive_attempt set state = 'refused', finished = now() where desk = $1",
      [desk.name],
    );
    expect(await endLeftPermission(contextOf(desk))).toBeNull();
    await run.terminate();
    expect(await endLeftPermission(contextOf(desk))).toMatchObject({ attempt: 1 });
  });

  it('tells people at once while the trader can not be told, and tries again', async () => {
    const desk = await bench.desk({ serve: [] });
    await attempt(desk);
    desk.trader.gone = true;
    await expect(reconcile(desk)).rejects.toThrow();
    expect(await state(desk)).toBe('live');
    const found = await bench.database.pool.query('select title from notice where desk = $1', [desk.name]);
    expect(found.rows).toEqual([{ title: `${desk.name} may trade real money that nobody watches` }]);
    desk.trader.gone = false;
    await reconcile(desk);
    expect(await state(desk)).toBe('ended');
  });

  it('holds up nothing else while the trader can not be told', async () => {
    const desk = await bench.desk({ serve: [] });
    const { pool } = bench.database;
    await attempt(desk);
    desk.trader.gone = true;
    const workflowId = `routine:${desk.name}:lost`;
    const routine = { routine: 'pre-market', title: 'Pre-market', cause: 'schedule' } as const;
    const run = { desk: desk.name, workflowId, firstRunId: randomUUID(), nominalMs: 0 };
    // Younger than the attempt, so that it is looked at later.
    await beginRoutineRun(pool, { ...run, ...routine, startedMs: Date.now() + 1_000 });
    const stop = await bench.client.workflow.start('emergencyStop', {
      workflowId: `estop:${desk.name}`,
      taskQueue: `emergency:${desk.name}`,
      args: [{}],
      ...runLabel({ desk: desk.name, routine: 'emergency-stop', summary: 's', details: '' }),
    });
    await stop.terminate();
    await until('the list, which is a moment behind', async () => {
      const query = `WorkflowId = "${stop.workflowId}" AND ExecutionStatus = "Terminated"`;
      return (await bench.client.workflow.count(query)).count === 1;
    });
    const said: string[] = [];
    const log = { error: (_: object, text: string) => void said.push(text) };
    await expect(lookAtRuns(contextOf(desk), log as never)()).rejects.toThrow();
    expect(await state(desk)).toBe('live');
    expect(await readRoutineRuns(pool, desk.name)).toMatchObject([{ verdict: 'fail' }]);
    expect(await desk.evidence('emergency-stop')).toMatchObject([
      { observed: expect.stringMatching(/abandoned/) },
    ]);
    expect(said).toEqual([
      expect.stringMatching(/^abandoned: routine "Pre-market"/),
      expect.stringMatching(/^abandoned: the emergency stop/),
    ]);
  });
});
