/** Long procedures go on in new runs; what was reported, answered, asked and decided goes with them. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMERGENCY_MESSAGES, EMERGENCY_TIMING } from '../../src/contracts/emergency.js';
import { INCIDENT_MESSAGES, type LookAgain } from '../../src/contracts/incident.js';
import {
  deskOwnerId,
  emergencyQueue,
  emergencyStopId,
  engineQueue,
  operationsQueue,
  PULSE_MESSAGES,
  pulseId,
} from '../../src/contracts/queues.js';
import { RESUMPTION_MESSAGES } from '../../src/contracts/resumption.js';
import { runLabel } from '../../src/contracts/run-label.js';
import { readApprovals } from '../../src/store/approval-rows.js';
import { readTasks } from '../../src/store/task-rows.js';
import { openIncident, strategy, timelineOf, toldOf } from '../incidents/incident-bench.js';
import { until } from '../support/eventually.js';
import { decisionOf, openApproval, vote } from './support/decisions.js';
import { type Bench, type BenchDesk, openBench } from './support/desk-bench.js';
import { keepHistory } from './support/keep-history.js';
import { resume } from './support/resumptions.js';
import { type ShortHistoryServer, startShortHistoryServer } from './support/short-history-server.js';

const EVENTS = 40;

let server: ShortHistoryServer;
let bench: Bench;
beforeAll(async () => {
  server = await startShortHistoryServer(EVENTS);
  bench = await openBench(null, server.address);
});
afterAll(async () => {
  await bench?.close();
  await server?.stop();
});

const runOf = async (workflowId: string) =>
  (await bench.client.workflow.getHandle(workflowId).describe()).runId;

/** Resolves once it has gone on in another run. */
async function newRun(workflowId: string): Promise<string> {
  const before = await runOf(workflowId);
  return until('a new run', async () => {
    const now = await runOf(workflowId);
    return now === before ? null : now;
  });
}

/** What running workflows may have behind them: a run that moved, and one that began with what another had carried over. */
async function keepMoved(name: string, workflowId: string, first: string): Promise<void> {
  await keepHistory(bench, `${name}-moved`, workflowId, first);
  expect(await runOf(workflowId)).not.toBe(first);
  await keepHistory(bench, `${name}-carried-over`, workflowId);
}

const NEAR = [{ limit: 'daily-loss', value: '3 %', now: '2.90 %' }];
const CALM = [{ limit: 'daily-loss', value: '3 %', now: '0.10 %' }];

describe.concurrent('an incident that goes on in a new run', () => {
  it('keeps what was seen, told and done: nothing twice, and still one incident', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.risk = NEAR;
    const timing = { respondMs: 200 };
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '', timing });
    await until('the reminder', async () => (await incident.progress()).escalations === 1);
    await incident.report('seen once more');
    const first = await runOf(incident.workflowId);
    await newRun(incident.workflowId);
    await newRun(incident.workflowId);
    expect(await incident.progress()).toMatchObject({ reports: 2, escalations: 1, state: 'open' });
    expect(await incident.report('seen once more')).toMatchObject({ reports: 2 });
    expect(await incident.answer('acknowledge')).toMatchObject({ acknowledgedBy: 'anna' });
    await newRun(incident.workflowId);
    expect(await incident.progress()).toMatchObject({ acknowledgedBy: 'anna' });
    desk.trader.risk = CALM;
    expect(await incident.result()).toMatchObject({ state: 'resolved', reports: 2 });
    const names = (await timelineOf(bench, incident)).map(({ name }) => name);
    expect([names.at(0), names.at(-1)]).toEqual(['Opened', 'Over']);
    expect(names.slice(1, -1).sort()).toEqual([
      'Acknowledged',
      'How near to the loss limits',
      'Losses by strategy',
      'Market conditions',
      'Offered: Switch the losing strategies off',
      'Offered: Trade with smaller positions',
      'Reminder',
      'Seen again',
      'Trade with smaller positions',
    ]);
    // Nothing waits for a notice: a later one may be written before the one before it.
    expect((await toldOf(bench, incident)).map(({ title }) => title.split(':')[0]).sort()).toEqual([
      'Incident',
      'Nobody has answered',
      'Over',
      'Somebody has it',
    ]);
    expect(await readTasks(bench.database.pool, desk.name)).toHaveLength(1);
    expect(desk.trader.sizePct).toBe(100);
    await keepMoved('incident', incident.workflowId, first);
  });

  it('carries its open questions: a vote given in a later run is carried out once', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.risk = NEAR;
    desk.trader.strategies = [strategy('breakout', { realised: '-10.00' })];
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '' });
    await openApproval(bench, desk.name, ':smaller-size');
    await openApproval(bench, desk.name, ':strategies-off');
    const first = await runOf(incident.workflowId);
    await newRun(incident.workflowId);
    await vote(bench, desk.name, { idEnds: ':smaller-size' });
    await until('the smaller size', () => desk.trader.sizePct === 50);
    await newRun(incident.workflowId);
    await newRun(incident.workflowId);
    expect(desk.trader.sent('resize')).toHaveLength(1);
    expect((await openApproval(bench, desk.name, ':strategies-off')).parameters).toEqual({
      strategies: 'breakout',
    });
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
    const states = (await readApprovals(bench.database.pool, desk.name)).map(({ state }) => state);
    expect(states.sort()).toEqual(['approved', 'withdrawn']);
    const names = (await timelineOf(bench, incident)).map(({ name }) => name);
    expect(names.filter((name) => name === 'Trade with smaller positions')).toHaveLength(1);
    await keepMoved('incident-with-questions', incident.workflowId, first);
  });

  it('does not move while what people agreed to is being carried out', async () => {
    let release: (() => void) | null = null;
    let isReleased = false;
    const desk = await bench.desk({
      serve: ['operations', 'engine'],
      afterActivity: async (name) => {
        // A later attempt, where this one took too long, is not held.
        if (name !== 'closeApproval' || isReleased) return;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    });
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '' });
    const handle = bench.client.workflow.getHandle(incident.workflowId);
    await vote(bench, desk.name, { idEnds: ':smaller-size' });
    await until('the answer is being carried out', () => release);
    const first = await runOf(incident.workflowId);
    await until('a run that is longer than it should be', async () => {
      const { runId, historyLength } = await handle.describe();
      return runId !== first || historyLength > EVENTS + 30;
    });
    isReleased = true;
    (release as (() => void) | null)?.();
    await until('the smaller size', () => desk.trader.sizePct === 50);
    await newRun(incident.workflowId);
    expect(desk.trader.sent('resize')).toHaveLength(1);
    await incident.end();
  });

  it('still knows which trader the desk has since, and asks that one where its own does not answer', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.risk = NEAR;
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '' });
    const handle = bench.client.workflow.getHandle(incident.workflowId);
    await handle.signal<[LookAgain]>(INCIDENT_MESSAGES.lookAgain, { incarnation: 'other1' });
    await newRun(incident.workflowId);
    desk.trader.gone = true;
    await until('it asks the other one', async () => {
      const { events } = await handle.fetchHistory();
      const queues = events?.map((event) => event.activityTaskScheduledEventAttributes?.taskQueue?.name);
      return queues?.includes(engineQueue(desk.name, 'other1'));
    });
    await incident.end();
  });

  it('loses no decision, no answer and no report that comes in while it moves', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.trader.risk = NEAR;
    desk.trader.strategies = ['a', 'b'].map((name) => strategy(name, { realised: '-1.00' }));
    const incident = await openIncident(bench, desk, { kind: 'large-drawdown', subject: '' });
    const { workflowId } = incident;
    const runs = new Set<string>([await runOf(workflowId)]);
    let reports = 1;
    await until('two more runs and two dozen reports', async () => {
      await incident.report(`report ${reports}`);
      reports += 1;
      runs.add(await runOf(workflowId));
      if (reports === 10) await vote(bench, desk.name, { idEnds: ':strategies-off' });
      if (reports === 16) await incident.answer('acknowledge');
      await sleep(250);
      return reports >= 25 && runs.size > 2;
    });
    await until('both off', () => desk.trader.sent('toggle').length === 2);
    await newRun(workflowId);
    expect(await incident.progress()).toMatchObject({ reports, acknowledgedBy: 'anna' });
    expect(desk.trader.sent('toggle')).toHaveLength(2);
    await incident.answer('resolve');
    expect((await incident.result()).outcome).toBe('anna declared it over: seen');
  });
});

describe.concurrent('a resumption that goes on in a new run', () => {
  it('keeps the first of two decisions, and shows its evidence once', async () => {
    const desk = await bench.desk();
    desk.trader.strategies = [strategy('ema-cross')];
    desk.trader.halt('drawdown', 'person');
    const haltId = desk.trader.halt('kill', 'two-people');
    const run = await resume(bench, desk, haltId);
    await run.waitsFor('2 more of two people');
    await run.decide(decisionOf(desk.name, 'resume', haltId));
    const first = await runOf(run.workflowId);
    await newRun(run.workflowId);
    await run.waitsFor('1 more of two people');
    expect((await run.progress()).evidence).toHaveLength(6);
    await newRun(run.workflowId);
    expect(await run.decide(decisionOf(desk.name, 'resume', haltId, { person: 'ben' }))).toMatchObject({
      armed: true,
    });
    expect(desk.trader.sent('arm')).toMatchObject([{ by: 'anna and ben' }]);
    const keys = (await desk.evidence('resumption')).map(({ step_key: key }) => key);
    expect(keys.filter((key) => key === 'why' || key === 'drawdown').sort()).toEqual(['drawdown', 'why']);
    await keepMoved('resumption', run.workflowId, first);
  });

  it('still knows which trader the desk has since: without an answer of its own, its halt went with that account', async () => {
    const desk = await bench.desk();
    const run = await resume(bench, desk, desk.trader.halt('person', 'person'));
    await run.waitsFor('a person');
    const told = { incarnation: 'other1' };
    await bench.client.workflow
      .getHandle(run.workflowId)
      .signal<[LookAgain]>(RESUMPTION_MESSAGES.lookAgain, told);
    await newRun(run.workflowId);
    await newRun(run.workflowId);
    desk.trader.gone = true;
    expect(await run.result()).toMatchObject({
      state: 'superseded',
      detail: expect.stringContaining('another account'),
    });
  });
});

describe.concurrent('an emergency stop that goes on in a new run', () => {
  it('takes no evidence with it that is not written: it waits for that, and goes on stopping meanwhile', async () => {
    const held: (() => void)[] = [];
    let isAway = true;
    const desk = await bench.desk({
      serve: ['emergency', 'engine'],
      afterActivity: async (name) => {
        if (name === 'recordEvidenceBatch' && isAway)
          await new Promise<void>((resolve) => held.push(resolve));
      },
    });
    desk.trader.stubbornEntries = 1;
    // It escalates late, however long the new run takes to come.
    const patience = { proofPatienceMs: 20, stopDeadlineMs: 600_000 };
    const timing = { ...EMERGENCY_TIMING, ...patience, retryMs: 20, retryMsMax: 20 };
    const { incarnation } = desk.trader;
    const handle = await bench.client.workflow.start('emergencyStop', {
      workflowId: emergencyStopId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, incarnations: [incarnation], orders: [], timing }],
    });
    const first = await runOf(handle.workflowId);
    await until('a run that is longer than it should be', async () => {
      const { runId, historyLength } = await handle.describe();
      return runId !== first || historyLength > EVENTS + 30;
    });
    expect(await runOf(handle.workflowId)).toBe(first);
    isAway = false;
    for (const release of held) release();
    await until('a new run', async () => (await runOf(handle.workflowId)) !== first);
    desk.trader.stubbornEntries = 0;
    desk.trader.entriesWorking = 0;
    expect(await handle.result()).toMatchObject({ proven: true });
    // The trader has it from the run before: people may have armed it since.
    expect(desk.trader.sent('stop')).toHaveLength(1);
    expect(await stepsOf(desk)).toEqual(['order', 'proof', 'stop']);
    await keepMoved('emergency-stop', handle.workflowId, first);
  });

  it('is sent to a trader that stays away, and neither recorded nor told a second time until it is ordered anew', async () => {
    const gone = { incarnation: 'gone00', place: 'there', seenMs: Date.UTC(2026, 0, 5) };
    const desk = await bench.desk({ serve: ['emergency', 'engine'], gone: [gone] });
    desk.trader.gone = true;
    const patience = { proofPatienceMs: 20, stopDeadlineMs: 50, queueWaitMs: 30_000, roundsMax: 2 };
    const handle = await bench.client.workflow.signalWithStart('emergencyStop', {
      workflowId: emergencyStopId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [
        {
          desk: desk.name,
          incarnations: null,
          orders: [],
          timing: { ...EMERGENCY_TIMING, ...patience, retryMs: 20, retryMsMax: 20 },
        },
      ],
      signal: 'stop',
      signalArgs: [{ commandId: 'c1', by: 'anna', via: 'web', reason: 'news', sentTo: [] }],
    });
    const first = await runOf(handle.workflowId);
    for (let runs = 0; runs < 3; runs += 1) await newRun(handle.workflowId);
    const once = ['escalated', 'left-out', 'order', 'sent-on', 'stop'];
    expect(await stepsOf(desk)).toEqual(once);
    expect(desk.alarms).toHaveLength(2);

    await bench.client.workflow
      .getHandle(handle.workflowId)
      .signal('stop', { commandId: 'c2', by: 'ben', via: 'web', reason: 'still', sentTo: [] });
    await until('people to be told anew', () => desk.alarms.length >= 4);
    for (let runs = 0; runs < 2; runs += 1) await newRun(handle.workflowId);
    await keepMoved('emergency-stop-owed', handle.workflowId, first);
    desk.trader.gone = false;
    expect(await bench.client.workflow.getHandle(handle.workflowId).result()).toMatchObject({ proven: true });
    expect(desk.trader.sent('stop')).toMatchObject([{ commandId: 'c2', by: 'ben' }]);
    expect(await stepsOf(desk)).toEqual([...once, 'escalated', 'order', 'proof', 'sent-on', 'stop'].sort());
    expect(desk.alarms).toHaveLength(4);
  });

  it('takes a stop along that came after a close-all, to a trader that has taken only the close-all', async () => {
    const desk = await bench.desk({ serve: ['emergency', 'engine'] });
    desk.trader.positions = ['BTC/USDT'];
    desk.trader.stuck = true;
    const patience = { proofPatienceMs: 20, closeAllDeadlineMs: 600_000, queueWaitMs: 30_000 };
    const order = { by: 'anna', via: 'web', reason: 'news', sentTo: [] };
    const { workflowId } = await bench.client.workflow.signalWithStart('emergencyStop', {
      workflowId: emergencyStopId(desk.name),
      taskQueue: emergencyQueue(desk.name),
      args: [
        {
          desk: desk.name,
          incarnations: null,
          orders: [],
          timing: { ...EMERGENCY_TIMING, ...patience, retryMs: 20, retryMsMax: 20 },
        },
      ],
      signal: 'closeAll',
      signalArgs: [{ ...order, commandId: 'c1' }],
    });
    const stop = bench.client.workflow.getHandle(workflowId);
    await until('the close-all', () => desk.trader.sent('closeAll').length > 0);
    desk.trader.gone = true;
    await stop.signal('stop', { ...order, commandId: 'c2' });
    await newRun(workflowId);
    await newRun(workflowId);
    desk.trader.gone = false;
    await until('the stop', () => desk.trader.sent('stop').length > 0);
    desk.trader.stuck = false;
    desk.trader.positions = [];
    expect(await stop.result()).toMatchObject({ kind: 'closeAll', proven: true });
    expect(desk.trader.sent('stop')).toMatchObject([{ commandId: 'c2' }]);
  });
});

/** What each row of its evidence is, sorted. */
const stepsOf = async (desk: BenchDesk) =>
  (await desk.evidence('emergency-stop')).map(({ step_key: key }) => key.split(':')[0]).sort();

describe.concurrent('the owner of a desk that goes on in a new run', () => {
  it('still knows every incarnation, and is found and read by what it shows', async () => {
    const desk = await bench.desk();
    const workflowId = deskOwnerId(desk.name);
    const owner = await bench.client.workflow.start('deskOwner', {
      workflowId,
      taskQueue: emergencyQueue(desk.name),
      args: [{ desk: desk.name, admitted: [], orders: [], timing: EMERGENCY_TIMING }],
      ...runLabel({ desk: desk.name, routine: 'desk-owner', summary: 'Takes a stop', details: 'Here.' }),
    });
    const any = bench.client.workflow.getHandle(workflowId);
    const first = await runOf(workflowId);
    for (let number = 0; (await runOf(workflowId)) === first; number += 1) {
      const admitted = { incarnation: `inc${number % 3}`, place: `place${number % 3}` };
      await any.executeUpdate(EMERGENCY_MESSAGES.admitIncarnation, { args: [admitted] });
    }
    expect(await any.query<readonly unknown[]>(EMERGENCY_MESSAGES.incarnations)).toHaveLength(3);
    const described = await any.describe();
    expect(described.searchAttributes).toMatchObject({ FermataDesk: [desk.name] });
    // The server gives a new run no static summary: what it shows by itself is what it is read by.
    expect(described.memo).toMatchObject({ phase: `${desk.name}: ready for a stop` });
    await keepMoved('desk-owner', workflowId, first);
    await any.terminate();
    expect(owner.firstExecutionRunId).toBe(first);
  });
});

describe.concurrent('the pulse of a desk that goes on in a new run', () => {
  it('writes five events a beat and nothing else, begins anew before that is long, and is still found', async () => {
    const desk = await bench.desk({ serve: ['operations'] });
    const workflowId = pulseId(desk.name);
    const handle = bench.client.workflow.getHandle(workflowId);
    await bench.client.workflow.start('pulse', {
      workflowId,
      taskQueue: operationsQueue(desk.name),
      args: [{ desk: desk.name, everyMs: 1 }],
      ...runLabel({ desk: desk.name, routine: 'pulse', summary: 'Alive', details: 'Here.' }),
    });
    const first = await runOf(workflowId);
    await newRun(workflowId);
    const { events } = await bench.client.workflow.getHandle(workflowId, first).fetchHistory();
    const beats = events?.filter(({ timerFiredEventAttributes: beat }) => beat).length ?? 0;
    expect(beats).toBeGreaterThan(5);
    expect(events?.length).toBeLessThan(EVENTS + 20);
    expect(events?.length).toBeLessThan(5 * (beats + 1) + 10);
    const { lastBeat } = PULSE_MESSAGES;
    const before = await handle.query<number>(lastBeat);
    await until('another beat', async () => (await handle.query<number>(lastBeat)) > before);
    expect((await handle.describe()).searchAttributes).toMatchObject({ FermataDesk: [desk.name] });
    await keepMoved('pulse', workflowId, first);
    await handle.terminate();
  });
});

// By itself, behind the others: its step has so many seconds, in which its run has to go on in a new one.
describe('an own playbook that goes on in a new run', () => {
  it('repeats no step, and a check only for the rest of its time', async () => {
    const desk = await bench.desk({ serve: ['operations', 'engine'] });
    desk.checks.set('venue-reachable', () => ({ verdict: 'fail', observed: 'away', expected: 'there' }));
    const common = { onFail: 'warn', timeoutSeconds: 10, with: {} } as const;
    const steps = [
      { key: 'stop', title: 'Stopped', action: 'stop', ...common },
      { key: 'back', title: 'Connected again', check: 'venue-reachable', withinMinutes: 0.3, ...common },
      { key: 'halt', title: 'Halted', action: 'halt', ...common },
    ] as const;
    const playbook = { steps, over: 'passed', haltRule: 'person', backupsKept: 14 } as const;
    const incident = await openIncident(bench, desk, { kind: 'connection-lost', subject: '', playbook });
    const { workflowId } = incident;
    const first = await runOf(workflowId);
    const handle = bench.client.workflow.getHandle(workflowId);
    const isShort = async () => {
      const { runId, historyLength } = await handle.describe();
      return runId === first && historyLength <= EVENTS;
    };
    let reports = 0;
    // No more than it takes, and several at a time: what is still being written keeps it where it is, and the step ends by the clock.
    while (await isShort())
      await Promise.all(Array.from({ length: 4 }, () => incident.report(`report ${++reports}`)));
    await until('a new run', async () => (await runOf(workflowId)) !== first);
    expect(desk.trader.sent('halt')).toEqual([]);
    expect(await incident.result()).toMatchObject({ outcome: '"Halted" passed' });
    expect(desk.trader.sent('stop')).toHaveLength(1);
    const done = (await timelineOf(bench, incident)).filter(({ name }) =>
      steps.some(({ title }) => title === name),
    );
    expect(done.map(({ name, verdict }) => `${name}: ${verdict}`)).toEqual([
      'Stopped: pass',
      'Connected again: fail',
      'Halted: pass',
    ]);
    await keepHistory(bench, 'incident-own-playbook-moved', workflowId, first);
    await keepHistory(bench, 'incident-own-playbook-carried-over', workflowId);
  });
});
