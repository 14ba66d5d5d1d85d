/** Runs that wait are told of what changes: they look seldom by themselves, and each look is in a history for good. */

import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { type Check, check } from '../../src/checks/check.js';
import { deskOwnerId, operationsDeployment, operationsQueue, pulseId } from '../../src/contracts/queues.js';
import { RESUMPTION_TIMING } from '../../src/contracts/resumption.js';
import { openTemporal, type TemporalAccess } from '../../src/temporal/open-temporal.js';
import { incidentStart } from '../../src/temporal/report-incident.js';
import { rememberPauses } from '../../src/temporal/schedules/apply-schedules.js';
import { scheduleDefinitions } from '../../src/temporal/schedules/schedule-definition.js';
import { changesOfChecks, changesOfTrader, failingChecksOf } from '../../src/worker/changes-waited-for.js';
import { lastBeat, sendHeartbeats } from '../../src/worker/engine-worker.js';
import { deskOwnerOf } from '../../src/worker/follow-incarnation.js';
import { POLL_MS, type TraderWatchContext } from '../../src/worker/repeat.js';
import { roleLog } from '../../src/worker/role-log.js';
import { makeCurrent, openRunsByBuild } from '../../src/worker/serve-builds.js';
import { lookAtRuns, lookForStuck } from '../../src/worker/stuck-runs.js';
import { openIncident } from '../incidents/incident-bench.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { until } from '../support/eventually.js';
import { type Bench, type BenchDesk, openBench } from '../workflows/support/desk-bench.js';
import { keepHistory } from '../workflows/support/keep-history.js';
import { resume } from '../workflows/support/resumptions.js';

const SERVED = { serve: ['engine', 'operations'] } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
const opened: TemporalAccess[] = [];
afterAll(async () => {
  await Promise.all(opened.map((access) => access.close()));
  await bench?.close();
});

function contextOf(desk: BenchDesk): TraderWatchContext {
  const log = roleLog('test');
  log.level = 'silent';
  return {
    ...{ temporal: bench.temporal, pool: bench.database.pool, log, trader: desk.trader.client },
    desk: { ...cryptoDesk(), desk: desk.name },
    seen: { incarnation: null },
  };
}

/** Who waits is told of a change once, and the list of runs is a moment behind the runs. */
const untilListed = (workflowId: string) =>
  until('it to be listed', async () => {
    const query = `WorkflowId = "${workflowId}" AND ExecutionStatus = "Running"`;
    return (await bench.client.workflow.count(query)).count > 0;
  });

/** Looks once; then not within any test, unless it is told to. */
const ONCE = { ...RESUMPTION_TIMING, retryMs: HOUR_MS, evidenceMs: 20_000 };

describe('a run that waits', () => {
  it('looks again when the trader’s state is another, and only then', async () => {
    const desk = await bench.desk(SERVED);
    const run = await resume(bench, desk, desk.trader.halt('person', 'person'), { timing: ONCE });
    await run.waitsFor('a person');
    await untilListed(run.workflowId);
    const follow = changesOfTrader(contextOf(desk));
    desk.trader.halt('stale-data', 'auto');
    await until('it is listed, and looks', async () => {
      await follow(desk.trader.status());
      return (await bench.client.workflow.getHandle(run.workflowId).describe()).status.name === 'COMPLETED';
    });
    expect(await run.result()).toMatchObject({ state: 'superseded' });
  });

  it('ends where its trader is gone, and another one is named: its halt went with the account before', async () => {
    const desk = await bench.desk(SERVED);
    const run = await resume(bench, desk, desk.trader.halt('person', 'person'), {
      ...{ incarnation: 'gone00', timing: ONCE },
    });
    await run.waitsFor('the trader to answer');
    await untilListed(run.workflowId);
    const follow = changesOfTrader(contextOf(desk));
    await until('it looks', async () => {
      await follow(desk.trader.status());
      return (await bench.client.workflow.getHandle(run.workflowId).describe()).status.name === 'COMPLETED';
    });
    expect(await run.result()).toMatchObject({
      state: 'superseded',
      detail: expect.stringContaining('another account'),
    });
    await keepHistory(bench, 'resumption-of-an-account-before', run.workflowId);
  });

  it('looks again when a check that stood in its way passes', async () => {
    const desk = await bench.desk(SERVED);
    desk.checks.set('data-fresh', () => ({ verdict: 'fail', observed: '9 s old', expected: 'fresh' }));
    const haltId = desk.trader.halt('stale-data', 'auto');
    const run = await resume(bench, desk, haltId, { timing: ONCE });
    await run.waitsFor('checks to pass');
    await untilListed(run.workflowId);
    desk.checks.clear();
    let failing: readonly string[] = ['data-fresh'];
    const follow = changesOfChecks(contextOf(desk), async () => failing, 0);
    failing = [];
    await until('it looks', async () => {
      await follow(desk.trader.status());
      return desk.trader.mode === 'ACTIVE';
    });
    expect(await run.result()).toMatchObject({ state: 'armed' });
  });

  it('looks again when a close-all that could not be finished is proven flat', async () => {
    const desk = await bench.desk(SERVED);
    desk.trader.closeAllState = 'escalated';
    desk.trader.halt('close-all-incomplete', 'person');
    const signals: string[] = [];
    const client = {
      workflow: {
        async *list() {
          yield { workflowId: 'incident' };
        },
        getHandle: () => ({ signal: async (name: string) => void signals.push(name) }),
      },
    };
    const temporal = { within: (_ms: number, work: (one: unknown) => unknown) => work(client) } as never;
    const clock = vi.spyOn(performance, 'now');
    onTestFinished(() => clock.mockRestore());
    const follow = changesOfTrader({ ...contextOf(desk), temporal });
    const lookAt = async (seconds: number) => {
      clock.mockReturnValue(seconds * 1_000);
      await follow(desk.trader.status());
      return signals.length;
    };
    expect([await lookAt(0), await lookAt(6)]).toEqual([1, 1]);
    desk.trader.closeAllState = 'flat';
    expect(await lookAt(12)).toBe(2);
  });

  it.each([
    ['of the trader that it began with', null],
    ['of a trader that is gone: its account was reset', 'gone00'],
  ])('is an incident as well: it ends when the desk trades again, %s', async (_name, gone) => {
    const desk = await bench.desk(SERVED);
    desk.trader.halt('stale-data', 'auto');
    const context = contextOf(desk);
    const symptom = {
      kind: 'trading-halted',
      subject: 'stale-data',
      key: 'k',
      source: 'trader',
      title: 'Trading halted',
      detail: 'old prices',
    } as const;
    const start = incidentStart(context.desk, symptom, desk.trader.status());
    const [begun] = start.args;
    const input = { ...begun, incarnation: gone ?? begun.incarnation };
    const timing = { ...input.timing, lookMs: HOUR_MS };
    const handle = await bench.client.workflow.start('incident', { ...start, args: [{ ...input, timing }] });
    await handle.executeUpdate('report', {
      args: [{ key: 'k', source: 'trader', detail: 'old prices', atMs: Date.now() }],
    });
    const phase = async () => (await handle.query<{ readonly phase: string }>('incident')).phase;
    await until('it waits', async () => (await phase()).includes('waiting for the desk'));
    await untilListed(handle.workflowId);
    desk.trader.mode = 'ACTIVE';
    const follow = changesOfTrader(context);
    await until('it is over', async () => {
      await follow(desk.trader.status());
      return (await handle.describe()).status.name === 'COMPLETED';
    });
    expect(await handle.result()).toMatchObject({ outcome: 'the desk trades again' });
    if (gone !== null) await keepHistory(bench, 'incident-of-an-account-before', handle.workflowId);
  });

  it('costs less than 500 events on its first day, and less than that with its incident on each later one', async () => {
    const desk = await bench.desk(SERVED);
    const quick = { retryMs: 20, retryMsMax: 20, evidenceMs: 20_000 };
    const timing = { ...RESUMPTION_TIMING, ...quick };
    const run = await resume(bench, desk, desk.trader.halt('person', 'person'), { timing });
    await run.waitsFor('a person');
    const resumption = await historyOfLooks(run.workflowId, 'readSituation');
    await run.end();
    // Said once for each phase, however often it looks.
    const memos = resumption.events.filter(({ workflowPropertiesModifiedEventAttributes: memo }) => memo);
    expect(memos.length).toBeLessThan(6);

    const symptom = { kind: 'trading-halted', subject: 'person' } as const;
    const opened = await openIncident(bench, desk, { ...symptom, timing: { lookMs: 20, lookMsMax: 20 } });
    const incident = await historyOfLooks(opened.workflowId, 'readIncidentFacts');
    await opened.end();
    const seen = { ...symptom, key: 'k', source: 'trader', title: 'Trading halted', detail: 'by a person' };
    const asShipped = incidentStart(cryptoDesk(), seen, desk.trader.status()).args[0].timing;

    const { retryMs, retryMsMax } = RESUMPTION_TIMING;
    const first = [
      resumption.begun + resumption.perLook * looksOfADay(retryMs, retryMsMax),
      incident.begun + incident.perLook * looksOfADay(asShipped.lookMs, asShipped.lookMsMax),
    ];
    for (const events of first) expect(events).toBeLessThan(500);
    const later =
      (resumption.perLook * DAY_MS) / retryMsMax + (incident.perLook * DAY_MS) / asShipped.lookMsMax;
    expect(later).toBeLessThan(500);
  });
});

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

interface LooksInHistory {
  /** Events before and beside its looks. */
  readonly begun: number;
  readonly perLook: number;
  readonly events: readonly HistoryEvent[];
}

/** Of a run that looks by this activity, over a dozen looks. */
async function historyOfLooks(workflowId: string, activity: string): Promise<LooksInHistory> {
  const looks = (events: readonly HistoryEvent[]): number =>
    events.filter(({ activityTaskScheduledEventAttributes: of }) => of?.activityType?.name === activity)
      .length;
  const reached = (count: number) =>
    until(`${count} looks`, async () => {
      const { events } = await bench.client.workflow.getHandle(workflowId).fetchHistory();
      return events && looks(events) >= count ? events : null;
    });
  const first = await reached(4);
  const events = await reached(looks(first) + 10);
  const perLook = (events.length - first.length) / (looks(events) - looks(first));
  return { begun: events.length - perLook * looks(events), perLook, events };
}

/** By itself, with nobody telling it anything: each pause is twice the one before it, up to the longest. */
function looksOfADay(firstMs: number, longestMs: number): number {
  let looks = 0;
  for (let atMs = 0, pauseMs = firstMs; atMs < DAY_MS; pauseMs = Math.min(pauseMs * 2, longestMs)) {
    atMs += pauseMs;
    looks += 1;
  }
  return looks;
}

describe('an idle desk', () => {
  it('asks Temporal fewer than 20 times a minute, by what each look costs and how often it is taken', async () => {
    const desk = await bench.desk({ serve: ['operations', 'emergency'] });
    const { counted, access } = countingAccess();
    const context = { ...contextOf(desk), temporal: access };
    const { incarnation } = desk.trader;
    const target = {
      desk: desk.name,
      definitions: scheduleDefinitions(context.desk, incarnation, true, true),
      marketClock: true,
    };
    const owner = deskOwnerOf(access, context.desk, 'home');
    const stuck = lookForStuck(context, context.log, null);
    // The queue's answer to each query, and the pulse's own beat, are calls of the operations worker.
    const looks: Record<keyof typeof POLL_MS, { ask?: () => Promise<unknown>; answers?: number }> = {
      heartbeat: { ask: () => lastBeat(access, context.desk), answers: 1 },
      pulse: { answers: 1 },
      stuckWorkflows: { ask: stuck },
      runs: { ask: lookAtRuns({ ...context, nowMs: Date.now, home: null }, context.log) },
      schedules: {
        ask: () => access.within(10_000, (client) => rememberPauses(client, context.pool, target)),
      },
      // Refused here, where no worker has a build: a call more than on a desk.
      currentBuild: {
        ask: () =>
          makeCurrent(access, { deploymentName: operationsDeployment(desk.name), buildId: 'x' }).catch(
            () => undefined,
          ),
      },
      earlierBuilds: { ask: () => openRunsByBuild(access, operationsQueue(desk.name)) },
      deskOwner: { ask: () => owner.admit(incarnation), answers: 1 },
    };
    // What is only asked once, by whoever is first.
    for (const { ask } of Object.values(looks)) await ask?.();
    await until('both are listed', async () => {
      const query = `FermataDesk = "${desk.name}" AND ExecutionStatus = "Running"`;
      return (await bench.client.workflow.count(query)).count === 2;
    });
    let aMinute = 0;
    const said: string[] = [];
    for (const [name, { ask, answers = 0 }] of Object.entries(looks)) {
      const before = counted();
      await ask?.();
      const calls = counted() - before + answers;
      said.push(`${name}: ${calls}`);
      aMinute += (calls * 60_000) / POLL_MS[name as keyof typeof POLL_MS];
    }
    expect(aMinute, said.join(', ')).toBeLessThan(20);
    expect(aMinute, said.join(', ')).toBeGreaterThan(10);
    for (const id of [pulseId(desk.name), deskOwnerId(desk.name)])
      await bench.client.workflow.getHandle(id).terminate();
  });
});

/** Counts each call that leaves the client. */
function countingAccess(): { counted: () => number; access: TemporalAccess } {
  const access = openTemporal({ home: null, temporal: bench.address });
  const service = access.client.workflowService as unknown as Record<string, unknown>;
  let calls = 0;
  for (const [name, call] of Object.entries(service)) {
    if (typeof call !== 'function') continue;
    service[name] = (...given: unknown[]) => {
      calls += 1;
      return call.apply(service, given);
    };
  }
  opened.push(access);
  return { counted: () => calls, access };
}

describe('checks of a halted desk', () => {
  it('are those that stand in the way: one that fails, throws or hangs is named', async () => {
    const desk = await bench.desk({ serve: [] });
    const { runtime, ...context } = { ...contextOf(desk), runtime: {} as never };
    const [first, second, third] = (cryptoDesk().routines.find(({ onStart }) => onStart)?.steps ?? [])
      .filter((step) => step.check !== undefined && step.onFail !== 'note' && step.onFail !== 'warn')
      .map((step) => ({ key: step.key, check: step.check ?? '' }));
    const pass = check('passes', z.looseObject({}), async () => ({
      verdict: 'pass',
      observed: '',
      expected: '',
    }));
    const checks = new Map<string, Check>();
    const look = failingChecksOf({ ...context, runtime }, checks);
    const all = await look();
    expect(all).toContain(first?.key);
    for (const step of cryptoDesk().routines.flatMap(({ steps }) => steps))
      checks.set(step.check ?? '', pass);
    expect(await look()).toEqual([]);
    checks.set(
      first?.check ?? '',
      check('fails', z.looseObject({}), () => Promise.reject(new Error('no answer'))),
    );
    expect(await look()).toContain(first?.key);
    expect(await look()).not.toContain(second?.key);
    expect(third === undefined || !(await look()).includes(third.key)).toBe(true);
  });
});

describe('a check that the start requires', () => {
  it('stands in the way where it cannot be run, whatever its failure leads to', async () => {
    const desk = await bench.desk({ serve: [] });
    const context = contextOf(desk);
    const routines = context.desk.routines.map((routine) => ({
      ...routine,
      steps: routine.steps
        .filter(({ check: name }) => name !== undefined)
        .slice(0, 1)
        .map((step) => ({ ...step, key: 'one', check: 'one', required: true, onFail: 'warn' as const })),
    }));
    const answers = new Map<string, Check>();
    const look = failingChecksOf(
      { ...context, desk: { ...context.desk, routines }, runtime: {} as never },
      answers,
    );
    const says = (verdict: 'fail' | 'not_run' | 'pass') =>
      answers.set(
        'one',
        check(verdict, z.looseObject({}), async () => ({ verdict, observed: '', expected: '' })),
      );
    says('not_run');
    expect(await look()).toEqual(['one']);
    says('pass');
    expect(await look()).toEqual([]);
    says('fail');
    expect(await look()).toEqual([]);
  });
});

describe('the end-to-end heartbeat', () => {
  it('starts the pulse where there is none, and again where somebody has terminated it', async () => {
    const desk = await bench.desk(SERVED);
    const context = contextOf(desk);
    const quick = { ...context.desk, deadMan: { ...context.desk.deadMan, operationsSilentSeconds: 0.3 } };
    const beats = () => desk.trader.sent('heartbeat').length;
    const heartbeat = sendHeartbeats(bench.temporal, quick, desk.trader.client, context.log);
    try {
      await until('a first heartbeat', () => beats() > 0);
      await bench.client.workflow.getHandle(pulseId(desk.name)).terminate('by hand');
      const before = beats();
      await until('one more', () => beats() > before + 1);
      const { status } = await bench.client.workflow.getHandle(pulseId(desk.name)).describe();
      expect(status.name).toBe('RUNNING');
    } finally {
      await heartbeat.stop();
    }
  });
});
