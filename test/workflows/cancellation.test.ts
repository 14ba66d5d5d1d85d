/** "Cancel" in Temporal is a request: each type of procedure makes of it what is safe, and loses nothing. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingsChangeInput } from '../../src/contracts/approval.js';
import { EMERGENCY_MESSAGES, EMERGENCY_TIMING } from '../../src/contracts/emergency.js';
import {
  backupWorkflowId,
  deskOwnerId,
  emergencyQueue,
  emergencyStopId,
  operationsQueue,
  PULSE_MESSAGES,
  preflightId,
  pulseId,
  settingsChangeId,
} from '../../src/contracts/queues.js';
import type { RoutineStep } from '../../src/contracts/routine.js';
import { readApprovals } from '../../src/store/approval-rows.js';
import { readIncidents } from '../../src/store/incident-rows.js';
import { readRoutineRuns } from '../../src/store/routine-run.js';
import { openIncident, timelineOf, toldOf } from '../incidents/incident-bench.js';
import { until } from '../support/eventually.js';
import { CHECK_STEPS } from './support/check-steps.js';
import { decisionOf, openApproval, vote } from './support/decisions.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { holdActivity } from './support/held.js';
import { keepHistory } from './support/keep-history.js';
import { resume } from './support/resumptions.js';
import { startRoutine } from './support/routines.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Resolves once the run has heard of it. */
async function cancel(workflowId: string): Promise<void> {
  const handle = bench.client.workflow.getHandle(workflowId);
  await handle.cancel();
  await until('the request to reach the run', async () => {
    const { events } = await handle.fetchHistory();
    const asked = events?.findIndex(({ workflowExecutionCancelRequestedEventAttributes: it }) => it) ?? -1;
    return asked >= 0 && events?.slice(asked).some((event) => event.workflowTaskCompletedEventAttributes);
  });
}

async function titlesOf(desk: BenchDesk): Promise<string[]> {
  const found = await bench.database.pool.query<{ title: string }>(
    'select title from notice where desk = $1 order by id',
    [desk.name],
  );
  return found.rows.map(({ title }) => title);
}

const statusOf = async (workflowId: string) =>
  (await bench.client.workflow.getHandle(workflowId).describe()).status.name;

const bad = { verdict: 'fail', observed: 'bad', expected: 'good' } as const;

function step(key: string, check: string, onFail: RoutineStep['onFail']): RoutineStep {
  return { key, title: `Step ${key}`, check, onFail, timeoutSeconds: 20, with: {} };
}

describe.concurrent('an incident that is cancelled', () => {
  it('says why it goes on, and can still be acknowledged, resolved and opened again', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    const opening = { kind: 'reported', subject: 'a', title: 'Prices look odd' } as const;
    const incident = await openIncident(bench, desk, opening);
    await cancel(incident.workflowId);
    expect(await incident.answer('acknowledge')).toMatchObject({ acknowledgedBy: 'anna' });
    expect(await incident.answer('resolve')).toMatchObject({ state: expect.any(String) });
    expect(await incident.result()).toMatchObject({
      state: 'resolved',
      outcome: 'anna declared it over: seen',
    });
    expect(await statusOf(incident.workflowId)).toBe('COMPLETED');
    const names = (await timelineOf(bench, incident)).map(({ name }) => name);
    expect(names).toEqual(['Opened', 'Asked to cancel', 'Acknowledged', 'Declared over', 'Over']);
    const told = (await toldOf(bench, incident)).map(({ title }) => title.split(':')[0]);
    expect(told).toContain('Goes on although it was to be cancelled');
    await keepHistory(bench, 'incident-cancelled', incident.workflowId);
    const again = await openIncident(bench, desk, opening);
    expect(again.firstRunId).not.toBe(incident.firstRunId);
    await again.end();
  });

  it('counts the answer of a person that was being verified when it was cancelled', async () => {
    const held = holdActivity('verifyDecision');
    const desk = await bench.desk({ serve: ['operations', 'engine'], afterActivity: held.after });
    const incident = await openIncident(bench, desk, { kind: 'step-failed' });
    const answered = incident.answer('acknowledge');
    await held.reached;
    await cancel(incident.workflowId);
    held.release();
    expect(await answered).toMatchObject({ state: 'acknowledged', acknowledgedBy: 'anna' });
    await incident.answer('resolve');
    await incident.result();
    await until('its row', async () =>
      (await readIncidents(bench.database.pool, desk.name)).some(({ state }) => state === 'resolved'),
    );
  });
});

describe.concurrent('a routine that is cancelled', () => {
  it('leaves out what remains, halts all the same where a step says so, and records it', async () => {
    const desk = await bench.desk();
    let begun = false;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    desk.checks.set('data-fresh', async () => {
      begun = true;
      await released;
      return bad;
    });
    const routine = await startRoutine(bench, desk, [
      step('fresh', 'data-fresh', 'halt'),
      step('venue', 'venue-reachable', 'stop'),
      step('database', 'database', 'warn'),
    ]);
    await until('the check', () => begun);
    await cancel(routine.workflowId);
    release();
    expect(await routine.result()).toMatchObject({ verdict: 'fail' });
    expect(desk.trader.sent('halt')).toMatchObject([{ cause: 'check-failed' }]);
    const evidence = await desk.evidence('pre-market');
    expect(evidence.map(({ step_key: key, verdict }) => `${key} ${verdict}`).sort()).toEqual([
      'cancelled warn',
      'database not_run',
      'fresh fail',
      'halt:fresh pass',
      'venue pass',
    ]);
    const [run] = await readRoutineRuns(bench.database.pool, desk.name);
    expect(run).toMatchObject({ verdict: 'fail', finishedMs: expect.any(Number) });
    const told = await bench.database.pool.query('select body from notice where desk = $1', [desk.name]);
    expect(told.rows[0].body).toMatch(/Step fresh: bad/);
    expect(told.rows[0].body).toMatch(/left out: Step database/);
    await keepHistory(bench, 'routine-cancelled', routine.workflowId);
  });

  it('waits for no person any longer, and says that it is not clean', async () => {
    const desk = await bench.desk();
    const look: RoutineStep = {
      ...step('look', '', 'warn'),
      check: undefined,
      human: 'Look.',
      waitMinutes: 60,
    };
    const routine = await startRoutine(bench, desk, [look]);
    await until('the task', async () => (await titlesOf(desk)).length > 0);
    await cancel(routine.workflowId);
    expect(await routine.result()).toMatchObject({
      verdict: 'warn',
      steps: [{ verdict: 'not_run', observed: expect.stringMatching(/nothing waits for it/) }, {}],
    });
    await keepHistory(bench, 'routine-cancelled-before-a-person', routine.workflowId);
  });

  it('lets the backup that it began go on by itself', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const taken = { key: 'take', title: 'Taken', verdict: 'pass', observed: 'x', expected: 'y' } as const;
    const desk = await bench.desk({
      activities: () => ({
        takeBackup: async () => {
          await released;
          return { backupId: 'b1', step: taken };
        },
        verifyBackup: async () => ({ ...taken, key: 'verify' }),
        pruneBackups: async () => ({ ...taken, key: 'prune' }),
      }),
    });
    const backup: RoutineStep = { ...step('backup', '', 'warn'), check: undefined, action: 'backup' };
    const routine = await startRoutine(bench, desk, [backup]);
    const child = bench.client.workflow.getHandle(backupWorkflowId(desk.name));
    await until('the backup', () => child.describe().catch(() => null));
    await cancel(routine.workflowId);
    const { verdict, steps } = await routine.result();
    expect([verdict, steps[0]?.verdict]).toEqual(['warn', 'not_run']);
    expect(steps[0]?.observed).toMatch(/goes on by itself/);
    release();
    expect(await child.result()).toMatchObject({ verdict: 'pass' });
    await keepHistory(bench, 'routine-cancelled-with-a-backup', routine.workflowId);
  });
});

describe.concurrent('a change of settings that is cancelled', () => {
  async function ask(desk: BenchDesk) {
    const input: SettingsChangeInput = {
      desk: desk.name,
      proposal: {
        version: 1,
        incarnation: desk.trader.incarnation,
        configHash: desk.trader.configHash,
        changes: [{ key: 'risk.maxConcurrentPositions', from: 5, to: 6 }],
      } as never,
      approvalId: `settings:${desk.name}:1:x`,
      needed: 1,
      person: 'otto',
      reason: 'more',
      simulated: true,
      expiresAfterMs: 600_000,
      remindEveryMs: null,
      escalateAfterMs: null,
      evidenceMs: 600_000,
    };
    const handle = await bench.client.workflow.start('settingsChange', {
      workflowId: settingsChangeId(desk.name, 1),
      taskQueue: operationsQueue(desk.name),
      args: [input],
    });
    await openApproval(bench, desk.name);
    return handle;
  }

  it('closes its approval, tells people, and changes nothing', async () => {
    const desk = await bench.desk();
    const handle = await ask(desk);
    await cancel(handle.workflowId);
    expect(await handle.result()).toMatchObject({ state: 'withdrawn', configHash: null });
    const [approval] = await readApprovals(bench.database.pool, desk.name);
    expect(approval).toMatchObject({ state: 'withdrawn', outcome: expect.stringMatching(/^cancelled/) });
    expect(await titlesOf(desk)).toContain('Settings version 1: more: withdrawn');
    expect((await desk.evidence('settings')).map(({ verdict }) => verdict)).toEqual(['not_run']);
    expect(desk.trader.reloaded).toEqual([]);
    await keepHistory(bench, 'settings-change-cancelled', handle.workflowId);
  });

  it('does not count a vote that was being verified when it was cancelled', async () => {
    const held = holdActivity('recordApprovalVote');
    const desk = await bench.desk({ afterActivity: held.after });
    const handle = await ask(desk);
    const voted = vote(bench, desk.name);
    await held.reached;
    await cancel(handle.workflowId);
    held.release();
    expect(await voted).toMatchObject({ counted: false, detail: 'it was closed meanwhile' });
    expect(await handle.result()).toMatchObject({ state: 'withdrawn' });
    expect(desk.trader.reloaded).toEqual([]);
  });
});

describe.concurrent('a resumption that is cancelled', () => {
  it('is armed by no rule any more, not even after another halt: it halts once more, for a person', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => bad);
    const run = await resume(bench, desk, desk.trader.halt('auditor', 'auto'));
    await run.waitsFor('these checks');
    await cancel(run.workflowId);
    expect(await run.result()).toMatchObject({ state: 'superseded' });
    expect(desk.trader.sent('halt')).toMatchObject([{ resume: 'person', by: 'resumption' }]);
    const keys = (await desk.evidence('resumption')).map(({ step_key: key }) => key);
    expect(keys).toEqual(expect.arrayContaining(['cancelled', 'halted']));
    expect(await titlesOf(desk)).toContain(`${desk.name}: somebody cancelled a resumption`);
    await keepHistory(bench, 'resumption-cancelled-halts', run.workflowId);
    desk.checks.delete('data-fresh');
    const haltId = desk.trader.halt('venue', 'auto');
    const next = await resume(bench, desk, haltId);
    await next.waitsFor('a person to decide');
    expect(desk.trader.sent('arm')).toEqual([]);
    expect(await next.decide(decisionOf(desk.name, 'resume', haltId))).toMatchObject({ armed: true });
  });

  it('waits for a person where the trader takes no halt, and people are told', async () => {
    const desk = await bench.desk();
    desk.checks.set('data-fresh', () => bad);
    const haltId = desk.trader.halt('auditor', 'auto');
    const run = await resume(bench, desk, haltId);
    await run.waitsFor('these checks');
    desk.trader.refuses = 'halt';
    await cancel(run.workflowId);
    desk.checks.delete('data-fresh');
    await run.waitsFor('a person to decide');
    await until('the alarm', () => desk.alarms.some((text) => text.includes('could not be halted')));
    expect(desk.trader.sent('arm')).toEqual([]);
    expect(await run.decide(decisionOf(desk.name, 'resume', haltId))).toMatchObject({ armed: true });
  });

  it('answers the person whose decision was being verified', async () => {
    const held = holdActivity('verifyDecision');
    const desk = await bench.desk({ afterActivity: held.after });
    const haltId = desk.trader.halt('kill', 'person');
    const run = await resume(bench, desk, haltId, { steps: CHECK_STEPS });
    await run.waitsFor('a person');
    const decided = run.decide(decisionOf(desk.name, 'resume', haltId));
    await held.reached;
    await cancel(run.workflowId);
    held.release();
    expect(await decided).toMatchObject({ armed: true });
  });
});

describe.concurrent('what always runs, when it is cancelled', () => {
  it('the owner of the desk still hands a stop over', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    const { incarnation } = desk.trader;
    const handle = await bench.client.workflow.start('deskOwner', {
      workflowId: deskOwnerId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [
        {
          desk: desk.name,
          admitted: [{ incarnation, place: 'here' }],
          orders: [],
          timing: EMERGENCY_TIMING,
        },
      ],
    });
    await cancel(handle.workflowId);
    await handle.signal(EMERGENCY_MESSAGES.stop, 'after the cancel');
    await until('the stop', () => desk.trader.sent('stop').length > 0);
    const stop = bench.client.workflow.getHandle(emergencyStopId(desk.name));
    expect(await stop.result()).toMatchObject({ proven: true });
    expect(await statusOf(handle.workflowId)).toBe('RUNNING');
    await keepHistory(bench, 'desk-owner-cancelled', handle.workflowId);
    await handle.terminate();
  });

  it('the pulse still beats', async () => {
    const desk = await bench.desk({ serve: ['operations'] });
    const handle = await bench.client.workflow.start('pulse', {
      workflowId: pulseId(desk.name),
      taskQueue: operationsQueue(desk.name),
      args: [{ desk: desk.name, everyMs: 100 }],
    });
    await cancel(handle.workflowId);
    const beat = () => handle.query<number>(PULSE_MESSAGES.lastBeat);
    const before = await beat();
    await until('another beat', async () => (await beat()) > before);
    await keepHistory(bench, 'pulse-cancelled', handle.workflowId);
    await handle.terminate();
  });

  it('the pre-flight still answers', async () => {
    const held = holdActivity('runPreflight');
    const desk = await bench.desk({
      serve: ['operations'],
      afterActivity: held.after,
      activities: () => ({ runPreflight: async () => ({ verdict: 'pass' }) }),
    });
    const handle = await bench.client.workflow.start('preflight', {
      workflowId: preflightId(desk.name),
      taskQueue: operationsQueue(desk.name),
      args: [{ desk: desk.name }],
    });
    await held.reached;
    await cancel(handle.workflowId);
    held.release();
    expect(await handle.result()).toMatchObject({ verdict: 'pass' });
  });
});
